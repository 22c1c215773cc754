// The way through as dnf goes it: requests and groups → rules → search → the set, or a conflict.
import { compareBytes } from "../core/byte-order.ts";
import type { PackageGroup, Relation, Requirement } from "../packages/contract.ts";
import { isIn } from "./clauses.ts";
import { explainAsDnf } from "./dnf-explain.ts";
import { type DnfPool, openPool } from "./dnf-pool.ts";
import { reasonsOf } from "./dnf-reasons.ts";
import { clausesOf, type DnfRule, packageRules } from "./dnf-rules.ts";
import { searchAsDnf } from "./dnf-search.ts";
import { missing } from "./missing.ts";
import type { ChosenPackage, Conflict, Problem, Solution, SolverRequest } from "./problem.ts";
import { Universe } from "./universe.ts";

export function solveAsDnf(stated: Problem): Solution | Conflict {
  const plain = withoutGlobs(stated);
  const kept = excludedNames(plain);
  const problem = plain.options.softExcludes ? withoutExcludes(plain) : plain;
  const warnings: string[] = [];
  const jobs = problem.requests
    .filter(({ exclude }) => !exclude)
    .flatMap((one) => jobsOf(problem, one, { kept, warnings }));
  const pool = openPool(
    problem,
    jobs.flatMap(({ relation }) => relation.anyOf),
  );
  const roots = jobs.flatMap((job) => rootRules(pool, job, warnings));
  const rules = [...roots, ...packageRules(pool)];
  const outcome = searchAsDnf(pool, { rules, roots: roots.length, recommends: problem.options.recommends });
  if (outcome.kind === "refuted") return explainAsDnf(pool, rules, outcome.rules);
  const reasons = reasonsOf(pool, roots, outcome.chosen);
  const packages = outcome.chosen.flatMap((variable): ChosenPackage[] => {
    const reason = reasons.get(variable);
    return reason === undefined ? [] : [{ ...pool.offer(variable), reason }];
  });
  packages.sort((a, b) => compareBytes(a.record.name, b.record.name));
  return { kind: "solution", packages, warnings };
}

/** Something that must be there, and the request that says so. */
interface Job {
  readonly request: SolverRequest;
  readonly relation: Relation;
  /** Of a group: a name that nothing on offer has is passed over. */
  readonly group?: string;
}

interface JobOptions {
  /** Names that are to stay out, groups with their `@`. */
  readonly kept: ReadonlySet<string>;
  readonly warnings: string[];
}

const excludedNames = ({ requests }: Problem): ReadonlySet<string> =>
  new Set(
    requests.flatMap(({ exclude, requirement }) => (exclude && !requirement.constraint ? [requirement.name] : [])),
  );

const excludedGroups = (names: ReadonlySet<string>): readonly string[] =>
  [...names].filter((name) => name.startsWith("@")).map((name) => name.replace(/^@\^?/, ""));

/** What stays out stays out of groups alone. */
const withoutExcludes = (problem: Problem): Problem => ({
  ...problem,
  requests: problem.requests.filter(({ exclude }) => !exclude),
});

/** A request as jobs: one, or one for each package of a group. */
function jobsOf(problem: Problem, request: SolverRequest, { kept, warnings }: JobOptions): readonly Job[] {
  const { name } = request.requirement;
  if (!name.startsWith("@")) return [{ request, relation: { kind: "depends", anyOf: [request.requirement] } }];
  const id = name.replace(/^@\^?/, "");
  const groups = groupsOf(problem, id, new Set(excludedGroups(kept)));
  if (groups.length === 0 && problem.options.ignoreMissing) {
    warnings.push(`"${name}" is passed over: no repository offers it`);
    return [];
  }
  if (groups.length === 0) throw missing(new Universe(problem), request);
  for (const absent of new Set(groups.flatMap(({ groups: more }) => more))) {
    if (!problem.repositories.some(({ index }) => index.group?.(absent))) {
      warnings.push(`"${name}" has the group "${absent}", which no repository has`);
    }
  }
  return groups.flatMap((group): Job[] => [
    ...group.packages
      .filter((one) => !kept.has(one))
      .map((one): Job => ({ request, relation: { kind: "depends", anyOf: [{ name: one }] }, group: name })),
    ...group.conditional.map((one): Job => ({ request, relation: conditional(one), group: name })),
  ]);
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
  const own = problem.repositories.flatMap(({ index }) => index.group?.(id) ?? []);
  return [...own, ...own.flatMap(({ groups }) => groups.flatMap((one) => groupsOf(problem, one, seen)))];
}

function rootRules(pool: DnfPool, { request, relation, group }: Job, warnings: string[]): readonly DnfRule[] {
  const origin = { kind: "root", reason: { kind: "request", request }, name: relation.anyOf[0]?.name ?? "" } as const;
  if (relation.rich) return clausesOf(pool, relation).map((literals) => ({ literals, origin }));
  const [requirement] = relation.anyOf as [Requirement];
  const found = pool.providers(requirement);
  const named = found.filter((variable) => pool.records[variable]?.name === requirement.name);
  const candidates = named.length > 0 ? named : found;
  if (candidates.length > 0) return [{ literals: candidates.map(isIn), origin }];
  const excluded = pool.excluded(requirement);
  if (group !== undefined) {
    if (excluded.length === 0) warnings.push(`"${group}" has "${requirement.name}", which no repository offers`);
    return [];
  }
  if (excluded.length > 0) return [{ literals: [], origin }];
  if (pool.problem.options.ignoreMissing && !request.isInstalled) {
    warnings.push(`"${requirement.name}" is passed over: no repository offers it`);
    return [];
  }
  throw missing(new Universe(pool.problem), request);
}

/** Requests with `*`, `?` or `[` as one for each name that fits. */
function withoutGlobs(problem: Problem): Problem {
  const isGlob = ({ requirement }: SolverRequest): boolean => /^[^@/(].*[*?[]|^[*?[]/.test(requirement.name);
  if (!problem.requests.some(isGlob)) return problem;
  const names = [...new Set(problem.repositories.flatMap(({ index }) => [...index.names()]))];
  const requests = problem.requests.flatMap((request) => {
    if (!isGlob(request)) return [request];
    const fits = globOf(request.requirement.name);
    const found = names.filter((name) => fits.test(name));
    if (found.length === 0 && !request.exclude && problem.options.ignoreMissing) return [request];
    if (found.length === 0 && !request.exclude) throw missing(new Universe(problem), request);
    return found.map((name) => ({ ...request, requirement: { ...request.requirement, name } }));
  });
  return { ...problem, requests };
}

function globOf(glob: string): RegExp {
  const pattern = glob
    .replaceAll(/[.+^${}()|\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${pattern}$`);
}
