// Who stays when two marked packages refuse each other. apt leaves it to its problem resolver, which gives every package a
// score from its priority and from who needs it, and lets the lower one go (MakeScores and ResolveInternal of
// apt-pkg/algorithms.cc, apt 2.6). Here the scores only say which of the two is decided first.
import type { PackageRecord, RelationKind } from "../packages/contract.ts";
import type { Universe } from "./universe.ts";

const priorityScores: Readonly<Record<string, number>> = {
  required: 3,
  important: 2,
  standard: 1,
  optional: -1,
  extra: -2,
};
const relationScores: Readonly<Partial<Record<RelationKind, number>>> = {
  "pre-depends": 1,
  depends: 1,
  recommends: 1,
  conflicts: -1,
  breaks: -1,
};
const ESSENTIAL_SCORE = 100;
const ESSENTIAL_BONUS = 5_000;
const REQUEST_BONUS = 10_000;

/**
 * Marked variables in the order in which to decide them, without those that apt's resolver would let go: of two that refuse
 * each other the lower score, and then what lacks something that it depends on, as long as no person asked for it. Those that
 * won come first. When nothing is wrong with the marks they come back as they are.
 */
export function settleQuarrels(
  universe: Universe,
  marked: readonly number[],
  requests: readonly number[],
): readonly number[] {
  const kept = new Set(marked);
  const winners = new Set<number>();
  const quarrels = findQuarrels(universe, kept);
  if (quarrels.length > 0) {
    const scores = scoreAsApt(universe, marked, requests);
    const score = (variable: number): number => scores.get(variable) ?? 0;
    for (const { owner, target } of quarrels.sort((a, b) => score(b.owner) - score(a.owner))) {
      if (!kept.has(owner) || !kept.has(target)) continue;
      const winner = score(owner) > score(target) ? owner : target;
      winners.add(winner);
      kept.delete(winner === owner ? target : owner);
    }
  }
  dropBroken(universe, kept, new Set(requests));
  if (kept.size === marked.length) return marked;
  return [
    ...[...winners].filter((variable) => kept.has(variable)),
    ...[...kept].filter((variable) => !winners.has(variable)),
  ];
}

/** Takes out what lacks a package that it depends on, until nothing does but requests. */
function dropBroken(universe: Universe, kept: Set<number>, requests: ReadonlySet<number>): void {
  for (let before = -1; before !== kept.size; ) {
    before = kept.size;
    // What is depended on was mostly marked later.
    for (const variable of [...kept].reverse()) {
      if (!isWhole(universe, variable, kept) && !requests.has(variable)) kept.delete(variable);
    }
  }
}

/** Whether everything that the package depends on is in the set. */
export function isWhole(universe: Universe, variable: number, set: ReadonlySet<number>): boolean {
  const { positive, hard } = universe.relations(variable);
  for (let at = 0; at < hard; at++) {
    const needs = positive[at]?.needs ?? [];
    if (!needs.some((need) => universe.targets(need).some((target) => set.has(target)))) return false;
  }
  return true;
}

interface Quarrel {
  readonly owner: number;
  readonly target: number;
}

/** Pairs of marked packages of which the owner refuses the target. */
function findQuarrels(universe: Universe, marked: ReadonlySet<number>): Quarrel[] {
  const quarrels: Quarrel[] = [];
  for (const owner of marked) {
    for (const { needs } of universe.relations(owner).negative) {
      for (const need of needs) {
        for (const target of universe.targets(need)) {
          if (marked.has(target) && universe.isRefused(owner, target)) quarrels.push({ owner, target });
        }
      }
    }
  }
  return quarrels;
}

function scoreAsApt(
  universe: Universe,
  marked: readonly number[],
  requests: readonly number[],
): ReadonlyMap<number, number> {
  const set = new Set(marked);
  const scores = new Map<number, number>();
  const add = (variable: number, points: number): void => {
    scores.set(variable, (scores.get(variable) ?? 0) + points);
  };
  for (const variable of marked) {
    const record = universe.records[variable] as PackageRecord;
    add(variable, (priorityScores[record.priority] ?? 0) + (record.protected ? ESSENTIAL_SCORE : 0));
    for (const [target, kind] of namedBy(universe, variable, set)) add(target, relationScores[kind] ?? 0);
  }
  inherit(universe, marked, scores);
  for (const variable of marked) if (universe.records[variable]?.protected) add(variable, ESSENTIAL_BONUS);
  for (const variable of requests) add(variable, REQUEST_BONUS);
  return scores;
}

/** The marked packages that a package's relations are about, once for each requirement. */
function* namedBy(
  universe: Universe,
  variable: number,
  marked: ReadonlySet<number>,
): Generator<readonly [target: number, kind: RelationKind]> {
  const { positive, negative } = universe.relations(variable);
  for (const { relation, needs } of [...positive, ...negative]) {
    for (const need of needs) {
      const { name, constraint } = universe.requirement(need);
      const targets = universe.targets(need).filter((target) => marked.has(target));
      const isOwn = (target: number): boolean => universe.records[target]?.name === name;
      if (constraint !== undefined && !targets.some(isOwn)) continue;
      // A package that names itself gains by it, absurd as that is; that it refuses itself means nothing.
      const isRefusal = negative.some((one) => one.relation === relation);
      for (const target of targets) if (target !== variable || !isRefusal) yield [target, relation.kind];
    }
  }
}

/** One step of inheritance: a package is worth as much more as those that name it, and so are those that provide its name. */
function inherit(universe: Universe, marked: readonly number[], scores: Map<number, number>): void {
  const before = new Map(scores);
  const set = new Set(marked);
  const gained = new Map<number, number>();
  for (const variable of marked) {
    const points = before.get(variable) ?? 0;
    if (points <= 0) continue;
    for (const { needs } of universe.relations(variable).positive) {
      for (const need of needs) {
        const slot = universe.slotNamed(universe.requirement(need).name);
        const target = slot < 0 ? undefined : universe.versions[slot]?.find((one) => set.has(one));
        if (target !== undefined) gained.set(target, (gained.get(target) ?? 0) + points);
      }
    }
  }
  for (const [variable, points] of gained) {
    const providers = universe.targets(universe.need({ name: universe.records[variable]?.name ?? "" }));
    for (const one of new Set([variable, ...providers])) {
      if (set.has(one)) scores.set(one, (scores.get(one) ?? 0) + points);
    }
  }
}
