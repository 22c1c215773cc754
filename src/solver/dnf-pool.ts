// The packages that a problem can reach, as variables. All of them are known before the search starts, as in libsolv: those
// that requests name, and whatever relations lead to from there, recommendations and supplements too. A variable's number is
// its place in the repositories, which decides between packages that are equal in all else.
import { compareBytes } from "../core/byte-order.ts";
import type { PackageRecord, Relation, Requirement, RichRelation } from "../packages/contract.ts";
import type { Excluded } from "./dnf-rules.ts";
import type { Offer, Problem, SolverRequest } from "./problem.ts";

/** A package on offer and the place of its repository among those of the problem. */
export interface Known {
  readonly record: PackageRecord;
  readonly repository: number;
}

export interface DnfPool {
  readonly problem: Problem;
  readonly records: readonly PackageRecord[];
  /** By variable: place of its repository. */
  readonly repositories: readonly number[];
  offer(variable: number): Offer;
  /** Variables that meet a requirement, in the order of their numbers. */
  providers(requirement: Requirement): readonly number[];
  /** Variables of this very name. */
  named(name: string): readonly number[];
  /** All packages of this very name on offer, whether anything leads to them or not. */
  offered(name: string): readonly Known[];
  /** The variable of a package on offer; `undefined` when it was taken away. */
  variable(record: PackageRecord): number | undefined;
  /** How good its architecture is: 0 for the platform's own, `undefined` for one that goes with all. */
  rank(variable: number): number | undefined;
  /** Whether two packages of one name are for machines that each leave the other alone, so that both can be there. */
  areApart(a: number, b: number): boolean;
  /** What an exclusion took away of a requirement's providers, with the request that did. */
  excluded(requirement: Requirement): readonly Excluded[];
}

/** What is asked for. */
export interface Roots {
  readonly requirements: readonly Requirement[];
  readonly offers: readonly Known[];
}

export function openPool(problem: Problem, roots: Roots): DnfPool {
  const finder = startFinder(problem);
  const numbers = new Map<PackageRecord, number>();
  const architectures = architecturesOf(problem);
  const sorted = reach(problem, finder, roots).sort((a, b) => comparePlaces(problem, a, b));
  sorted.forEach(({ record }, variable) => void numbers.set(record, variable));
  const records = sorted.map(({ record }) => record);
  const repositories = sorted.map(({ repository }) => repository);
  const byName = Map.groupBy(records.keys(), (variable) => records[variable]?.name ?? "");
  const offerOf = (record: PackageRecord, repository: number): Offer => ({
    record,
    repository: problem.repositories[repository]?.name ?? "",
  });
  const before = new Map<string, readonly number[]>();
  return {
    problem,
    records,
    repositories,
    offer: (variable) => offerOf(records[variable] as PackageRecord, repositories[variable] ?? 0),
    providers(requirement) {
      const key = keyOf(requirement);
      const known = before.get(key);
      if (known !== undefined) return known;
      const found = finder.find(requirement).flatMap(({ record }) => numbers.get(record) ?? []);
      const inOrder = found.sort((a, b) => a - b);
      before.set(key, inOrder);
      return inOrder;
    },
    named: (name) => byName.get(name) ?? [],
    offered: (name) => finder.find({ name }).filter(({ record }) => record.name === name),
    variable: (record) => numbers.get(record),
    rank: (variable) => architectures.get(records[variable]?.architecture ?? "")?.rank,
    areApart(a, b) {
      const [one, other] = [a, b].map((variable) => architectures.get(records[variable]?.architecture ?? ""));
      return one !== undefined && other !== undefined && one.bits !== other.bits;
    },
    excluded: (requirement) =>
      finder.excluded(requirement).map(({ record, repository, request }) => ({
        offer: offerOf(record, repository),
        request,
      })),
  };
}

/** Those whose packages can be there, but for the one that goes with all. */
export function architecturesOf({
  format,
  architecture,
}: Pick<Problem, "format" | "architecture">): ReadonlyMap<string, { readonly rank: number; readonly bits: number }> {
  const all = format.architectures?.(architecture) ?? [{ name: architecture, bits: 64 }];
  return new Map(all.map(({ name, bits }, rank) => [name, { rank, bits }]));
}

const keyOf = ({ name, constraint, architecture }: Requirement): string =>
  `${name} ${constraint?.operator ?? ""} ${constraint?.version ?? ""} ${architecture ?? ""}`;

interface Finder {
  find(requirement: Requirement): readonly Known[];
  excluded(requirement: Requirement): readonly (Known & { readonly request: SolverRequest })[];
}

function startFinder(problem: Problem): Finder {
  const { format, architecture, repositories } = problem;
  const before = new Map<string, readonly Known[]>();
  const excludedBy = exclusionsOf(problem);
  const architectures = architecturesOf(problem);
  const goesHere = (record: PackageRecord): boolean =>
    record.architecture === "noarch" || architectures.has(record.architecture);
  const all = (requirement: Requirement): readonly Known[] => {
    const key = keyOf(requirement);
    const known = before.get(key);
    if (known !== undefined) return known;
    const found = new Map<PackageRecord, Known>();
    repositories.forEach(({ index, priority }, repository) => {
      if (priority < 0) return;
      for (const record of [...index.named(requirement.name), ...index.providing(requirement.name)]) {
        if (goesHere(record) && format.satisfies(record, requirement, architecture))
          found.set(record, { record, repository });
      }
    });
    const list = [...found.values()];
    before.set(key, list);
    return list;
  };
  return {
    find: (requirement) => all(requirement).filter(({ record }) => excludedBy(record) === undefined),
    excluded: (requirement) =>
      all(requirement).flatMap((one) => {
        const request = excludedBy(one.record);
        return request === undefined ? [] : [{ ...one, request }];
      }),
  };
}

/** The request that keeps a package out. */
export function exclusionsOf({
  format,
  architecture,
  requests,
}: Problem): (record: PackageRecord) => SolverRequest | undefined {
  const tests = requests
    .filter(({ exclude }) => exclude)
    .map((request) => {
      const { requirement } = request;
      const readings = requirement.constraint ? [] : (format.readings?.(requirement.name) ?? []);
      const isMeant = (record: PackageRecord): boolean =>
        readings.some(({ fits }) => fits(record)) ||
        (requirement.name === record.name && format.satisfies(record, requirement, architecture));
      return { request, isMeant };
    });
  return (record) => tests.find(({ isMeant }) => isMeant(record))?.request;
}

/** Everything that relations lead to. */
function reach(problem: Problem, finder: Finder, { requirements, offers }: Roots): Known[] {
  const { repositories } = problem;
  const architectures = architecturesOf(problem);
  const rank = (record: PackageRecord): number => architectures.get(record.architecture)?.rank ?? 0;
  const reached = new Map<PackageRecord, Known>();
  const add = (all: readonly Known[]): void => {
    for (const one of all) if (!reached.has(one.record)) reached.set(one.record, one);
  };
  for (const root of requirements) add(finder.find(root));
  add(offers);
  // A map is walked in the order in which it grows.
  for (const { record } of reached.values()) {
    for (const relation of record.relations) {
      for (const requirement of namesWanted(relation)) add(finder.find(requirement));
    }
    // A package of a worse architecture may have to go along with the same of a better one.
    if (rank(record) > 0) {
      const { name, version } = record;
      const same = finder.find({ name, constraint: { operator: "=", version } });
      add(same.filter((one) => one.record.name === name && rank(one.record) < rank(record)));
    }
    for (const name of new Set([record.name, ...record.provides.map((one) => one.name)])) {
      repositories.forEach(({ index, priority }, repository) => {
        if (priority < 0) return;
        const weak = (["supplements", "enhances"] as const).flatMap((kind) => index.relating?.(kind, name) ?? []);
        add(
          weak.flatMap((one) =>
            finder.find({ name: one.name }).filter((found) => found.record === one && found.repository === repository),
          ),
        );
      });
    }
  }
  return [...reached.values()];
}

function namesWanted({ kind, anyOf, rich }: Relation): readonly Requirement[] {
  if (kind === "conflicts") return rich ? wantedIn(rich, "not") : [];
  if (kind !== "depends" && kind !== "recommends" && kind !== "suggests") return [];
  return rich ? wantedIn(rich) : anyOf;
}

/** The names that a boolean relation, or that it does not hold, may ask for: one that must be away is not asked for. */
export function wantedIn(rich: RichRelation, sense: "is" | "not" = "is"): readonly Requirement[] {
  const opposite = sense === "is" ? "not" : "is";
  switch (rich.kind) {
    case "name":
      return sense === "is" ? [rich.requirement] : [];
    case "with":
    case "without":
      return sense === "is" ? rich.parts.flatMap((part) => wantedIn(part)) : [];
    case "if":
    case "unless": {
      const { wanted, condition, otherwise } = rich;
      return [
        ...wantedIn(wanted, sense),
        ...wantedIn(condition, opposite),
        ...(otherwise ? [...wantedIn(otherwise, sense), ...wantedIn(condition, sense)] : []),
      ];
    }
    default:
      return rich.parts.flatMap((part) => wantedIn(part, sense));
  }
}

/** By repository, then where its index has the name, then version. */
function comparePlaces({ repositories, format }: Problem, a: Known, b: Known): number {
  if (a.repository !== b.repository) return a.repository - b.repository;
  const index = repositories[a.repository]?.index;
  return (
    (index?.mentioned?.(a.record.name) ?? 0) - (index?.mentioned?.(b.record.name) ?? 0) ||
    compareBytes(a.record.name, b.record.name) ||
    format.compareVersions(a.record.version, b.record.version) ||
    compareBytes(a.record.architecture, b.record.architecture)
  );
}
