import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { SandboxChange } from "../../src/sandbox/contract.ts";
import { detectModes, openSandbox } from "../../src/sandbox/sandbox.ts";
import { needs } from "../kit/oracle.ts";
import { file, hardlink, hostRoot, symlink, tarOf } from "./host-root.ts";

const isRoot = process.getuid?.() === 0;
const options = isRoot ? needs("unshare", "mount") : { skip: "needs root" };

test("a program runs in a root of its own, and what it changed comes back", options, async () => {
  const folder = mkdtempSync(join(tmpdir(), "dodai-sandbox-"));
  const sandbox = await openSandbox({ directory: join(folder, "box"), modes: ["root"] });
  try {
    await sandbox.layOut(tarOf([...hostRoot(), symlink("link", "etc"), file("one", "1"), hardlink("two", "one")]));
    const script = "cat /link/group /two >/made && rm /etc/group && chmod 600 /etc/passwd && id -u && exit 7";
    const result = await sandbox.run({ words: ["/bin/sh", "-c", script], environment: { PATH: "/bin" } });
    assert.equal(result.exitCode, 7, result.lastOutput);
    assert.equal(result.lastOutput.trim(), "0");
    const changes: string[] = [];
    for await (const change of sandbox.changes()) changes.push(await describe(change));
    // The folder has another time, since a name in it went.
    assert.deepEqual(changes.sort(), ["etc 755", "etc/group removed", "etc/passwd 600", "made 644"]);
  } finally {
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("each way to be root inside is told, with what is missing for it", async () => {
  const reports = await detectModes();
  assert.deepEqual(
    reports.map(({ mode }) => mode),
    ["root", "subordinate", "single"],
  );
});

async function describe(change: SandboxChange): Promise<string> {
  if (change.kind === "removed") return `${change.path} removed`;
  for await (const _chunk of change.body);
  return `${change.entry.path} ${change.entry.mode.toString(8)}`;
}
