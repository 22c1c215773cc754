import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resolvePath } from "../../src/rootfs/resolve.ts";
import { treeOf } from "../kit/tree.ts";

const tree = treeOf([
  "usr/",
  "usr/lib/",
  "lib -> usr/lib",
  "up -> ../../usr",
  "abs -> /lib",
  "loop -> loop",
  "a/",
  "a/rel -> ../usr/lib",
  "last -> usr",
]);

const rows = [
  { path: "lib/x", last: true, place: "usr/lib/x" },
  { path: "abs/x", last: true, place: "usr/lib/x" },
  { path: "a/rel/x", last: true, place: "usr/lib/x" },
  { path: "up/lib", last: true, place: "usr/lib" },
  { path: "../../etc/passwd", last: true, place: "etc/passwd" },
  { path: "last", last: false, place: "last" },
  { path: "last", last: true, place: "usr" },
  { path: "loop", last: true, place: undefined },
  { path: "loop/x", last: false, place: undefined },
];

describe("paths inside a tree", () => {
  for (const { path, last, place } of rows) {
    it(`${path} ${last ? "with" : "without"} its last link is ${place ?? "a circle"}`, () => {
      assert.equal(resolvePath(tree, path, { last }), place);
    });
  }
});
