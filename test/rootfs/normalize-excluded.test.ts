import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { excludedPaths } from "../../src/rootfs/normalize-excluded.ts";
import { treeOf } from "../kit/tree.ts";

const globs = {
  paths: ["/usr/share/doc/**", "/usr/share/man/**"],
  kept: ["/usr/share/doc/**/copyright"],
  folders: ["/usr/share/man/man[0-9]"],
};

const cases: readonly { readonly name: string; readonly tree: readonly string[]; readonly gone: readonly string[] }[] =
  [
    {
      name: "takes files, keeps those that are named and the folders above them",
      tree: ["usr/share/doc/a/", "usr/share/doc/a/copyright", "usr/share/doc/a/README"],
      gone: ["usr/share/doc/a/README"],
    },
    {
      name: "takes folders that are left empty, whatever their depth",
      tree: ["usr/share/doc/a/", "usr/share/doc/a/b/", "usr/share/doc/a/b/x", "usr/share/doc/e/"],
      gone: ["usr/share/doc/a", "usr/share/doc/a/b", "usr/share/doc/a/b/x", "usr/share/doc/e"],
    },
    {
      name: "keeps the folders of manual sections, and only those",
      tree: ["usr/share/man/man1/", "usr/share/man/man1/x.1.gz", "usr/share/man/de/", "usr/share/man/de/man1/"],
      gone: ["usr/share/man/de", "usr/share/man/de/man1", "usr/share/man/man1/x.1.gz"],
    },
    {
      name: "takes links that lead nowhere now, and links to them",
      tree: ["usr/share/man/man1/", "usr/share/man/man1/a -> b", "usr/share/man/man1/b -> c", "usr/share/man/man1/c"],
      gone: ["usr/share/man/man1/a", "usr/share/man/man1/b", "usr/share/man/man1/c"],
    },
    {
      name: "keeps a link to a folder that stays",
      tree: ["usr/share/doc/a/", "usr/share/doc/a/copyright", "usr/share/doc/b -> a"],
      gone: [],
    },
    {
      name: "takes a folder whose only link leads nowhere",
      tree: ["usr/share/doc/a/", "usr/share/doc/a/l -> /usr/share/doc/x", "usr/share/doc/x"],
      gone: ["usr/share/doc/a", "usr/share/doc/a/l", "usr/share/doc/x"],
    },
    {
      name: "leaves what lies elsewhere, though a link to it leads nowhere now",
      tree: ["usr/bin/l -> /usr/share/doc/x", "usr/share/doc/x", "usr/lib/e/"],
      gone: ["usr/share/doc/x"],
    },
  ];

describe("leaving paths out", () => {
  for (const { name, tree, gone } of cases) {
    it(name, () => assert.deepEqual([...excludedPaths(treeOf(tree), globs)].sort(), gone));
  }

  it("leaves all where nothing is excluded", () => {
    assert.equal(excludedPaths(treeOf(["usr/e/"]), { paths: [], kept: [], folders: [] }).size, 0);
  });
});
