import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, test } from "node:test";
import { needs, run } from "../kit/oracle.ts";
import { runCli, temporaryFolder } from "./world.ts";

/** What bash offers for a line whose end the cursor is at. */
async function complete(line: string, cwd: string): Promise<readonly string[]> {
  const script = (await runCli(["completion", "bash"])).stdout;
  const program = `${script}
COMP_LINE=${JSON.stringify(line)} COMP_POINT=${line.length}
_dodai
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return run("bash", ["--norc", "-c", program], { cwd })
    .split("\n")
    .filter((word) => word !== "");
}

const rows: readonly { readonly name: string; readonly line: string; readonly expected: readonly string[] }[] = [
  { name: "commands", line: "dodai re", expected: ["resolve ", "recipes "] },
  { name: "flags", line: "dodai build --o", expected: ["--output ", "--offline "] },
  { name: "flags after an argument", line: "dodai build a.yaml --lo", expected: ["--locked "] },
  { name: "values of a flag", line: "dodai build --scripts e", expected: ["emulate "] },
  { name: "kinds of output", line: "dodai build -o type=oci", expected: ["oci,dest=", "oci-layout,dest="] },
  {
    name: "built-in recipes",
    line: "dodai build distroless/base",
    expected: ["distroless/base ", "distroless/base:nonroot "],
  },
  { name: "what follows a colon", line: "dodai lock distroless/base:n", expected: ["nonroot "] },
  {
    name: "recipe files and folders",
    line: "dodai build ",
    expected: ["distroless/base ", "distroless/base:nonroot ", "app.yaml ", "images/"],
  },
  { name: "flags of an image", line: "dodai inspect app.yaml --r", expected: ["--raw ", "--referrers "] },
  { name: "commands below a command", line: "dodai cache p", expected: ["prune "] },
  { name: "flags of a command below a command", line: "dodai cache prune --m", expected: ["--max-size "] },
  { name: "shells", line: "dodai completion f", expected: ["fish "] },
];

describe("bash completes", () => {
  for (const { name, line, expected } of rows) {
    it(name, needs("bash"), async (t) => {
      const cwd = temporaryFolder(t);
      mkdirSync(join(cwd, "images"));
      writeFileSync(join(cwd, "app.yaml"), "");
      writeFileSync(join(cwd, "notes.txt"), "");
      assert.deepEqual([...(await complete(line, cwd))].sort(), [...expected].sort());
    });
  }
});

for (const shell of ["bash", "zsh", "fish"] as const) {
  test(`the script for ${shell}`, async (t) => {
    const { stdout } = await runCli(["completion", shell]);
    t.assert.fileSnapshot(stdout, `test/golden/cli/completion.${shell}`, { serializers: [String] });
  });
}

for (const shell of ["zsh", "fish"] as const) {
  test(`${shell} takes its script`, needs(shell), async (t) => {
    const file = join(temporaryFolder(t), "script");
    writeFileSync(file, (await runCli(["completion", shell])).stdout);
    run(shell, ["-n", file]);
  });
}
