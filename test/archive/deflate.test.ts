import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, it, test } from "node:test";
import { gzipSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { createDeflater } from "../../src/archive/deflate.ts";
import { fixture, needs, run } from "../kit/oracle.ts";
import { mixedBytes, randomBytes, recordBytes, repeatedBytes, textBytes } from "./deflate-samples.ts";

const samples: readonly { readonly name: string; readonly bytes: Uint8Array }[] = [
  { name: "nothing", bytes: new Uint8Array(0) },
  { name: "one byte", bytes: Uint8Array.of(0) },
  { name: "three bytes", bytes: Uint8Array.of(1, 1, 1) },
  { name: "four bytes", bytes: Uint8Array.of(1, 2, 1, 2) },
  { name: "five equal bytes", bytes: new Uint8Array(5).fill(255) },
  { name: "every byte value once", bytes: Uint8Array.from({ length: 256 }, (_, at) => at) },
  { name: "every byte value many times", bytes: Uint8Array.from({ length: 65_536 }, (_, at) => (at * 167) & 255) },
  { name: "zeros", bytes: new Uint8Array(3_000_000) },
  { name: "a run of exactly the longest match", bytes: new Uint8Array(259) },
  { name: "two byte values only", bytes: randomBytes(100_000, 11).map((byte) => byte & 1) },
  { name: "random bytes", bytes: randomBytes(300_000, 12) },
  { name: "random bytes of one stored block", bytes: randomBytes(65_535, 13) },
  { name: "random bytes of one stored block and one byte", bytes: randomBytes(65_536, 14) },
  { name: "text", bytes: textBytes(400_000, 15) },
  { name: "records", bytes: recordBytes(400_000, 16) },
  { name: "kinds in turn", bytes: mixedBytes() },
  { name: "a match at the farthest distance", bytes: repeatedBytes(32_768, 600) },
  { name: "a match just out of reach", bytes: repeatedBytes(32_769, 600) },
  { name: "symbols of Fibonacci frequencies, whose codes would be too long", bytes: fibonacciBytes() },
];

/** Symbol k occurs F(k) times: an unlimited Huffman code would need 22 bits. Shuffled, so that there are no matches. */
function fibonacciBytes(): Uint8Array {
  const bytes: number[] = [];
  for (let symbol = 0, here = 1, next = 1; symbol < 23; symbol++, [here, next] = [next, here + next]) {
    for (let time = 0; time < here; time++) bytes.push(symbol);
  }
  const choices = randomBytes(3 * bytes.length, 17);
  for (let at = bytes.length - 1; at > 0; at--) {
    const choice = ((choices[3 * at] ?? 0) << 16) | ((choices[3 * at + 1] ?? 0) << 8) | (choices[3 * at + 2] ?? 0);
    const other = choice % (at + 1);
    [bytes[at], bytes[other]] = [bytes[other] ?? 0, bytes[at] ?? 0];
  }
  return Uint8Array.from(bytes);
}

describe("what was compressed comes back", () => {
  const deflater = createDeflater();
  for (const { name, bytes } of samples) {
    it(`${name}`, () => assert.ok(Buffer.from(bytes).equals(inflateRawSync(deflater.deflate(bytes)))));
  }

  it("random structures", () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 1, max: 2000 }))
        .map(([byte, length]) => new Uint8Array(length).fill(byte)),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 60 }))
        .map(([bytes, times]) => Buffer.concat(Array(times).fill(bytes))),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const bytes = Buffer.concat(pieces);
        return bytes.equals(inflateRawSync(deflater.deflate(bytes)));
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it("by Python's zlib too", needs("python3"), () => {
    const script = [
      "import base64, hashlib, json, sys, zlib",
      "for one in json.load(sys.stdin):",
      "  d = zlib.decompressobj(-15)",
      "  print(hashlib.sha256(d.decompress(base64.b64decode(one[0]))).hexdigest() == hashlib.sha256(base64.b64decode(one[1])).hexdigest() and d.eof and not d.unused_data)",
    ].join("\n");
    const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
    const input = JSON.stringify(samples.map(({ bytes }) => [base64(deflater.deflate(bytes)), base64(bytes)]));
    assert.deepEqual(
      run("python3", ["-c", script], { input }).trim().split("\n"),
      samples.map(() => "True"),
    );
  });
});

test("the same bytes come out whatever the deflater did before", () => {
  const used = createDeflater();
  for (const { bytes } of samples.toReversed()) used.deflate(bytes);
  for (const { name, bytes } of samples) {
    assert.ok(Buffer.from(createDeflater().deflate(bytes)).equals(used.deflate(bytes)), name);
  }
});

test("a view into larger memory gives what a copy gives", () => {
  const bytes = textBytes(10_000, 18);
  const larger = Buffer.concat([randomBytes(7, 19), bytes, bytes]);
  const deflater = createDeflater();
  assert.deepEqual(deflater.deflate(larger.subarray(7, 7 + bytes.length)), deflater.deflate(bytes));
});

test("the input is not changed and the output is not touched later", () => {
  const deflater = createDeflater();
  const bytes = textBytes(10_000, 20);
  const first = deflater.deflate(bytes);
  const kept = Buffer.from(first);
  deflater.deflate(randomBytes(50_000, 21));
  assert.deepEqual(bytes, textBytes(10_000, 20));
  assert.ok(kept.equals(first));
});

describe("sizes", () => {
  const deflater = createDeflater();
  const bounded = [
    { name: "nothing takes two bytes", bytes: new Uint8Array(0), most: 2 },
    { name: "one byte takes three", bytes: Uint8Array.of(97), most: 3 },
    { name: "random bytes grow by less than 0.1 %", bytes: randomBytes(4_000_000, 22), most: 4_004_000 },
    { name: "zeros shrink a thousandfold", bytes: new Uint8Array(4 << 20), most: 4194 },
    { name: "a match at distance 32768 is found", bytes: repeatedBytes(32_768, 600), most: 32_900 },
    { name: "codes of 15 bits suffice for Fibonacci frequencies", bytes: fibonacciBytes(), most: 30_000 },
  ];
  for (const { name, bytes, most } of bounded) {
    it(name, () => assert.ok(deflater.deflate(bytes).length <= most, String(deflater.deflate(bytes).length)));
  }
});

test("archives come back and are about as small as zlib makes them", needs(fixture("tar")), () => {
  const files = globSync("**/*.tar", { cwd: fixture("tar") }).sort();
  const archives = files.map((file) => readFileSync(`${fixture("tar")}/${file}`)).filter((one) => one.length < 4 << 20);
  assert.ok(archives.length > 50);
  const deflater = createDeflater();
  let ours = 0;
  let zlibs = 0;
  for (const archive of archives) {
    const compressed = deflater.deflate(archive);
    assert.ok(archive.equals(inflateRawSync(compressed)));
    ours += compressed.length;
    zlibs += gzipSync(archive, { level: 6 }).length - 18;
  }
  // Nearly all bytes are of one archive with thousands of like headers, where zlib looks at sixteen times as many candidates.
  assert.ok(ours < 1.06 * zlibs, `${ours} against ${zlibs}`);
});
