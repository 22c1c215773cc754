import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { encodeXz, xzIdentity } from "../../src/archive/xz-encode.ts";
import { bytesOf, collect } from "../../src/core/bytes.ts";
import { sha256 } from "../../src/core/digest.ts";
import { needs, run } from "../kit/oracle.ts";
import { mixedBytes } from "./deflate-samples.ts";

function encoded(...chunks: readonly Uint8Array[]): Promise<Uint8Array> {
  return collect(encodeXz(bytesOf(...chunks)), { maxBytes: 1 << 24, what: "a sample" });
}

const sha256Sum =
  "import hashlib, lzma, sys; print('sha256:' + hashlib.sha256(lzma.decompress(sys.stdin.buffer.read())).hexdigest())";

const samples = [
  { name: "nothing", bytes: new Uint8Array(0) },
  { name: "one byte", bytes: Uint8Array.of(7) },
  { name: "kinds in turn", bytes: mixedBytes() },
];
for (const { name, bytes } of samples) {
  test(`xz and Python read back ${name}`, needs("xz", "python3"), async () => {
    const stream = await encoded(bytes);
    run("xz", ["-t"], { input: stream });
    assert.equal(run("python3", ["-c", sha256Sum], { input: stream }).trim(), sha256(bytes));
  });
}

test("how the input is cut makes no difference", async () => {
  const bytes = mixedBytes();
  const cut = [0, 1, 1, 70_000, 70_001, 200_000].map((at, index, all) => bytes.subarray(at, all[index + 1]));
  assert.equal(sha256(await encoded(...cut)), sha256(await encoded(bytes)));
});

test("the check is CRC64", async () => {
  // The .xz file format 1.1.0, section 2.1.1.2: stream flags 00 04.
  assert.deepEqual([...(await encoded(mixedBytes())).subarray(0, 8)], [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4]);
});

// The promise behind `xzIdentity`: when the pinned version changes, so may the bytes, and so does the identity.
test("the bytes are those that the identity promises, by the version that is pinned", async () => {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  assert.equal(xzIdentity, `napi-rs-lzma-${manifest.dependencies["@napi-rs/lzma"]}-preset-6`);
  assert.equal(
    sha256(await encoded(mixedBytes())),
    "sha256:49c0d06443e1ee7be89f4c1e9841a9f8af7cf054f5e5b5e7224d0af865b2b3d6",
  );
});
