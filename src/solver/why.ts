// Why a package is in a set, and why another is not, as chains in words.
import type { PackageRecord, Relation } from "../packages/contract.ts";
import { describeConflict } from "./describe.ts";
import { missing } from "./missing.ts";
import type { ChosenPackage, Problem, Solution } from "./problem.ts";
import { solve } from "./solve.ts";
import { Universe } from "./universe.ts";
import { describeList, describeOffer, describeRecord, describeRelation, describeRequirement } from "./words.ts";

/** From a request to the package, one line a step; undefined when the package is not in the set. */
export function why({ packages }: Solution, name: string): readonly string[] | undefined {
  const byName = new Map(packages.map((one) => [one.record.name, one]));
  const lines: string[] = [];
  // One name may be there for two architectures (rpm): `glibc.i686`.
  let one = byName.get(name) ?? packages.find(({ record }) => `${record.name}.${record.architecture}` === name);
  if (one === undefined) return undefined;
  // Reasons were found from the requests on, so they lead back to one.
  for (; one !== undefined; one = askerOf(one, byName)) lines.unshift(describeStep(one));
  return lines;
}

/**
 * Why no package of this name is in the set that `problem` gave. Throws PACKAGE_MISSING when there is none on offer.
 * Undefined when one is in the set.
 */
export function whyNot(problem: Problem, solution: Solution, name: string): readonly string[] | undefined {
  if (why(solution, name)) return undefined;
  const universe = new Universe(problem);
  const request = { requirement: { name }, exclude: false };
  const variables = universe.versions[universe.slotNamed(name)];
  if (variables === undefined) throw missing(universe, request);
  const exclusion = variables.map((variable) => universe.exclusions[variable]).find((one) => one !== undefined);
  if (exclusion !== undefined) return [`${describeRequirement(exclusion.requirement)} is excluded`];
  const mentions = mentionsOf(universe, solution, name);
  if (mentions.length === 0) return [`nothing that is chosen asks for ${name}`];
  const lines = mentions.map((mention) => describeMention(mention, problem.options.recommends));
  const isRefused = mentions.some(({ relation, met }) => met.length === 0 && relation.kind === "recommends");
  return isRefused && problem.options.recommends ? [...lines, ...whatIf(problem, solution, name)] : lines;
}

function askerOf({ reason }: ChosenPackage, byName: ReadonlyMap<string, ChosenPackage>): ChosenPackage | undefined {
  if (reason.kind === "condition") return byName.get(reason.with[0]?.name ?? "");
  return reason.kind === "relation" ? byName.get(reason.by.name) : undefined;
}

function describeStep(one: ChosenPackage): string {
  const { reason } = one;
  switch (reason.kind) {
    case "request":
      if (reason.request.isInstalled) return `${describeOffer(one)}: it is installed already`;
      return `${describeOffer(one)}: ${describeRequirement(reason.request.requirement)} is requested`;
    case "flag":
      return `${describeOffer(one)}: it is ${reason.flag}`;
    case "relation":
      return `${describeOffer(one)}: ${reason.by.name} ${describeRelation(reason.relation)}`;
    case "condition":
      return `${describeOffer(one)}: it comes with ${describeList(reason.with.map(describeRecord), "and")}`;
  }
}

/** A relation of a chosen package that the name would meet, and the chosen packages that do. */
interface Mention {
  readonly by: PackageRecord;
  readonly relation: Relation;
  readonly met: readonly PackageRecord[];
}

function mentionsOf(universe: Universe, { packages }: Solution, name: string): Mention[] {
  const chosen = new Set(packages.map(({ record }) => record));
  const mentions: Mention[] = [];
  for (const { record: by } of packages) {
    for (const relation of by.relations) {
      if (!["depends", "pre-depends", "recommends", "suggests"].includes(relation.kind)) continue;
      const targets = relation.anyOf.flatMap((one) => universe.targets(universe.need(one)));
      const records = targets.map((variable) => universe.offer(variable).record);
      if (!records.some((record) => record.name === name)) continue;
      mentions.push({ by, relation, met: records.filter((record) => chosen.has(record)) });
    }
  }
  return mentions;
}

function describeMention({ by, relation, met }: Mention, recommends: boolean): string {
  const says = `${describeRecord(by)} ${describeRelation(relation)}`;
  if (met.length > 0) return `${says}, which is met by ${describeList(met.map(describeRecord), "and")}`;
  if (relation.kind === "suggests") return `${says}, which is not followed`;
  return recommends ? `${says}, which cannot be had` : `${says}, and recommendations are off`;
}

/** What asking for the name would do: a conflict, or other packages that go. */
function whatIf(problem: Problem, solution: Solution, name: string): readonly string[] {
  const request = { requirement: { name }, exclude: false };
  const result = solve({ ...problem, requests: [...problem.requests, request] });
  if (result.kind === "conflict") return [`if ${name} was requested:`, ...describeConflict(result).split("\n")];
  const stays = new Set(result.packages.map(({ record }) => record.name));
  const gone = solution.packages.map(({ record }) => record.name).filter((one) => !stays.has(one));
  return [`if ${name} was requested, these would go: ${describeList(gone, "and")}`];
}
