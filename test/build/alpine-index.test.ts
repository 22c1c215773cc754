// Images of apk packages from repositories that are sound, unsigned, stale or hostile.
import assert from "node:assert/strict";
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { readTarBuffer } from "../../src/archive/tar.ts";
import { build } from "../../src/build/build.ts";
import type { BuildOptions } from "../../src/build/contract.ts";
import { lock } from "../../src/build/lock.ts";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { type ApkSpec, createApkSigner, indexArchive, makeApk, makeApkRepository, signatureOf } from "../kit/apk.ts";
import { digestsOf } from "../kit/build.ts";
import { fixture, needs } from "../kit/oracle.ts";
import { writeRepository } from "../kit/repository.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const signer = createApkSigner("tester");
const packages: readonly ApkSpec[] = [
  { name: "hello", depends: ["so:libhello.so.1"], tree: [{ path: "usr/bin/hello", content: "hello\n", mode: 0o755 }] },
  { name: "libhello", provides: ["so:libhello.so.1=1"], tree: [{ path: "usr/lib/libhello.so.1", content: "lib\n" }] },
  { name: "hello-doc", installIf: ["hello", "docs"], tree: [{ path: "usr/share/man/hello.1", content: "doc\n" }] },
  { name: "docs" },
];

function recipeOf(url: string, changes: Partial<Recipe> = {}, keys: readonly string[] = [signer.key.armored]): Recipe {
  return {
    name: "test",
    distribution: { name: "alpine", release: "edge" },
    variant: "empty",
    packages: [{ request: "hello", exclude: false }],
    recommends: false,
    repositories: [{ urls: [url], suites: [], components: [], keys, only: true, insecureUnsigned: false }],
    scripts: "skip",
    allowUnknownScripts: [],
    platforms: [parsePlatform("linux/amd64")],
    accounts: { users: [], groups: [] },
    files: [],
    remove: [],
    config: {},
    layers: { kind: "single" },
    ...changes,
  };
}

const asking = (...requests: readonly string[]): Pick<Recipe, "packages"> => ({
  packages: requests.map((request) => ({ request, exclude: false })),
});

interface Place {
  readonly folder: string;
  options(changes?: Partial<Recipe>): BuildOptions;
}

async function openPlace(t: Parameters<typeof temporaryFolder>[0], specs = packages, by = signer): Promise<Place> {
  const folder = await temporaryFolder(t);
  await writeRepository(join(folder, "repository"), makeApkRepository(specs, by));
  return {
    folder,
    options: (changes) => ({
      recipe: recipeOf(join(folder, "repository"), changes),
      cacheDirectory: join(folder, "cache"),
      hostRoot: "",
      outputs: [{ kind: "oci", destination: join(folder, "image.tar") }],
    }),
  };
}

const coded =
  (code: string, words: RegExp = /./) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof DodaiError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  };

/** Text of a file of a root tarball. */
function readIn(tarball: string, path: string): string {
  const limits = { maxEntries: 100, maxTotalBytes: 1 << 20, maxHeaderBytes: 1 << 16 };
  const found = [...readTarBuffer(readFileSync(tarball), limits)].find(({ entry }) => entry.path === path);
  return Buffer.from(found?.body ?? "").toString();
}

describe("an image of apk packages", () => {
  test("has the same digest from another cache, with a lock and without the index", async (t) => {
    const { folder, options } = await openPlace(t);
    const first = await build(options());
    const lockFile = join(folder, "test.lock.json");
    await lock({ ...options(), lockFile });
    await writeRepository(join(folder, "repository"), new Map([["x86_64/APKINDEX.tar.gz", Buffer.from("gone")]]));
    const again = await build({ ...options(), cacheDirectory: join(folder, "other"), lockFile, locked: true });
    assert.deepEqual(digestsOf(again), digestsOf(first));
    assert.match(readFileSync(lockFile, "utf8"), /"checksum": "Q1/);
  });
  test("is built offline from what was fetched before", async (t) => {
    const { options } = await openPlace(t);
    await build(options());
    assert.equal((await build({ ...options(), offline: true })).unchanged, true);
  });
  test("has packages that come by themselves", async (t) => {
    const { options } = await openPlace(t);
    const names = async (...requests: readonly string[]): Promise<string> =>
      (await build(options(asking(...requests)))).platforms[0]?.packages.map(({ name }) => name).join(" ") ?? "";
    assert.equal(await names("hello"), "hello libhello");
    assert.equal(await names("hello", "docs"), "docs hello hello-doc libhello");
  });
  test("is not built from a package that was changed", async (t) => {
    const { folder, options } = await openPlace(t);
    const evil = makeApk({
      ...(packages[0] as ApkSpec),
      tree: [{ path: "usr/bin/hello", content: "evil!\n", mode: 0o755 }],
    });
    await writeRepository(join(folder, "repository"), new Map([["x86_64/hello-1.0-r0.apk", evil.bytes]]));
    await assert.rejects(build(options()), coded("DIGEST_MISMATCH"));
    await assert.rejects(build(options()), coded("DIGEST_MISMATCH"));
  });
  test("tells every package that is not what the index says", async (t) => {
    const { folder, options } = await openPlace(t);
    const evil = packages
      .slice(0, 2)
      .map((spec) => [`x86_64/${spec.name}-1.0-r0.apk`, makeApk({ name: spec.name }).bytes] as const);
    await writeRepository(join(folder, "repository"), new Map(evil));
    await assert.rejects(build(options()), coded("DIGEST_MISMATCH", /2 packages.*\n {2}hello .*\n {2}libhello /s));
  });
  test("is not built from packages that hold one file both", async (t) => {
    const both = ["a", "b"].map((name): ApkSpec => ({ name, tree: [{ path: "etc/x", content: name }] }));
    const { options } = await openPlace(t, both);
    await assert.rejects(build(options(asking("a", "b"))), coded("FILE_CONFLICT", /etc\/x/));
  });
  test("is not built from a package that holds one path twice, or files below a link", async (t) => {
    const specs: readonly ApkSpec[] = [
      { name: "twice", tree: [...["a", "b"].map((content) => ({ path: "etc/x", content }))] },
      {
        name: "below",
        tree: [
          { path: "etc", target: "/tmp" },
          { path: "etc/x", content: "x" },
        ],
      },
    ];
    const { options } = await openPlace(t, specs);
    await assert.rejects(build(options(asking("twice"))), coded("FILE_CONFLICT", /etc\/x/));
    await assert.rejects(build(options(asking("below"))), coded("ARCHIVE_UNSAFE_PATH", /etc\/x/));
  });
  test("is not built from a package that says it is another", async (t) => {
    const { folder, options } = await openPlace(t);
    const other = makeApk({ name: "other" });
    const index = indexArchive(`C:${other.checksum}\nP:hello\nV:1.0-r0\nA:x86_64\nS:${other.bytes.length}\nI:1\nt:1\n`);
    const files = new Map([
      ["x86_64/APKINDEX.tar.gz", Buffer.concat([signatureOf(index, signer), index])],
      ["x86_64/hello-1.0-r0.apk", Buffer.from(other.bytes)],
    ]);
    await writeRepository(join(folder, "repository"), files);
    await assert.rejects(build(options()), coded("PACKAGE_BROKEN", /says that it is other/));
  });
  test("has the file of the package that replaces the other, or is unpacked later from the same source", async (t) => {
    const origin = { info: ["origin = one"] };
    const specs: readonly ApkSpec[] = [
      { name: "a", tree: [{ path: "etc/x", content: "a" }], replaces: ["b"], depends: ["b"] },
      { name: "b", tree: [{ path: "etc/x", content: "b" }] },
      { name: "c", tree: [{ path: "etc/x", content: "c" }], replaces: ["d"], info: ["replaces_priority = 2"] },
      { name: "d", tree: [{ path: "etc/x", content: "d" }], replaces: ["c"], info: ["replaces_priority = 1"] },
      { name: "e", tree: [{ path: "etc/x", content: "e" }], depends: ["f"], ...origin },
      { name: "f", tree: [{ path: "etc/x", content: "f" }], ...origin },
    ];
    const { folder, options } = await openPlace(t, specs);
    const winner = async (...names: readonly string[]): Promise<string> => {
      const root = join(folder, "root.tar");
      await build({ ...options(asking(...names)), outputs: [{ kind: "tar", destination: root }] });
      return readIn(root, "etc/x");
    };
    assert.deepEqual([await winner("a", "b"), await winner("c", "d"), await winner("e", "f")], ["a", "c", "e"]);
  });
  test("takes packages of a tagged repository only where the tag is named", async (t) => {
    const { folder, options } = await openPlace(t);
    const testing: readonly ApkSpec[] = [{ name: "hello", version: "2.0-r0" }];
    await writeRepository(join(folder, "testing"), makeApkRepository(testing, signer));
    const { repositories } = options().recipe;
    const tagged = {
      ...repositories[0],
      urls: [join(folder, "testing")],
      tag: "testing",
    } as (typeof repositories)[number];
    const version = async (request: string): Promise<string | undefined> => {
      const { platforms } = await build(options({ ...asking(request), repositories: [...repositories, tagged] }));
      return platforms[0]?.packages.find(({ name }) => name === "hello")?.version;
    };
    assert.equal(await version("hello"), "1.0-r0");
    assert.equal(await version("hello@testing"), "2.0-r0");
    const root = join(folder, "root.tar");
    const outputs = [{ kind: "tar", destination: root }] as const;
    const recipe = { ...asking("hello@testing", "docs"), repositories: [...repositories, tagged] };
    await build({ ...options(recipe), outputs });
    assert.equal(readIn(root, "etc/apk/world"), "docs\nhello@testing\n");
    assert.match(readIn(root, "lib/apk/db/installed"), /^P:hello\n(?:.+\n)*s:testing$/m);
  });
});

const folder = fixture("alpine/edge-repo-104/ponOS-team+repository/bootstrap/x86_64");
const keys = fixture("alpine/edge-repo-104-keys/ponOS-team+repository");
describe("the stale index of 104 packages", needs(folder, keys), () => {
  async function openStale(t: Parameters<typeof temporaryFolder>[0], index: string): Promise<Place> {
    const place = await temporaryFolder(t);
    const repository = join(place, "repository/x86_64");
    mkdirSync(repository, { recursive: true });
    for (const name of globSync("*.apk", { cwd: folder })) copyFileSync(join(folder, name), join(repository, name));
    copyFileSync(index, join(repository, "APKINDEX.tar.gz"));
    const key = readFileSync(join(keys, "meta/keys/builder-695bad99.rsa.pub"), "utf8");
    return {
      folder: place,
      options: (changes) => ({
        recipe: recipeOf(join(place, "repository"), changes, [key]),
        cacheDirectory: join(place, "cache"),
        hostRoot: "",
        outputs: [],
      }),
    };
  }

  test("is refused where it disagrees with its packages, with each name", async (t) => {
    assert.ok(existsSync(folder));
    const { options } = await openStale(t, join(keys, "bootstrap/x86_64/APKINDEX.tar.gz"));
    const stale = ["c-ares", "curl", "libcrypto3", "libcurl", "libidn2", "libpsl", "nano", "sudo"];
    const words = new RegExp(`packages.*${stale.map((name) => `\\n {2}${name} `).join(".*")}`, "s");
    await assert.rejects(build(options(asking("curl", "nano", "sudo"))), coded("DIGEST_MISMATCH", words));
    await assert.rejects(build(options(asking("ponos-keys"))), coded("DIGEST_MISMATCH"));
  });
  test("serves what it agrees with", async (t) => {
    const { options } = await openStale(t, join(keys, "bootstrap/x86_64/APKINDEX.tar.gz"));
    assert.equal((await build(options(asking("bash")))).platforms[0]?.packages.length, 7);
  });
  test("is refused unsigned", async (t) => {
    const { options } = await openStale(t, join(folder, "APKINDEX.tar.gz"));
    await assert.rejects(build(options(asking("bash"))), coded("SIGNATURE_MISSING"));
  });
});
