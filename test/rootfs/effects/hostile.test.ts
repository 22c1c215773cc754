// Attacks on effects by files of packages that once worked.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryAccess } from "../../../src/packages/memory-access.ts";
import { readSharedObject } from "../../../src/rootfs/effects/elf.ts";
import { subjectHash } from "../../../src/rootfs/effects/subject-hash.ts";
import { makeSharedObject } from "../../kit/elf.ts";

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
