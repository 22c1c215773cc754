// Attacks on the readers of Debian's texts that once worked.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryIndex } from "../../../src/packages/deb/index.ts";
import { parseRelations, parseRequest } from "../../../src/packages/deb/relation.ts";

const context = { what: "Depends", architecture: "amd64" };

const stanza = (first: string, hash = "a", more = ""): string =>
  `${first}Architecture: all\nFilename: f\nSize: 1\nSHA256: ${hash.repeat(64)}\n${more}\n`;
const plain = "Package: foo\nVersion: 1\n";

describe("parseRelations", () => {
  for (const word of ["constructor", "__proto__", "toString"]) {
    it(`refuses "${word}" where an operator stands`, () => {
      const wanted = { code: "RELATION_SYNTAX" };
      assert.throws(() => parseRelations(`a (${word} 1)`, "depends", context), wanted);
      assert.throws(() => parseRequest(`a (${word} 1)`), wanted);
    });
  }

  it("reads a long field without spaces in time that grows as it does", () => {
    const field = `${"a(>=1),".repeat(150_000)}a (= 1)`;
    assert.equal(parseRelations(field, "depends", context).length, 150_001);
  });
});

describe("a package index", () => {
  for (const field of ["constructor", "Constructor", "__proto__"]) {
    it(`takes no relation from a field "${field}"`, () => {
      const [record] = memoryIndex(stanza(plain, "a", `${field}: bar\n`)).named("foo");
      assert.deepEqual(record?.relations, []);
    });
  }

  it("refuses a field whose name becomes another one in lower case", () => {
    assert.throws(() => memoryIndex(stanza(plain, "a", "Brea\u212as: libc6\n")), { code: "INDEX_SYNTAX" });
  });

  it("refuses one version with two files although a carriage return hides the version", () => {
    const text = stanza(plain) + stanza(`Aaa: x\rVersion: 9\n${plain}`, "b");
    assert.throws(() => memoryIndex(text), { code: "INDEX_SYNTAX" });
  });

  for (const space of ["\v", "\f", "\u00a0", "\ufeff"]) {
    it(`refuses a name with U+${space.charCodeAt(0).toString(16).padStart(4, "0")} before it, under which nobody finds it`, () => {
      const index = memoryIndex(stanza(`Package: ${space}foo\nVersion: 1\nEssential: yes\n`));
      assert.throws(() => index.flagged("essential"), { code: "INDEX_SYNTAX" });
    });
  }
});
