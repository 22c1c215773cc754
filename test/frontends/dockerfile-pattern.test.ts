// .dockerignore and globs: which paths a pattern names; and that no pattern takes long.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of Dockerfiles.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseIgnore, pathTokens } from "../../src/frontends/dockerfile/ignore.ts";
import { matchesWhole } from "../../src/frontends/dockerfile/pattern.ts";
import { readShellWords } from "../../src/frontends/dockerfile/shell-words.ts";

const ignored = [
  { file: "*.md", has: ["a.md"], hasNot: ["d/a.md", "a.mdx"] },
  { file: "**/*.md", has: ["a.md", "d/a.md", "d/e/a.md"], hasNot: ["a.md.txt"] },
  { file: "d", has: ["d", "d/x", "d/x/y"], hasNot: ["dd", "x/d"] },
  { file: "/d/", has: ["d", "d/x"], hasNot: ["e/d"] },
  { file: "d/**", has: ["d/x", "d/x/y"], hasNot: ["e/x"] },
  { file: "**/node_modules", has: ["node_modules/a", "x/y/node_modules/a"], hasNot: ["node_modulesx"] },
  { file: "a?c", has: ["abc"], hasNot: ["a/c", "ac"] },
  { file: "[a-c]x", has: ["ax", "cx"], hasNot: ["dx", "/x"] },
  { file: "[^a-c]x", has: ["dx"], hasNot: ["ax"] },
  { file: "\\*x", has: ["*x"], hasNot: ["ax"] },
  { file: "*\n!keep\n", has: ["a", "d/x"], hasNot: ["keep", "keep/x"] },
  { file: "d\n!d/keep\nd/keep/not\n", has: ["d/x", "d/keep/not"], hasNot: ["d/keep", "d/keep/x"] },
  { file: "# comment\n\n  spaced  \n", has: ["spaced"], hasNot: ["# comment", "comment"] },
  { file: "./a/../b", has: ["b"], hasNot: ["a", "a/b"] },
  { file: "!", has: [], hasNot: ["a"] },
];

describe(".dockerignore", () => {
  for (const { file, has, hasNot } of ignored) {
    it(`reads ${JSON.stringify(file)}`, () => {
      const ignore = parseIgnore(file);
      for (const path of has) assert.ok(ignore.has(path), path);
      for (const path of hasNot) assert.ok(!ignore.has(path), path);
    });
  }
});

describe("a pattern", () => {
  it("with many stars is matched at once", () => {
    assert.equal(matchesWhole(pathTokens(`${"*a".repeat(50)}*b`), "a".repeat(250)), false);
    assert.equal(matchesWhole(pathTokens(`${"**/".repeat(50)}b`), "a/".repeat(120)), false);
  });

  it("with many stars in a variable is matched at once", () => {
    const lookUp = (): string => "a".repeat(1000);
    const text = `\${x#${"*a".repeat(100)}b}`;
    assert.equal(readShellWords(text, { escape: "\\", lookUp }).text.length, 1000);
  });

  it("is refused when variables are inside each other without end", () => {
    const text = "${x:-".repeat(10_000);
    assert.throws(() => readShellWords(text, { escape: "\\", lookUp: () => undefined }), /inside each other/);
  });
});
