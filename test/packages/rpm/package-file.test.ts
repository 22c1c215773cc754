import assert from "node:assert/strict";
import { createReadStream, globSync, readFileSync } from "node:fs";
import { after, describe, it, test } from "node:test";
import { bytesOf, collect } from "../../../src/core/bytes.ts";
import type { PackageLimits, PackageTrust, TrustKey } from "../../../src/packages/contract.ts";
import { openPackage } from "../../../src/packages/rpm/package-file.ts";
import { describeEntry } from "../../archive/describe.ts";
import { fixture, needs, run } from "../../kit/oracle.ts";
import { createSigner } from "../../kit/repository.ts";
import { makeRpm, type RpmEntry, type RpmSpec } from "../../kit/rpm.ts";

const limits: PackageLimits = { maxControlBytes: 64 << 20, maxTreeBytes: 1 << 30, maxEntries: 100_000 };
const now = new Date("2100-01-01");

async function list(
  bytes: Uint8Array,
  options: { limits?: PackageLimits; trust?: PackageTrust } = {},
): Promise<string[]> {
  const { items } = await openPackage(bytesOf(bytes), options.limits ?? limits, options.trust);
  const lines: string[] = [];
  for await (const { entry, body } of items) {
    lines.push(describeEntry(entry, await collect(body, { maxBytes: 1 << 30, what: entry.path })));
  }
  return lines;
}

const tree: readonly RpmEntry[] = [
  { path: "usr/share/kit", kind: "directory" },
  { path: "usr/share/kit/a", content: "hello" },
  { path: "usr/share/kit/l", kind: "symlink", target: "a" },
  { path: "usr/bin/ping", content: "p", mode: 0o755, caps: "cap_net_raw=ep" },
  { path: "usr/bin/x", content: "same", inode: 7, mode: 0o755 },
  { path: "usr/bin/y", content: "same", inode: 7, mode: 0o755 },
  { path: "var/log/kit.log", content: "", flags: 64 },
  { path: "var/spool/mail", kind: "directory", group: "mail", mode: 0o775 },
  { path: "dev/null", kind: "character-device", major: 1, minor: 3, mode: 0o666 },
];
const kit: RpmSpec = { name: "kit", tree, scripts: { post: "ldconfig" } };

describe("openPackage of rpm", () => {
  for (const compression of ["none", "gzip", "zstd"] as const) {
    it(`reads every kind of file from a payload in ${compression}`, async () => {
      assert.deepEqual(await list(makeRpm({ ...kit, compression })), [
        "character-device 0666 0:0 1700000000 dev/null 1,3",
        "file 0755 0:0 1700000000 usr/bin/ping 1 516b9783fca5 security.capability=0100000200200000000000000000000000000000",
        "file 0755 0:0 1700000000 usr/bin/y 4 ff3390557335",
        "hardlink 0755 0:0 1700000000 usr/bin/x -> usr/bin/y",
        "directory 0755 0:0 1700000000 usr/share/kit",
        "file 0644 0:0 1700000000 usr/share/kit/a 5 aaf4c61ddcc5",
        "symlink 0777 0:0 1700000000 usr/share/kit/l -> a",
        "directory 0775 0:12 1700000000 var/spool/mail",
      ]);
    });
  }
  it("gives headers and scripts", async () => {
    const { control } = await openPackage(bytesOf(makeRpm(kit)), limits);
    assert.deepEqual(
      control.map(({ name }) => name),
      ["header", "signature", "post"],
    );
    assert.equal(Buffer.from(control[2]?.bytes ?? "").toString(), "#!/bin/sh\nldconfig");
  });
  it("reads a package of no files", async () => assert.deepEqual(await list(makeRpm({ name: "none" })), []));
});

const all = fixture("rpm");

test("every package of the fixtures is read as rpm lists it", needs(all, "rpm"), async () => {
  const files = globSync(`${all}/**/*.rpm`).filter((one) => !/\.src\.rpm$|corrupted/.test(one));
  const format = "[%{FILENAMES}\\t%{FILEMODES:octal}\\t%{FILEFLAGS}\\n]";
  for (const file of files.filter((_, at) => at % 4 === 0)) {
    const { items } = await openPackage(createReadStream(file), limits);
    const paths: string[] = [];
    for await (const { entry, body } of items) {
      for await (const _ of body);
      paths.push(entry.path === "." ? "/" : `/${entry.path}`);
    }
    const told = run("rpm", ["-qp", "--dbpath", "/nonexistent", "--nosignature", "--nodigest", "--qf", format, file]);
    const rows = told.split("\n").filter((line) => line !== "" && line !== "(none)\t(none)\t(none)");
    const wanted = rows.map((line) => line.split("\t")).filter(([, , flags]) => !(Number(flags) & 64));
    assert.deepEqual(paths.sort(), wanted.map(([path = ""]) => path.replace(/(.)\/+$/, "$1")).sort(), file);
  }
});

const upstream = fixture("rpm/upstream-rpm-tests/rpm-software-management+rpm/tests/data");
const rpmRs = fixture("rpm/rpm-rs/rpm-rs+rpm/tests/assets");
const centos = fixture("rpm/centos7-real/lzhuan-test+zabbix-tutorial/rpms");
const keys = fixture("rpm/keys/rpm-software-management+distribution-gpg-keys/keys");

const trustIn = (...files: readonly string[]): PackageTrust => ({
  keys: files.map((file): TrustKey => ({ owner: file, source: file, armored: readFileSync(file, "utf8") })),
  insecureUnsigned: false,
  now,
});

describe("signatures of packages", needs(upstream, rpmRs, centos, keys), () => {
  const rsa = `${upstream}/keys/rpm.org-rsa-2048-test.pub`;
  const rows: readonly { file: string; key: string; code?: string }[] = [
    { file: `${upstream}/RPMS/hello-2.0-1.x86_64-signed.rpm`, key: rsa },
    { file: `${upstream}/RPMS/hello-2.0-1.x86_64-v3-signed.rpm`, key: rsa },
    { file: `${upstream}/RPMS/hello-2.0-1.x86_64-signed-mldsa87.rpm`, key: rsa },
    { file: `${upstream}/RPMS/hello-2.0-1.x86_64.rpm`, key: rsa, code: "SIGNATURE_MISSING" },
    {
      file: `${upstream}/RPMS/hello-2.0-1.x86_64-signed.rpm`,
      key: `${upstream}/keys/rpm.org-ed25519-test.pub`,
      code: "SIGNATURE_INVALID",
    },
    {
      file: `${upstream}/RPMS/hello-2.0-1.x86_64-signed-with-subkey.rpm`,
      key: `${upstream}/keys/alice-revoked-subkey.asc`,
      code: "SIGNATURE_INVALID",
    },
    {
      file: `${rpmRs}/RPMS/v6/signed/rpm-basic-with-ed25519-2.3.4-5.el9.noarch.rpm`,
      key: `${rpmRs}/signing_keys/v6/rpm-testkey-v6-ed25519.asc`,
    },
    {
      file: `${rpmRs}/RPMS/v4/signed/rpm-basic-with-ecdsa-2.3.4-5.el9.noarch.rpm`,
      key: `${rpmRs}/signing_keys/v4/rpm-testkey-v4-ecdsa-nistp256.asc`,
    },
    { file: `${centos}/bash-4.2.46-31.el7.x86_64.rpm`, key: `${keys}/centos/RPM-GPG-KEY-CentOS-7` },
    {
      file: `${centos}/bash-4.2.46-31.el7.x86_64.rpm`,
      key: `${keys}/centos/RPM-GPG-KEY-CentOS-6`,
      code: "SIGNATURE_INVALID",
    },
  ];
  for (const { file, key, code } of rows) {
    const name = `${file.split("/").at(-1)} with ${key.split("/").at(-1)} is ${code ?? "trusted"}`;
    it(name, async () => {
      const opened = list(readFileSync(file), { trust: trustIn(key) });
      await (code === undefined ? opened : assert.rejects(opened, { code }));
    });
  }
  it("every package of CentOS 7 is trusted by CentOS's key", async () => {
    const trust = trustIn(`${keys}/centos/RPM-GPG-KEY-CentOS-7`);
    for (const file of globSync(`${centos}/*.rpm`)) await openPackage(createReadStream(file), limits, trust);
  });
});

describe("openPackage of rpm refuses", () => {
  const signer = createSigner("packager");
  const other = createSigner("stranger");
  after(() => {
    signer.close();
    other.close();
  });
  const good = makeRpm(kit);
  const payloadAt = good.length - 40;
  const flip = (bytes: Uint8Array, at: number): Uint8Array => {
    const copy = Uint8Array.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ 1;
    return copy;
  };
  const inTree = (...entries: readonly RpmEntry[]): Uint8Array => makeRpm({ name: "evil", tree: entries });
  const rows: readonly { name: string; bytes: Uint8Array; code: string; limits?: Partial<PackageLimits> }[] = [
    { name: "no bytes", bytes: new Uint8Array(), code: "PACKAGE_BROKEN" },
    { name: "another file", bytes: Buffer.from("!<arch>\n".repeat(100)), code: "PACKAGE_BROKEN" },
    { name: "a package that ends in its header", bytes: good.subarray(0, 700), code: "PACKAGE_BROKEN" },
    { name: "a package that ends in its payload", bytes: good.subarray(0, -5), code: "DIGEST_MISMATCH" },
    { name: "a payload with another byte", bytes: flip(good, payloadAt), code: "DIGEST_MISMATCH" },
    { name: "bytes after the payload", bytes: Buffer.concat([good, Buffer.from("x")]), code: "DIGEST_MISMATCH" },
    {
      name: "a header with another byte",
      bytes: flip(good, Buffer.from(good).indexOf("Package kit of a test")),
      code: "DIGEST_MISMATCH",
    },
    {
      name: "a name that leads out",
      bytes: inTree({ path: "../etc/passwd", content: "x" }),
      code: "ARCHIVE_UNSAFE_PATH",
    },
    {
      name: "a payload with a file that the header has not",
      bytes: inTree({ path: "etc/a", content: "x", spelled: "./etc/b" }),
      code: "PACKAGE_BROKEN",
    },
    {
      name: "a payload with a name that leads out",
      bytes: inTree({ path: "etc/a", content: "x", spelled: "./../../etc/a" }),
      code: "ARCHIVE_UNSAFE_PATH",
    },
    {
      name: "capabilities that are none",
      bytes: inTree({ path: "a", content: "x", caps: "cap_everything=ep" }),
      code: "PACKAGE_BROKEN",
    },
    { name: "too many files", bytes: good, code: "ARCHIVE_TOO_LARGE", limits: { maxEntries: 3 } },
    { name: "a large header", bytes: good, code: "ARCHIVE_TOO_LARGE", limits: { maxControlBytes: 100 } },
    {
      name: "a bomb",
      bytes: inTree({ path: "a", content: Buffer.alloc(1 << 20) }),
      code: "ARCHIVE_TOO_LARGE",
      limits: { maxTreeBytes: 1 << 16 },
    },
  ];
  for (const { name, bytes, code, limits: bounds } of rows) {
    it(name, () => assert.rejects(list(bytes, { limits: { ...limits, ...bounds } }), { code }));
  }

  it("a package that is not signed, or by another", async () => {
    const trust: PackageTrust = { keys: [signer.key], insecureUnsigned: false, now };
    assert.equal((await list(makeRpm({ ...kit, signer }), { trust })).length, 8);
    await assert.rejects(list(makeRpm(kit), { trust }), { code: "SIGNATURE_MISSING" });
    await assert.rejects(list(makeRpm({ ...kit, signer: other }), { trust }), { code: "SIGNATURE_INVALID" });
    assert.equal((await list(makeRpm(kit), { trust: { ...trust, insecureUnsigned: true } })).length, 8);
  });
});
