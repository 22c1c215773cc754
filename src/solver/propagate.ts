// Unit propagation with two watched literals: a clause is looked at only when one of the two literals that it watches stops
// holding, and moves its watch to another that may still hold. Clauses may be added at any time, whatever holds by then.
import { type ClauseRef, type Clauses, NONE, negated } from "./clauses.ts";
import type { Trail } from "./trail.ts";

export class Propagator {
  readonly #clauses: Clauses;
  readonly #trail: Trail;
  /** By literal: clauses that watch it. */
  readonly #watches: (ClauseRef[] | undefined)[];

  constructor(clauses: Clauses, trail: Trail) {
    this.#clauses = clauses;
    this.#trail = trail;
    this.#watches = new Array(trail.variables * 2).fill(undefined);
  }

  /** Takes a clause in. The answer is the clause when nothing in it can hold, else NONE. */
  attach(clause: ClauseRef): ClauseRef {
    const size = this.#clauses.size(clause);
    if (size > 0) this.#moveBest(clause, 0);
    if (size > 1) this.#moveBest(clause, 1);
    for (let at = 0; at < Math.min(size, 2); at++) this.#watch(this.#clauses.literal(clause, at), clause);
    if (size === 0) return clause;
    const first = this.#clauses.literal(clause, 0);
    if (this.#trail.value(first) < 0) return clause;
    const isUnit = size === 1 || this.#trail.value(this.#clauses.literal(clause, 1)) < 0;
    if (isUnit && this.#trail.value(first) === 0) this.#trail.assign(first, clause);
    return NONE;
  }

  /** Follows what holds to its end. The answer is a clause in which nothing can hold, else NONE. */
  run(): ClauseRef {
    const trail = this.#trail;
    while (trail.propagated < trail.literals.length) {
      const conflict = this.#visit(negated(trail.literals[trail.propagated++] as number));
      if (conflict !== NONE) return conflict;
    }
    return NONE;
  }

  /** Visits the clauses that watch a literal which no longer holds. */
  #visit(fallen: number): ClauseRef {
    const watching = this.#watches[fallen];
    if (watching === undefined) return NONE;
    let kept = 0;
    for (let at = 0; at < watching.length; at++) {
      const clause = watching[at] as ClauseRef;
      if (this.#moveWatch(clause, fallen)) continue;
      watching[kept++] = clause;
      const other = this.#clauses.literal(clause, 0);
      const value = this.#trail.value(other);
      if (value === 0) this.#trail.assign(other, clause);
      if (value >= 0) continue;
      while (++at < watching.length) watching[kept++] = watching[at] as ClauseRef;
      watching.length = kept;
      return clause;
    }
    watching.length = kept;
    return NONE;
  }

  /** Puts the other watched literal first. True when the watch moved from `fallen` to a literal that may hold. */
  #moveWatch(clause: ClauseRef, fallen: number): boolean {
    const clauses = this.#clauses;
    if (clauses.size(clause) === 1) return false;
    if (clauses.literal(clause, 0) === fallen) clauses.swap(clause, 0, 1);
    if (this.#trail.value(clauses.literal(clause, 0)) > 0) return false;
    const size = clauses.size(clause);
    for (let at = 2; at < size; at++) {
      const literal = clauses.literal(clause, at);
      if (this.#trail.value(literal) < 0) continue;
      clauses.swap(clause, 1, at);
      this.#watch(literal, clause);
      return true;
    }
    return false;
  }

  /** Brings to place `to` the literal that is best watched: one that holds, an open one, the one that fell last. */
  #moveBest(clause: ClauseRef, to: number): void {
    const size = this.#clauses.size(clause);
    let best = to;
    for (let at = to + 1; at < size; at++) {
      if (this.#worth(this.#clauses.literal(clause, at)) > this.#worth(this.#clauses.literal(clause, best))) best = at;
    }
    if (best !== to) this.#clauses.swap(clause, to, best);
  }

  #worth(literal: number): number {
    const value = this.#trail.value(literal);
    return value < 0 ? this.#trail.levelOf(literal) : Number.MAX_SAFE_INTEGER + value - 1;
  }

  #watch(literal: number, clause: ClauseRef): void {
    const watching = this.#watches[literal];
    if (watching === undefined) this.#watches[literal] = [clause];
    else watching.push(clause);
  }
}
