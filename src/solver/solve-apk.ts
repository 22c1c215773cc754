// The way through for apk's format: the world → apk's choice → the set and who asked for what, or a conflict.
import { compareBytes } from "../core/byte-order.ts";
import type { PackageRecord } from "../packages/contract.ts";
import { explain } from "./explain.ts";
import { missing } from "./missing.ts";
import { type ApkFaults, chooseAsApk, hasFaults, type WorldEntry } from "./policy-apk.ts";
import { type ApkChanges, orderChanges } from "./policy-apk-changes.ts";
import { type ApkName, ApkNames, type ApkPackage } from "./policy-apk-names.ts";
import { isProvided } from "./policy-apk-provided.ts";
import type { ChosenPackage, Conflict, Offer, Premise, Problem, Reason, Solution, SolverRequest } from "./problem.ts";
import { type Goal, search } from "./search.ts";
import { Universe } from "./universe.ts";

/** What `apk add` of apk-tools 3 would install on an empty system. Throws PACKAGE_MISSING when nothing on offer meets a request. */
export function solveAsApk(problem: Problem): Solution | Conflict {
  for (const request of problem.requests) assertOffered(request, problem);
  const names = new ApkNames(problem);
  const world = worldOf(names, problem);
  const faults = chooseAsApk(names, world);
  const ordered = orderChanges(names, world, []);
  if (hasFaults(faults) || ordered.unmet.length > 0) return conflictOf(names, faults, ordered);
  const packages = reasonsFor(names, problem.requests).map(
    ([pkg, reason]): ChosenPackage => ({ ...offerOf(pkg, problem), reason }),
  );
  packages.sort((a, b) => compareBytes(a.record.name, b.record.name));
  return { kind: "solution", packages, warnings: [] };
}

function assertOffered(request: SolverRequest, problem: Problem): void {
  const { requirement, exclude } = request;
  const { format, architecture, repositories } = problem;
  const isOffered = repositories.some(({ index }) =>
    [index.named(requirement.name), index.providing(requirement.name)].some((records) =>
      records.some((record) => format.satisfies(record, requirement, architecture)),
    ),
  );
  if (!exclude && !isOffered) throw missing(new Universe(problem), request);
}

/** As apk sorts it; what is asked for later of one name stands beside what was asked before. */
function worldOf(names: ApkNames, { requests }: Problem): readonly WorldEntry[] {
  return [...requests]
    .sort((a, b) => compareBytes(a.requirement.name, b.requirement.name))
    .map(({ requirement, exclude }) => ({
      dependency: names.dependency(requirement, exclude),
      tag: requirement.tag ?? "",
    }));
}

function offerOf({ record, repositories: [first = 0] }: ApkPackage, { repositories }: Problem): Offer {
  return { record, repository: repositories[first]?.name ?? "" };
}

/** Every chosen package with who asked for it first, requests before dependencies before what comes by itself. */
function reasonsFor(names: ApkNames, requests: readonly SolverRequest[]): readonly (readonly [ApkPackage, Reason])[] {
  const reasons = new Map<ApkPackage, Reason>();
  const queue: ApkPackage[] = [];
  const reach = (name: ApkName, reason: Reason): void => {
    const pkg = name.chosen?.pkg;
    if (pkg === undefined || reasons.has(pkg)) return;
    reasons.set(pkg, reason);
    queue.push(pkg);
  };
  for (const request of requests) {
    if (!request.exclude) reach(names.name(request.requirement.name), { kind: "request", request });
  }
  const waiting = [...names.all()].flatMap(({ name, chosen }) =>
    chosen?.pkg.record.name === name && chosen.pkg.installIf.length > 0 ? [chosen.pkg] : [],
  );
  for (let at = 0; ; ) {
    for (let pkg = queue[at++]; pkg !== undefined; pkg = queue[at++]) {
      for (const relation of pkg.record.relations) {
        const [requirement] = relation.anyOf;
        if (relation.kind !== "depends" || requirement === undefined) continue;
        reach(names.name(requirement.name), { kind: "relation", by: pkg.record, relation });
      }
    }
    at = queue.length;
    const next = waiting.find((pkg) => !reasons.has(pkg) && isTriggered(pkg, reasons, names));
    if (next === undefined) return [...reasons];
    reach(next.name, { kind: "condition", with: conditionsOf(next) });
  }
}

/** Whether all that the package waits for is there by now. */
function isTriggered(pkg: ApkPackage, reasons: ReadonlyMap<ApkPackage, Reason>, { problem }: ApkNames): boolean {
  return pkg.installIf.every((condition) => {
    const { chosen } = condition.name;
    if (!isProvided(pkg, condition, chosen, problem)) return false;
    return condition.refused || (chosen !== undefined && reasons.has(chosen.pkg));
  });
}

const conditionsOf = ({ installIf }: ApkPackage): readonly PackageRecord[] =>
  installIf.flatMap(({ refused, name }) => (refused ? [] : (name.chosen?.pkg.record ?? [])));

/** Why nothing holds together: the smallest contradiction where there is one, else what apk will not decide by itself. */
function conflictOf(names: ApkNames, faults: ApkFaults, { unmet }: ApkChanges): Conflict {
  const { problem } = names;
  const universe = new Universe(problem);
  const outcome = search(universe, goalsOf(universe));
  if (outcome.kind === "refuted") return explain(universe, outcome);
  const premises = [
    ...rootsOf(problem),
    ...unmet.flatMap((one) => premiseOf(one, problem)),
    ...faults.unassigned.map(
      ({ name, providers }): Premise => ({
        kind: "ambiguous",
        name,
        offers: providers.map(({ pkg }) => offerOf(pkg, problem)),
      }),
    ),
    ...faults.contested.map(
      ({ name: { name }, packages }): Premise => ({
        kind: "one-version",
        name,
        offers: packages.map((pkg) => offerOf(pkg, problem)),
      }),
    ),
    ...faults.unusable.map((pkg): Premise => ({ kind: "unusable", offer: offerOf(pkg, problem), reason: whyNot(pkg) })),
  ];
  return { kind: "conflict", premises };
}

function goalsOf(universe: Universe): readonly Goal[] {
  return universe.problem.requests
    .filter(({ exclude }) => !exclude)
    .map((request) => ({
      variables: universe.targets(universe.need(request.requirement)),
      origin: { kind: "root", reason: { kind: "request", request }, name: request.requirement.name },
    }));
}

const rootsOf = ({ requests }: Problem): readonly Premise[] =>
  requests
    .filter(({ exclude }) => !exclude)
    .map((request) => ({ kind: "root", reason: { kind: "request", request }, name: request.requirement.name }));

function premiseOf({ by, dependency }: ApkChanges["unmet"][number], problem: Problem): readonly Premise[] {
  if (by === undefined) return [];
  const { requirement, refused, name } = dependency;
  const relation = { kind: refused ? "conflicts" : "depends", anyOf: [requirement] } as const;
  const others = name.chosen === undefined ? [] : [offerOf(name.chosen.pkg, problem)];
  if (refused) return [{ kind: "refuses", offer: offerOf(by, problem), relation, others }];
  const candidates = others.length > 0 ? [] : name.providers.map(({ pkg }) => offerOf(pkg, problem));
  return [{ kind: "needs", offer: offerOf(by, problem), relation, candidates, others }];
}

function whyNot({ record, isTagOk }: ApkPackage): string {
  if (record.uninstallable !== undefined) return record.uninstallable;
  return isTagOk
    ? "what it needs, or what others need of it, does not hold together"
    : `only a tagged repository has it, wanted "${record.name}@TAG"`;
}
