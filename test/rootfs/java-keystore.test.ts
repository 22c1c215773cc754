import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { clampKeystoreDates } from "../../src/rootfs/java-keystore.ts";

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const u32 = (value: number): Buffer => Buffer.concat([u16(value >>> 16), u16(value & 0xffff)]);
const text = (value: string): Buffer => Buffer.concat([u16(value.length), Buffer.from(value)]);
const time = (seconds: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(seconds) * 1000n);
  return bytes;
};
const block = (value: string): Buffer => Buffer.concat([u32(value.length), Buffer.from(value)]);
const certificate = (alias: string, at: number): Buffer =>
  Buffer.concat([u32(2), text(alias), time(at), text("X.509"), block(`der of ${alias}`)]);
const key = (alias: string, at: number): Buffer =>
  Buffer.concat([u32(1), text(alias), time(at), block("key"), u32(1), text("X.509"), block("der")]);

function keystore(entries: readonly Buffer[], { password = "changeit", count = entries.length } = {}): Buffer {
  const content = Buffer.concat([u32(0xfeedfeed), u32(2), u32(count), ...entries]);
  const secret = Buffer.from(password, "utf16le").swap16();
  const sum = createHash("sha1").update(secret).update("Mighty Aphrodite").update(content).digest();
  return Buffer.concat([content, sum]);
}

describe("times in a Java keystore", () => {
  it("become the build's, and the sum fits again", () => {
    const made = keystore([certificate("a", 1_800_000_001), key("b", 5), certificate("c", 1_800_000_002)]);
    const wanted = keystore([certificate("a", 100), key("b", 100), certificate("c", 100)]);
    assert.deepEqual(Buffer.from(clampKeystoreDates(made, 100)), wanted);
  });

  const kept: readonly { readonly name: string; readonly bytes: Uint8Array }[] = [
    { name: "another password", bytes: keystore([certificate("a", 7)], { password: "other" }) },
    { name: "a count that lies", bytes: keystore([certificate("a", 7)], { count: 0xffffffff }) },
    { name: "an entry of another kind", bytes: keystore([Buffer.concat([u32(3), text("a"), time(7)])]) },
    { name: "no keystore", bytes: Buffer.from("PKCS12 or anything else") },
    { name: "nothing", bytes: new Uint8Array(0) },
  ];
  for (const { name, bytes } of kept) {
    it(`${name} stays as it is`, () =>
      assert.deepEqual(Buffer.from(clampKeystoreDates(bytes, 100)), Buffer.from(bytes)));
  }

  it("hostile bytes neither fail nor take long", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (rest) => {
        clampKeystoreDates(keystore([Buffer.from(rest)], { count: 3 }), 100);
      }),
    );
  });
});
