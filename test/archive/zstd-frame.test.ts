import assert from "node:assert/strict";
import { test } from "node:test";
import { zstdDecompressSync } from "node:zlib";
import { zstdFrame, zstdIdentity } from "../../src/archive/zstd-frame.ts";
import { needs, run } from "../kit/oracle.ts";
import { mixedBytes, randomBytes, textBytes } from "./deflate-samples.ts";

test("a frame comes back", () => {
  for (const bytes of [new Uint8Array(0), textBytes(5000, 1), randomBytes(5000, 2), mixedBytes()]) {
    assert.ok(Buffer.from(bytes).equals(zstdDecompressSync(zstdFrame(bytes))));
  }
});

// By zstd itself: Node 24's own decoder stops after the first frame.
test("frames one after another are one file", needs("zstd"), () => {
  const parts = [textBytes(5000, 1), new Uint8Array(0), textBytes(5000, 2)];
  const joined = Buffer.concat(parts.map((part) => zstdFrame(part)));
  assert.equal(run("zstd", ["-d", "-c", "-q"], { input: joined }), Buffer.concat(parts).toString("latin1"));
});

test("a frame tells its size and has a checksum", () => {
  // RFC 8878 section 3.1.1.1.1: bit 2 is the checksum's, bit 5 the single segment's, whose header has the size.
  const descriptor = zstdFrame(textBytes(5000, 1))[4] ?? 0;
  assert.equal(descriptor & 0b100, 0b100);
  assert.equal(descriptor & 0b100000, 0b100000);
});

test("zstd finds a frame whole", needs("zstd"), () => {
  run("zstd", ["-t", "-q", "-"], { input: zstdFrame(mixedBytes()) });
});

test("the same bytes come out each time", () => {
  assert.deepEqual(zstdFrame(mixedBytes()), zstdFrame(mixedBytes()));
});

test("the identity names version and level", () => {
  assert.equal(zstdIdentity(9, "1.5.7"), "zstd-1.5.7-level-9");
  assert.match(zstdIdentity(), /^zstd-\d+\.\d+\.\d+-level-3$/);
});
