import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { decompressAll } from "../../src/archive/decompress.ts";
import { plainSizeOfXz, startXzScan } from "../../src/archive/xz-size.ts";
import { needs } from "../kit/oracle.ts";

const random: Buffer = Buffer.concat(
  Array.from({ length: 9000 }, (_, at) => createHash("sha256").update(`${at}`).digest()),
);
const plain: Buffer = Buffer.concat([
  random,
  Buffer.alloc(5_000_000, "text that repeats "),
  random.subarray(0, 100_001),
]);
const program = "xz";
const xz = (input: Uint8Array, ...args: readonly string[]): Buffer =>
  execFileSync(program, ["-c", ...args], { input, maxBuffer: 1 << 28, stdio: ["pipe", "pipe", "pipe"] });

describe("plainSizeOfXz", needs(program), () => {
  const rows: readonly { name: string; args: readonly string[] }[] = [
    { name: "one block", args: ["-0"] },
    { name: "many blocks, with sizes in their headers", args: ["-0", "-T2", "--block-size=300000"] },
    { name: "blocks without sizes", args: ["-0", "-T1", "--block-size=300000"] },
    { name: "no check", args: ["-0", "--check=none"] },
    { name: "CRC32", args: ["-0", "--check=crc32"] },
    { name: "SHA-256", args: ["-0", "--check=sha256"] },
    { name: "filters for machine code", args: ["--x86", "--lzma2=preset=0"] },
    { name: "delta", args: ["--delta=dist=4", "--lzma2=preset=0"] },
  ];
  for (const { name, args } of rows) {
    it(`knows a file with ${name}`, async () => {
      const packed = xz(plain, ...args);
      assert.equal(plainSizeOfXz(packed), plain.length);
      assert.ok(plain.equals(await decompressAll(packed, { compression: "xz", maxBytes: plain.length, what: name })));
    });
  }

  const small = xz(Buffer.from("hello"));
  it("knows an empty stream", () => assert.equal(plainSizeOfXz(xz(Buffer.alloc(0))), 0));
  it("adds up streams, and zeros between them", () => {
    assert.equal(plainSizeOfXz(Buffer.concat([small, Buffer.alloc(8), small, Buffer.alloc(4)])), 10);
  });
  it("gives nothing for no bytes, garbage behind the end, or a file that is cut anywhere", () => {
    assert.equal(plainSizeOfXz(new Uint8Array(0)), undefined);
    assert.equal(plainSizeOfXz(Buffer.concat([small, Buffer.from("x")])), undefined);
    for (let end = 1; end < small.length; end++)
      assert.equal(plainSizeOfXz(small.subarray(0, end)), undefined, String(end));
  });
  it("follows a file in parts of any size", () => {
    const packed = xz(plain, "-0", "--block-size=300000");
    for (const size of [1, 7, 4096]) {
      const scan = startXzScan();
      for (let at = 0; at < packed.length; at += size) scan.update(packed.subarray(at, at + size));
      assert.ok(scan.isWhole());
      assert.equal(scan.plainBytes(), plain.length);
    }
  });
  it("tells a bomb before it is decoded, whatever its headers say", async () => {
    const bomb = xz(Buffer.alloc(1 << 24), "-0", "-T2");
    await assert.rejects(decompressAll(bomb, { compression: "xz", maxBytes: 1 << 20, what: "bomb" }), {
      code: "ARCHIVE_TOO_LARGE",
    });
  });
});
