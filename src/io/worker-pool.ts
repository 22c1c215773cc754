// Work that is heavy on the processor runs in threads of its own: one job at a time in each, as many as there are cores.
// A thread is started when there is a job for it, and all end with the pool.
import { Worker } from "node:worker_threads";
import { DodaiError, type ErrorCode } from "../core/dodai-error.ts";

export interface WorkerPool<Job, Result> {
  /** Runs one job; jobs start in the order in which they were given. `weightBytes` is how much it has to work on. */
  run(job: Job, options: { readonly weightBytes: number }): Promise<Result>;
  /** Ends all threads, whatever they do. Jobs that have not ended are rejected with CANCELLED. */
  close(): Promise<void>;
}

/** What a thread answers: structured cloning keeps no class, so an error is sent as its members. */
export type WorkerAnswer<Result> =
  | { readonly kind: "result"; readonly result: Result }
  | {
      readonly kind: "error";
      readonly code: ErrorCode | undefined;
      readonly message: string;
      readonly fix: string | undefined;
      readonly stack: string;
    };

interface Task<Job, Result> {
  readonly job: Job;
  readonly weightBytes: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export interface PoolOptions {
  /** Module that calls `serveJobs`. */
  readonly module: URL;
  readonly threads: number;
}

/**
 * V8 collects when its young generation is full, and does not see the buffers that small objects in it hold: with the
 * default of 48 MiB, a thread that decompresses holds hundreds of megabytes that nobody needs.
 */
const maxYoungGenerationSizeMb = 6;

/** A further thread takes longer to start than one that runs takes for this much. */
const worthAnotherBytes = 1 << 20;

export function createWorkerPool<Job, Result>({ module, threads }: PoolOptions): WorkerPool<Job, Result> {
  const waiting: Task<Job, Result>[] = [];
  const idle: Worker[] = [];
  const busy = new Map<Worker, Task<Job, Result>>();
  let closed = false;

  function next(): void {
    while (waiting.length > 0 && !closed) {
      const worker = idle.pop() ?? (isWorthAnother() ? start() : undefined);
      const task = worker && waiting.shift();
      if (!worker || !task) return;
      busy.set(worker, task);
      worker.ref();
      worker.postMessage(task.job);
    }
  }

  function isWorthAnother(): boolean {
    if (busy.size === 0) return true;
    const weightBytes = waiting.reduce((sum, task) => sum + task.weightBytes, 0);
    return busy.size < threads && weightBytes >= worthAnotherBytes;
  }

  function start(): Worker {
    const worker = new Worker(module, { resourceLimits: { maxYoungGenerationSizeMb } });
    worker.on("message", (answer: WorkerAnswer<Result>) => {
      const task = busy.get(worker);
      busy.delete(worker);
      idle.push(worker);
      // The answer may come while the thread is being ended: `close` waits for that, and this thread keeps the program going.
      if (!closed) worker.unref();
      if (answer.kind === "result") task?.resolve(answer.result);
      else task?.reject(errorOf(answer));
      next();
    });
    let failure: unknown;
    worker.on("error", (error) => {
      failure = error;
    });
    worker.on("exit", (exitCode) => {
      busy.get(worker)?.reject(failure ?? new Error(`A thread ended with exit code ${exitCode} instead of an answer`));
      busy.delete(worker);
      const at = idle.indexOf(worker);
      if (at >= 0) idle.splice(at, 1);
      next();
    });
    return worker;
  }

  return {
    run: (job, { weightBytes }) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new DodaiError("CANCELLED", "Cannot go on: the build was cancelled"));
        waiting.push({ job, weightBytes, resolve, reject });
        next();
      }),
    close: async () => {
      closed = true;
      const error = new DodaiError("CANCELLED", "Cannot go on: the build was cancelled");
      for (const { reject } of [...waiting.splice(0), ...busy.values()]) reject(error);
      await Promise.all([...idle, ...busy.keys()].map((worker) => worker.terminate()));
    },
  };
}

function errorOf({ code, message, fix, stack }: Extract<WorkerAnswer<unknown>, { kind: "error" }>): Error {
  if (code !== undefined) return new DodaiError(code, message, fix === undefined ? {} : { fix });
  return Object.assign(new Error(message), { stack });
}
