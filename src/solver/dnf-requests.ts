// What requests name, as dnf's Subject reads them: a package by name, architecture and version in the forms that the format
// knows, globs of such; else whatever provides it, a file too; a boolean relation; a group or environment.
import { compareBytes } from "../core/byte-order.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { PackageGroup, PackageReading, PackageRecord, Relation } from "../packages/contract.ts";
import { architecturesOf, exclusionsOf, type Known } from "./dnf-pool.ts";
import { missing } from "./missing.ts";
import type { Problem, SolverRequest } from "./problem.ts";
import { Universe } from "./universe.ts";

/** Something that must be there, and the request that says so. */
export type Job = {
  readonly request: SolverRequest;
  /** What it is called in messages. */
  readonly name: string;
  /** Of a group: a name that nothing on offer has is passed over. */
  readonly group?: string;
} & (
  | { readonly kind: "relation"; readonly relation: Relation }
  /** One of these packages. */
  | { readonly kind: "packages"; readonly offers: readonly Known[] }
);

/** The requests as jobs: one for each, for each package of a group, or for each name that a glob fits. Throws PACKAGE_MISSING. */
export function readRequests(problem: Problem, options: ReadOptions): readonly Job[] {
  const reader = startReader(problem, options);
  return problem.requests.filter(({ exclude }) => !exclude).flatMap((one) => jobsOf(reader, one));
}

interface ReadOptions {
  /** The problem with what is to stay out of groups, if of nothing else. */
  readonly kept: Problem;
  readonly warnings: string[];
}

interface Reader {
  readonly problem: Problem;
  readonly warnings: string[];
  /** Groups that are to stay out. */
  readonly keptGroups: readonly string[];
  /** Whether a package is to stay out of groups. */
  isKept(record: PackageRecord): boolean;
  readonly names: () => readonly string[];
  named(name: string): readonly Known[];
  providing(request: SolverRequest): readonly Known[];
  /** Packages that obsolete one of these. */
  obsoleting(all: readonly Known[]): readonly Known[];
}

function startReader(problem: Problem, { kept, warnings }: ReadOptions): Reader {
  const keptBy = exclusionsOf(kept);
  const { repositories, format, architecture } = problem;
  const architectures = architecturesOf(problem);
  const usable = (find: (index: Problem["repositories"][number]["index"]) => readonly PackageRecord[]): Known[] =>
    repositories.flatMap(({ index, priority }, repository) =>
      (priority < 0 ? [] : find(index))
        .filter((one) => one.architecture === "noarch" || architectures.has(one.architecture))
        .map((record) => ({ record, repository })),
    );
  let names: readonly string[] | undefined;
  return {
    problem,
    warnings,
    keptGroups: kept.requests.flatMap(({ exclude, requirement: { name } }) =>
      exclude && name.startsWith("@") ? [groupId(name)] : [],
    ),
    isKept: (record) => keptBy(record) !== undefined,
    names: () => {
      names ??= [...new Set(repositories.flatMap(({ index }) => [...index.names()]))].sort(compareBytes);
      return names;
    },
    named: (name) => usable((index) => index.named(name)),
    providing: ({ requirement }) =>
      usable((index) => [...index.named(requirement.name), ...index.providing(requirement.name)]).filter(
        ({ record }, at, all) =>
          all.findIndex((one) => one.record === record) === at && format.satisfies(record, requirement, architecture),
      ),
    obsoleting: (all) =>
      newest(problem, all).flatMap(({ record }) => {
        const plain = { ...record, provides: [] };
        const obsoletes = (one: PackageRecord): boolean =>
          one.name !== record.name &&
          one.relations.some(
            ({ kind, anyOf }) =>
              kind === "obsoletes" && anyOf.some((old) => format.satisfies(plain, old, architecture)),
          );
        return usable((index) => index.relating?.("obsoletes", record.name) ?? []).filter((one) =>
          obsoletes(one.record),
        );
      }),
  };
}

/** What replaces an old version only does not replace a newer one that is on offer too. */
function newest({ format }: Problem, all: readonly Known[]): readonly Known[] {
  return all.filter(({ record }) =>
    all.every(
      (other) => other.record.name !== record.name || format.compareVersions(other.record.version, record.version) <= 0,
    ),
  );
}

const groupId = (name: string): string => name.replace(/^@\^?/, "");

function jobsOf(reader: Reader, request: SolverRequest): readonly Job[] {
  const { requirement, isInstalled = false } = request;
  const { name, rich } = requirement;
  if (rich) return [{ kind: "relation", request, name, relation: { kind: "depends", anyOf: [requirement], rich } }];
  if (name.startsWith("@")) return groupJobs(reader, request);
  const read = requirement.constraint || requirement.architecture ? [] : packageJobs(reader, request);
  if (read.length > 0) return read;
  const all = reader.providing(request);
  const named = all.filter(({ record }) => record.name === name);
  const offers = isInstalled && named.length > 0 ? named : all;
  if (offers.length > 0) return [{ kind: "packages", request, name, offers }];
  if (isInstalled || !reader.problem.options.ignoreMissing) throw missing(new Universe(reader.problem), request);
  reader.warnings.push(`"${name}" is passed over: no repository offers it`);
  return [];
}

/** By the first reading that packages on offer fit. */
function packageJobs(reader: Reader, request: SolverRequest): readonly Job[] {
  const { name } = request.requirement;
  for (const reading of reader.problem.format.readings?.(name) ?? [plainReading(name)]) {
    const names = reading.isGlob ? reader.names().filter(reading.fitsName) : [reading.name];
    const groups = names
      .map((one) => reader.named(one).filter(({ record }) => reading.fits(record)))
      .filter((all) => all.length > 0);
    if (groups.length === 0) continue;
    return groups
      .flatMap((all) => (reading.kind === "architecture" ? byArchitecture(all) : [all]))
      .map((all): Job => {
        const offers = reading.kind === "version" ? all : [...all, ...reader.obsoleting(all)];
        return { kind: "packages", request, name: all[0]?.record.name ?? name, offers };
      });
  }
  return [];
}

const plainReading = (name: string): PackageReading => ({
  name,
  isGlob: false,
  kind: "name",
  fitsName: (other) => other === name,
  fits: (one) => one.name === name,
});

const byArchitecture = (all: readonly Known[]): readonly (readonly Known[])[] => [
  ...Map.groupBy(all, ({ record }) => record.architecture).values(),
];

function groupJobs(reader: Reader, request: SolverRequest): readonly Job[] {
  const { problem, warnings, named, obsoleting, isKept, keptGroups } = reader;
  const { name } = request.requirement;
  const groups = groupsOf(problem, groupId(name), new Set(keptGroups));
  if (groups.length === 0 && !problem.options.ignoreMissing) throw groupMissing(request);
  if (groups.length === 0) warnings.push(`"${name}" is passed over: no repository offers it`);
  for (const absent of new Set(groups.flatMap(({ groups: more }) => more))) {
    if (!problem.repositories.some(({ index }) => index.group?.(absent))) {
      warnings.push(`"${name}" has the group "${absent}", which no repository has`);
    }
  }
  const isThere = (one: { readonly name: string }): boolean => named(one.name).some(({ record }) => !isKept(record));
  return groups.flatMap((group): Job[] => [
    ...group.packages.flatMap((one): Job[] => {
      const all = named(one);
      const left = all.filter(({ record }) => !isKept(record));
      if (all.length > 0 && left.length === 0) return [];
      return [{ kind: "packages", request, name: one, group: name, offers: [...left, ...obsoleting(left)] }];
    }),
    ...group.conditional
      .filter(isThere)
      .map((one): Job => ({ kind: "relation", request, name: one.name, group: name, relation: conditional(one) })),
  ]);
}

function groupMissing({ requirement: { name }, position }: SolverRequest): DodaiError {
  const isStream = name.includes(":");
  return new DodaiError(
    "PACKAGE_MISSING",
    isStream
      ? `Cannot install "${name}": no repository has this stream of a module with everything that it needs`
      : `Cannot install "${name}": no repository has a group, an environment or a default stream of a module that is called so`,
    {
      ...(position === undefined ? {} : { where: position }),
      fix: isStream
        ? "Check the stream, and streams of other modules that are asked for."
        : "Check the name, or add the repository that has it.",
    },
  );
}

function conditional({ name, requires }: PackageGroup["conditional"][number]): Relation {
  const wanted = { kind: "name", requirement: { name } } as const;
  const condition = { kind: "name", requirement: { name: requires } } as const;
  return { kind: "depends", anyOf: [{ name }, { name: requires }], rich: { kind: "if", wanted, condition } };
}

/** The group as every repository has it, and those that come with it. */
function groupsOf(problem: Problem, id: string, seen: Set<string>): readonly PackageGroup[] {
  if (seen.has(id)) return [];
  seen.add(id);
  const own = merged(problem.repositories.flatMap(({ index }) => index.group?.(id) ?? []));
  return [...own, ...own.flatMap(({ groups }) => groups.flatMap((one) => groupsOf(problem, one, seen)))];
}

/** Of a package that several repositories have in the group, the first one says how it belongs to it. */
function merged(groups: readonly PackageGroup[]): readonly PackageGroup[] {
  const seen = new Set<string>();
  return groups.map((group) => {
    const isNew = (name: string): boolean => !seen.has(name);
    const left = {
      ...group,
      packages: group.packages.filter(isNew),
      conditional: group.conditional.filter(({ name }) => isNew(name)),
    };
    for (const name of [...group.packages, ...group.optional, ...group.conditional.map((one) => one.name)])
      seen.add(name);
    return left;
  });
}
