// The packages that a problem can reach, as variables. All of them are known before the search starts, as in libsolv: those
// that requests name, and whatever relations lead to from there, recommendations and supplements too. A variable's number is
// its place in the repositories, which decides between packages that are equal in all else.
import { compareBytes } from "../core/byte-order.ts";
import type { PackageRecord, Requirement, RichRelation } from "../packages/contract.ts";
import type { Offer, Problem, SolverRequest } from "./problem.ts";

/** A package on offer and the place of its repository among those of the problem. */
interface Known {
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
  /** What an exclusion took away of a requirement's providers, with the request that did. */
  excluded(requirement: Requirement): readonly { readonly offer: Offer; readonly request: SolverRequest }[];
}

/** `roots` are what is asked for. */
export function openPool(problem: Problem, roots: readonly Requirement[]): DnfPool {
  const finder = startFinder(problem);
  const numbers = new Map<PackageRecord, number>();
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
    excluded: (requirement) =>
      finder.excluded(requirement).map(({ record, repository, request }) => ({
        offer: offerOf(record, repository),
        request,
      })),
  };
}

const keyOf = ({ name, constraint, architecture }: Requirement): string =>
  `${name} ${constraint?.operator ?? ""} ${constraint?.version ?? ""} ${architecture ?? ""}`;

interface Finder {
  find(requirement: Requirement): readonly Known[];
  excluded(requirement: Requirement): readonly (Known & { readonly request: SolverRequest })[];
}

function startFinder(problem: Problem): Finder {
  const { format, architecture, repositories, requests } = problem;
  const before = new Map<string, readonly Known[]>();
  const excludes = requests.filter(({ exclude }) => exclude);
  const excludedBy = (record: PackageRecord): SolverRequest | undefined =>
    excludes.find(
      ({ requirement }) => requirement.name === record.name && format.satisfies(record, requirement, architecture),
    );
  const all = (requirement: Requirement): readonly Known[] => {
    const key = keyOf(requirement);
    const known = before.get(key);
    if (known !== undefined) return known;
    const found = new Map<PackageRecord, Known>();
    repositories.forEach(({ index, priority }, repository) => {
      if (priority < 0) return;
      for (const record of [...index.named(requirement.name), ...index.providing(requirement.name)]) {
        if (format.satisfies(record, requirement, architecture)) found.set(record, { record, repository });
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

/** Everything that relations lead to. */
function reach({ repositories }: Problem, finder: Finder, roots: readonly Requirement[]): Known[] {
  const reached = new Map<PackageRecord, Known>();
  const add = (all: readonly Known[]): void => {
    for (const one of all) if (!reached.has(one.record)) reached.set(one.record, one);
  };
  for (const root of roots) add(finder.find(root));
  // A map is walked in the order in which it grows.
  for (const { record } of reached.values()) {
    for (const relation of record.relations) {
      if (relation.kind !== "depends" && relation.kind !== "recommends") continue;
      for (const requirement of relation.rich ? wantedIn(relation.rich) : relation.anyOf) add(finder.find(requirement));
    }
    for (const name of new Set([record.name, ...record.provides.map((one) => one.name)])) {
      repositories.forEach(({ index, priority }, repository) => {
        if (priority < 0) return;
        const supplements = index.relating?.("supplements", name) ?? [];
        add(
          supplements.flatMap((one) =>
            finder.find({ name: one.name }).filter((found) => found.record === one && found.repository === repository),
          ),
        );
      });
    }
  }
  return [...reached.values()];
}

/** The names that a boolean relation may ask for. A condition is not one, unless it would do without what is else asked for. */
function wantedIn(rich: RichRelation): readonly Requirement[] {
  switch (rich.kind) {
    case "name":
      return [rich.requirement];
    case "if":
    case "unless":
      return [rich.wanted, ...(rich.otherwise ? [rich.condition, rich.otherwise] : [])].flatMap(wantedIn);
    default:
      return rich.parts.flatMap(wantedIn);
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
