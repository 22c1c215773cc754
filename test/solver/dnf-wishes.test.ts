// What Anaconda asks of dnf and yum beside packages: to pass over what is missing, to keep packages out of groups.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PackageGroup } from "../../src/packages/contract.ts";
import { rpm } from "../../src/packages/rpm/format.ts";
import type { Problem } from "../../src/solver/problem.ts";
import { solve } from "../../src/solver/solve.ts";
import { parseTestTags, recordIndex } from "./libsolv-cases.ts";

const records = parseTestTags(`=Pkg: app 1 1 x86_64
=Req: lib
=Pkg: lib 1 1 x86_64
=Pkg: tool 1 1 x86_64
=Pkg: extra 1 1 x86_64
`);

const group = (id: string, packages: readonly string[], groups: readonly string[] = []): PackageGroup => ({
  id,
  packages,
  optional: [],
  conditional: [],
  groups,
});

const groups = new Map(
  [group("core", ["app", "tool"]), group("more", ["extra"]), group("all", [], ["core", "more"])].map((one) => [
    one.id,
    one,
  ]),
);

function outcomeOf(requests: readonly string[], options: Partial<Problem["options"]> = {}): readonly string[] | string {
  const index = { ...recordIndex(records), group: (id: string) => groups.get(id) };
  const outcome = solve({
    format: rpm,
    architecture: "x86_64",
    repositories: [{ name: "r", priority: 500, index }],
    requests: requests.map((text) => ({ requirement: { name: text.replace("!", "") }, exclude: text.startsWith("!") })),
    options: { recommends: false, essential: false, priorities: [], ...options },
  });
  if (outcome.kind === "conflict") return "conflict";
  return [...outcome.packages.map(({ record }) => record.name), ...outcome.warnings];
}

describe("what is kept out", () => {
  const rows: readonly {
    readonly name: string;
    readonly requests: readonly string[];
    readonly soft?: boolean;
    readonly wanted: readonly string[] | string;
  }[] = [
    { name: "leaves a group", requests: ["@core", "!tool"], wanted: ["app", "lib"] },
    { name: "is not there for what needs it", requests: ["app", "!lib"], wanted: "conflict" },
    {
      name: "is there for what needs it where yum decides",
      requests: ["app", "!lib"],
      soft: true,
      wanted: ["app", "lib"],
    },
    { name: "leaves a group where yum decides", requests: ["@core", "!app", "!t*"], soft: true, wanted: [] },
    { name: "is a group of an environment", requests: ["@^all", "!@more"], wanted: ["app", "lib", "tool"] },
  ];
  for (const { name, requests, soft = false, wanted } of rows) {
    it(name, () => assert.deepEqual(outcomeOf(requests, { softExcludes: soft }), wanted));
  }
});

describe("what nobody offers", () => {
  it("is passed over where that is wanted", () => {
    assert.deepEqual(outcomeOf(["tool", "none", "@none", "no*"], { ignoreMissing: true }), [
      "tool",
      '"none" is passed over: no repository offers it',
      '"@none" is passed over: no repository offers it',
      '"no*" is passed over: no repository offers it',
    ]);
  });
  it("is an error elsewhere", () => {
    for (const text of ["none", "@none", "no*"]) assert.throws(() => outcomeOf([text]), { code: "PACKAGE_MISSING" });
  });
});
