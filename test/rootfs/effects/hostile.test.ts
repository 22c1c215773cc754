// Attacks on effects by files of packages that once worked.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noXattrs } from "../../../src/archive/entry.ts";
import { memoryAccess } from "../../../src/packages/memory-access.ts";
import type { EffectContext } from "../../../src/rootfs/effects/contract.ts";
import { readSharedObject } from "../../../src/rootfs/effects/elf.ts";
import { ldSoCache } from "../../../src/rootfs/effects/ld-so-cache.ts";
import { subjectHash } from "../../../src/rootfs/effects/subject-hash.ts";
import { makeSharedObject } from "../../kit/elf.ts";
import { treeOf } from "../../kit/tree.ts";

describe("readSharedObject", () => {
  it("knows a SONAME", () => {
    assert.equal(readSharedObject(memoryAccess(makeSharedObject("libx.so.1")))?.soname, "libx.so.1");
  });
  for (const soname of ["../../../etc/cron.d/x", "/etc/x", "..", ".", "a/b", "", "libx\nlib", "lib\u00ff"]) {
    it(`takes ${JSON.stringify(soname)} for none, as a link of that name would be made`, () => {
      const object = readSharedObject(memoryAccess(makeSharedObject(soname)));
      assert.ok(object);
      assert.equal(object.soname, undefined);
    });
  }
});

describe("subjectHash", () => {
  it("reads a subject of many spaces in time that grows as it does", () => {
    const hashOf = (text: string): string => subjectHash(certificateOf(text));
    assert.equal(hashOf(`a${" ".repeat(500_000)}B \n`), hashOf("A b"));
  });
});

describe("ld.so.conf", () => {
  const rows: readonly { name: string; text: string; refused?: true }[] = [
    { name: "files that include each other ten times each", text: "include *.conf\n".repeat(10) },
    { name: "a folder with many slashes inside", text: `/usr${"/".repeat(500_000)}x` },
    { name: "a set out of order", text: "include /etc/[z-a].conf\n" },
    { name: "more folders than a call can have arguments", text: "/x\n".repeat(150_000) },
    { name: "a pattern with many stars", text: `include /etc/ld.so.conf.d/${"*a".repeat(20)}\n`, refused: true },
    { name: "many patterns", text: Array.from({ length: 200 }, (_, at) => `include x${at}`).join("\n"), refused: true },
    { name: "more than a megabyte", text: "#\n".repeat(600_000), refused: true },
  ];
  for (const { name, text, refused } of rows) {
    it(`${refused ? "refuses" : "outlives"} ${name}`, () => {
      const context = contextWith(text);
      if (refused) assert.throws(() => ldSoCache.apply(context), { code: "EFFECT_FAILED" });
      else assert.equal(ldSoCache.apply(context).files.length, 1);
    });
  }

  it("keeps offsets right for a folder that is not ASCII", () => {
    const [cache] = ldSoCache.apply(contextWith("/usr/\u0100\n", "usr/\u0100")).files;
    assert.ok(cache?.kind === "file");
    const bytes = Buffer.from(cache.bytes);
    const path = bytes.readUInt32LE(48 + 8);
    assert.equal(bytes.toString("utf8", path, bytes.indexOf(0, path)), "/usr/\u0100/libx.so.1");
  });
});

/** A tree with this text as a file of ld.so.conf.d, twice, and one library. */
function contextWith(text: string, folder = "usr/lib"): EffectContext {
  const tree = treeOf(["etc/", "etc/ld.so.conf.d/", "usr/", `${folder}/`]);
  const long = `etc/ld.so.conf.d/${"a".repeat(250)}.conf`;
  const contents = new Map<string, Uint8Array>([
    [long, Buffer.from(text)],
    ["etc/ld.so.conf.d/b.conf", Buffer.from(text)],
    [`${folder}/libx.so.1`, makeSharedObject("libx.so.1")],
  ]);
  contents.set("etc/ld.so.conf", Buffer.from("include /etc/ld.so.conf.d/*.conf\ninclude *.conf\n"));
  for (const [path, { byteLength }] of contents) {
    const common = { path, mode: 0o644, uid: 0, gid: 0, mtime: 0, xattrs: noXattrs };
    tree.set(path, { entry: { ...common, kind: "file", sizeBytes: byteLength }, owner: "x", content: undefined });
  }
  const read = (path: string): Uint8Array => contents.get(path) ?? new Uint8Array(0);
  return {
    tree,
    read,
    open: (path) => memoryAccess(read(path)),
    platform: { os: "linux", architecture: "amd64" },
    distribution: { name: "debian", release: "trixie" },
    users: [],
    groups: [],
    epoch: 0,
    packages: [{ name: "libc6", version: "2.41-12", control: [] }],
  };
}

/** DER with a subject of one name in the place where a certificate has it. */
function certificateOf(name: string): Uint8Array {
  const node = (tag: number, ...content: readonly Uint8Array[]): Uint8Array => {
    const body = Buffer.concat(content);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    return Buffer.concat([Uint8Array.of(tag, 0x84), length, body]);
  };
  const pair = node(0x30, node(0x06, Uint8Array.of(0x55, 4, 3)), node(0x13, Buffer.from(name)));
  const none = node(0x30);
  return node(0x30, node(0x30, node(0xa0), none, none, none, none, node(0x30, node(0x31, pair))));
}
