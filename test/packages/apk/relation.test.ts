import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { apk } from "../../../src/packages/apk/format.ts";
import { parseRecord } from "../../../src/packages/apk/record.ts";
import { readDependency, readProvide } from "../../../src/packages/apk/relation.ts";

const place = { folder: "x86_64/", architecture: "x86_64" };
const record = (more: string): ReturnType<typeof parseRecord> =>
  parseRecord(`C:Q1${"A".repeat(27)}=\nP:tool\nV:1.2.3-r4\nA:x86_64\nS:1\nI:1\n${more}`, place);

describe("a dependency", () => {
  const read: readonly (readonly [text: string, name: string, rest: string])[] = [
    ["musl", "musl", ""],
    ["so:libc.musl-x86_64.so.1", "so:libc.musl-x86_64.so.1", ""],
    ["/bin/sh", "/bin/sh", ""],
    ["pc:zlib>=1.2", "pc:zlib", ">= 1.2"],
    ["a=>1", "a", ">= 1"],
    ["a=~1.2", "a", "~ 1.2"],
    ["a~1.2", "a", "~ 1.2"],
    ["a>~1.2", "a", ">~ 1.2"],
    ["a<1", "a", "< 1"],
    ["a@testing=1", "a", "= 1 of testing"],
    ["!a", "a", "refused"],
    ["!a>1", "a", "> 1 refused"],
  ];
  for (const [text, name, rest] of read) {
    it(`reads ${text}`, () => {
      const found = readDependency(text);
      assert.ok(typeof found !== "string");
      const { constraint, tag } = found.requirement;
      const told = [
        constraint ? `${constraint.operator} ${constraint.version}` : "",
        tag ? `of ${tag}` : "",
        found.refused ? "refused" : "",
      ];
      assert.deepEqual([found.requirement.name, told.filter((one) => one !== "").join(" ")], [name, rest]);
    });
  }

  for (const text of ["", "!", "a=", "a==", "a><1", "a b", "@tag", "=1"]) {
    it(`refuses "${text}"`, () => assert.equal(typeof readDependency(text), "string"));
  }
});

describe("what is provided", () => {
  it("is a name, or a name and its version", () => {
    assert.deepEqual(readProvide("cmd:sh"), { name: "cmd:sh" });
    assert.deepEqual(readProvide("so:libz.so.1=1.3.1"), { name: "so:libz.so.1", version: "1.3.1" });
  });
  for (const text of ["!a", "a>1", "a@b"]) {
    it(`is not ${text}`, () => assert.equal(typeof readProvide(text), "string"));
  }
});

describe("a package is what is asked for", () => {
  const tool = record("p:cmd:tool=1.2.3-r4 virtual /bin/tool");
  const cases: readonly (readonly [text: string, is: boolean])[] = [
    ["tool", true],
    ["tool>1.2", true],
    ["tool=1.2.3-r4", true],
    ["tool~1.2", true],
    ["tool~1.3", false],
    ["tool<1.2.3", false],
    ["cmd:tool>1", true],
    ["cmd:tool>2", false],
    ["virtual", true],
    ["virtual>0", false],
    ["/bin/tool", true],
    ["other", false],
  ];
  for (const [text, is] of cases) {
    it(`${is ? "for" : "not for"} ${text}`, () => {
      assert.equal(apk.satisfies(tool, apk.parseRequest(text), "x86_64"), is);
    });
  }
});

describe("a request", () => {
  it("may have spaces around its operator", () => {
    assert.deepEqual(apk.parseRequest("curl >= 8"), { name: "curl", constraint: { operator: ">=", version: "8" } });
  });
  for (const text of ["foo=invalid", "foo==", "!foo", "foo bar"]) {
    it(`is not "${text}"`, () => assert.throws(() => apk.parseRequest(text), { code: "RELATION_SYNTAX" }));
  }
});

describe("a record of an index", () => {
  it("keeps what makes a package impossible to install for when it is wanted", () => {
    assert.match(record("D:a@tag").uninstallable ?? "", /a@tag/);
    assert.match(parseRecord(`C:Q1${"A".repeat(27)}=\nP:a\nV:1\nA:s390x`, place).uninstallable ?? "", /s390x/);
  });
  it("takes a version that apk has no form for, as Alpine has some", () => {
    assert.equal(parseRecord(`C:Q1${"A".repeat(27)}=\nP:opensmtpd\nV:6.8.0p2-r4`, place).version, "6.8.0p2-r4");
  });
  const refused: readonly (readonly [name: string, text: string])[] = [
    ["a name that leads out of its folder", `C:Q1${"A".repeat(27)}=\nP:../a\nV:1`],
    ["a version that leads out of its folder", `C:Q1${"A".repeat(27)}=\nP:a\nV:1/../../b`],
    ["a checksum of another kind", "C:X2AAAA\nP:a\nV:1"],
    ["a size that is no number", `C:Q1${"A".repeat(27)}=\nP:a\nV:1\nS:-1`],
    ["a field twice", `C:Q1${"A".repeat(27)}=\nP:a\nP:b\nV:1`],
    ["a line that is no field", `C:Q1${"A".repeat(27)}=\nP:a\nV:1\nhello`],
  ];
  for (const [name, text] of refused) {
    it(`refuses ${name}`, () => assert.throws(() => parseRecord(text, place), { code: "INDEX_SYNTAX" }));
  }
});
