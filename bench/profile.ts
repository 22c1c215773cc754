// Where the time of a build goes: when each stage began, and which files' code the threads ran.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type BuildSet, prepareSet } from "./kit/builds.ts";
import { measure } from "./kit/child.ts";
import { emptyFolder, type Lab } from "./kit/lab.ts";
import type { Contender } from "./kit/rounds.ts";

const sets = [
  { name: "distroless-base", recipe: { builtIn: "distroless/base" }, changed: "libssl3t64" },
  {
    name: "minbase-trixie",
    recipe: { text: "distro: debian:trixie\nvariant: minbase\nscripts: skip\n" },
    changed: "libssl3t64",
  },
  {
    name: "full-trixie",
    recipe: { text: "distro: debian:trixie\nvariant: minbase\nscripts: run\n" },
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
      sections.push(`### ${options.name}: ${contender.name}`, "", ...stages, "", ...threads, "");
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
function profileOf(lab: Lab, contender: Contender, name: string): readonly string[] {
  const folder = emptyFolder(join(lab.workspace.folder, "profiles", name));
  contender.prepare?.(0);
  const command = contender.command(0);
  const flags = ["--cpu-prof", `--cpu-prof-dir=${folder}`, "--cpu-prof-interval=500"];
  const { cpuSeconds } = measure({ ...command, args: [...flags, ...command.args] }, join(lab.workspace.folder, "time"));
  const threads = readdirSync(folder).map((file) => ({
    isMain: threadOf(file) === 0,
    times: selfTimes(JSON.parse(readFileSync(join(folder, file), "utf8")) as CpuProfile, lab.product.dist),
  }));
  rmSync(folder, { recursive: true });
  const main = sumOf(threads.filter(({ isMain }) => isMain));
  const workers = sumOf(threads.filter(({ isMain }) => !isMain));
  return tableOf(main, workers, cpuSeconds * 1000);
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

/** Milliseconds by what the thread was doing. */
type Times = ReadonlyMap<string, number>;

/** By file; what V8 itself and bindings did stands in brackets. Idle time is left out. */
function selfTimes({ nodes, samples, timeDeltas }: CpuProfile, dist: string): Times {
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

function sumOf(threads: readonly { readonly times: Times }[]): Times {
  const sums = new Map<string, number>();
  for (const { times } of threads) for (const [name, ms] of times) sums.set(name, (sums.get(name) ?? 0) + ms);
  return sums;
}

/** The first that fits. */
const areas: readonly (readonly [string, RegExp])[] = [
  ["compressing", /^src\/archive\/(?:deflate|gzip|zstd)/],
  ["reading packages: decompressing (native threads beside), tar", /^src\/archive|webstreams|^@napi-rs|^src\/packages/],
  ["pieces and the tree", /^src\/(?:image|rootfs|distros)/],
  ["hashing", /crypto\/hash|^\[(?:update|digest|hash)\]$/],
  [
    "files",
    /^\[(?:read|open|close|writeBuffers?|fstat|l?stat|rename|mkdir|unlink|writeString|readFileUtf8)\]$|^node:(?:internal\/)?(?:fs|streams)/,
  ],
  [
    "starting: Node's own and our modules",
    /modules\/|bootstrap|node:internal\/(?:url|process|main|util|per_context)|ModuleWrap|internalModuleStat|getPackage|package_json|compile|node:internal\/(?:worker|js_)|^node:path/,
  ],
  ["garbage collection", /^\(garbage collector\)$/],
  ["the rest of dodai", /^src\//],
  ["everything else", /./],
];

function tableOf(main: Times, workers: Times, cpuMs: number): readonly string[] {
  const areaOf = (name: string): string => areas.find(([, form]) => form.test(name))?.[0] ?? "";
  const inArea = (times: Times, area: string): number =>
    [...times].reduce((sum, [name, ms]) => (areaOf(name) === area ? sum + ms : sum), 0);
  const total = (times: Times): number => [...times.values()].reduce((sum, ms) => sum + ms, 0);
  const rows = areas.map(
    ([area]) => `| ${area} | ${inArea(main, area).toFixed(0)} | ${inArea(workers, area).toFixed(0)} |`,
  );
  return [
    "| ms of samples | main thread | workers |",
    "| --- | --- | --- |",
    ...rows,
    `| all | ${total(main).toFixed(0)} | ${total(workers).toFixed(0)} |`,
    "",
    `CPU of the process: ${cpuMs.toFixed(0)} ms, with what xz and V8 did in threads of their own. Samples are wall time: a busy machine makes them more.`,
    "",
    `Most, in the main thread: ${most(main)}.`,
    ...(workers.size > 0 ? [`Most, in workers: ${most(workers)}.`] : []),
  ];
}

const most = (times: Times): string =>
  [...times]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 8)
    .map(([name, ms]) => `${name} ${ms.toFixed(0)}`)
    .join(", ");
