import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recordOf } from "../../../src/packages/rpm/record.ts";
import { overlap, parseRelation, parseRequest, satisfies } from "../../../src/packages/rpm/relation.ts";
import { describeRelation } from "../../../src/solver/words.ts";

const record = (provides: readonly string[], architecture = "x86_64"): ReturnType<typeof recordOf> =>
  recordOf([
    "a",
    "2:1.0-3",
    architecture,
    "a.rpm",
    1,
    1,
    `sha256:${"0".repeat(64)}`,
    "",
    "",
    provides,
    {},
    ["/usr/bin/a"],
  ]);

describe("relations of rpm", () => {
  const spelled: readonly (readonly [text: string, wanted: string])[] = [
    ["glibc", "depends on glibc"],
    ["glibc >= 2.17-1", "depends on glibc (>= 2.17-1)"],
    ["libc.so.6(GLIBC_2.4)(64bit)", "depends on libc.so.6(GLIBC_2.4)(64bit)"],
    ["font(:lang=aa)", "depends on font(:lang=aa)"],
    ["(a or b)", "depends on (a or b)"],
    ["(a >= 1 and b and c)", "depends on (a (>= 1) and b and c)"],
    ["(perl(Foo::Bar) >= 1 if perl else (x or y))", "depends on (perl(Foo::Bar) (>= 1) if perl else (x or y))"],
    ["(a with a < 3)", "depends on (a with a (< 3))"],
    ["((a and b) unless c)", "depends on ((a and b) unless c)"],
    ["(a without b)", "depends on (a without b)"],
    ["(a)", "depends on a"],
  ];
  for (const [text, wanted] of spelled) {
    it(`reads ${text}`, () => assert.equal(describeRelation(parseRelation(text, "depends")), wanted));
  }
  it("knows every name in a boolean relation", () => {
    const names = parseRelation("(a if (b or c) else d)", "depends").anyOf.map(({ name }) => name);
    assert.deepEqual(names, ["a", "b", "c", "d"]);
  });
  const refused = [
    "",
    "a >=",
    "a >= 1 b",
    "a ! 1",
    "(a or b",
    "(a or b))",
    "(a or b and c)",
    "(a nor b)",
    "()",
    "(a or )",
  ];
  for (const text of [...refused, `${"(".repeat(50)}a${")".repeat(50)}`, `(${"a or ".repeat(20_000)}b)`]) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))}`, () =>
      assert.throws(() => parseRelation(text, "depends"), { code: "RELATION_SYNTAX" }));
  }
  it("takes requests with and without spaces", () => {
    const wanted = { name: "openssl", constraint: { operator: ">=", version: "3.0" } };
    for (const text of ["openssl>=3.0", "openssl >= 3.0", " openssl  >=  3.0 "])
      assert.deepEqual(parseRequest(text), wanted);
    assert.deepEqual(parseRequest("@core"), { name: "@core" });
    assert.deepEqual(parseRequest("/usr/bin/perl"), { name: "/usr/bin/perl" });
  });
  it("is met by what a package is, provides and has", () => {
    const one = record(["a = 2:1.0-3", "virtual", "lib = 1.5", "range >= 4"]);
    const meets = (text: string): boolean => satisfies(one, parseRelation(text, "depends").anyOf[0] ?? { name: "" });
    for (const text of ["a", "a = 2:1.0", "a >= 1.0", "virtual >= 7", "lib < 2", "/usr/bin/a", "range = 5"])
      assert.ok(meets(text), text);
    for (const text of ["a < 1:9", "lib > 1.5", "b", "range < 4", "/usr/bin/b"]) assert.ok(!meets(text), text);
    assert.ok(!satisfies(record([], "i686"), { name: "a", architecture: "x86_64" }));
    assert.ok(satisfies(record([], "noarch"), { name: "a" }));
  });
  it("compares ranges as rpm does", () => {
    const of = (text: string): { operator: "<"; version: string } => {
      const [operator, version] = text.split(" ") as ["<", string];
      return { operator, version };
    };
    const rows: readonly (readonly [string, string, boolean])[] = [
      ["= 1", "= 1", true],
      ["= 1-1", "= 1", true],
      ["< 1", "> 1", false],
      ["<= 1", ">= 1", true],
      ["< 2", "> 1", true],
      ["> 1", "> 5", true],
      ["= 1", "< 1", false],
    ];
    for (const [a, b, wanted] of rows) assert.equal(overlap(of(a), of(b)), wanted, `${a} ${b}`);
  });
});
