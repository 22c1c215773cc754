// Descriptions of pieces that something damaged: all of them are made anew.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noXattrs } from "../../src/archive/entry.ts";
import { formatPiece, type Piece, parsePiece } from "../../src/image/piece-file.ts";

const common = { mode: 0o644, uid: 0, gid: 0, mtime: 5, xattrs: noXattrs };
const place = { recordOffset: 0, recordBytes: 1024, bodyOffset: 512 };
const piece: Piece = {
  key: "key",
  entries: [
    { entry: { ...common, kind: "file", path: "usr/a", sizeBytes: 4 }, ...place },
    { entry: { ...common, kind: "symlink", path: "usr/b", target: "a" }, ...place },
  ],
  recordsBytes: 4096,
  control: [
    { name: "control", mode: 0o644, bytes: Buffer.from("x") },
    { name: ".trigger", mode: 0o755, bytes: Buffer.from("y"), mtime: 7 },
  ],
  paths: ["/.", "/usr/a"],
  md5: new Map([["/usr/a", "0".repeat(32)]]),
  sha1: new Map([["usr/a", "0".repeat(40)]]),
};
const text = formatPiece(piece);

describe("parsePiece", () => {
  it("reads what was written", () => assert.deepEqual(parsePiece("key", text), piece));

  const rows: readonly { name: string; from: string; to: string }[] = [
    { name: "a path that leaves the tree", from: '"usr/a"', to: '"../a"' },
    { name: "a path that is a number", from: '"usr/a"', to: "7" },
    { name: "paths that are one text", from: '["/.","/usr/a"]', to: '"/usr/a"' },
    { name: "paths that are objects", from: '["/.","/usr/a"]', to: "[{}]" },
    { name: "no size of records", from: '"recordsBytes":4096', to: '"recordsBytes":null' },
    { name: "a size below zero", from: '"recordsBytes":4096', to: '"recordsBytes":-1' },
    { name: "a target that is a list", from: '512,"a"', to: '512,["a"]' },
    { name: "a cut text", from: "}", to: "" },
  ];
  for (const { name, from, to } of rows) {
    it(`refuses ${name}`, () => {
      const broken = text.replace(from, to);
      assert.notEqual(broken, text);
      assert.throws(() => parsePiece("key", broken), { code: "CACHE_BROKEN" });
    });
  }
});
