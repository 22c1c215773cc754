// The way through as dnf goes it: requests and groups → rules → search → the set, or a conflict.
import { compareBytes } from "../core/byte-order.ts";
import type { PackageIndex, PackageRecord, Relation, Requirement } from "../packages/contract.ts";
import { isIn } from "./clauses.ts";
import { explainAsDnf } from "./dnf-explain.ts";
import { type DnfPool, exclusionsOf, type Known, openPool, type Roots, wantedIn } from "./dnf-pool.ts";
import { reasonsOf } from "./dnf-reasons.ts";
import { type Job, readRequests } from "./dnf-requests.ts";
import { clausesOf, type DnfRule, type Excluded, packageRules } from "./dnf-rules.ts";
import { searchAsDnf } from "./dnf-search.ts";
import type { ChosenPackage, Conflict, Problem, Solution } from "./problem.ts";

export function solveAsDnf(stated: Problem): Solution | Conflict {
  const plain = withoutHidden(stated);
  const problem = plain.options.softExcludes ? withoutExcludes(plain) : plain;
  const warnings: string[] = [];
  const jobs = readRequests(problem, { kept: plain, warnings });
  const pool = openPool(problem, rootsOf(problem, jobs));
  const roots = jobs.flatMap((job) => rootRules(pool, job, warnings));
  const rules = [...roots, ...packageRules(pool, settledBy(jobs))];
  const outcome = searchAsDnf(pool, { rules, roots: roots.length, recommends: problem.options.recommends });
  if (outcome.kind === "refuted") return explainAsDnf(pool, rules, outcome.rules);
  const reasons = reasonsOf(pool, { rules, chosen: outcome.chosen });
  const packages = outcome.chosen.flatMap((variable): ChosenPackage[] => {
    const reason = reasons.get(variable);
    return reason === undefined ? [] : [{ ...pool.offer(variable), reason }];
  });
  packages.sort(
    (a, b) => compareBytes(a.record.name, b.record.name) || compareBytes(a.record.architecture, b.record.architecture),
  );
  return { kind: "solution", packages, warnings };
}

/** What stays out stays out of groups alone. */
const withoutExcludes = (problem: Problem): Problem => ({
  ...problem,
  requests: problem.requests.filter(({ exclude }) => !exclude),
});

function rootsOf(problem: Problem, jobs: readonly Job[]): Roots {
  const excludedBy = exclusionsOf(problem);
  return {
    requirements: jobs.flatMap((job) => (job.kind === "relation" ? namesIn(job.relation) : [])),
    offers: jobs
      .flatMap((job) => (job.kind === "packages" ? job.offers : []))
      .filter(({ record }) => excludedBy(record) === undefined),
  };
}

const namesIn = ({ anyOf, rich }: Relation): readonly Requirement[] => (rich ? wantedIn(rich) : anyOf);

/** Names whose packages are asked for as they are: which architecture is the better does not matter for them. */
function settledBy(jobs: readonly Job[]): ReadonlySet<string> {
  return new Set(jobs.flatMap((job) => (job.kind === "packages" ? job.offers.map(({ record }) => record.name) : [])));
}

function rootRules(pool: DnfPool, job: Job, warnings: string[]): readonly DnfRule[] {
  const { request, name, group } = job;
  const origin = { kind: "root", reason: { kind: "request", request }, name } as const;
  if (job.kind === "relation") {
    const excluded = namesIn(job.relation).flatMap((one) => pool.excluded(one));
    return clausesOf(pool, job.relation).map((literals) => ({ literals, origin: { ...origin, excluded } }));
  }
  const candidates = job.offers.flatMap(({ record }) => pool.variable(record) ?? []).sort((a, b) => a - b);
  if (candidates.length > 0) return [{ literals: candidates.map(isIn), origin: { ...origin, excluded: [] } }];
  if (group === undefined) return [{ literals: [], origin: { ...origin, excluded: excludedOf(pool, job.offers) } }];
  if (job.offers.length === 0) warnings.push(`"${group}" has "${name}", which no repository offers`);
  return [];
}

function excludedOf({ problem }: DnfPool, offers: readonly Known[]): readonly Excluded[] {
  const excludedBy = exclusionsOf(problem);
  return offers.flatMap(({ record, repository }) => {
    const request = excludedBy(record);
    const offer = { record, repository: problem.repositories[repository]?.name ?? "" };
    return request === undefined ? [] : [{ offer, request }];
  });
}

/** Streams of modules hide packages of other repositories too. */
function withoutHidden(problem: Problem): Problem {
  const { repositories } = problem;
  if (!repositories.some(({ index }) => (index.hides?.size ?? 0) > 0)) return problem;
  return {
    ...problem,
    repositories: repositories.map((one) => {
      const hiding = repositories.flatMap(({ index }) =>
        index === one.index || !index.hides?.size ? [] : [index.hides],
      );
      return hiding.length === 0 || one.moduleHotfixes ? one : { ...one, index: hiddenBy(one.index, hiding) };
    }),
  };
}

function hiddenBy(index: PackageIndex, hiding: readonly ReadonlySet<string>[]): PackageIndex {
  const isHidden = (name: string): boolean => hiding.some((names) => names.has(name));
  const ownNames = index.hides ?? new Set<string>();
  const shown = (records: readonly PackageRecord[]): readonly PackageRecord[] =>
    records.filter(
      ({ name, provides }) => ownNames.has(name) || ![name, ...provides.map((one) => one.name)].some(isHidden),
    );
  return {
    ...index,
    named: (name) => shown(index.named(name)),
    providing: (name) => shown(index.providing(name)),
    relating: (kind, name) => shown(index.relating?.(kind, name) ?? []),
  };
}
