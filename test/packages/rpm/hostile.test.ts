// Packages that were damaged or made to do harm: each is refused in words that say what is wrong with it.
import assert from "node:assert/strict";
import { createReadStream, globSync, readFileSync } from "node:fs";
import { describe, it, test } from "node:test";
import { bytesOf } from "../../../src/core/bytes.ts";
import { DodaiError } from "../../../src/core/dodai-error.ts";
import type { PackageLimits, PackageTrust } from "../../../src/packages/contract.ts";
import { openPackage } from "../../../src/packages/rpm/package-file.ts";
import { fixture, needs } from "../../kit/oracle.ts";
import { cpioMember, makeRpm, type RpmEntry, type RpmSpec } from "../../kit/rpm.ts";

const limits: PackageLimits = { maxControlBytes: 64 << 20, maxTreeBytes: 1 << 30, maxEntries: 100_000 };

/** Reads all of it; paths of its entries. */
async function read(bytes: AsyncIterable<Uint8Array>, trust?: PackageTrust): Promise<readonly string[]> {
  const { items } = await openPackage(bytes, limits, trust);
  const paths: string[] = [];
  for await (const { entry, body } of items) {
    for await (const _ of body);
    paths.push(entry.path);
  }
  return paths;
}

/** What is wrong with it, as `CODE: message`; anything but an error of ours fails the test. */
async function faultOf(reading: Promise<unknown>): Promise<string> {
  try {
    await reading;
  } catch (error) {
    assert.ok(error instanceof DodaiError, String(error));
    return `${error.code}: ${error.message}`;
  }
  return "read";
}

const FILE = 0o100644;
const LINK = 0o120777;
/** A member as newc has it; `links` files share inode 7. */
const member = (name: string, text: string, mode = FILE, links = 1): Buffer =>
  Buffer.concat(cpioMember(name, Buffer.from(text), [7, mode, 0, 0, links, 0]));
const cpio = (...members: readonly Buffer[]): Buffer => Buffer.concat([...members, member("TRAILER!!!", "")]);

const a: RpmEntry = { path: "etc/a", content: "one" };
const b: RpmEntry = { path: "etc/b", content: "two" };
const linked = (path: string): RpmEntry => ({ path, content: "one", inode: 7 });

describe("a payload", () => {
  const rows: readonly (readonly [name: string, tree: readonly RpmEntry[], payload: Buffer, wanted: RegExp])[] = [
    ["with absolute names is read", [a], cpio(member("/etc/a", "one")), /^read$/],
    ["with two slashes in a name is read", [a], cpio(member(".//etc//a", "one")), /^read$/],
    ["that climbs out", [a], cpio(member("./../etc/a", "one")), /^ARCHIVE_UNSAFE_PATH: .*"\.\/\.\.\/etc\/a"/],
    ["that climbs out in the middle", [a], cpio(member("./etc/../../etc/a", "one")), /^ARCHIVE_UNSAFE_PATH: /],
    ["with a file that the header has not", [a], cpio(member("./etc/b", "one")), /^PACKAGE_BROKEN: .*"\.\/etc\/b"/],
    [
      "with a device that the header has not",
      [a],
      cpio(member("./dev/sda", "", 0o060660)),
      /^PACKAGE_BROKEN: .*dev\/sda/,
    ],
    [
      "with a device in the place of a file",
      [a],
      cpio(member("./etc/a", "", 0o020666)),
      /^PACKAGE_BROKEN: .*another type/,
    ],
    [
      "with a link in the place of a file",
      [a],
      cpio(member("./etc/a", "/etc/b", LINK)),
      /^PACKAGE_BROKEN: .*another type/,
    ],
    [
      "with a name twice",
      [a, b],
      cpio(member("./etc/a", "one"), member("./etc/a", "one")),
      /"\/etc\/a" is in its payload twice$/,
    ],
    ["without a file", [a, b], cpio(member("./etc/a", "one")), /its payload lacks "\/etc\/b"$/],
    ["without any file", [a], cpio(), /its payload lacks "\/etc\/a"$/],
    ["with another content", [a], cpio(member("./etc/a", "two")), /^DIGEST_MISMATCH: .*"\/etc\/a" has the digest/],
    ["with a longer content", [a], cpio(member("./etc/a", "one more")), /has 8 bytes, and its header says 3$/],
    ["with a shorter content", [a], cpio(member("./etc/a", "")), /has 0 bytes, and its header says 3$/],
    [
      "with a link to elsewhere",
      [{ path: "etc/l", kind: "symlink", target: "a" }],
      cpio(member("./etc/l", "/etc/shadow", LINK)),
      /the link "\/etc\/l" leads elsewhere than its header says$/,
    ],
    [
      "with a link that has a NUL",
      [{ path: "etc/l", kind: "symlink", target: "a" }],
      cpio(member("./etc/l", "a\0/../../etc", LINK)),
      /leads elsewhere/,
    ],
    ["with a ghost", [{ ...a, flags: 64 }], cpio(member("./etc/a", "one")), /holds the ghost "\/etc\/a"$/],
    [
      "with hard links that nobody has the content of",
      [linked("etc/a"), linked("etc/b")],
      cpio(member("./etc/a", "", FILE, 2), member("./etc/b", "", FILE, 2)),
      /has 0 bytes, and its header says 3$/,
    ],
    [
      "with one of two hard links",
      [linked("etc/a"), linked("etc/b")],
      cpio(member("./etc/a", "", FILE, 2)),
      /^PACKAGE_BROKEN: .*"\/etc\/a" has no content$/,
    ],
    [
      "with hard links that differ",
      [linked("etc/a"), { path: "etc/b", content: "two", inode: 7 }],
      cpio(member("./etc/a", "one", FILE, 2), member("./etc/b", "", FILE, 2)),
      /^PACKAGE_BROKEN: .*hard links to "\/etc\/b" differ$/,
    ],
    [
      "that is no cpio",
      [a],
      Buffer.from("#!/bin/sh\nrm -rf /\n".repeat(20)),
      /a member starts with "#!\/bin", wanted "070701"$/,
    ],
    ["without a trailer", [a], member("./etc/a", "one"), /^PACKAGE_BROKEN: /],
    [
      "with bytes after the trailer",
      [a],
      Buffer.concat([cpio(member("./etc/a", "one")), Buffer.from("more")]),
      /bytes follow its trailer$/,
    ],
    [
      "with a number that the header has not",
      [a],
      cpio(Buffer.from("07070X00000001\0\0")),
      /it has a file 1, which its header does not have$/,
    ],
  ];
  for (const [name, tree, payload, wanted] of rows) {
    for (const compression of ["none", "zstd"] as const) {
      it(`${name} (${compression})`, async () => {
        assert.match(await faultOf(read(bytesOf(makeRpm({ name: "evil", tree, payload, compression })))), wanted);
      });
    }
  }
});

describe("a header", () => {
  const rows: readonly (readonly [name: string, tree: readonly RpmEntry[], wanted: RegExp])[] = [
    ["with a file twice", [a, a], /^PACKAGE_BROKEN: .*it has a file twice$/],
    ["with a name that climbs out", [{ path: "etc/../../a", content: "" }], /^ARCHIVE_UNSAFE_PATH: /],
    ["with a name of dots", [{ path: "etc/..", content: "" }], /^ARCHIVE_UNSAFE_PATH: /],
    [
      "with a socket",
      [{ path: "run/s", content: "", mode: 0o040644 ^ 0o100000 }],
      /is of no type that an image can hold$/,
    ],
    ["with a link that leads nowhere", [{ path: "l", kind: "symlink", target: "" }], /leads nowhere$/],
    ["with capabilities that are none", [{ ...a, caps: "cap_all=x" }], /^PACKAGE_BROKEN: /],
  ];
  for (const [name, tree, wanted] of rows) {
    it(name, async () => assert.match(await faultOf(read(bytesOf(makeRpm({ name: "evil", tree })))), wanted));
  }

  it("with any bytes overwritten is refused, wherever they are, or nothing of it is used", async () => {
    const spec: RpmSpec = { name: "kit", tree: [a, b, linked("usr/x"), linked("usr/y")], scripts: { post: "true" } };
    const good = Buffer.from(makeRpm(spec));
    const headerAt = good.indexOf(Buffer.from("8eade80100000000", "hex"), 100);
    for (let at = 96; at < good.length - 4; at += 5) {
      const bad = Buffer.from(good);
      bad.fill(0xff, at, at + 4);
      if (bad.equals(good)) continue;
      const fault = await faultOf(read(bytesOf(bad)));
      // The signature header may have what nobody reads; all that follows has a digest in it.
      if (at >= headerAt) assert.match(fault, /^(?:DIGEST_MISMATCH|PACKAGE_BROKEN)/, `byte ${at}`);
    }
  });

  it("that ends anywhere is refused", async () => {
    const good = makeRpm({ name: "kit", tree: [a] });
    for (let length = 0; length < good.length; length += 11) {
      assert.match(await faultOf(read(bytesOf(good.subarray(0, length)))), /^(?:DIGEST_MISMATCH|PACKAGE_BROKEN)/);
    }
  });
});

const rpms = fixture("rpm");
const upstream = `${rpms}/upstream-rpm-tests/rpm-software-management+rpm/tests/data`;

test("every package file of the fixtures is read, or refused for what it is", needs(rpms), async () => {
  const wantedOf = (file: string): RegExp => {
    if (file.endsWith(".src.rpm")) return /^PACKAGE_BROKEN: .*: it is a source package, wanted a binary one$/;
    if (file.endsWith("-corrupted.rpm"))
      return /^DIGEST_MISMATCH: Cannot use package "hello": its payload has the digest/;
    return /^read$/;
  };
  const files = globSync(`${rpms}/**/*.rpm`).filter((file) => !file.includes("centos7-real"));
  assert.ok(files.length > 400);
  for (const file of files) assert.match(await faultOf(read(createReadStream(file))), wantedOf(file), file);
});

test("rpm's own damaged packages are refused", needs(upstream), async () => {
  // As rpm's rpmsigdig.at damages them: a few zeroes in the signature, the header and the payload.
  const good = readFileSync(`${upstream}/RPMS/hello-2.0-1.x86_64-signed.rpm`);
  const armored = readFileSync(`${upstream}/keys/rpm.org-rsa-2048-test.pub`, "utf8");
  const trust: PackageTrust = {
    keys: [{ owner: "rpm", source: "fixture", armored }],
    insecureUnsigned: false,
    now: new Date("2100-01-01"),
  };
  assert.equal(await faultOf(read(bytesOf(good), trust)), "read");
  const headerAt = good.indexOf(Buffer.from("8eade80100000000", "hex"), 100);
  for (let at = headerAt; at < good.length - 6; at += 61) {
    const bad = Buffer.from(good);
    bad.fill(0, at, at + 6);
    if (bad.equals(good)) continue;
    assert.match(await faultOf(read(bytesOf(bad), trust)), /^(?:DIGEST_MISMATCH|PACKAGE_BROKEN|SIGNATURE_INVALID)/);
  }
  const zeroed = Buffer.from(good).fill(0, 112, headerAt);
  assert.match(await faultOf(read(bytesOf(zeroed), trust)), /^(?:PACKAGE_BROKEN|SIGNATURE_MISSING)/);
});
