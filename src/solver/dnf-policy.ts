// Which of several packages is taken: libsolv's policy_filter_unwanted, for a system on which nothing is installed.
import { compareBytes } from "../core/byte-order.ts";
import type { PackageRecord } from "../packages/contract.ts";
import type { DnfPool } from "./dnf-pool.ts";

export interface Choice {
  readonly pool: DnfPool;
  /** Whether a chosen package recommends it, or it supplements one. */
  isRecommended(variable: number): boolean;
  /** Whether a chosen package suggests it, or it enhances one. */
  isSuggested(variable: number): boolean;
}

/** The best first; what is worse than others in every case is left out. */
export function bestOf(candidates: readonly number[], choice: Choice): readonly number[] {
  const { pool } = choice;
  const left = withoutWorse(candidates, choice);
  if (left.length < 2) return left;
  const ranked = byCommonProvide(newerElsewhereLast(left, pool), pool);
  return frontFirst(ranked, (one) => choice.isSuggested(one));
}

/** Without what is worse than another candidate in every case; with `all`, recommended or not does not matter. */
export function withoutWorse(
  candidates: readonly number[],
  choice: Choice,
  { all = false }: { readonly all?: boolean } = {},
): readonly number[] {
  const { pool } = choice;
  const own = bestArchitecture(highestPriority(candidates, pool), pool);
  const pruned = withoutObsoleted(newestOfEach(own, pool), pool);
  if (all || pruned.length < 2) return pruned;
  const recommended = pruned.filter((one) => choice.isRecommended(one));
  return recommended.length > 0 ? recommended : pruned;
}

/** Candidates in order, old ones last, for packages that come because others are there. */
export function orderOfWeak(candidates: readonly number[], choice: Choice): readonly number[] {
  const ranked = byCommonProvide(newerElsewhereLast(candidates, choice.pool), choice.pool);
  return frontFirst(ranked, (one) => choice.isSuggested(one));
}

function highestPriority(candidates: readonly number[], { problem, repositories }: DnfPool): readonly number[] {
  const priority = (variable: number): number => problem.repositories[repositories[variable] ?? 0]?.priority ?? 0;
  const highest = Math.max(...candidates.map(priority));
  return candidates.filter((variable) => priority(variable) === highest);
}

/** Those of the best architecture among them, and those that go with all. */
function bestArchitecture(candidates: readonly number[], { rank }: DnfPool): readonly number[] {
  const best = Math.min(...candidates.map((one) => rank(one) ?? Number.POSITIVE_INFINITY));
  return candidates.filter((one) => (rank(one) ?? best) === best);
}

/** Of each name the newest version, from the cheapest repository; sorted by name. */
function newestOfEach(candidates: readonly number[], pool: DnfPool): readonly number[] {
  const { records, problem, repositories } = pool;
  const cost = (variable: number): number => problem.repositories[repositories[variable] ?? 0]?.cost ?? 1000;
  const record = (variable: number): PackageRecord => records[variable] as PackageRecord;
  const sorted = [...candidates].sort(
    (a, b) =>
      compareBytes(record(a).name, record(b).name) ||
      problem.format.compareVersions(record(b).version, record(a).version) ||
      cost(a) - cost(b) ||
      a - b,
  );
  return sorted.filter((variable, at) => at === 0 || record(variable).name !== record(sorted[at - 1] ?? 0).name);
}

/** A package that another candidate obsoletes is not taken. */
function withoutObsoleted(candidates: readonly number[], { records, problem }: DnfPool): readonly number[] {
  if (candidates.length < 2) return candidates;
  const { format, architecture } = problem;
  const isObsoleted = (variable: number): boolean => {
    const record = { ...(records[variable] as PackageRecord), provides: [] };
    return candidates.some(
      (other) =>
        other !== variable &&
        records[other]?.relations.some(
          ({ kind, anyOf }) => kind === "obsoletes" && anyOf.some((one) => format.satisfies(record, one, architecture)),
        ),
    );
  };
  const left = candidates.filter((variable) => !isObsoleted(variable));
  // Packages that obsolete each other.
  return left.length > 0 ? left : candidates;
}

/** Packages of which a newer version is on offer, or one from a repository of higher priority, come last. */
function newerElsewhereLast(candidates: readonly number[], pool: DnfPool): readonly number[] {
  const { records, problem, repositories, offered } = pool;
  const priority = (repository: number): number => problem.repositories[repository]?.priority ?? 0;
  const isOld = (variable: number): boolean => {
    const { name, version, architecture } = records[variable] as PackageRecord;
    return offered(name).some(({ record, repository }) => {
      if (record === records[variable] || record.architecture !== architecture) return false;
      const isPreferred = priority(repository) - priority(repositories[variable] ?? 0);
      return isPreferred > 0 || (isPreferred === 0 && problem.format.compareVersions(record.version, version) > 0);
    });
  };
  return frontFirst(candidates, (variable) => !isOld(variable));
}

interface ProvidedVersion {
  /** Place among the candidates. */
  readonly at: number;
  readonly version: string;
  /** It provides what is below the version, not the version. */
  readonly isBelow: boolean;
}

/** For every name that several provide with a version, whoever provides a lower one goes back a step for each that is higher. */
function byCommonProvide(candidates: readonly number[], { records, problem }: DnfPool): readonly number[] {
  if (candidates.length < 2) return candidates;
  const { compareVersions } = problem.format;
  const steps = candidates.map(() => 0);
  const entries = candidates.flatMap((variable, at) =>
    (records[variable] as PackageRecord).provides.flatMap(({ name, version, operator = "=" }) =>
      version === undefined || !["=", "<=", "<"].includes(operator) || (operator === "=" && isHash(version))
        ? []
        : [{ name, entry: { at, version, isBelow: operator === "<" } satisfies ProvidedVersion }],
    ),
  );
  const compare = (a: ProvidedVersion, b: ProvidedVersion): number =>
    a.version === b.version && a.isBelow === b.isBelow
      ? 0
      : compareReleases(compareVersions, b.version, a.version) || Number(a.isBelow) - Number(b.isBelow);
  for (const group of Map.groupBy(entries, ({ name }) => name).values()) {
    const sorted = group.map(({ entry }) => entry).sort(compare);
    let behind = 0;
    sorted.forEach((entry, place) => {
      const before = sorted[place - 1];
      if (before && before.at !== entry.at && compare(before, entry) < 0) behind++;
      steps[entry.at] = (steps[entry.at] ?? 0) + behind;
    });
  }
  const places = candidates.map((variable, at) => ({ variable, step: steps[at] ?? 0 }));
  return places.sort((a, b) => a.step - b.step).map(({ variable }) => variable);
}

/** libsolv leaves hashes alone, which are no versions. */
const isHash = (version: string): boolean => version.length >= 4 && /^[0-9a-f]+$/.test(version);

/** A version without a release is as high as each of its releases. */
function compareReleases(compare: (a: string, b: string) => number, a: string, b: string): number {
  if (a.includes("-") === b.includes("-")) return compare(a, b);
  const upstream = (version: string): string => version.replace(/-[^-]*$/, "");
  return compare(upstream(a), upstream(b));
}

function frontFirst(list: readonly number[], isFront: (variable: number) => boolean): readonly number[] {
  return [...list.filter(isFront), ...list.filter((one) => !isFront(one))];
}
