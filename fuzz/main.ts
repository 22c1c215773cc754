// npm run fuzz -- TARGET [SECONDS] [SEED] [CASE]: feeds changed files to a reader until the time is up. `all` takes every
// target in turn; with CASE that one alone is run. Inputs that show a fault are written to a folder that it names.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { targets } from "./targets.ts";
import type { WorkerNews, WorkerTask } from "./worker.ts";

/** A case that is at hand for so long hangs, however busy the machine is. */
const hangMs = 20_000;
/** Readers bound what they keep: past this growth one does not. */
const maxGrowthBytes = 1 << 30;
const maxHeapMb = 1024;

const [chosen = "", seconds = "10", seed = "1", only] = process.argv.slice(2);
const names = targets.map(({ name }) => name).filter((name) => chosen === "all" || name === chosen);
if (names.length === 0) {
  say(`Choose a target: all, ${targets.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
let folder: string | undefined;
let faults = 0;
for (const name of names) await runTarget(name);
process.exitCode = faults > 0 ? 1 : 0;

async function runTarget(target: string): Promise<void> {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const first = only === undefined ? 0 : Number(only);
  const task: WorkerTask = {
    target,
    seed: Number(seed),
    first,
    seconds: Number(seconds),
    only: only !== undefined,
    progress,
  };
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
  });
  const started = process.memoryUsage().rss;
  const watch = { number: -1, since: performance.now() };
  const watchdog = setInterval(() => {
    const number = Atomics.load(progress, 0);
    if (number !== watch.number) Object.assign(watch, { number, since: performance.now() });
    const growth = process.memoryUsage().rss - started;
    const state =
      performance.now() - watch.since > hangMs
        ? `hangs for ${hangMs / 1000} s`
        : growth > maxGrowthBytes
          ? `memory grew by ${growth >> 20} MiB`
          : undefined;
    if (state === undefined) return;
    report({ target, number, fault: state });
    worker.terminate().catch(() => undefined);
  }, 250);
  await new Promise<void>((resolve) => {
    worker.on("message", (news: WorkerNews) => {
      if (news.kind === "end") say(`${target}: ${news.cases} cases`);
      else report({ ...news.finding, smallest: news.smallest });
    });
    worker.on("error", (error: Error) => {
      report({ target, number: Atomics.load(progress, 0), fault: `the thread ended: ${error.stack ?? error}` });
    });
    worker.on("exit", () => resolve());
  });
  clearInterval(watchdog);
}

interface Report {
  readonly target: string;
  readonly number: number;
  readonly fault: string;
  readonly smallest?: Uint8Array;
}

function report({ target, number, fault, smallest }: Report): void {
  faults++;
  say(`FAULT ${target}, case ${number}: ${fault}`);
  say(`  again: npm run fuzz -- ${target} 1 ${seed} ${number}`);
  if (smallest === undefined) return;
  folder ??= mkdtempSync(join(tmpdir(), "dodai-faults-"));
  const path = join(folder, `${target}-${seed}-${number}`);
  writeFileSync(path, smallest);
  say(`  smallest input, ${smallest.length} bytes: ${path}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
