// Compressors against each other, one thread each, on archives that you name: CPU time and size, as docs/compressor.md has
// them. Every candidate gets the same runs of bytes; all take turns, so that a slow minute of the machine hits all.
//
//     node bench/compressor.ts ROUNDS FILE.tar...
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";
import { createDeflater } from "../src/archive/deflate.ts";
import { gzipMember } from "../src/archive/gzip-member.ts";
import { zstdFrame } from "../src/archive/zstd-frame.ts";

/** What a build hands to the compressor at once. */
const runBytes = 2 << 20;

interface Candidate {
  readonly name: string;
  /** Compresses a file and tells how large it became. */
  pack(bytes: Uint8Array): number;
}

const deflater = createDeflater();

const candidates: readonly Candidate[] = [
  inRuns("dodai-deflate", (run) => gzipMember(run, deflater)),
  inRuns("node:zlib -6", (run) => deflateRawSync(run, { level: 6 })),
  inRuns("node:zlib -5", (run) => deflateRawSync(run, { level: 5 })),
  inRuns("node zstd -3", (run) => zstdFrame(run)),
  byProgram("gzip", "-6"),
  byProgram("pigz", "-p1", "-6"),
];

function inRuns(name: string, compress: (run: Uint8Array) => Uint8Array): Candidate {
  const pack = (bytes: Uint8Array): number => {
    let size = 0;
    for (let at = 0; at < bytes.length; at += runBytes) size += compress(bytes.subarray(at, at + runBytes)).length;
    return size;
  };
  return { name, pack };
}

function byProgram(program: string, ...args: readonly string[]): Candidate {
  const pack = (bytes: Uint8Array): number => {
    const { stdout, status } = spawnSync(program, [...args, "-n", "-c"], { input: bytes, maxBuffer: 1 << 30 });
    return status === 0 ? stdout.length : 0;
  };
  return { name: [program, ...args].join(" "), pack };
}

/** Seconds of CPU of this process, or of programs that it ran and awaited. */
function cpuSeconds(ofPrograms: boolean): number {
  if (!ofPrograms) {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  }
  // Linux, proc(5), fields 16 and 17 of stat: user and system time of awaited children, in hundredths of a second.
  const fields = readFileSync("/proc/self/stat", "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

const [rounds = "3", ...files] = process.argv.slice(2);
const inputs = files.map((file) => readFileSync(file));
const megabytes = inputs.reduce((sum, bytes) => sum + bytes.length, 0) / 1e6;
const results = candidates.map((candidate) => ({ candidate, seconds: [] as number[], size: 0 }));

for (let round = 0; round < Number(rounds); round++) {
  for (const result of results) {
    const isProgram = /^(gzip|pigz)/.test(result.candidate.name);
    const before = cpuSeconds(isProgram);
    result.size = inputs.reduce((sum, bytes) => sum + result.candidate.pack(bytes), 0);
    result.seconds.push(cpuSeconds(isProgram) - before);
  }
}

const reference = results.find(({ candidate }) => candidate.name === "gzip -6")?.size ?? Number.NaN;
process.stdout.write(`${megabytes.toFixed(1)} MB, ${rounds} rounds, Node ${process.versions.node}\n`);
process.stdout.write(
  "| compressor | MB/s of CPU: median (least–most) | bytes | against gzip -6 |\n|---|---|---|---|\n",
);
for (const { candidate, seconds, size } of results) {
  const speeds = seconds.map((second) => megabytes / second);
  const spread = `${Math.min(...speeds).toFixed(1)}–${Math.max(...speeds).toFixed(1)}`;
  const ratio = ((100 * size) / reference).toFixed(2);
  process.stdout.write(`| ${candidate.name} | ${median(speeds).toFixed(1)} (${spread}) | ${size} | ${ratio} % |\n`);
}
