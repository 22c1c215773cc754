// The solver against trying out every set, on universes small enough for that.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { unreachable } from "../../src/core/unreachable.ts";
import type { PackageRecord } from "../../src/packages/contract.ts";
import { satisfies } from "../../src/packages/deb/relation.ts";
import type { Offer, Premise, Problem } from "../../src/solver/problem.ts";
import { solve } from "../../src/solver/solve.ts";
import { describeRecord, describeRelation } from "../../src/solver/words.ts";
import { problemOf } from "./universe-text.ts";

const names = ["a", "b", "c", "d", "e"];
const nameArb = fc.constantFrom(...names);
const requirementArb = fc
  .tuple(
    fc.oneof({ weight: 5, arbitrary: nameArb }, { weight: 1, arbitrary: fc.constantFrom("v", "w") }),
    fc.constantFrom("", "", " (= 1)", " (= 2)", " (>= 2)"),
  )
  .map(([name, version]) => name + version);
const positiveArb = fc
  .array(fc.array(requirementArb, { minLength: 1, maxLength: 3 }), { maxLength: 2 })
  .map((relations) => relations.map((anyOf) => anyOf.join(" | ")).join(", "));
const negativeArb = fc.array(requirementArb, { maxLength: 2 }).map((list) => list.join(", "));
const packagesWith = (conflicts: fc.Arbitrary<string>): fc.Arbitrary<{ key: string; line: string }> =>
  fc
    .record({
      name: nameArb,
      version: fc.constantFrom("1", "2"),
      depends: positiveArb,
      recommends: positiveArb,
      conflicts,
      provides: fc.subarray(["v", "w (= 1)", "w (= 2)"], { maxLength: 1 }),
    })
    .map((one) => ({
      key: `${one.name} ${one.version}`,
      line: `${one.name} ${one.version}; depends: ${one.depends}; recommends: ${one.recommends}; conflicts: ${one.conflicts}; provides: ${one.provides}`,
    }));
const problemsOf = (packages: ReturnType<typeof packagesWith>): fc.Arbitrary<Problem> =>
  fc
    .record({
      packages: fc.uniqueArray(packages, { selector: ({ key }) => key, minLength: 4, maxLength: 9 }),
      install: fc.uniqueArray(nameArb, { minLength: 1, maxLength: 3 }),
      split: fc.nat({ max: 9 }),
      exclude: fc.option(requirementArb, { nil: undefined, freq: 4 }),
      recommends: fc.boolean(),
    })
    .filter(({ packages, install }) => install.every((name) => packages.some(({ key }) => key.startsWith(`${name} `))))
    .map(({ packages, split, install, exclude, recommends }) => {
      const lines = packages.map(({ line }) => line);
      return problemOf({
        install: [...install, ...(exclude === undefined ? [] : [`!${exclude.replaceAll(/[() ]/g, "")}`])].join(" "),
        packages: [
          { name: "main", priority: 500, packages: lines.slice(split).join("\n") },
          { name: "less", priority: 100, packages: lines.slice(0, split).join("\n") },
        ],
        options: { recommends },
      });
    });

const problemArb = problemsOf(packagesWith(negativeArb));

const recordsOf = ({ repositories }: Problem): PackageRecord[] =>
  repositories.flatMap(({ index }) => [...index.names()].flatMap((name) => index.named(name)));

const meetsOne = (set: readonly PackageRecord[], relation: PackageRecord["relations"][number]): boolean =>
  relation.anyOf.some((one) => set.some((record) => satisfies(record, one, "amd64")));

const isExcluded = (record: PackageRecord, { requests }: Problem): boolean =>
  requests.some(
    ({ exclude, requirement }) =>
      exclude && requirement.name === record.name && satisfies(record, requirement, "amd64"),
  );

/** Whether every hard statement of the problem holds for the set. */
function isValid(set: readonly PackageRecord[], problem: Problem): boolean {
  if (new Set(set.map(({ name }) => name)).size < set.length) return false;
  if (set.some((record) => isExcluded(record, problem))) return false;
  const isMet = problem.requests.every(
    ({ exclude, requirement }) =>
      exclude || set.some((record) => record.name === requirement.name && satisfies(record, requirement, "amd64")),
  );
  return isMet && set.every((record) => record.relations.every((relation) => holds(record, relation, set)));
}

function holds(
  record: PackageRecord,
  relation: PackageRecord["relations"][number],
  set: readonly PackageRecord[],
): boolean {
  switch (relation.kind) {
    case "depends":
      return meetsOne(set, relation);
    case "conflicts":
      return !meetsOne(
        set.filter(({ name }) => name !== record.name),
        relation,
      );
    default:
      return true;
  }
}

function* subsets<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let bits = 0; bits < 1 << items.length; bits++) yield items.filter((_, at) => bits & (1 << at));
}

/** Whether a premise, as it reads, holds for the set. */
function premiseHolds(premise: Premise, set: readonly PackageRecord[]): boolean {
  const has = ({ record }: Offer): boolean => set.includes(record);
  switch (premise.kind) {
    case "root":
      return set.some(({ name }) => name === premise.name);
    case "exclude":
      return !premise.offers.some(has);
    case "needs":
      return !has(premise.offer) || premise.candidates.some(has);
    case "refuses":
      return !has(premise.offer) || !premise.others.some(has);
    case "one-version":
      return premise.offers.filter(has).length < 2;
    case "ambiguous":
    case "unusable":
      return assert.fail("only apk's policy says so");
    default:
      return unreachable(premise);
  }
}

/** What a failing property shows. */
const describeProblem = (problem: Problem): string =>
  recordsOf(problem)
    .map((one) => `${describeRecord(one)} ${one.relations.map(describeRelation).join(", ")}`)
    .join("\n");

const runs = { numRuns: 1500, seed: 20250601 };

test("there is a solution exactly when some set holds", () => {
  fc.assert(
    fc.property(problemArb, (problem) => {
      const possible = subsets(recordsOf(problem)).some((set) => isValid(set, problem));
      assert.equal(solve(problem).kind, possible ? "solution" : "conflict", describeProblem(problem));
    }),
    runs,
  );
});

test("everything in a solution holds together and was asked for", () => {
  fc.assert(
    fc.property(problemArb, (problem) => {
      const result = solve(problem);
      fc.pre(result.kind === "solution");
      const set = result.packages.map(({ record }) => record);
      assert.ok(isValid(set, problem));
      for (const { record, reason } of result.packages) {
        if (reason.kind !== "relation") continue;
        assert.ok(set.includes(reason.by), `${reason.by.name} is there`);
        assert.ok(meetsOne([record], reason.relation), `${reason.by.name} names ${record.name}`);
      }
    }),
    runs,
  );
});

// With conflicts it may be: apt unmarks a package for another that fails later, and does not come back to it.
test("without conflicts, a recommendation that could simply be added is never missing", () => {
  fc.assert(
    fc.property(problemsOf(packagesWith(fc.constant(""))), (problem) => {
      const result = solve(problem);
      fc.pre(result.kind === "solution" && problem.options.recommends);
      const set = result.packages.map(({ record }) => record);
      const missed = set.flatMap(({ relations }) =>
        relations.filter((relation) => relation.kind === "recommends" && !meetsOne(set, relation)),
      );
      for (const relation of missed) {
        const easy = recordsOf(problem).filter(
          (record) =>
            meetsOne([record], relation) && isCandidate(record, problem) && isValid([...set, record], problem),
        );
        assert.deepEqual(easy, [], describeProblem(problem));
      }
    }),
    runs,
  );
});

/** Whether it is the version that apt would look at: of the first repository that has the name, the newest. */
const isCandidate = (record: PackageRecord, { repositories }: Problem): boolean =>
  repositories.map(({ index }) => index.named(record.name)[0]).find((one) => one !== undefined) === record;

test("a conflict's premises cannot hold together, and without any one of them they can", () => {
  fc.assert(
    fc.property(problemArb, (problem) => {
      const result = solve(problem);
      fc.pre(result.kind === "conflict");
      const sets = [...subsets(recordsOf(problem))];
      const { premises } = result;
      const canHold = (some: readonly Premise[]): boolean =>
        sets.some((set) => some.every((premise) => premiseHolds(premise, set)));
      assert.ok(!canHold(premises), "the premises hold together");
      for (const premise of premises) {
        assert.ok(canHold(premises.filter((one) => one !== premise)), `"${premise.kind}" is not needed`);
      }
    }),
    runs,
  );
});
