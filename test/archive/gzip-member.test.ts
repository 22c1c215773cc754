import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { createDeflater } from "../../src/archive/deflate.ts";
import { gzipIdentity, gzipMember } from "../../src/archive/gzip-member.ts";
import { sha256 } from "../../src/core/digest.ts";
import { needs, run } from "../kit/oracle.ts";
import { mixedBytes, randomBytes, recordBytes, textBytes } from "./deflate-samples.ts";

test("a member says nothing about when, where or from what it was made", () => {
  assert.equal(
    Buffer.from(gzipMember(new Uint8Array(0))).toString("hex"),
    "1f8b08000000000000ff" + "0300" + "0000000000000000",
  );
  assert.equal(
    Buffer.from(gzipMember(Buffer.from("a"))).toString("hex"),
    "1f8b08000000000000ff" + "4b0400" + "43beb7e801000000",
  );
});

test("members one after another are one file", needs("gzip"), () => {
  const parts = [textBytes(5000, 1), new Uint8Array(0), randomBytes(5000, 2), new Uint8Array(512)];
  const joined = Buffer.concat(parts.map((part) => gzipMember(part)));
  assert.ok(Buffer.concat(parts).equals(gunzipSync(joined)));
  run("gzip", ["-t"], { input: joined });
});

test("gzip accepts every kind of block", needs("gzip"), () => {
  run("gzip", ["-t"], { input: gzipMember(mixedBytes()) });
});

// These digests are the promise behind `gzipIdentity`. When one changes, layers change: give the identity a new number.
describe("the bytes of dodai-deflate-1", () => {
  assert.equal(gzipIdentity, "dodai-deflate-1");
  const deflater = createDeflater();
  const promised = [
    {
      name: "text",
      bytes: textBytes(200_000, 41),
      digest: "sha256:3ff243c38b910d0a4c42981d28c2298148629f861a9e26cb4a4df4d4b20f059c",
    },
    {
      name: "records",
      bytes: recordBytes(200_000, 42),
      digest: "sha256:14ea0a6f13cd3db60d7e29a036aea61e412d1b9fa5bf36e585efd3465368032c",
    },
    {
      name: "random bytes",
      bytes: randomBytes(100_000, 43),
      digest: "sha256:e761c1393bc6a8b646d148110092baac561748ff85a2e014a473b5af8dcc4ed4",
    },
    {
      name: "zeros",
      bytes: new Uint8Array(1 << 20),
      digest: "sha256:e806c5e6bb7167e6e5410ed6888442b59842cda5b745e76f14c04b1f3472b107",
    },
    {
      name: "kinds in turn",
      bytes: mixedBytes(),
      digest: "sha256:ca092120e31c4f55458eed7f352788720a1c1ff1d7a5ec737649bee493d1910b",
    },
  ];
  for (const { name, bytes, digest } of promised) {
    it(`are those of all time for ${name}`, () => assert.equal(sha256(gzipMember(bytes, deflater)), digest));
  }
});

test("the interpreter and the optimizing compiler give the same bytes", () => {
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = [
    `import { gzipMember } from ${url("../../src/archive/gzip-member.ts")};`,
    `import { sha256 } from ${url("../../src/core/digest.ts")};`,
    `import { mixedBytes } from ${url("deflate-samples.ts")};`,
    "process.stdout.write(sha256(gzipMember(mixedBytes())));",
  ].join("\n");
  const interpreted = run(process.execPath, ["--no-opt", "--no-sparkplug", "--input-type=module", "-e", script], {
    cwd: fileURLToPath(new URL(".", import.meta.url)),
  });
  assert.equal(interpreted, sha256(gzipMember(mixedBytes())));
});
