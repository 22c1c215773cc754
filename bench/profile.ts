// Where the time of a build goes: when each stage began, and which files' code the threads ran.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type BuildSet, prepareSet } from "./kit/builds.ts";
import { emptyFolder, type Lab } from "./kit/lab.ts";
import type { Contender } from "./kit/rounds.ts";

const sets = [
  { name: "distroless-base", recipe: { builtIn: "distroless/base" }, changed: "libssl3t64" },
  {
    name: "minbase-trixie",
    recipe: { text: "distro: debian:trixie\nvariant: minbase\nscripts: skip\n" },
    changed: "libssl3t64",
  },
] as const;

export async function describeProfiles(lab: Lab): Promise<string> {
  const sections: string[] = [];
  for (const options of sets) {
    const set = await prepareSet(lab, options);
    for (const contender of contendersOf(set)) {
      lab.tell(contender.name);
      const stages = await stagesOf(contender);
      const threads = profileOf(lab, contender, options.name);
      sections.push(`### ${options.name}: ${contender.name}`, "", ...stages, "", ...(await threads), "");
    }
  }
  return sections.join("\n");
}

function contendersOf(set: BuildSet): readonly Contender[] {
  const warm = set.warm("oci");
  return [set.cold("oci"), ...(warm ? [warm] : []), set.unchanged("oci")];
}

const runs = 5;

/** Times of the lines that `--progress plain` writes, of the quickest of a few runs. */
async function stagesOf(contender: Contender): Promise<readonly string[]> {
  let best: readonly Line[] | undefined;
  for (let run = 0; run <= runs; run++) {
    contender.prepare?.(run);
    const lines = await timedLines(contender);
    if (run > 0 && (best === undefined || (lines.at(-1)?.ms ?? 0) < (best.at(-1)?.ms ?? 0))) best = lines;
  }
  const rows = (best ?? []).map(({ ms, text }, index, all) => {
    const next = all[index + 1];
    return `| ${ms.toFixed(0)} | ${next ? (next.ms - ms).toFixed(0) : ""} | ${text} |`;
  });
  return [`Stages of the quickest of ${runs} runs:`, "", "| at ms | for ms | what |", "| --- | --- | --- |", ...rows];
}

interface Line {
  readonly ms: number;
  readonly text: string;
}

async function timedLines(contender: Contender): Promise<readonly Line[]> {
  const { program, args, cwd, env } = contender.command(0);
  const plain = args.map((word) => (word === "quiet" ? "plain" : word));
  const started = performance.now();
  const lines: Line[] = [{ ms: 0, text: "start" }];
  const child = spawn(program, plain, { cwd, env: { ...env }, stdio: ["ignore", "ignore", "pipe"] });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    const ms = performance.now() - started;
    for (const text of chunk.split("\n")) {
      if (text !== "" && !text.startsWith("dodai: warning"))
        lines.push({ ms, text: text.replaceAll(cwd, "").slice(0, 80) });
    }
  });
  const status = await new Promise((resolve) => child.once("close", resolve));
  if (status !== 0) throw new Error(`${contender.name} ended with ${String(status)}`);
  lines.push({ ms: performance.now() - started, text: "end of the process" });
  return lines;
}

/** V8's sampling profiler, one file a thread. Sampling costs a little: shares matter, not sums. */
async function profileOf(lab: Lab, contender: Contender, name: string): Promise<readonly string[]> {
  const folder = emptyFolder(join(lab.workspace.folder, "profiles", name));
  contender.prepare?.(0);
  const { program, args, cwd, env } = contender.command(0);
  const child = spawn(program, ["--cpu-prof", `--cpu-prof-dir=${folder}`, "--cpu-prof-interval=500", ...args], {
    cwd,
    env: { ...env },
    stdio: "ignore",
  });
  const status = await new Promise((resolve) => child.once("close", resolve));
  if (status !== 0) throw new Error(`${contender.name} ended with ${String(status)}`);
  const files = readdirSync(folder).sort((a, b) => threadOf(a) - threadOf(b));
  const profiles = files.map((file) => ({
    thread: threadOf(file),
    times: selfTimes(JSON.parse(readFileSync(join(folder, file), "utf8")) as CpuProfile, lab.product.dist),
  }));
  rmSync(folder, { recursive: true });
  return tableOf(profiles);
}

/** `CPU.DATE.TIME.PID.THREAD.SEQUENCE.cpuprofile` */
const threadOf = (file: string): number => Number(file.split(".")[4]);

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Milliseconds by file; what V8 itself did stands in brackets. Idle time is left out. */
function selfTimes({ nodes, samples, timeDeltas }: CpuProfile, dist: string): ReadonlyMap<string, number> {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame, dist)]));
  const times = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? "";
    if (name === "(idle)" || name === "(root)") continue;
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0) / 1000);
  }
  return times;
}

function nameOf({ functionName, url }: CpuProfile["nodes"][number]["callFrame"], dist: string): string {
  if (url === "") return functionName.startsWith("(") ? functionName : `[${functionName}]`;
  const path = url.replace(/^file:\/\//, "");
  if (path.startsWith(dist)) return `src${path.slice(dist.length).replace(/\.js$/, ".ts")}`;
  return path.replace(/^.*\/node_modules\//, "");
}

const shown = 14;

function tableOf(
  profiles: readonly { readonly thread: number; readonly times: ReadonlyMap<string, number> }[],
): readonly string[] {
  const groups = [
    { title: "main thread", threads: profiles.filter(({ thread }) => thread === 0) },
    { title: "workers", threads: profiles.filter(({ thread }) => thread !== 0) },
  ];
  return groups.flatMap(({ title, threads }) => {
    const sums = new Map<string, number>();
    for (const { times } of threads) for (const [name, ms] of times) sums.set(name, (sums.get(name) ?? 0) + ms);
    const sorted = [...sums].sort(([, a], [, b]) => b - a);
    const total = sorted.reduce((sum, [, ms]) => sum + ms, 0);
    if (sorted.length === 0) return [];
    const rows = sorted
      .slice(0, shown)
      .map(([name, ms]) => `| ${name} | ${ms.toFixed(0)} | ${((100 * ms) / total).toFixed(0)} % |`);
    return [
      `Busy in ${title} (${threads.length}): ${total.toFixed(0)} ms`,
      "",
      "| where | ms | share |",
      "| --- | --- | --- |",
      ...rows,
      "",
    ];
  });
}
