import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { compareSegments, compareVersions, parseEvr } from "../../../src/packages/rpm/version.ts";
import { fixture, needs } from "../../kit/oracle.ts";

const vectors = fixture("vectors/rpmvercmp.tsv");
const grid = fixture("rpm/cavaliergopher-rpm/cavaliergopher+rpm/testdata/vercmp.json");

describe("versions of rpm", () => {
  it("are in the order of rpm's own tests", needs(vectors), () => {
    for (const line of readFileSync(vectors, "utf8").trimEnd().split("\n")) {
      const [a = "", b = "", wanted] = line.split("\t");
      assert.equal(Math.sign(compareSegments(a, b)), Number(wanted), line);
      assert.equal(Math.sign(compareSegments(b, a)), -Number(wanted) || 0, line);
    }
  });

  it("are in the order that a grid of them says", needs(grid), () => {
    const rows: { a: string; b: string; expect: number }[] = JSON.parse(readFileSync(grid, "utf8"));
    for (const { a, b, expect } of rows) assert.equal(Math.sign(compareSegments(a, b)), expect, `${a} ${b}`);
  });

  const rows: readonly (readonly [string, string, number])[] = [
    ["1.0-1", "1.0-2", -1],
    ["1:1.0-1", "2.0-1", 1],
    ["0:1.0-1", "1.0-1", 0],
    ["1.0", "1.0-7", 0],
    ["1.0-1.el9", "1.0-1.el9_2", -1],
    ["1.0~rc1-1", "1.0-1", -1],
    ["1.0^git1-1", "1.0-1", 1],
    ["1.0^git1-1", "1.0.1-1", -1],
    ["10", "9", 1],
    ["1.010", "1.10", 0],
  ];
  for (const [a, b, wanted] of rows) {
    it(`${a} and ${b} compare as ${wanted}`, () => {
      assert.equal(Math.sign(compareVersions(a, b)), wanted);
      assert.equal(Math.sign(compareVersions(b, a)), -wanted || 0);
    });
  }

  for (const text of ["", "-1", "1.0-", "x:1.0", "99999999999:1", "1 0", "1\n"]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseEvr(text), { code: "VERSION_SYNTAX" }));
  }
});
