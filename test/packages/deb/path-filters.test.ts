// Which files of packages an image's dpkg leaves out, by its configuration.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { InstalledFiles } from "../../../src/packages/contract.ts";
import { readPathFilters } from "../../../src/packages/deb/path-filters.ts";

/** Files of `etc/dpkg` by name below it. */
function filesWith(texts: Readonly<Record<string, string>>): InstalledFiles {
  const text = (path: string): string | undefined => texts[path.replace(/^etc\/dpkg\//, "")];
  return {
    has: (path) => text(path) !== undefined,
    read: (path) => Buffer.from(text(path) ?? ""),
    names: (folder) =>
      Object.keys(texts).flatMap((name) =>
        `etc/dpkg/${name}`.startsWith(`${folder}/`) ? [name.replace(/^.*\//, "")] : [],
      ),
  };
}

const slim = "path-exclude=/usr/share/doc/*\npath-include /usr/share/doc/*/copyright\n";
const cases: readonly (readonly [name: string, text: string, path: string, isExcluded: boolean])[] = [
  ["a star across folders", slim, "/usr/share/doc/a/b/c", true],
  ["the last filter that matches", slim, "/usr/share/doc/a/copyright", false],
  ["nothing else", slim, "/usr/share/docs", false],
  ["one letter", "path-exclude=/a?c\n", "/abc", true],
  ["not more than one letter", "path-exclude=/a?c\n", "/abbc", false],
  ["sets of letters", "path-exclude=/[a-c]*[!x]\n", "/bay", true],
  ["sets without a letter", "path-exclude=/[a-c]*[!x]\n", "/bax", false],
  ["a bracket that is not closed", "path-exclude=/a[b\n", "/a[b", true],
  ["quoted globs", 'path-exclude="/a b"\n', "/a b", true],
  ["no comments", "# path-exclude=/a\nforce-unsafe-io\n", "/a", false],
];

describe("path filters of dpkg", () => {
  for (const [name, text, path, isExcluded] of cases) {
    it(`leave out ${name}`, () => {
      assert.equal(readPathFilters(filesWith({ "dpkg.cfg.d/one": text }))?.(path) ?? false, isExcluded);
    });
  }

  it("of the folder come before those of the file, and names with a dot do not count", () => {
    const both = filesWith({
      "dpkg.cfg": "path-include=/a\n",
      "dpkg.cfg.d/a": "path-exclude=/a\n",
      "dpkg.cfg.d/b.bak": "path-exclude=/b\n",
    });
    const isExcluded = readPathFilters(both);
    assert.deepEqual([isExcluded?.("/a"), isExcluded?.("/b")], [false, false]);
  });

  it("take no longer for a glob of stars", () => {
    const isExcluded = readPathFilters(filesWith({ "dpkg.cfg": `path-exclude=${"*a".repeat(500)}b\n` }));
    assert.equal(isExcluded?.("a".repeat(4000)), false);
  });
});
