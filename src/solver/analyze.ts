// What a conflict teaches: the first unique implication point (Marques-Silva & Sakallah, GRASP, 1999; Eén & Sörensson,
// MiniSat, 2003).
import { type ClauseRef, type Clauses, NONE, negated, variableOf } from "./clauses.ts";
import type { Trail } from "./trail.ts";

export interface Lesson {
  /** A clause that follows; its first literal becomes true once the trail is cut to `level`. */
  readonly literals: readonly number[];
  readonly level: number;
  /** The clauses that it follows from. */
  readonly sources: readonly ClauseRef[];
}

/**
 * Learns from a clause in which nothing can hold, at the trail's level, which must be above 0. The clause may have been added
 * late and may have fallen below the trail's level: then what was decided since is no part of the conflict.
 */
export function analyze(conflict: ClauseRef, clauses: Clauses, trail: Trail): Lesson {
  const level = highestLevel(conflict, clauses, trail);
  const seen = new Set<number>();
  const others: number[] = [];
  const sources: ClauseRef[] = [];
  let open = 0;
  const take = (clause: ClauseRef): void => {
    sources.push(clause);
    for (let at = 0; at < clauses.size(clause); at++) {
      const literal = clauses.literal(clause, at);
      if (seen.has(variableOf(literal)) || trail.value(literal) > 0) continue;
      seen.add(variableOf(literal));
      const fell = trail.levelOf(literal);
      if (fell === level) open++;
      else if (fell > 0) others.push(literal);
    }
  };
  take(conflict);
  let at = trail.literals.length;
  for (;;) {
    const literal = trail.literals[--at] as number;
    if (!seen.has(variableOf(literal)) || trail.levelOf(literal) !== level) continue;
    if (--open === 0) return lessonOf(negated(literal), others, sources, trail);
    take(trail.reasonOf(literal));
  }
}

/** The stated clauses that a conflict at level 0 rests on: these alone cannot hold together. */
export function clausesOfConflict(conflict: ClauseRef, clauses: Clauses, trail: Trail): readonly ClauseRef[] {
  const seen = new Set<ClauseRef>([conflict]);
  // A set is walked in the order in which it grows.
  for (const clause of seen) {
    for (const source of clauses.sources(clause)) seen.add(source);
    for (let at = 0; at < clauses.size(clause); at++) {
      const literal = clauses.literal(clause, at);
      if (trail.value(literal) === 0 || trail.levelOf(literal) > 0) continue;
      const reason = trail.reasonOf(literal);
      if (reason !== NONE) seen.add(reason);
    }
  }
  return [...seen].filter((clause) => clauses.origin(clause) >= 0);
}

/** The level of the literal of a clause that fell last. */
export function highestLevel(clause: ClauseRef, clauses: Clauses, trail: Trail): number {
  let highest = 0;
  for (let at = 0; at < clauses.size(clause); at++) {
    highest = Math.max(highest, trail.levelOf(clauses.literal(clause, at)));
  }
  return highest;
}

function lessonOf(asserted: number, others: readonly number[], sources: readonly ClauseRef[], trail: Trail): Lesson {
  const level = others.reduce((highest, literal) => Math.max(highest, trail.levelOf(literal)), 0);
  return { literals: [asserted, ...others], level, sources };
}
