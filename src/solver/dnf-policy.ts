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
  const pruned = withoutObsoleted(newestOfEach(highestPriority(candidates, pool), pool), pool);
  if (pruned.length < 2) return pruned;
  const recommended = pruned.filter((one) => choice.isRecommended(one));
  const left = recommended.length > 0 ? recommended : pruned;
  const ranked = byCommonProvide(newerElsewhereLast(left, pool), pool);
  return frontFirst(ranked, (one) => choice.isSuggested(one));
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

/** Of each name the newest version, from the cheapest repository; sorted by name. */
function newestOfEach(candidates: readonly number[], pool: DnfPool): readonly number[] {
  const { records, problem, repositories } = pool;
  const cost = (variable: number): number => problem.repositories[repositories[variable] ?? 0]?.cost ?? 1000;
  const record = (variable: number): PackageRecord => records[variable] as PackageRecord;
  const sorted = [...candidates].sort(
    (a, b) =>
      compareBytes(record(a).name, record(b).name) ||
      problem.format.compareVersions(record(b).version, record(a).version) ||
      Number(record(a).architecture === "noarch") - Number(record(b).architecture === "noarch") ||
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

/** Packages of which a newer version is on offer, which is not among the candidates, come last. */
function newerElsewhereLast(candidates: readonly number[], { records, problem, named }: DnfPool): readonly number[] {
  const isOld = (variable: number): boolean => {
    const { name, version } = records[variable] as PackageRecord;
    return named(name).some((other) => problem.format.compareVersions(records[other]?.version ?? "", version) > 0);
  };
  return frontFirst(candidates, (variable) => !isOld(variable));
}

/** Where all provide one and the same other name with a version, the highest of those versions is first. */
function byCommonProvide(candidates: readonly number[], { records, problem }: DnfPool): readonly number[] {
  if (candidates.length < 2) return candidates;
  const versionsOf = (variable: number): ReadonlyMap<string, string> => {
    const { name, provides } = records[variable] as PackageRecord;
    return new Map(
      provides.flatMap((one) =>
        one.version === undefined || one.operator !== undefined || one.name === name ? [] : [[one.name, one.version]],
      ),
    );
  };
  const versions = candidates.map(versionsOf);
  const common = [...(versions[0]?.keys() ?? [])].find((name) => versions.every((one) => one.has(name)));
  if (common === undefined) return candidates;
  const places = candidates.map((variable, at) => ({ variable, at }));
  const version = (at: number): string => versions[at]?.get(common) ?? "";
  places.sort((a, b) => problem.format.compareVersions(version(b.at), version(a.at)) || a.at - b.at);
  return places.map(({ variable }) => variable);
}

function frontFirst(list: readonly number[], isFront: (variable: number) => boolean): readonly number[] {
  return [...list.filter(isFront), ...list.filter((one) => !isFront(one))];
}
