// Attacks on the readers of archives that once worked.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { crc32 } from "node:zlib";
import { compressionOfName } from "../../src/archive/compression.ts";
import { decompress, decompressAll } from "../../src/archive/decompress.ts";
import { readTarBuffer } from "../../src/archive/tar.ts";
import { collect } from "../../src/core/bytes.ts";
import { extended, header, pax, paxRecord } from "./make-tar.ts";

const limits = { maxEntries: 1000, maxTotalBytes: 1 << 24, maxHeaderBytes: 1 << 20 };
const read = (...parts: readonly Uint8Array[]): unknown[] => [...readTarBuffer(Buffer.concat(parts), limits)];

describe("readTar", () => {
  it("refuses a sparse map with more numbers than a call can have arguments", () => {
    const map = `GNU.sparse.map=${"0,".repeat(300_000)}`;
    const readings = read(pax("GNU.sparse.size=0", map), header());
    assert.equal(readings.length, 1);
    assert.throws(() => read(pax("GNU.sparse.size=0", `${map}1`), header()), { code: "ARCHIVE_BROKEN" });
  });

  it("counts the holes of all sparse files", () => {
    const holes = (sizeBytes: number): Uint8Array[] => [
      pax(`GNU.sparse.size=${sizeBytes}`, "GNU.sparse.map="),
      header(),
    ];
    const bounded = (...parts: readonly Uint8Array[]): unknown[] => [
      ...readTarBuffer(Buffer.concat(parts), { ...limits, maxHoleBytes: 1000 }),
    ];
    assert.equal(bounded(...holes(600), ...holes(400)).length, 2);
    assert.throws(() => bounded(...holes(600), ...holes(401)), { code: "ARCHIVE_TOO_LARGE", message: /1000 .*holes/ });
    assert.equal(read(...holes(600), ...holes(401)).length, 2);
  });

  for (const key of ["SCHILY.xattr.user.x", "LIBARCHIVE.xattr.user.x", "path", "GNU.sparse.map", "GNU.sparse.\nmap"]) {
    it(`refuses a global "${key.trim()}", which every later entry would have a copy of`, () => {
      const record = paxRecord(`${key}=${"y".repeat(1000)}`);
      assert.throws(() => read(extended("g", record), header()), { code: "ARCHIVE_BROKEN" });
    });
  }

  it("refuses a global time so long that reading it again and again would take hours", () => {
    const record = paxRecord(`mtime=1.${"0".repeat(1000)}`);
    assert.throws(() => read(extended("g", record), header()), { code: "ARCHIVE_BROKEN" });
  });

  it("forgets global records that mean nothing, which every later entry would pass over", () => {
    const records = Array.from({ length: 30_000 }, (_, at) => paxRecord(`key${at}=x`)).join("");
    const [first] = readTarBuffer(Buffer.concat([extended("g", `${records}${paxRecord("uid=7")}`), header()]), limits);
    assert.equal(first?.entry.uid, 7);
  });
});

describe("decompress", () => {
  it("makes no dictionary of gigabytes for an .xz file", async () => {
    const streamHeader = Buffer.from("fd377a585a000004e6d6b446", "hex");
    // One filter, LZMA2, with one byte of properties: 40 is 4 GiB - 1.
    const blockHeader = Buffer.from("020021012800000000000000", "hex");
    blockHeader.writeUInt32LE(crc32(blockHeader.subarray(0, 8)), 8);
    await assertRefused("xz", Buffer.concat([streamHeader, blockHeader]));
  });
  it("makes no dictionary of gigabytes for an .lzma file", async () => {
    await assertRefused("lzma", Buffer.from("5dffffffffffffffffffffffff00", "hex"));
  });
  async function assertRefused(compression: "xz" | "lzma", bytes: Uint8Array): Promise<void> {
    const refused = { code: "COMPRESSION_BROKEN", message: /its dictionary has \d+ bytes, wanted at most/ };
    const options = { compression, maxBytes: 100, what: "a bomb" };
    await assert.rejects(decompressAll(bytes, options), refused);
    await assert.rejects(collect(decompress(oneByOne(bytes), options), options), refused);
  }
});

async function* oneByOne(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) yield bytes.subarray(at, at + 1);
}

describe("compressionOfName", () => {
  for (const name of ["data.tar.valueOf", "data.tar.constructor", "data.tar.__proto__"]) {
    it(`knows no compression of "${name}"`, () => assert.equal(compressionOfName(name), "none"));
  }
});
