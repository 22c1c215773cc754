// Sandboxes for tests, in the mode that the user who runs them has.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Sandbox, SandboxCommand, SandboxOptions, SandboxResult } from "../../src/sandbox/contract.ts";
import { detectModes, openSandbox } from "../../src/sandbox/sandbox.ts";
import { hasProgram } from "../kit/oracle.ts";
import { hostRoot, type RootFile, tarOf } from "./host-root.ts";

/** Why no sandbox can be opened here; the option of tests that need one. */
export async function needsSandbox(...programs: readonly string[]): Promise<{ readonly skip?: string }> {
  const missing = programs.filter((name) => !hasProgram(name));
  if (missing.length > 0) return { skip: `needs ${missing.join(", ")}` };
  const wanted = process.env.DODAI_TEST_SANDBOX_MODE;
  const modes = (await detectModes()).filter(({ mode }) => wanted === undefined || mode === wanted);
  if (modes.some((mode) => mode.missing === undefined)) return {};
  if (process.env.DODAI_REQUIRE_ORACLES === "1") return {};
  return { skip: modes.map(({ mode, missing }) => `${mode}: ${missing}`).join("; ") };
}

/** A sandbox with the host's programs and `files`, closed when the test is over. */
export async function openTestSandbox(
  t: Pick<TestContext, "after">,
  files: readonly RootFile[] = [],
  options: Partial<SandboxOptions> = {},
): Promise<Sandbox> {
  const folder = await mkdtemp(join(tmpdir(), "dodai-test-"));
  const sandbox = await openSandbox({ directory: join(folder, "sandbox"), ...options });
  // In this order: an ordinary user can remove the folder only once the sandbox removed what is in it.
  t.after(async () => {
    await sandbox.close();
    await rm(folder, { recursive: true });
  });
  await sandbox.layOut(tarOf([...hostRoot(), ...files]));
  return sandbox;
}

export function runScript(
  sandbox: Sandbox,
  script: string,
  options: Partial<SandboxCommand> = {},
): Promise<SandboxResult> {
  return sandbox.run({
    words: ["/bin/sh", "-c", script],
    environment: { PATH: "/bin" },
    timeoutMs: 20_000,
    ...options,
  });
}

/** What a script writes, without the last newline. */
export async function outputOf(
  sandbox: Sandbox,
  script: string,
  options: Partial<SandboxCommand> = {},
): Promise<string> {
  return (await runScript(sandbox, script, options)).lastOutput.trimEnd();
}
