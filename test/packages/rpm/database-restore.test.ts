// A database that rpm itself changed comes back as dodai would have written it.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { bytesOf } from "../../../src/core/bytes.ts";
import type { DatabaseOptions, GeneratedFile, InstalledPackage } from "../../../src/packages/contract.ts";
import { formatDatabase } from "../../../src/packages/rpm/database.ts";
import { restoreDatabase } from "../../../src/packages/rpm/database-restore.ts";
import { openPackage } from "../../../src/packages/rpm/package-file.ts";
import { fixture, needs, run } from "../../kit/oracle.ts";
import { makeRpm } from "../../kit/rpm.ts";
import { temporaryFolder } from "../../kit/temporary.ts";

const epoch = 1_700_000_001;
const folder = "var/lib/rpm";

const options = (backend: "sqlite" | "berkeley"): DatabaseOptions => ({
  architecture: "x86_64",
  state: "installed",
  perPackageStatus: false,
  epoch,
  rpmDatabase: { folder, backend, keys: [] },
});

async function installed(name: string): Promise<InstalledPackage> {
  const bytes = makeRpm({ name, tree: [{ path: `usr/share/${name}`, content: name }] });
  const limits = { maxControlBytes: 64 << 20, maxTreeBytes: 1 << 30, maxEntries: 100 };
  const { control, items } = await openPackage(bytesOf(bytes), limits);
  for await (const { body } of items) for await (const _ of body);
  const paths = [`/usr/share/${name}`];
  return { name, version: "", architecture: "x86_64", control, paths, md5: new Map() };
}

const packages = await Promise.all(["a", "b", "c"].map(installed));

const bytesOfFiles = (files: readonly GeneratedFile[] | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (files ?? []).flatMap((file) =>
      file.kind === "file" ? [[file.path, Buffer.from(file.bytes).toString("base64")]] : [],
    ),
  );

/** What rpm makes of a database of a, b and c, restored. */
async function restored(
  t: TestContext,
  ...commands: readonly (readonly string[])[]
): Promise<ReturnType<typeof bytesOfFiles>> {
  const root = await temporaryFolder(t);
  mkdirSync(join(root, folder), { recursive: true });
  for (const file of formatDatabase(packages, options("sqlite"))) {
    if (file.kind === "file") writeFileSync(join(root, file.path), file.bytes);
  }
  for (const words of commands) run("rpm", ["--dbpath", join(root, folder), ...words]);
  const read = (path: string): Uint8Array | undefined =>
    existsSync(join(root, path)) ? readFileSync(join(root, path)) : undefined;
  return bytesOfFiles(restoreDatabase({ read }, options("sqlite")));
}

describe("a database that rpm wrote to", needs("rpm"), () => {
  const written = (...names: readonly string[]): ReturnType<typeof bytesOfFiles> =>
    bytesOfFiles(
      formatDatabase(
        packages.filter(({ name }) => names.includes(name)),
        options("sqlite"),
      ),
    );

  it("is what it was when it was only rebuilt", async (t) => {
    assert.deepEqual(await restored(t, ["--rebuilddb"]), written("a", "b", "c"));
  });

  it("has what was not erased, in dodai's order", async (t) => {
    assert.deepEqual(await restored(t, ["-e", "--justdb", "--noscripts", "b"]), written("a", "c"));
  });

  const key = fixture("rpm/keys");
  it("has imported keys with the build's time, whenever they came", needs(key), async (t) => {
    const file = run("sh", ["-c", `grep -rl "BEGIN PGP PUBLIC KEY" "${key}" | sort | head -1`]).trim();
    const erase = ["-e", "--justdb", "--noscripts", "a"];
    const first = await restored(t, ["--import", file], erase);
    assert.notDeepEqual(first, written("b", "c"));
    assert.deepEqual(await restored(t, erase, ["--import", file], ["--rebuilddb"]), first);
  });
});

describe("a database of Berkeley DB", () => {
  const files = formatDatabase(packages, options("berkeley"));
  const bytes = (path: string): Uint8Array | undefined =>
    files.flatMap((file) => (file.kind === "file" && file.path === path ? [file.bytes] : []))[0];

  it("comes back as it was written", () => {
    assert.deepEqual(bytesOfFiles(restoreDatabase({ read: bytes }, options("berkeley"))), bytesOfFiles(files));
  });

  it("is absent where it was removed", () => {
    assert.equal(restoreDatabase({ read: () => undefined }, options("berkeley")), undefined);
  });

  const damages: readonly { readonly name: string; readonly damage: (bytes: Buffer) => Uint8Array }[] = [
    { name: "another kind of file", damage: (whole) => whole.fill(0, 12, 16) },
    { name: "pages of no size", damage: (whole) => whole.fill(0, 20, 24) },
    { name: "more items than fit on a page", damage: (whole) => whole.fill(0xff, 4096 + 20, 4096 + 22) },
    { name: "items that overlap", damage: (whole) => whole.fill(0, 4096 + 26, 4096 + 28) },
    { name: "a value without its pages", damage: (whole) => whole.subarray(0, 2 * 4096) },
  ];
  for (const { name, damage } of damages) {
    it(`is refused with ${name}`, () => {
      const read = (path: string): Uint8Array | undefined => {
        const whole = bytes(path);
        return whole && damage(Buffer.from(whole));
      };
      assert.throws(() => restoreDatabase({ read }, options("berkeley")), { code: "DATABASE_BROKEN" });
    });
  }
});
