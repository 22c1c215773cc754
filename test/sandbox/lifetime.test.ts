import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { detectModes, openSandbox, removeSandboxFolder } from "../../src/sandbox/sandbox.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { hostRoot, tarOf } from "./host-root.ts";
import { needsSandbox, openTestSandbox, runScript } from "./open.ts";
import { hostProcessesWith } from "./processes.ts";

describe("a sandbox", await needsSandbox(), () => {
  it("mounts nothing on the host and leaves nothing behind", async (t) => {
    const folder = await temporaryFolder(t);
    const directory = join(folder, "a folder, with: signs");
    // Others mount what they like meanwhile.
    const mounts = (): readonly string[] => {
      const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
      return lines.filter((line) => line.includes(basename(folder)));
    };
    const sandbox = await openSandbox({ directory });
    await sandbox.layOut(tarOf(hostRoot()));
    assert.equal((await runScript(sandbox, "mkdir /d; chown 1:42 /d; chmod 0 /d; echo x >/d/f")).exitCode, 0);
    assert.deepEqual(mounts(), []);
    await sandbox.close();
    await sandbox.close();
    assert.equal(existsSync(directory), false);
    assert.deepEqual(mounts(), []);
  });

  it("dies with whoever opened it, and its folder can be removed later", async (t) => {
    const directory = join(await temporaryFolder(t), "sandbox");
    const marker = `${88_000 + process.pid / 10_000_000}`;
    const program = fileURLToPath(new URL("./open-and-sleep.ts", import.meta.url));
    const child = spawn(process.execPath, [program, directory, marker], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    await gone(marker);
    await gone(directory);
    assert.equal(existsSync(directory), true);
    await removeSandboxFolder(directory);
    assert.equal(existsSync(directory), false);
  });

  it("ends at once when it is cancelled", async (t) => {
    const marker = `${89_000 + process.pid / 10_000_000}`;
    const abort = new AbortController();
    const sandbox = await openTestSandbox(t, [], { signal: abort.signal });
    const run = runScript(sandbox, `echo started; sleep ${marker}`, { onOutput: () => abort.abort() });
    await assert.rejects(run, { code: "CANCELLED" });
    await assert.rejects(runScript(sandbox, "true"), { code: "CANCELLED" });
    await gone(marker);
  });

  it("answers CANCELLED to what is on its way when it is closed", async (t) => {
    const sandbox = await openTestSandbox(t);
    const run = assert.rejects(runScript(sandbox, "sleep 60"), { code: "CANCELLED" });
    await sandbox.close();
    await run;
    await assert.rejects(runScript(sandbox, "true"), { code: "CANCELLED" });
  });

  it("does one thing at a time, in the order in which it was asked", async (t) => {
    const sandbox = await openTestSandbox(t);
    const scripts = ["sleep 0.2; echo a >>/log", "echo b >>/log", "cat /log"];
    const results = await Promise.all(scripts.map((script) => runScript(sandbox, script)));
    assert.deepEqual(
      results.map(({ lastOutput }) => lastOutput),
      ["", "", "a\nb\n"],
    );
  });

  it("takes the place of one that could not close", async (t) => {
    const directory = join(await temporaryFolder(t), "sandbox");
    mkdirSync(join(directory, "root/etc"), { recursive: true });
    writeFileSync(join(directory, "root/etc/old"), "x");
    const sandbox = await openTestSandbox(t, [], { directory });
    assert.notEqual((await runScript(sandbox, "cat /etc/old")).exitCode, 0);
  });

  it("refuses a tar that ends in the middle", async (t) => {
    const directory = join(await temporaryFolder(t), "sandbox");
    const sandbox = await openSandbox({ directory });
    t.after(() => sandbox.close());
    const broken = (async function* () {
      yield Buffer.alloc(700, "x");
    })();
    await assert.rejects(sandbox.layOut(broken), { code: "ARCHIVE_BROKEN" });
  });

  it("passes on why its tar cannot be read", async (t) => {
    const directory = join(await temporaryFolder(t), "sandbox");
    const sandbox = await openSandbox({ directory });
    t.after(() => sandbox.close());
    const failing = (async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(0);
      throw new Error("the disk is gone");
    })();
    await assert.rejects(sandbox.layOut(failing), /the disk is gone/);
  });
});

describe("where no way of a sandbox works", () => {
  it("says what is missing for each way", async (t) => {
    const modes = (await detectModes()).filter(({ missing }) => missing !== undefined);
    if (modes.length === 0) return t.skip("all ways work here");
    const directory = join(await temporaryFolder(t), "sandbox");
    const opened = openSandbox({ directory, modes: modes.map(({ mode }) => mode) });
    await assert.rejects(opened, (error: Error & { code?: string }) => {
      assert.equal(error.code, "SANDBOX_UNAVAILABLE");
      for (const { mode } of modes) assert.match(error.message, new RegExp(`^${mode}: .`, "m"));
      return true;
    });
  });

  it("does not begin when the caller no longer wants it", async (t) => {
    const directory = join(await temporaryFolder(t), "sandbox");
    const opened = openSandbox({ directory, signal: AbortSignal.abort() });
    await assert.rejects(opened, { code: "CANCELLED" });
    assert.equal(existsSync(directory), false);
  });
});

/** Waits until no process of the host has the word; the kernel ends them in its own time. */
async function gone(word: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (hostProcessesWith(word).length === 0) return;
    await wait(50);
  }
  assert.deepEqual(hostProcessesWith(word), []);
}
