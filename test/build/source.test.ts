// Ready root tarballs as the source of an image: whom they are trusted by, what is refused, and what is in the image.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import { gunzipSync, gzipSync, zstdCompressSync } from "node:zlib";
import { type Entry, noXattrs } from "../../src/archive/entry.ts";
import { formatTarHeader } from "../../src/archive/tar-write.ts";
import { build } from "../../src/build/build.ts";
import type { BuildEvent, BuildOptions, BuildResult } from "../../src/build/contract.ts";
import { lock } from "../../src/build/lock.ts";
import { type LockedSource, parseLock } from "../../src/build/lock-file.ts";
import { comparePaths } from "../../src/core/path-order.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe, RecipeSource } from "../../src/core/recipe.ts";
import { buildTime } from "../kit/build.ts";
import { type DebEntry, makeTar } from "../kit/deb.ts";
import { type Files, serveFiles, startLoopback } from "../kit/loopback.ts";
import { fixture, needs, run } from "../kit/oracle.ts";
import { createSigner, type Signer, writeRepository } from "../kit/repository.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { entriesOf, pictureOfTar, type ReadImage, readLayout, textIn } from "./picture.ts";

const sum = (bytes: Uint8Array, algorithm: "sha256" | "sha512" = "sha256"): string =>
  createHash(algorithm).update(bytes).digest("hex");

const made = new Date("2025-05-01T00:00:00Z");
const tree: readonly DebEntry[] = [
  { path: "bin/sh", content: "shell\n", mode: 0o755 },
  { path: "bin/ash", kind: "hardlink", target: "bin/sh" },
  { path: "etc/passwd", content: "root:x:0:0:root:/root:/bin/sh\n" },
  { path: "tmp", kind: "directory", mode: 0o1777 },
  { path: "var/lib/dpkg/status", content: "Package: base\nStatus: install ok installed\nVersion: 1\n" },
  { path: "var/mail", kind: "symlink", target: "spool/mail" },
];
const withFolders: readonly DebEntry[] = ["bin", "etc", "var", "var/lib", "var/lib/dpkg"].map((path) => ({
  path,
  kind: "directory",
}));
const plain: Uint8Array = makeTar([...withFolders, ...tree], made.getTime() / 1000);
const tarball: Uint8Array = gzipSync(plain);
const sums = `${sum(tarball)} *root-amd64.tar.gz\n${"0".repeat(64)} *root-arm64.tar.gz\n`;

const source = (changes: Partial<RecipeSource>): RecipeSource => ({ keys: [], platforms: {}, ...changes });

const recipeOf = (from: RecipeSource, changes: Partial<Recipe> = {}): Recipe => ({
  name: "test",
  distribution: { name: "scratch", release: "" },
  source: from,
  variant: "empty",
  packages: [],
  recommends: false,
  repositories: [],
  scripts: "emulate",
  allowUnknownScripts: [],
  platforms: [parsePlatform("amd64")],
  accounts: { users: [], groups: [] },
  files: [],
  remove: [],
  config: {},
  layers: { kind: "single" },
  ...changes,
});

interface Place {
  readonly folder: string;
  options(recipe: Recipe, changes?: Partial<BuildOptions>): BuildOptions;
  image(result: BuildResult): ReadImage;
}

async function openPlace(t: TestContext, files: Files = new Map()): Promise<Place> {
  const folder = await temporaryFolder(t);
  await writeRepository(folder, new Map(files));
  const layout = join(folder, "layout");
  return {
    folder,
    options: (recipe, changes = {}) => ({
      recipe,
      cacheDirectory: join(folder, "cache"),
      hostRoot: "",
      now: buildTime,
      outputs: [{ kind: "oci-layout", destination: layout }],
      ...changes,
    }),
    image: () => readLayout(layout),
  };
}

/** What a build of these files and this source gives. */
async function builtFrom(
  t: TestContext,
  files: Readonly<Record<string, Uint8Array | string>>,
  from: Partial<RecipeSource>,
  changes: Partial<Recipe> & { readonly build?: Partial<BuildOptions> } = {},
): Promise<ReadImage> {
  const { build: more = {}, ...recipe } = changes;
  const place = await openPlace(t, new Map(Object.entries(files).map(([path, one]) => [path, Buffer.from(one)])));
  const placed = Object.fromEntries(
    Object.entries(from).map(([key, value]) => [
      key,
      typeof value === "string" ? value.replace(/^\.\//, `${place.folder}/`) : value,
    ]),
  );
  return place.image(await build(place.options(recipeOf(source(placed), recipe), more)));
}

describe("a root tarball", () => {
  const pinned = { rootfs: "./root.tar", sha256: sum(tarball) };

  test("of a distribution of rpm packages is no package of its format", async (t) => {
    const distribution = { name: "centos", release: "stream9" };
    const changes: Partial<Recipe> = { distribution, variant: "minimal", locale: "C.UTF-8" };
    const image = await builtFrom(t, { "root.tar": tarball }, pinned, changes);
    assert.equal(textIn(image, "etc/locale.conf"), 'LANG="C.UTF-8"\n');
  });

  test("becomes the image as it is", async (t) => {
    const image = await builtFrom(t, { "root.tar": tarball }, pinned);
    assert.equal(image.layers.length, 1);
    const without = (lines: readonly string[]): readonly string[] => lines.filter((line) => !/ \.$/.test(line));
    t.assert.fileSnapshot(
      `${without(pictureOfTar(image.layers[0]?.plain ?? new Uint8Array())).join("\n")}\n`,
      "test/golden/source-tree.txt",
      { serializers: [String] },
    );
  });

  test("gives the same image however it is compressed", async (t) => {
    const layers = new Set<string>();
    const forms: readonly Uint8Array[] = [
      plain,
      tarball,
      zstdCompressSync(plain),
      Buffer.from(run("sh", ["-c", "xz -1 | base64 -w0"], { input: plain }), "base64"),
      Buffer.from(run("sh", ["-c", "bzip2 | base64 -w0"], { input: plain }), "base64"),
    ];
    for (const bytes of forms) {
      const image = await builtFrom(t, { "root.tar": bytes }, { rootfs: "./root.tar", sha256: sum(bytes) });
      layers.add(sum(image.layers[0]?.plain ?? new Uint8Array()));
    }
    assert.equal(layers.size, 1);
  });

  test("keeps its package database, and takes the recipe's files, accounts and settings", async (t) => {
    const image = await builtFrom(t, { "root.tar": tarball }, pinned, {
      files: [{ kind: "file", path: "etc/motd", mode: 0o644, uid: 0, gid: 0, content: "hello\n" }],
      remove: ["/bin/ash"],
      accounts: {
        users: [{ name: "app", uid: 1000, gid: 1000, home: "/home/app", shell: "/bin/sh", comment: "" }],
        groups: [],
      },
      config: { cmd: ["/bin/sh"] },
    });
    assert.match(textIn(image, "var/lib/dpkg/status"), /^Package: base\n/);
    assert.match(textIn(image, "etc/passwd"), /^root:x:0.*\napp:x:1000/);
    assert.equal(textIn(image, "etc/motd"), "hello\n");
    assert.deepEqual(image.config.Cmd, ["/bin/sh"]);
    const paths = image.layers.flatMap(({ plain: bytes }) => entriesOf(bytes)).map(({ path }) => path);
    assert.ok(!paths.includes("bin/ash") && !paths.some((path) => path.startsWith("var/lib/dpkg/info")));
  });

  test("says how the root folder is", async (t) => {
    const bytes = makeTar(
      [{ path: "", kind: "directory", mode: 0o555, uid: 1, gid: 2 }, ...withFolders, ...tree],
      1000,
    );
    const image = await builtFrom(t, { "root.tar": bytes }, { rootfs: "./root.tar", sha256: sum(bytes) });
    assert.equal(pictureOfTar(image.layers[0]?.plain ?? new Uint8Array())[0], "directory 0555 1:2 1000 .");
  });

  test("keeps what its files are allowed, and no labels of a machine", async (t) => {
    const xattrs = Object.fromEntries(
      ["security.capability", "security.selinux", "system.posix_acl_access", "trusted.overlay.opaque", "user.note"]
        .concat("user.overlay.opaque")
        .map((name) => [name, Buffer.from("y")]),
    );
    const bytes = makeTar([{ path: "x", content: "x", xattrs }]);
    const image = await builtFrom(t, { "root.tar": bytes }, { rootfs: "./root.tar", sha256: sum(bytes) });
    const [found] = entriesOf(image.layers[0]?.plain ?? new Uint8Array()).filter(({ path }) => path === "x");
    assert.deepEqual([...(found?.xattrs.keys() ?? [])].sort(), [
      "security.capability",
      "system.posix_acl_access",
      "user.note",
    ]);
  });

  test("is fetched once, whichever sum is known of it", async (t) => {
    const server = await startLoopback(serveFiles(new Map([["root.tar", plain]])));
    t.after(() => server.close());
    const { options } = await openPlace(t);
    for (const sums of [{ sha256: sum(plain) }, { sha512: sum(plain, "sha512") }]) {
      const recipe = recipeOf(source({ rootfs: `${server.url}/root.tar`, ...sums }));
      await build(options(recipe));
      await build(options({ ...recipe, name: "again" }));
    }
    assert.equal(server.seen.length, 2);
  });

  test("takes the files of a distribution's variant", async (t) => {
    const image = await builtFrom(t, { "root.tar": tarball }, pinned, {
      distribution: { name: "debian", release: "trixie" },
      variant: "full",
    });
    assert.match(textIn(image, "etc/apt/apt.conf.d/docker-clean"), /rm -f/);
    assert.deepEqual(image.config.Cmd, ["bash"]);
  });

  test("takes no packages", async (t) => {
    const packages = [{ request: "curl", exclude: false }];
    await assert.rejects(builtFrom(t, { "root.tar": tarball }, pinned, { packages }), { code: "RECIPE_SYNTAX" });
  });

  test("is written down in the lock, and built from it without reading sums again", async (t) => {
    const { folder, options } = await openPlace(t, new Map([["root.tar", tarball]]));
    const recipe = recipeOf(source({ rootfs: join(folder, "root.tar"), sha256: sum(tarball) }));
    const lockFile = join(folder, "test.lock.json");
    await lock(options(recipe, { lockFile }));
    const locked = parseLock(readFileSync(lockFile, "utf8"), lockFile).platforms[0]?.source;
    const wanted: Omit<LockedSource, "digest"> = {
      path: "root.tar",
      sizeBytes: tarball.byteLength,
      signedBy: [],
      date: made,
    };
    assert.deepEqual({ ...locked, digest: "" }, { ...wanted, digest: "" });
    const first = await build(options(recipe, { lockFile, locked: true }));
    await writeFile(join(folder, "root.tar"), "changed");
    const again = await build(options(recipe, { lockFile, locked: true }));
    assert.equal(again.digest, first.digest);
    const fresh = options(recipe, { lockFile, locked: true, cacheDirectory: join(folder, "other") });
    await assert.rejects(build(fresh), { code: "DIGEST_MISMATCH" });
  });
});

describe("whom a root tarball is trusted by", needs("gpg"), () => {
  const signer: Signer = createSigner("images");
  const stranger: Signer = createSigner("stranger");
  after(() => {
    signer.close();
    stranger.close();
  });
  const keys = [signer.key.armored];
  const at = { at: made };
  const files = { "root-amd64.tar.gz": tarball, SHA256SUMS: sums, "SHA256SUMS.gpg": signer.detached(sums, at) };
  const rootfs = "./root-{arch}.tar.gz";
  const signedSums = { rootfs, sums: "SHA256SUMS", signature: "SHA256SUMS.gpg", keys };

  const accepted: readonly {
    readonly name: string;
    readonly files?: Readonly<Record<string, Uint8Array | string>>;
    readonly from: Partial<RecipeSource>;
  }[] = [
    { name: "signed sums", from: signedSums },
    {
      name: "sums that hold their own signature",
      files: { SHA256SUMS: signer.inline(sums, at) },
      from: { rootfs, sums: "SHA256SUMS", keys },
    },
    { name: "a sum in the recipe", from: { rootfs, sha512: sum(tarball, "sha512") } },
    { name: "sums on this machine", from: { rootfs, sums: "SHA256SUMS" } },
    {
      name: "sums in the form of BSD",
      files: { SUMS: `SHA512 (./root-amd64.tar.gz) = ${sum(tarball, "sha512")}\n` },
      from: { rootfs, sums: "./SUMS" },
    },
    {
      name: "a sum for the platform",
      from: { rootfs, platforms: { "linux/amd64": { sha256: sum(tarball) } } },
    },
  ];
  for (const { name, files: more = {}, from } of accepted) {
    test(`${name} will do`, async (t) => {
      const image = await builtFrom(t, { ...files, ...more }, from);
      assert.match(textIn(image, "etc/passwd"), /^root:/);
    });
  }

  test("a signature over the tarball itself will do", async (t) => {
    const { folder, options } = await openPlace(t, new Map([["root.tar.gz", tarball]]));
    await writeFile(join(folder, "root.tar.gz.asc"), signer.detached(tarball, at));
    const from = source({ rootfs: join(folder, "root.tar.gz"), signature: "root.tar.gz.asc", keys });
    const lockFile = join(folder, "lock.json");
    await lock(options(recipeOf(from), { lockFile }));
    const locked = parseLock(readFileSync(lockFile, "utf8"), lockFile).platforms[0]?.source;
    assert.deepEqual(locked?.signedBy, [signer.key.fingerprint]);
    await assert.rejects(build(options(recipeOf({ ...from, keys: [stranger.key.armored] }))), {
      code: "SIGNATURE_INVALID",
    });
  });

  const changed = gzipSync(makeTar([{ path: "evil", content: "evil" }]));
  const refused: typeof accepted = [
    { name: "neither sum nor signature: SIGNATURE_MISSING", from: { rootfs } },
    {
      name: "sums that were changed after they were signed: SIGNATURE_INVALID",
      files: { SHA256SUMS: sums.replace(sum(tarball), sum(changed)), "root-amd64.tar.gz": changed },
      from: signedSums,
    },
    {
      name: "sums that another key signed: SIGNATURE_INVALID",
      files: { "SHA256SUMS.gpg": stranger.detached(sums, at) },
      from: signedSums,
    },
    {
      name: "an empty signature: SIGNATURE_MISSING",
      files: { "SHA256SUMS.gpg": "" },
      from: signedSums,
    },
    {
      name: "sums without signature where a key is named: SIGNATURE_MISSING",
      from: { rootfs, sums: "SHA256SUMS", keys },
    },
    {
      name: "a tarball that the signed sums do not fit: DIGEST_MISMATCH",
      files: { "root-amd64.tar.gz": changed },
      from: signedSums,
    },
    {
      name: "a tarball of which the signed sums say nothing: SUM_MISSING",
      files: { "other.tar.gz": tarball },
      from: { ...signedSums, rootfs: "./other.tar.gz" },
    },
    {
      name: "sums that say two things: SUM_MISSING",
      files: { SUMS: `${sum(tarball)}  root-amd64.tar.gz\n${sum(changed)}  root-amd64.tar.gz\n` },
      from: { rootfs, sums: "./SUMS" },
    },
    {
      name: "a sum in the recipe that does not fit, whoever signed: DIGEST_MISMATCH",
      from: { ...signedSums, sha256: sum(changed) },
    },
    {
      name: "a tarball that is not there: DOWNLOAD_FAILED",
      from: { rootfs: "./gone.tar", sha256: sum(tarball) },
    },
    {
      name: "a key that is not built in: KEY_SYNTAX",
      from: { ...signedSums, keys: ["0123456789ABCDEF0123456789ABCDEF01234567"] },
    },
    { name: "a word that means nothing: RECIPE_SYNTAX", from: { rootfs: "./root-{suite}.tar" } },
    {
      name: "no tarball for the platform: PLATFORM_UNSUPPORTED",
      from: { platforms: { "linux/arm64": { rootfs: "/a.tar" } } },
    },
  ];
  for (const { name, files: more = {}, from } of refused) {
    const [what = "", code = ""] = name.split(": ");
    test(`refuses ${what}`, async (t) => {
      await assert.rejects(builtFrom(t, { ...files, ...more }, from), { code });
    });
  }

  test("takes it unsigned where that is asked for, and says so", async (t) => {
    const events: BuildEvent[] = [];
    const asked = { insecureUnsigned: ["source"], onEvent: (event: BuildEvent) => void events.push(event) };
    await builtFrom(t, files, { rootfs }, { build: asked });
    const stranger = { ...files, SHA256SUMS: `${sums}\n` };
    await builtFrom(t, stranger, signedSums, { build: asked });
    const told = events.flatMap((event) => (event.kind === "warning" ? [event.text] : []));
    assert.equal(told.length, 2);
    assert.match(told[0] ?? "", /neither a signature nor a sum/);
    assert.match(told[1] ?? "", /its signature does not count/);
  });

  test("does not take sums that are fetched at their word", async (t) => {
    const served = new Map(Object.entries(files).map(([path, bytes]) => [path, Buffer.from(bytes)]));
    const server = await startLoopback(serveFiles(served, "/images/"));
    t.after(() => server.close());
    const rootfs = `${server.url}/images/root-{arch}.tar.gz`;
    await assert.rejects(builtFrom(t, {}, { rootfs, sums: "SHA256SUMS" }), { code: "SIGNATURE_MISSING" });
    assert.deepEqual(
      server.seen.map(({ path }) => path),
      ["/images/SHA256SUMS"],
    );
    const image = await builtFrom(t, {}, { rootfs, sums: "SHA256SUMS", signature: "SHA256SUMS.gpg", keys });
    assert.match(textIn(image, "etc/passwd"), /^root:/);
  });
});

describe("the serial of a root tarball", () => {
  const platforms = [parsePlatform("amd64"), parsePlatform("arm64")];
  const files = (arm: string): Readonly<Record<string, Uint8Array | string>> => ({
    "root-amd64.tar": plain,
    "root-arm64.tar": plain,
    "amd64.txt": "SERIAL=20261101\n",
    "arm64.txt": arm,
  });
  const from = {
    rootfs: "./root-{arch}.tar",
    sha256: sum(plain),
    serial: { file: "{arch}.txt", pattern: "^SERIAL=(.+)$" },
  };

  test("may be the same for every platform", async (t) => {
    const place = await openPlace(
      t,
      new Map(Object.entries(files("a=b\nSERIAL=20261101\n")).map(([path, one]) => [path, Buffer.from(one)])),
    );
    const recipe = recipeOf(source({ ...from, rootfs: join(place.folder, "root-{arch}.tar") }), { platforms });
    const lockFile = join(place.folder, "lock.json");
    await lock(place.options(recipe, { lockFile }));
    const { platforms: locked } = parseLock(readFileSync(lockFile, "utf8"), lockFile);
    assert.deepEqual(
      locked.map((one) => one.source?.serial),
      ["20261101", "20261101"],
    );
  });

  for (const [name, text] of [
    ["another one", "SERIAL=20261102\n"],
    ["none", "nothing\n"],
  ] as const) {
    test(`may not be ${name} for a platform`, async (t) => {
      await assert.rejects(builtFrom(t, files(text), from, { platforms }), { code: "SERIAL_MISMATCH" });
    });
  }
});

/** An archive of these headers alone. */
function archiveOf(entries: readonly Entry[]): Uint8Array {
  return Buffer.concat([...entries.map(formatTarHeader), new Uint8Array(1024)]);
}

const device = (path: string, major: number, minor: number): Entry => ({
  kind: "character-device",
  path,
  mode: 0o666,
  uid: 0,
  gid: 0,
  mtime: 0,
  xattrs: noXattrs,
  major,
  minor,
});

describe("a hostile root tarball", () => {
  const attacks: readonly { readonly name: string; readonly code: string; readonly bytes: Uint8Array }[] = [
    {
      name: "leads out of the image",
      code: "ARCHIVE_UNSAFE_PATH",
      bytes: makeTar([{ path: "x", spelled: "../../etc/cron.d/x", content: "x" }]),
    },
    {
      name: "has an absolute path",
      code: "ARCHIVE_UNSAFE_PATH",
      bytes: makeTar([{ path: "x", spelled: "/etc/cron.d/x", content: "x" }]),
    },
    {
      name: "writes through its own link",
      code: "ARCHIVE_UNSAFE_PATH",
      bytes: makeTar([
        { path: "out", kind: "symlink", target: "/" },
        { path: "out/x", content: "x" },
      ]),
    },
    {
      name: "links to a file outside",
      code: "ARCHIVE_BROKEN",
      bytes: makeTar([{ path: "x", kind: "hardlink", target: "etc/shadow" }]),
    },
    {
      name: "holds a path twice",
      code: "FILE_CONFLICT",
      bytes: makeTar([
        { path: "x", content: "a" },
        { path: "x", content: "b" },
      ]),
    },
    {
      name: "deletes what is below, as a layer would",
      code: "ARCHIVE_UNSAFE_PATH",
      bytes: makeTar([{ path: "etc/.wh.passwd", content: "" }]),
    },
    {
      name: "deletes what is below, as an overlay would",
      code: "ARCHIVE_UNSAFE_PATH",
      bytes: archiveOf([device("etc", 0, 0)]),
    },
    {
      name: "has thousands of devices",
      code: "ARCHIVE_TOO_LARGE",
      bytes: archiveOf(Array.from({ length: 5000 }, (_, index) => device(`dev${index}`, 1, 3))),
    },
    { name: "unfolds without end", code: "ARCHIVE_TOO_LARGE", bytes: bomb() },
    { name: "is cut off", code: "COMPRESSION_BROKEN", bytes: tarball.subarray(0, tarball.length - 20) },
    { name: "is no archive", code: "ARCHIVE_BROKEN", bytes: Buffer.from("<html>".repeat(1000)) },
    { name: "is empty", code: "ARCHIVE_BROKEN", bytes: new Uint8Array(1024) },
  ];
  for (const { name, code, bytes } of attacks) {
    test(`that ${name} is refused`, async (t) => {
      await assert.rejects(builtFrom(t, { "root.tar": bytes }, { rootfs: "./root.tar", sha256: sum(bytes) }), { code });
    });
  }

  test("has devices that are kept", async (t) => {
    const bytes = archiveOf([device("null", 1, 3)]);
    const image = await builtFrom(t, { "root.tar": bytes }, { rootfs: "./root.tar", sha256: sum(bytes) });
    const found = entriesOf(image.layers[0]?.plain ?? new Uint8Array()).find(({ path }) => path === "null");
    assert.deepEqual(found, device("null", 1, 3));
  });
});

/** A file of zeros that is far larger than what its archive may unfold to. */
function bomb(): Uint8Array {
  const header = formatTarHeader({
    kind: "file",
    path: "zeros",
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: 0,
    xattrs: noXattrs,
    sizeBytes: 2 ** 40,
  });
  return zstdCompressSync(Buffer.concat([header, new Uint8Array(300 << 20)]));
}

describe("Alpine's root tarball", () => {
  const folder = fixture("alpine/minirootfs/alpinelinux+docker-alpine");
  const sumsFile = fixture("alpine/minirootfs-sums/v3.20/alpinelinux+docker-alpine/checksums.sha512");

  test("gives an image with every entry as it is", needs(folder, sumsFile), async (t) => {
    const rootfs = `${folder}/{machine}/alpine-minirootfs-3.20.3-{machine}.tar.gz`;
    const image = await builtFrom(t, {}, { rootfs, sums: sumsFile });
    const original = gunzipSync(readFileSync(rootfs.replaceAll("{machine}", "x86_64")));
    assert.deepEqual(sortedEntries(image.layers[0]?.plain ?? new Uint8Array()), sortedEntries(original));
  });

  test("gives a context that is built by ADD", needs(folder, sumsFile), async (t) => {
    const { folder: here, options } = await openPlace(t);
    const from = source({ rootfs: `${folder}/{machine}/alpine-minirootfs-3.20.3-{machine}.tar.gz`, sums: sumsFile });
    const destination = join(here, "context");
    const outputs = [{ kind: "context", destination }] as const;
    await build(options(recipeOf(from, { config: { cmd: ["/bin/sh"] } }), { outputs }));
    assert.equal(
      readFileSync(join(destination, "Dockerfile"), "utf8"),
      'FROM scratch\nADD test-amd64.tar.xz /\nCMD ["/bin/sh"]\n',
    );
  });
});

/** As one set, whatever the order. */
function sortedEntries(bytes: Uint8Array): readonly Entry[] {
  return entriesOf(bytes).toSorted((a, b) => comparePaths(a.path, b.path));
}
