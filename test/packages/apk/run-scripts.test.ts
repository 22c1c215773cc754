import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noXattrs } from "../../../src/archive/entry.ts";
import { apk } from "../../../src/packages/apk/format.ts";
import { installOrder } from "../../../src/packages/apk/install-order.ts";
import type { InstalledPackage, ScriptPlan } from "../../../src/packages/contract.ts";

interface Given {
  readonly info?: readonly string[];
  readonly scripts?: readonly string[];
  readonly folders?: readonly string[];
}

function installed(name: string, { info = [], scripts = [], folders = [] }: Given = {}): InstalledPackage {
  const text = [`pkgname = ${name}`, "pkgver = 1-r0", ...info, ""].join("\n");
  const common = { mode: 0o755, uid: 0, gid: 0, mtime: 0, xattrs: noXattrs };
  return {
    name,
    version: "1-r0",
    architecture: "x86_64",
    control: [".PKGINFO", ...scripts].map((one) => ({
      name: one,
      mode: 0o755,
      bytes: Buffer.from(one === ".PKGINFO" ? text : "#!/bin/sh\n"),
    })),
    paths: [],
    md5: new Map(),
    apk: {
      checksum: "Q1",
      sizeBytes: 1,
      sha1: new Map(),
      entries: folders.map((path) => ({ ...common, kind: "directory", path })),
    },
  };
}

const planOf = (packages: readonly InstalledPackage[], has = true): ScriptPlan => {
  assert.ok(apk.runner);
  return apk.runner.plan(packages, { architecture: "x86_64", epoch: 5, has: () => has });
};
const commands = (packages: readonly InstalledPackage[]): readonly string[] =>
  planOf(packages).commands.map(({ argv }) => argv.join(" ").replace("/lib/apk/exec/", ""));

describe("the order of installation", () => {
  const order = (packages: readonly InstalledPackage[], ...world: readonly string[]): string =>
    installOrder(packages, world)
      .map(({ name }) => name)
      .join(" ");
  it("is that of names, what they need first", () => {
    const a = installed("a", { info: ["depend = so:z", "depend = !c"] });
    const z = installed("z", { info: ["provides = so:z=1"] });
    assert.equal(order([a, installed("b"), z]), "z a b");
  });
  it("begins with what was asked for", () => {
    assert.equal(order([installed("a"), installed("b"), installed("c")], "c", "b>1"), "b c a");
  });
  it("has what comes by itself right behind the last that it waits for", () => {
    const doc = installed("a-doc", { info: ["install_if = docs a=1-r0"] });
    assert.equal(order([installed("a"), doc, installed("docs"), installed("z")], "a", "docs", "z"), "a docs a-doc z");
  });
  it("ends where packages need each other", () => {
    const packages = ["a", "b"].map((name) => installed(name, { info: [`depend = ${name === "a" ? "b" : "a"}`] }));
    assert.equal(order(packages), "b a");
  });
  it("goes through a long chain of packages", () => {
    const chain = Array.from({ length: 20_000 }, (_, at) => installed(`p${at}`, { info: [`depend = p${at + 1}`] }));
    assert.equal(installOrder(chain, ["p0"]).at(-1)?.name, "p0");
  });
});

describe("scripts of apk packages run", () => {
  it("where the package would be installed, with its version, and upgrades' do not", () => {
    const a = installed("a", { info: ["depend = b"], scripts: [".post-install", ".pre-install", ".post-upgrade"] });
    const b = installed("b", { scripts: [".post-install"] });
    assert.deepEqual(commands([a, b]), [
      "b-1-r0.post-install 1-r0",
      "a-1-r0.pre-install 1-r0",
      "a-1-r0.post-install 1-r0",
    ]);
  });
  it("as triggers last, with the folders that they wait for", () => {
    const a = installed("a", { info: ["triggers = /usr/share/* +/lib"], scripts: [".trigger"] });
    const b = installed("b", { folders: ["lib", "lib/x", "usr", "usr/share", "usr/share/b", "usr/share/b/c"] });
    assert.deepEqual(commands([a, b]), ["a-1-r0.trigger /lib /usr/share/b"]);
  });
  it("not as triggers for which there is nothing", () => {
    const plan = planOf([installed("a", { info: ["triggers = /nowhere"], scripts: [".trigger"] })]);
    assert.deepEqual([plan.commands, plan.needless], [[], [{ package: "a", script: ".trigger" }]]);
  });
  it("not without a shell", () => {
    const packages = [installed("a", { scripts: [".post-install"] })];
    assert.throws(() => planOf(packages, false), { code: "SCRIPT_UNKNOWN" });
    assert.deepEqual(planOf([installed("a")], false).commands, []);
  });
});
