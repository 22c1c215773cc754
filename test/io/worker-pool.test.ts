// Threads that end while something waits for them: every job is answered, and closing is seen to its end.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { createWorkerPool, type WorkerPool } from "../../src/io/worker-pool.ts";
import { startNode } from "../kit/build.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const here = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

/** Does what the job says; `told` is told once the answer is on its way. */
const worker = `
import { serveJobs } from ${here("../../src/io/worker-thread.ts")};
serveJobs(async ({ what, told }) => {
  if (what === "exit") process.exit(7);
  if (what === "throw") await new Promise(() => setImmediate(() => { throw new TypeError("unforeseen"); }));
  if (told) setImmediate(() => Atomics.notify(told, Atomics.store(told, 0, 1) - 1));
  return what;
});
`;

interface Job {
  readonly what: "answer" | "exit" | "throw";
}

async function moduleFor(t: TestContext): Promise<URL> {
  const path = join(await temporaryFolder(t), "worker.mjs");
  writeFileSync(path, worker);
  return pathToFileURL(path);
}

async function openPool(t: TestContext): Promise<WorkerPool<Job, string>> {
  const pool = createWorkerPool<Job, string>({ module: await moduleFor(t), threads: 1 });
  t.after(() => pool.close());
  return pool;
}

const weightBytes = 1;

for (const { what, fault } of [
  { what: "exit", fault: { message: "A thread ended with exit code 7 instead of an answer" } },
  { what: "throw", fault: { name: "TypeError", message: "unforeseen" } },
] as const) {
  test(`a thread that ends by "${what}" fails its job, and the next has another thread`, async (t) => {
    const pool = await openPool(t);
    const [failing, next] = [what, "answer" as const].map((one) => pool.run({ what: one }, { weightBytes }));
    await assert.rejects(async () => failing, fault);
    assert.equal(await next, "answer");
    assert.equal(await pool.run({ what: "answer" }, { weightBytes }), "answer");
  });
}

test("closing is waited for when an answer comes meanwhile", async (t) => {
  const program = `
import { createWorkerPool } from ${here("../../src/io/worker-pool.ts")};
const pool = createWorkerPool({ module: new URL(${JSON.stringify((await moduleFor(t)).href)}), threads: 1 });
const told = new Int32Array(new SharedArrayBuffer(4));
const job = pool.run({ what: "answer", told }, { weightBytes: 1 }).catch((error) => error.code);
Atomics.wait(told, 0, 0);
await pool.close();
process.stdout.write("closed, " + (await job));
`;
  const folder = await temporaryFolder(t);
  writeFileSync(join(folder, "program.mjs"), program);
  const { status, stdout, stderr } = await startNode([join(folder, "program.mjs")], { cwd: folder }).ended;
  assert.deepEqual([status, stdout, stderr], [0, "closed, CANCELLED", ""]);
});
