// Runs cases in a thread of its own, so that one which hangs can be told from outside, and stopped.
import { parentPort, workerData } from "node:worker_threads";
import { type Finding, runCase } from "./campaign.ts";
import { kindOf, minimize } from "./minimize.ts";
import { targets } from "./targets.ts";

/** What the main thread gives; `progress` holds the number of the case at hand. */
export interface WorkerTask {
  readonly target: string;
  readonly seed: number;
  readonly first: number;
  readonly seconds: number;
  readonly only: boolean;
  readonly progress: Int32Array;
}

export type WorkerNews =
  | { readonly kind: "finding"; readonly finding: Finding; readonly smallest: Uint8Array }
  | { readonly kind: "end"; readonly cases: number };

const { target: name, seed, first, seconds, only, progress } = workerData as WorkerTask;
const target = targets.find((one) => one.name === name);
if (!target) throw new Error(`No target "${name}"`);
const tell = (news: WorkerNews): void => parentPort?.postMessage(news);

const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

const session = await target.open();
const known = new Set<string>();
const end = performance.now() + seconds * 1000;
let number = first;
do {
  Atomics.store(progress, 0, number);
  const finding = await runCase({ target, session, seed, number, cpuMs });
  if (finding && !known.has(kindOf(finding.fault))) {
    known.add(kindOf(finding.fault));
    const isSlow = finding.fault.includes("of CPU time");
    const smallest = isSlow
      ? finding.input
      : await minimize(finding.input, { target, session, fault: finding.fault, runs: 2000 });
    tell({ kind: "finding", finding, smallest });
  }
  number++;
  // Messages and watchdogs of libraries get their turn.
  if (number % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
} while (!only && performance.now() < end);
session.close?.();
tell({ kind: "end", cases: number - first });
