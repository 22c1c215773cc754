import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Problem, Solution } from "../../src/solver/problem.ts";
import { solve } from "../../src/solver/solve.ts";
import { why, whyNot } from "../../src/solver/why.ts";
import { problemOf, type Written } from "./universe-text.ts";

const packages = `web 2; depends: ssl (>= 3), mta | mail; recommends: docs, theme; suggests: extra
  ssl 3; depends: libc
  libc 2.41
  mta 1
  mail 1
  docs 1; depends: libc, reader
  reader 1
  theme 1; conflicts: ssl
  extra 1
  stray 1`;
const written: Written = { install: "web", packages, options: { recommends: true } };

const there: readonly { name: string; about: string; lines: readonly string[] | undefined }[] = [
  { name: "tells a request", about: "web", lines: ["web 2 (main): web is requested"] },
  {
    name: "tells the shortest chain, over dependencies rather than recommendations",
    about: "libc",
    lines: [
      "web 2 (main): web is requested",
      "ssl 3 (main): web depends on ssl (>= 3)",
      "libc 2.41 (main): ssl depends on libc",
    ],
  },
  {
    name: "tells that a recommendation led here",
    about: "reader",
    lines: [
      "web 2 (main): web is requested",
      "docs 1 (main): web recommends docs",
      "reader 1 (main): docs depends on reader",
    ],
  },
  { name: "has nothing to tell of a package that is not there", about: "stray", lines: undefined },
];

const absent: readonly {
  name: string;
  about: string;
  more?: Partial<Written>;
  lines: readonly string[] | undefined;
}[] = [
  { name: "tells that nobody asks", about: "stray", lines: ["nothing that is chosen asks for stray"] },
  {
    name: "tells which alternative was taken",
    about: "mail",
    lines: ["web 2 depends on mta or mail, which is met by mta 1"],
  },
  { name: "tells of a suggestion", about: "extra", lines: ["web 2 suggests extra, which is not followed"] },
  {
    name: "tells that recommendations are off",
    about: "docs",
    more: { options: { recommends: false } },
    lines: ["web 2 recommends docs, and recommendations are off"],
  },
  { name: "tells of an exclusion", about: "docs", more: { install: "web !docs" }, lines: ["docs is excluded"] },
  {
    name: "tells the conflict that a recommendation would make",
    about: "theme",
    lines: [
      "web 2 recommends theme, which cannot be had",
      "if theme was requested:",
      "web is requested",
      "web 2 (main) depends on ssl (>= 3), which can be ssl 3 (main)",
      "theme is requested",
      "theme 1 (main) conflicts with ssl, which is ssl 3 (main)",
    ],
  },
  {
    name: "tells what would have to go for a recommendation",
    about: "c",
    more: { install: "a", packages: "a 1; recommends: c, b\nb 1; conflicts: c\nc 1; conflicts: b" },
    lines: ["a 1 recommends c, which cannot be had", "if c was requested, these would go: b"],
  },
  { name: "has nothing to tell of a package that is there", about: "ssl", lines: undefined },
];

function solved(problem: Problem): Solution {
  const result = solve(problem);
  return result.kind === "solution" ? result : assert.fail("there is no solution");
}

describe("why", () => {
  for (const { name, about, lines } of there) {
    it(name, () => assert.deepEqual(why(solved(problemOf(written)), about), lines));
  }
});

describe("whyNot", () => {
  for (const { name, about, more, lines } of absent) {
    it(name, () => {
      const problem = problemOf({ ...written, ...more });
      assert.deepEqual(whyNot(problem, solved(problem), about), lines);
    });
  }

  it("refuses a name that nobody has", () => {
    const problem = problemOf(written);
    assert.throws(() => whyNot(problem, solved(problem), "gone"), { code: "PACKAGE_MISSING" });
  });
});
