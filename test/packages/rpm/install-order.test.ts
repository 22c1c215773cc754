import assert from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { bytesOf } from "../../../src/core/bytes.ts";
import type { InstalledPackage } from "../../../src/packages/contract.ts";
import { installOrder } from "../../../src/packages/rpm/install-order.ts";
import { headersOf } from "../../../src/packages/rpm/installed.ts";
import { openPackage } from "../../../src/packages/rpm/package-file.ts";
import { tags } from "../../../src/packages/rpm/tags.ts";
import { fixture, needs, run } from "../../kit/oracle.ts";
import { makeRpm, type RpmSpec } from "../../kit/rpm.ts";
import { temporaryFolder } from "../../kit/temporary.ts";

const limits = { maxControlBytes: 1 << 24, maxTreeBytes: 1 << 30, maxEntries: 100_000 };
const real = fixture("rpm/centos7-real");

interface Named {
  readonly file: string;
  readonly installed: InstalledPackage;
}

async function readPackages(files: readonly string[]): Promise<readonly Named[]> {
  const read = files.map(async (file): Promise<Named> => {
    const { control } = await openPackage(bytesOf(readFileSync(file)), limits);
    const name = headersOf(control, file).header.text(tags.name) ?? "";
    return { file, installed: { name, version: "1", architecture: "x86_64", control, paths: [], md5: new Map() } };
  });
  return (await Promise.all(read)).sort((a, b) => (a.installed.name < b.installed.name ? -1 : 1));
}

/** What rpm says of its order when it is asked to say everything, by name. */
async function orderOfRpm(t: TestContext, packages: readonly Named[]): Promise<readonly string[]> {
  const root = await temporaryFolder(t);
  const words = ["--root", root, "--nosignature", "--nodigest", "--nodeps", "--install", "-vv", "--test"];
  const files = packages.map(({ file }) => file);
  const told = run("sh", ["-c", 'rpm "$@" 2>&1', "rpm", ...words, ...files]);
  return [...told.matchAll(/^D: +\d+ +\d+ +\d+ +\d+ +\+(\S+)-[^-\s]+-[^-\s]+$/gm)].map(([, name = ""]) => name);
}

const circle: readonly RpmSpec[] = [
  { name: "app", requires: ["lib", "(extra if shell)"], recommends: ["nice"] },
  { name: "lib", requires: ["/bin/sh", "app"] },
  { name: "shell", provides: ["/bin/sh"], requires: ["libc >= 2"], tree: [{ path: "bin/bash", content: "" }] },
  { name: "libc", version: "2.0", requires: ["data", "/bin/bash"] },
  { name: "data", supplements: ["shell"] },
  { name: "extra", requires: ["shell", "libc < 2", "(nice or other)"] },
  { name: "nice", requires: ["virtual = 2"] },
  { name: "other", provides: ["virtual = 2"], suggests: ["app"] },
  { name: "another", provides: ["virtual = 1"], enhances: ["nice"] },
];

describe("packages are installed in the order of rpm", needs("rpm"), () => {
  it("of CentOS 7", needs(real), async (t) => {
    const packages = await readPackages(globSync(`${real}/{lzhuan-test+zabbix-tutorial/rpms,stand-ins}/*.rpm`));
    const order = installOrder(packages.map(({ installed }) => installed)).map(({ name }) => name);
    assert.equal(order.length, 109);
    assert.deepEqual(order, await orderOfRpm(t, packages));
  });
  it("where packages need each other in a circle, wish for others and name alternatives", async (t) => {
    const folder = await temporaryFolder(t);
    for (const spec of circle) writeFileSync(join(folder, `${spec.name}.rpm`), makeRpm(spec));
    const packages = await readPackages(globSync(`${folder}/*.rpm`));
    const order = installOrder(packages.map(({ installed }) => installed)).map(({ name }) => name);
    assert.equal(order.length, circle.length);
    assert.deepEqual(order, await orderOfRpm(t, packages));
  });
});
