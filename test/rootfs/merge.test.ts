import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type MergePackage, mergePackages } from "../../src/rootfs/merge.ts";
import { entryOf, pictureOf } from "../kit/tree.ts";

function packageOf(name: string, lines: readonly string[], replaced: readonly string[] = []): MergePackage {
  return {
    name,
    version: "1",
    piece: name,
    entries: lines.map((line) => ({ entry: entryOf(line), bodyOffset: 0 })),
    replaces: (other) => replaced.includes(other.name),
  };
}

describe("merging packages", () => {
  it("keeps the first package's folder when several hold it", () => {
    const { tree, dropped } = mergePackages([packageOf("a", ["etc/", "etc/a"]), packageOf("b", ["etc/", "etc/b"])]);
    assert.deepEqual(pictureOf(tree), ["etc/ (a)", "etc/a (a)", "etc/b (b)"]);
    assert.equal(dropped.size, 0);
  });

  it("gives a file to the package that replaces the other, whichever comes first", () => {
    for (const packages of [
      [packageOf("a", ["x"]), packageOf("b", ["x"], ["a"])],
      [packageOf("b", ["x"], ["a"]), packageOf("a", ["x"])],
    ]) {
      const { tree, dropped } = mergePackages(packages);
      assert.deepEqual(pictureOf(tree), ["x (b)"]);
      assert.deepEqual(dropped, new Map([["a", new Set(["x"])]]));
    }
  });

  it("takes a file that two packages share from the first of them", () => {
    const second = { ...packageOf("b", ["x", "y"]), meets: () => "same" as const };
    const { tree, dropped, shared } = mergePackages([packageOf("a", ["x"]), second]);
    assert.deepEqual(pictureOf(tree), ["x (a)", "y (b)"]);
    assert.equal(dropped.size, 0);
    assert.deepEqual(shared, new Map([["b", new Set(["x"])]]));
  });

  it("refuses two packages with one file and no Replaces", () => {
    assert.throws(() => mergePackages([packageOf("a", ["x"]), packageOf("b", ["x"])]), {
      code: "FILE_CONFLICT",
      message: 'Cannot merge packages: "/x" is in a 1 and in b 1, and neither replaces the other',
    });
  });

  it("refuses a folder of one package where another has a file, even with Replaces", () => {
    assert.throws(() => mergePackages([packageOf("a", ["x/"]), packageOf("b", ["x"], ["a"])]), {
      code: "FILE_CONFLICT",
    });
  });

  it("refuses files that would land behind another package's link", () => {
    assert.throws(() => mergePackages([packageOf("a", ["srv -> /etc"]), packageOf("b", ["srv/passwd"])]), {
      code: "FILE_CONFLICT",
      message: 'Cannot merge packages: "/srv/passwd" of b lies below "/srv", which is a symlink of a',
    });
  });
});
