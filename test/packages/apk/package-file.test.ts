import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { bytesOf } from "../../../src/core/bytes.ts";
import type { DodaiError, ErrorCode } from "../../../src/core/dodai-error.ts";
import { memoryIndex } from "../../../src/packages/apk/index.ts";
import { openPackage } from "../../../src/packages/apk/package-file.ts";
import type { PackageDigest, PackageLimits } from "../../../src/packages/contract.ts";
import { type ApkSpec, checksumOf, createApkSigner, file, makeApk, makeControl, signatureOf } from "../../kit/apk.ts";
import { fixture, needs } from "../../kit/oracle.ts";

const limits: PackageLimits = { maxControlBytes: 1 << 20, maxTreeBytes: 8 << 20, maxEntries: 1000 };
const hello: ApkSpec = {
  name: "hello",
  scripts: { ".post-install": "#!/bin/sh\nexit 0\n" },
  tree: [
    { path: "usr", folder: true },
    { path: "usr/bin", folder: true },
    { path: "usr/bin/hello", content: "hello\n", mode: 0o755 },
    { path: "usr/bin/hi", target: "hello" },
    { path: "usr/bin/hey", hardlink: "usr/bin/hello" },
  ],
};

/** One line for each entry, with the checked sum of files. */
async function read(
  bytes: Uint8Array,
  digest?: PackageDigest,
  changes: Partial<PackageLimits> = {},
): Promise<string[]> {
  const lines: string[] = [];
  // In pieces, as a disk gives them.
  const chunks = Array.from({ length: Math.ceil(bytes.length / 100) }, (_, at) =>
    bytes.subarray(100 * at, 100 * at + 100),
  );
  const { control, items } = await openPackage(bytesOf(...chunks), { ...limits, ...changes }, digest);
  for await (const item of items) {
    for await (const _ of item.body);
    lines.push(`${item.entry.kind} ${item.entry.path}${item.sha1 === undefined ? "" : ` ${item.sha1.slice(0, 8)}`}`);
  }
  return [control.map(({ name }) => name).join(" "), ...lines];
}

describe("a package", () => {
  const { bytes, checksum } = makeApk(hello);
  const expected = [
    ".PKGINFO .post-install",
    "directory usr",
    "directory usr/bin",
    "file usr/bin/hello f572d396",
    "symlink usr/bin/hi",
    "hardlink usr/bin/hey f572d396",
  ];
  it("is opened, and each of its files checked", async () => {
    assert.deepEqual(await read(bytes, checksum as PackageDigest), expected);
  });
  it("may have signatures in front, of several", async () => {
    const { control } = makeApk(hello);
    const signatures = ["a", "b"].map((name) => signatureOf(control, createApkSigner(name)));
    assert.deepEqual(await read(Buffer.concat([...signatures, bytes]), checksum as PackageDigest), expected);
  });
  it("keeps the times of its scripts", async () => {
    const { control } = await openPackage(bytesOf(bytes), limits);
    assert.equal(control.find(({ name }) => name === ".post-install")?.mtime, 0);
  });
  it("has no files whose names start with a point at its root", async () => {
    const tree = [...(hello.tree ?? []), { path: ".dummy", content: "x" }];
    assert.deepEqual(await read(makeApk({ ...hello, tree }).bytes), expected);
  });
});

interface Attack {
  readonly name: string;
  readonly code: ErrorCode;
  readonly bytes: Uint8Array;
  readonly digest?: string;
  readonly limits?: Partial<PackageLimits>;
}

const sound = makeApk(hello);
const other = makeApk({ ...hello, tree: [{ path: "usr/bin/hello", content: "other\n" }] });
const zeros = "0".repeat(64);
const withTree = (...tree: NonNullable<ApkSpec["tree"]>): Uint8Array => makeApk({ name: "hello", tree }).bytes;
const withControl = (control: Uint8Array): Uint8Array => Buffer.concat([control, sound.data]);
const unpacked = gunzipSync(sound.control);

const attacks: readonly Attack[] = [
  { name: "is another than the index says", code: "DIGEST_MISMATCH", bytes: other.bytes, digest: sound.checksum },
  {
    name: "has the data of another",
    code: "DIGEST_MISMATCH",
    bytes: Buffer.concat([sound.control, other.data]),
    digest: sound.checksum,
  },
  { name: "has a member more", code: "DIGEST_MISMATCH", bytes: Buffer.concat([sound.bytes, other.data]) },
  { name: "has bytes behind it", code: "PACKAGE_BROKEN", bytes: Buffer.concat([sound.bytes, Buffer.from("x")]) },
  { name: "is cut off in its control part", code: "PACKAGE_BROKEN", bytes: sound.control.subarray(0, 40) },
  { name: "is cut off in its data", code: "PACKAGE_BROKEN", bytes: sound.bytes.subarray(0, -20) },
  { name: "has no data", code: "PACKAGE_BROKEN", bytes: sound.control },
  { name: "is empty", code: "PACKAGE_BROKEN", bytes: new Uint8Array() },
  { name: "is no gzip", code: "PACKAGE_BROKEN", bytes: Buffer.from("!<arch>\n") },
  { name: "is one of apk-tools 3", code: "PACKAGE_BROKEN", bytes: Buffer.from("ADBd0000") },
  { name: "says no datahash", code: "PACKAGE_BROKEN", bytes: withControl(makeControl(hello, "")) },
  { name: "has no .PKGINFO", code: "PACKAGE_BROKEN", bytes: withControl(gzipSync(file(".post-install", "x"))) },
  {
    name: "has .PKGINFO twice",
    code: "PACKAGE_BROKEN",
    bytes: withControl(gzipSync(Buffer.concat([unpacked, file(".PKGINFO", "pkgname = evil\n")]))),
  },
  {
    name: "has files of the system in its control part",
    code: "PACKAGE_BROKEN",
    bytes: withControl(gzipSync(Buffer.concat([unpacked, file("etc/passwd", "x")]))),
  },
  {
    name: "hides files beside a signature",
    code: "PACKAGE_BROKEN",
    bytes: Buffer.concat([
      gzipSync(Buffer.concat([file(".SIGN.RSA.a.rsa.pub", "x"), file(".PKGINFO", "pkgname = evil\n")])),
      sound.bytes,
    ]),
  },
  {
    name: "has signatures without end",
    code: "PACKAGE_BROKEN",
    bytes: Buffer.concat([...Array(20).fill(gzipSync(file(".SIGN.RSA.a.rsa.pub", "x"))), sound.bytes]),
  },
  {
    name: "has a file that is not what its own sum says",
    code: "PACKAGE_BROKEN",
    bytes: withTree({ path: "a", content: "a", sum: "0".repeat(40) }),
  },
  { name: "leads out of the root", code: "ARCHIVE_UNSAFE_PATH", bytes: withTree({ path: "../a", content: "a" }) },
  { name: "has an absolute path", code: "ARCHIVE_UNSAFE_PATH", bytes: withTree({ path: "/etc/a", content: "a" }) },
  { name: "has a line end in a path", code: "PACKAGE_BROKEN", bytes: withTree({ path: "a\nF:etc", content: "a" }) },
  {
    name: "unfolds without end",
    code: "ARCHIVE_TOO_LARGE",
    bytes: withTree({ path: "a", content: "0".repeat(1 << 20) }),
    limits: { maxTreeBytes: 1 << 16 },
  },
  {
    name: "has a control part that unfolds without end",
    code: "ARCHIVE_TOO_LARGE",
    bytes: withControl(gzipSync(file(".PKGINFO", "x".repeat(1 << 20)))),
    limits: { maxControlBytes: 1 << 16 },
  },
  {
    name: "has too many files",
    code: "ARCHIVE_TOO_LARGE",
    bytes: withTree(...Array.from({ length: 30 }, (_, at) => ({ path: `f${at}`, content: "" }))),
    limits: { maxEntries: 10 },
  },
];

describe("a package is refused that", () => {
  for (const { name, code, bytes, digest, limits: changes } of attacks) {
    it(name, async () => {
      await assert.rejects(read(bytes, digest as PackageDigest, changes), (error: DodaiError) => {
        assert.equal(error.code, code, error.message);
        return true;
      });
    });
  }
  it("names a checksum of nothing", () => assert.notEqual(checksumOf(Buffer.from(zeros)), sound.checksum));
});

const folder = fixture("alpine/edge-repo-104/ponOS-team+repository/bootstrap/x86_64");
describe("Alpine's own packages", needs(folder), () => {
  const files = existsSync(folder) ? globSync("*.apk", { cwd: folder }).sort() : [];
  const archive = join(folder, "APKINDEX.regenerated.tar.gz");
  const text = existsSync(archive) ? gunzipSync(readFileSync(archive)).subarray(512) : Buffer.alloc(0);
  const index = memoryIndex(text.subarray(0, text.indexOf(0)), { folder: "", architecture: "x86_64" });
  it("are all there", () => assert.equal(files.length, 90));
  it("are what their index says, file by file", async () => {
    for (const name of files) {
      const record = [...index.names()].flatMap((one) => index.named(one)).find(({ path }) => path === name);
      const bytes = readFileSync(join(folder, name));
      const file = await openPackage(bytesOf(bytes), { ...limits, maxTreeBytes: 64 << 20 }, record?.digest);
      for await (const item of file.items) for await (const _ of item.body);
    }
  });
});
