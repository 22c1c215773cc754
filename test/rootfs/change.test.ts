import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addFiles, addMissingFolders, removePaths, startChange } from "../../src/rootfs/change.ts";
import { pictureOf, treeOf } from "../kit/tree.ts";

const text = (path: string) => ({ kind: "file", path, mode: 0o644, bytes: Buffer.from("text") }) as const;

describe("changing a tree", () => {
  it("makes the folders above a new file", () => {
    const change = startChange(treeOf([]), new Map());
    addFiles(change, [text("a/b/c")], 7);
    assert.deepEqual(pictureOf(change.tree), ["a/ (made)", "a/b/ (made)", "a/b/c (made)"]);
    assert.equal(change.tree.get("a/b/c")?.entry.mtime, 7);
  });

  it("puts a file behind the links of its parents", () => {
    const change = startChange(treeOf(["usr/", "usr/bin/", "bin -> usr/bin"]), new Map());
    addFiles(change, [text("bin/tool")], 0);
    assert.ok(change.made.has("usr/bin/tool"));
    assert.ok(!change.tree.has("bin/tool"));
  });

  it("replaces a package's file and says that the package lost it", () => {
    const change = startChange(treeOf(["etc/", "etc/motd"], "base-files"), new Map());
    addFiles(change, [text("etc/motd")], 0);
    assert.deepEqual(change.dropped, new Map([["base-files", new Set(["etc/motd"])]]));
  });

  it("refuses to put a file where a folder is", () => {
    const change = startChange(treeOf(["etc/"]), new Map());
    assert.throws(() => addFiles(change, [text("etc")], 0), { code: "FILE_CONFLICT" });
  });

  it("refuses a file whose parents are a circle of links", () => {
    const change = startChange(treeOf(["a -> b", "b -> a"]), new Map());
    assert.throws(() => addFiles(change, [text("a/x")], 0), { code: "FILE_CONFLICT" });
  });

  it("removes a folder with all that is in it, and nothing beside it", () => {
    const change = startChange(treeOf(["doc/", "doc/a/", "doc/a/b", "doc-base"], "p"), new Map());
    removePaths(change, new Set(["doc"]));
    assert.deepEqual(pictureOf(change.tree), ["doc-base (p)"]);
    assert.deepEqual(change.dropped, new Map([["p", new Set(["doc/a/b"])]]));
  });

  it("gives every path its parents", () => {
    const change = startChange(treeOf(["a/b/c"]), new Map());
    addMissingFolders(change, 0);
    assert.deepEqual([...change.tree.keys()].sort(), ["a", "a/b", "a/b/c"]);
  });
});
