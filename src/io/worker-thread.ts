import { parentPort } from "node:worker_threads";
import { DodaiError } from "../core/dodai-error.ts";
import type { WorkerAnswer } from "./worker-pool.ts";

/** The thread's side of a worker pool: answers each job with what `perform` makes of it. */
export function serveJobs<Job, Result>(perform: (job: Job) => Promise<Result>): void {
  const port = parentPort;
  if (!port) throw new Error("This module runs in a worker thread only");
  port.on("message", (job: Job) => {
    perform(job).then(
      (result) => port.postMessage({ kind: "result", result } satisfies WorkerAnswer<Result>),
      (error: unknown) => port.postMessage(answerOf(error)),
    );
  });
}

function answerOf(error: unknown): WorkerAnswer<never> {
  if (error instanceof DodaiError) {
    return { kind: "error", code: error.code, message: error.message, fix: error.fix, stack: "" };
  }
  const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  return { kind: "error", code: undefined, message, fix: undefined, stack };
}
