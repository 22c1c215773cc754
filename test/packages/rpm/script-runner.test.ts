import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytesOf } from "../../../src/core/bytes.ts";
import type { InstalledPackage, ScriptPlan } from "../../../src/packages/contract.ts";
import { openPackage } from "../../../src/packages/rpm/package-file.ts";
import { scriptRunner } from "../../../src/packages/rpm/script-runner.ts";
import { makeRpm, type RpmSpec } from "../../kit/rpm.ts";

const limits = { maxControlBytes: 1 << 20, maxTreeBytes: 1 << 20, maxEntries: 100 };

async function planned(specs: readonly RpmSpec[], there: readonly string[] = []): Promise<ScriptPlan> {
  const installed: InstalledPackage[] = [];
  for (const spec of specs) {
    const { control } = await openPackage(bytesOf(makeRpm(spec)), limits);
    installed.push({ name: spec.name, version: "1", architecture: "x86_64", control, paths: [], md5: new Map() });
  }
  return scriptRunner.plan(installed, { architecture: "x86_64", epoch: 1, has: (path) => there.includes(path) });
}

const told = ({ commands }: ScriptPlan): readonly string[] =>
  commands.map(({ script, argv }) => (script ? `${script.script} of ${script.package}` : argv.join(" ")));

const packages: readonly RpmSpec[] = [
  { name: "app", requires: ["lib"], scripts: { pre: "useradd app", post: "ldconfig" } },
  { name: "base", scripts: { post: "true", posttrans: "true" } },
  { name: "lib", requires: ["/bin/sh", "app"], scripts: { post: "true" } },
  { name: "shell", provides: ["/bin/sh"], scripts: { pre: "true", "pretrans <lua>": "-- lua" } },
];

describe("scripts of rpm packages", () => {
  it("run in rpm's order: package by package, requirements before those who have them", async () => {
    const wanted = ["pre of shell", "post of lib", "pre of app", "post of app", "post of base", "posttrans of base"];
    assert.deepEqual(told(await planned(packages)), wanted);
  });
  it("have accounts before them and ldconfig after them where the image has those", async () => {
    const order = told(await planned(packages, ["usr/bin/systemd-sysusers", "usr/sbin/ldconfig", "usr/bin/rpm"]));
    assert.deepEqual(
      [order[0], order[1], order.at(-1)],
      ["/usr/bin/systemd-sysusers", "pretrans of shell", "/usr/sbin/ldconfig"],
    );
  });
  it("have ldconfig once for all that are that alone", async () => {
    const alone: RpmSpec = { name: "alone", scripts: { post: "/sbin/ldconfig\n" } };
    const more: RpmSpec = { name: "more", scripts: { post: "/sbin/ldconfig\ntrue\n" } };
    const plan = await planned([alone, more], ["usr/sbin/ldconfig"]);
    assert.deepEqual(told(plan), ["/usr/sbin/ldconfig", "post of more", "/usr/sbin/ldconfig"]);
    assert.deepEqual(plan.needless, [{ package: "alone", script: "post" }]);
    assert.deepEqual(told(await planned([alone])), ["post of alone"]);
  });
  it("end the build when %pre fails, and are warned of otherwise", async () => {
    const { commands } = await planned(packages);
    assert.deepEqual(commands[0]?.argv, ["/var/tmp/dodai-scripts/shell.pre", "1"]);
    assert.match(commands[1]?.argv[2] ?? "", /\|\| echo "lib post \$\?" >>\/var\/tmp\//);
  });
  it("tell of %pretrans that is not needed", async () => {
    assert.deepEqual((await planned(packages)).needless, [{ package: "shell", script: "pretrans" }]);
  });
});
