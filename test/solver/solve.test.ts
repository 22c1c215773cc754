import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { solve } from "../../src/solver/solve.ts";
import { namesOf, problemOf, type Written } from "./universe-text.ts";

const chosen: readonly (Written & { readonly name: string; readonly gives: string })[] = [
  { name: "takes what is asked for and nothing else", install: "a", packages: "a 1\nb 1", gives: "a 1" },
  {
    name: "takes the highest version, by the format's order",
    install: "a",
    packages: "a 1.9\na 1.10\na 1.10~rc1",
    gives: "a 1.10",
  },
  {
    name: "follows depends and pre-depends, not suggests",
    install: "a",
    packages: "a 1; depends: b; pre-depends: c; suggests: d\nb 1\nc 1\nd 1",
    gives: "a 1, b 1, c 1",
  },
  {
    name: "leaves recommendations out when they are off",
    install: "a",
    packages: "a 1; recommends: b\nb 1",
    gives: "a 1",
  },
  {
    name: "takes recommendations when they are on",
    install: "a",
    packages: "a 1; recommends: b\nb 1; recommends: c\nc 1",
    options: { recommends: true },
    gives: "a 1, b 1, c 1",
  },
  {
    name: "drops a recommendation that cannot be had, with what only it needs",
    install: "a",
    packages: "a 1; recommends: b\nb 1; depends: c, gone\nc 1",
    options: { recommends: true },
    gives: "a 1",
  },
  {
    name: "takes the second choice of a recommendation when the first cannot be had",
    install: "a",
    packages: "a 1; recommends: b | c\nb 1; conflicts: a\nc 1",
    options: { recommends: true },
    gives: "a 1, c 1",
  },
  {
    name: "takes the first of alternatives",
    install: "a",
    packages: "a 1; depends: b | c\nb 1\nc 1",
    gives: "a 1, b 1",
  },
  {
    name: "takes an alternative that is there already instead of the first",
    install: "a",
    packages: "a 1; depends: c, b | c\nb 1\nc 1",
    gives: "a 1, c 1",
  },
  {
    name: "takes an alternative that was asked for instead of the first",
    install: "a c",
    packages: "a 1; depends: b | c\nb 1\nc 1",
    gives: "a 1, c 1",
  },
  {
    name: "does not look ahead for an alternative that a later relation brings, as apt does not",
    install: "a",
    packages: "a 1; depends: b | c, c\nb 1\nc 1",
    gives: "a 1, b 1, c 1",
  },
  {
    name: "takes the second of alternatives when the first is not on offer",
    install: "a",
    packages: "a 1; depends: gone | c\nc 1",
    gives: "a 1, c 1",
  },
  {
    name: "prefers a package of the name to those that provide it",
    install: "a",
    packages: "p 1; provides: b\na 1; depends: b\nb 1",
    gives: "a 1, b 1",
  },
  {
    name: "prefers the provider of higher priority",
    install: "a",
    packages: "a 1; depends: v\np 1; provides: v\nq 1; provides: v; priority: standard",
    gives: "a 1, q 1",
  },
  {
    name: "prefers an essential provider to one of higher priority",
    install: "a",
    packages: "a 1; depends: v\nq 1; provides: v; priority: required\np 1; provides: v; essential",
    gives: "a 1, p 1",
  },
  {
    name: "a provider of a lower version does not meet a versioned relation",
    install: "a",
    packages: "a 1; depends: v (>= 2)\np 1; provides: v (= 1)\nq 1; provides: v (= 2)\nr 9; provides: v",
    gives: "a 1, q 1",
  },
  {
    name: "takes an older version when nothing else holds",
    install: "a",
    packages: "a 1; depends: b, c\nb 2; depends: c (>= 2)\nb 1\nc 1",
    gives: "a 1, b 1, c 1",
  },
  {
    name: "goes back far when the first choices fail deep down",
    install: "a",
    packages: `a 1; depends: b | z, y
      b 1; depends: c | x
      c 1; depends: d
      d 1; depends: e
      e 1; conflicts: y
      x 1; depends: w
      w 1; conflicts: y
      y 1
      z 1`,
    gives: "a 1, y 1, z 1",
  },
  {
    name: "finds the one way through alternatives that refuse each other, where a greedy choice fails",
    install: "a b c",
    packages: `a 1; depends: x1 | x2
      b 1; depends: x1 | x3
      c 1; depends: x2 | x3
      x1 1; conflicts: x2, x3
      x2 1
      x3 1`,
    gives: "a 1, b 1, c 1, x2 1, x3 1",
  },
  {
    name: "keeps a requested package although a dependency's first choice refuses it",
    install: "a mine",
    packages: "a 1; depends: b | c\nb 1; conflicts: mine\nc 1\nmine 1",
    gives: "a 1, c 1, mine 1",
  },
  {
    name: "a package does not refuse itself through what it provides",
    install: "a",
    packages: "a 1; provides: v; conflicts: v\nb 1; provides: v",
    gives: "a 1",
  },
  {
    name: "breaks keeps the broken version out, not the fixed one",
    install: "a b",
    packages: "a 1; breaks: b (<< 2)\nb 1\nb 2",
    gives: "a 1, b 2",
  },
  {
    name: "takes the version that a request names",
    install: "a b<<2",
    packages: "a 1; depends: b\nb 1\nb 2",
    gives: "a 1, b 1",
  },
  {
    name: "goes round packages that depend on each other",
    install: "a",
    packages: "a 1; depends: b\nb 1; depends: c\nc 1; depends: a",
    gives: "a 1, b 1, c 1",
  },
  {
    name: "a package may meet its own dependency",
    install: "a",
    packages: "a 1; provides: v; depends: v\nb 1; provides: v",
    gives: "a 1",
  },
  {
    name: "leaves an excluded alternative out",
    install: "a !b",
    packages: "a 1; depends: b | c\nb 1\nc 1",
    gives: "a 1, c 1",
  },
  {
    name: "excludes versions, not the name, when the exclusion has a version",
    install: "a !b>=2",
    packages: "a 1; depends: b\nb 1\nb 2",
    gives: "a 1, b 1",
  },
  {
    name: "an exclusion of a virtual name leaves its providers alone",
    install: "a !v",
    packages: "a 1; depends: v\np 1; provides: v",
    gives: "a 1, p 1",
  },
  {
    name: "takes the only provider of a requested name",
    install: "v",
    packages: "p 1; provides: v",
    gives: "p 1",
  },
  {
    name: "prefers a repository of higher priority to a higher version",
    install: "a",
    packages: [
      { name: "new", priority: 500, packages: "a 2" },
      { name: "pinned", priority: 990, packages: "a 1" },
    ],
    gives: "a 1",
  },
  {
    name: "takes the higher version among repositories of one priority",
    install: "a",
    packages: [
      { name: "release", priority: 500, packages: "a 1" },
      { name: "security", priority: 500, packages: "a 1+deb1" },
    ],
    gives: "a 1+deb1",
  },
  {
    name: "takes nothing from a repository with a priority below zero",
    install: "a",
    packages: [
      { name: "release", priority: 500, packages: "a 1" },
      { name: "never", priority: -1, packages: "a 2" },
    ],
    gives: "a 1",
  },
  {
    name: "takes a lower priority when only that holds",
    install: "a",
    packages: [
      { name: "release", priority: 500, packages: "a 1; depends: b (>= 2)\nb 1" },
      { name: "backports", priority: 100, packages: "b 2" },
    ],
    gives: "a 1, b 2",
  },
  {
    name: "asks for essential packages first when wanted",
    install: "a",
    packages: "a 1; depends: sh | other\nother 1\ndash 1; essential; provides: sh",
    options: { essential: true },
    gives: "a 1, dash 1",
  },
  {
    name: "asks for the packages of given priorities",
    install: "",
    packages: "a 1; priority: required\nb 1; priority: important\nc 1",
    options: { priorities: ["required", "important"] },
    gives: "a 1, b 1",
  },
  {
    name: "an exclusion stands against a priority",
    install: "!b",
    packages: "a 1; priority: required\nb 1; priority: required",
    options: { priorities: ["required"] },
    gives: "a 1",
  },
  {
    name: "follows name:any to a package that allows it",
    install: "a",
    packages: "a 1; depends: py:any\npy 1; multi-arch: allowed",
    gives: "a 1, py 1",
  },
];

describe("solve", () => {
  for (const { name, gives, ...written } of chosen) {
    it(name, () => {
      const result = solve(problemOf(written));
      assert.equal(result.kind, "solution");
      assert.equal(namesOf(result.kind === "solution" ? result.packages : []), gives);
    });
  }

  it("says from which repository each package is", () => {
    const repositories = [
      { name: "one", priority: 500, packages: "a 1; depends: b" },
      { name: "two", priority: 500, packages: "b 1" },
    ];
    const result = solve(problemOf({ install: "a", packages: repositories }));
    const from = result.kind === "solution" ? result.packages.map(({ repository }) => repository) : [];
    assert.deepEqual(from, ["one", "two"]);
  });

  it("takes the same version from the preferred repository", () => {
    const repositories = [
      { name: "mirror", priority: 500, packages: "a 1" },
      { name: "pinned", priority: 600, packages: "a 1" },
    ];
    const result = solve(problemOf({ install: "a", packages: repositories }));
    assert.equal(result.kind === "solution" && result.packages[0]?.repository, "pinned");
  });

  it("warns when a request is met by another name", () => {
    const result = solve(problemOf({ install: "v", packages: "p 1; provides: v" }));
    assert.deepEqual(result.kind === "solution" && result.warnings, [
      `"p" is taken for "v", which no package is called`,
    ]);
  });

  it("gives the same answer every time", () => {
    const written = {
      install: "a",
      packages: "a 1; depends: v, w\np 1; provides: v\nq 1; provides: v, w\nr 1; provides: w",
    };
    const first = solve(problemOf(written));
    assert.deepEqual(solve(problemOf(written)), first);
  });

  it("finds in little time that seven pigeons do not fit in six holes", () => {
    const pigeons = [0, 1, 2, 3, 4, 5, 6];
    const holes = pigeons.slice(1);
    const lines = pigeons.flatMap((pigeon) => [
      `p${pigeon} 1; depends: ${holes.map((hole) => `p${pigeon}-h${hole}`).join(" | ")}`,
      ...holes.map((hole) => `p${pigeon}-h${hole} 1; provides: hole${hole}; conflicts: hole${hole}`),
    ]);
    const install = pigeons.map((pigeon) => `p${pigeon}`).join(" ");
    assert.equal(solve(problemOf({ install, packages: lines.join("\n") })).kind, "conflict");
  });

  it("follows a chain of 20,000 packages without running out of stack", () => {
    const lines = Array.from({ length: 20_000 }, (_, at) => `p${at} 1; depends: p${at + 1} | q`);
    const result = solve(problemOf({ install: "p0", packages: [...lines, "p20000 1", "q 1"].join("\n") }));
    assert.equal(result.kind, "solution");
  });
});
