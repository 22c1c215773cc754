import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { describe, it, test } from "node:test";
import { type Compression, compressionOfName, DETECT_BYTES, detectCompression } from "../../src/archive/compression.ts";
import { decompress, decompressAll } from "../../src/archive/decompress.ts";
import { type Bytes, bytesOf, collect } from "../../src/core/bytes.ts";
import { needs } from "../kit/oracle.ts";

/** 700 kB that do not repeat soon, so that every format has several blocks of its own. */
const plain: Buffer = Buffer.concat(
  Array.from({ length: 20_000 }, (_, at) => createHash("sha256").update(String(at)).digest().fill("text", 0, 16)),
);
const what = '"data.tar"';
const maxBytes = plain.length;

interface Format {
  readonly compression: Compression;
  readonly extension: string;
  readonly command: readonly [string, ...string[]];
  /** What the format has no way to tell. */
  readonly blind?: readonly string[];
}

const formats: readonly Format[] = [
  { compression: "gzip", extension: "gz", command: ["gzip", "-c", "-1"] },
  { compression: "xz", extension: "xz", command: ["xz", "-c", "-0"] },
  { compression: "zstd", extension: "zst", command: ["zstd", "-c", "-q", "-1"] },
  { compression: "bzip2", extension: "bz2", command: ["bzip2", "-c", "-1"] },
  // No checksum, no end of a stream in front of another.
  {
    compression: "lzma",
    extension: "lzma",
    command: ["xz", "--format=lzma", "-c", "-0"],
    blind: ["garbage", "two streams"],
  },
];

function compress([program, ...args]: readonly [string, ...string[]], input: Uint8Array): Buffer {
  return execFileSync(program, args, { input, maxBuffer: 1 << 28, stdio: ["pipe", "pipe", "pipe"] });
}

for (const { compression, extension, command, blind = [] } of formats) {
  describe(`decompress ${compression}`, needs(command[0]), () => {
    const packed = compress(command, plain);
    const options = { compression, maxBytes, what };
    const flipped = Buffer.from(packed);
    flipped[packed.length >> 1] = (flipped[packed.length >> 1] ?? 0) ^ 1;

    it("gives what was compressed", async () => assert.ok(plain.equals(await decompressAll(packed, options))));
    it("gives it from many chunks", async () => {
      const chunks = Array.from({ length: Math.ceil(packed.length / 1000) }, (_, at) =>
        packed.subarray(at * 1000, at * 1000 + 1000),
      );
      const bytes = await collect(decompress(bytesOf(...chunks), options), { maxBytes, what });
      assert.ok(plain.equals(bytes));
    });
    it("is told from its first bytes and its name", () => {
      assert.equal(detectCompression(packed.subarray(0, DETECT_BYTES)), compression);
      assert.equal(compressionOfName(`data.tar.${extension}`), compression);
    });
    it("stops when the reader does", async () => {
      let closed = false;
      async function* input(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield packed;
        } finally {
          closed = true;
        }
      }
      if (compression === "bzip2") return; // reads its input first
      for await (const _ of decompress(input(), options)) break;
      await new Promise((done) => setImmediate(done));
      assert.ok(closed);
    });
    if (!blind.includes("two streams")) {
      it("gives streams that follow each other", async () => {
        const bytes = await decompressAll(Buffer.concat([packed, packed]), { ...options, maxBytes: 2 * maxBytes });
        assert.ok(Buffer.concat([plain, plain]).equals(bytes));
      });
    }

    const refused = [
      { name: "a stream that is cut off at its end", bytes: packed.subarray(0, -3) },
      { name: "a stream that is cut in half", bytes: packed.subarray(0, packed.length >> 1) },
      { name: "a stream that is cut in its header", bytes: packed.subarray(0, 3) },
      { name: "no bytes at all", bytes: new Uint8Array(0) },
      { name: "another format", bytes: Buffer.alloc(4096, "plain text ") },
      ...(blind.includes("garbage")
        ? []
        : [
            { name: "a bit that flipped", bytes: flipped },
            { name: "garbage behind the end", bytes: Buffer.concat([packed, Buffer.from("garbage!")]) },
            { name: "garbage behind zeros", bytes: Buffer.concat([packed, Buffer.alloc(512), Buffer.from("x")]) },
          ]),
    ];
    for (const { name, bytes } of refused) {
      it(`refuses ${name}`, () =>
        assert.rejects(decompressAll(bytes, { ...options, maxBytes: 1 << 24 }), { code: "COMPRESSION_BROKEN" }));
    }

    it("refuses a bomb, without keeping it", async () => {
      const bomb = compress(command, Buffer.alloc(1 << 24));
      let seen = 0;
      const read = async (): Promise<void> => {
        for await (const chunk of decompress(bytesOf(bomb), options)) seen += chunk.length;
      };
      await assert.rejects(read, {
        code: "ARCHIVE_TOO_LARGE",
        message: `Cannot decompress ${what}: it is larger than ${maxBytes} bytes`,
      });
      assert.ok(seen <= maxBytes);
    });
    it("throws what its input throws", async () => {
      const lost = new Error("connection lost");
      async function* input(): AsyncGenerator<Uint8Array> {
        yield packed.subarray(0, 1000);
        throw lost;
      }
      await assert.rejects(collect(decompress(input(), options), { maxBytes, what }), (error) => error === lost);
    });
  });
}

test("zeros may pad gzip, xz and zstd", needs("gzip", "xz", "zstd"), async () => {
  for (const { compression, command } of formats.slice(0, 3)) {
    const bytes = Buffer.concat([compress(command, plain), Buffer.alloc(512)]);
    assert.ok(plain.equals(await decompressAll(bytes, { compression, maxBytes, what })), compression);
  }
});

test("zstd frames with a window of 128 MiB are read, larger ones refused", needs("zstd"), async () => {
  const options = { compression: "zstd", maxBytes, what } as const;
  assert.ok(plain.equals(await decompressAll(compress(["zstd", "-c", "-q", "--long=27"], plain), options)));
  // A frame header alone (RFC 8878, 3.1.1.1): no single segment, window descriptor of 2^31.
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x01, 0x00, 0x00]);
  await assert.rejects(decompressAll(header, options), { code: "COMPRESSION_BROKEN" });
});

test("plain bytes pass, bounded", async () => {
  const options = { compression: "none", maxBytes, what } as const;
  assert.equal(await decompressAll(plain, options), plain);
  await assert.rejects(decompressAll(plain, { ...options, maxBytes: 5 }), { code: "ARCHIVE_TOO_LARGE" });
  const bytes: Bytes = decompress(bytesOf(plain), { ...options, maxBytes: 5 });
  await assert.rejects(collect(bytes, { maxBytes, what }), { code: "ARCHIVE_TOO_LARGE" });
});

describe("detectCompression says none for", () => {
  const rows = [
    { name: "nothing", bytes: Buffer.alloc(0) },
    { name: "text", bytes: Buffer.from("Package: dodai\nVersion: 1\n") },
    { name: "a tar archive", bytes: Buffer.from("./\0\0\0\0\0\0\0\0\0\0\0\0") },
    { name: "zeros", bytes: Buffer.alloc(DETECT_BYTES) },
  ];
  for (const { name, bytes } of rows) it(name, () => assert.equal(detectCompression(bytes), "none"));
});
