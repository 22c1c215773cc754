// The way through: requests → goals → search → the set that is needed, or a conflict.

import { compareBytes } from "../core/byte-order.ts";
import type { Requirement } from "../packages/contract.ts";
import { explain } from "./explain.ts";
import { missing } from "./missing.ts";
import type { ChosenPackage, Conflict, Problem, Solution, SolverRequest } from "./problem.ts";
import { type Root, reachable } from "./reach.ts";
import { type Goal, search } from "./search.ts";
import { solveAsApk } from "./solve-apk.ts";
import { solveAsDnf } from "./solve-dnf.ts";
import { Universe } from "./universe.ts";

/**
 * The packages to install for a problem, or why there are none. Where apt 2.6 finds a set without conflict on an empty system,
 * it is apt's set; for apk's and rpm's formats, apk's and dnf's set. Throws PACKAGE_MISSING when a request names nothing that is on offer.
 */
export function solve(problem: Problem): Solution | Conflict {
  if (problem.format.policy === "apk") return solveAsApk(problem);
  if (problem.format.policy === "dnf") return solveAsDnf(problem);
  const universe = new Universe(problem);
  const warnings: string[] = [];
  const goals = [...flagGoals(universe), ...requestGoals(universe, warnings)];
  const outcome = search(universe, goals);
  if (outcome.kind === "refuted") return explain(universe, outcome);
  const roots: Root[] = [];
  for (const { variables, origin } of goals) {
    const variable = variables.find((one) => outcome.isChosen(one));
    if (variable !== undefined) roots.push({ variable, reason: origin.reason });
  }
  const reasons = reachable(universe, roots, (variable) => outcome.isChosen(variable));
  const packages = Array.from(
    reasons,
    ([variable, reason]): ChosenPackage => ({ ...universe.offer(variable), reason }),
  );
  packages.sort((a, b) => compareBytes(a.record.name, b.record.name));
  return { kind: "solution", packages, warnings };
}

/**
 * Essential packages and those of the wanted priorities, by name: which version is the solver's choice. What only has a
 * priority gives way to an exclusion.
 */
function flagGoals(universe: Universe): Goal[] {
  const { options, repositories } = universe.problem;
  const goals = new Map<string, Goal>();
  const add = (name: string, flag: string): void => {
    const variables = universe.versions[universe.slotNamed(name)];
    if (variables === undefined || goals.has(name)) return;
    goals.set(name, { variables, origin: { kind: "root", reason: { kind: "flag", flag }, name } });
  };
  for (const { index } of options.essential ? repositories : []) {
    for (const { name } of index.flagged("essential")) add(name, "essential");
  }
  for (const { index } of options.priorities.length > 0 ? repositories : []) {
    for (const { name, priority } of index.flagged({ priorities: options.priorities })) {
      const isExcluded = universe.versions[universe.slotNamed(name)]?.every((one) => universe.exclusions[one]);
      if (options.priorities.includes(priority) && !isExcluded) add(name, `of priority ${priority}`);
    }
  }
  return [...goals.values()];
}

function requestGoals(universe: Universe, warnings: string[]): Goal[] {
  const goals: Goal[] = [];
  for (const request of universe.problem.requests) {
    if (request.exclude) continue;
    const reason = { kind: "request", request } as const;
    const variables = variablesFor(universe, request, warnings);
    goals.push({ variables, origin: { kind: "root", reason, name: request.requirement.name } });
  }
  return goals;
}

/** Packages of the requested name; else, when exactly one package provides it, that one, as apt-get takes it. */
function variablesFor(universe: Universe, request: SolverRequest, warnings: string[]): readonly number[] {
  const { requirement } = request;
  const targets = universe.targets(universe.need(requirement));
  const named = targets.filter((variable) => universe.offer(variable).record.name === requirement.name);
  if (named.length > 0) return named;
  const providers = new Set(targets.map((variable) => universe.offer(variable).record.name));
  const [provider] = providers;
  if (provider === undefined || providers.size > 1 || universe.slotNamed(requirement.name) >= 0)
    throw missing(universe, request);
  warnings.push(`"${provider}" is taken for "${wordsOf(requirement)}", which no package is called`);
  return targets;
}

const wordsOf = ({ name, constraint }: Requirement): string =>
  constraint === undefined ? name : `${name} ${constraint.operator} ${constraint.version}`;
