// Conflict-driven search: decide, follow what that implies, learn from what fails, jump back. Which package is decided next is
// apt's taste (policy-apt.ts) as long as that holds; what it leaves open, or cannot have, is decided by the first relation
// that is not met. So the answer is apt's where apt has one without conflict, and there is an answer wherever one exists.
import { analyze, highestLevel } from "./analyze.ts";
import { type ClauseRef, Clauses, isIn, NONE, variableOf } from "./clauses.ts";
import { Encoder, type Origin } from "./encode.ts";
import { walkAsApt } from "./policy-apt.ts";
import { settleQuarrels } from "./policy-score.ts";
import { Propagator } from "./propagate.ts";
import { Trail } from "./trail.ts";
import type { Universe } from "./universe.ts";

/** One of `variables` must be chosen; the first that can be is taken. */
export interface Goal {
  readonly variables: readonly number[];
  readonly origin: Origin & { readonly kind: "root" };
}

/** What a search ended in: a set of variables, or stated clauses by origin that cannot hold together. */
export type Outcome =
  | { readonly kind: "model"; isChosen(variable: number): boolean }
  | {
      readonly kind: "refuted";
      readonly conflict: ClauseRef;
      readonly encoder: Encoder;
      readonly clauses: Clauses;
      readonly trail: Trail;
    };

/** After so many walks the search goes on with the last one, minus what cannot be had. */
const MAX_WALKS = 100;

export function search(universe: Universe, goals: readonly Goal[]): Outcome {
  return new Search(universe, goals).run();
}

class Search {
  readonly #universe: Universe;
  readonly #goals: readonly Goal[];
  readonly #clauses: Clauses;
  readonly #trail: Trail;
  readonly #propagator: Propagator;
  readonly #encoder: Encoder;
  /** How many of the trail's literals were looked at for relations. */
  #expanded = 0;
  /** How many of the trail's literals are packages whose relations are known to be met. */
  #met = 0;
  #plan: readonly number[] = [];
  #planned = 0;
  #isPlanOld = true;
  #walks = 0;

  constructor(universe: Universe, goals: readonly Goal[]) {
    this.#universe = universe;
    this.#goals = goals;
    this.#clauses = new Clauses();
    this.#trail = new Trail(universe.capacity);
    this.#propagator = new Propagator(this.#clauses, this.#trail);
    this.#encoder = new Encoder(universe, this.#clauses);
  }

  run(): Outcome {
    let conflict = NONE;
    for (const { variables, origin } of this.#goals) {
      conflict = earlier(conflict, this.#attach(this.#encoder.root(variables, origin)));
    }
    conflict = earlier(conflict, this.#settle());
    for (;;) {
      if (conflict !== NONE) {
        if (highestLevel(conflict, this.#clauses, this.#trail) === 0) return this.#refuted(conflict);
        this.#learn(conflict);
      } else {
        const variable = this.#nextDecision();
        if (variable < 0) return { kind: "model", isChosen: (one) => this.#trail.value(isIn(one)) > 0 };
        this.#trail.decide(isIn(variable));
      }
      conflict = this.#settle();
    }
  }

  #refuted(conflict: ClauseRef): Outcome {
    return { kind: "refuted", conflict, encoder: this.#encoder, clauses: this.#clauses, trail: this.#trail };
  }

  /** Follows the trail to its end, stating the clauses of what it reaches. The answer is the first conflict, else NONE. */
  #settle(): ClauseRef {
    const { literals } = this.#trail;
    for (;;) {
      const conflict = earlier(this.#attach(this.#encoder.meetNew()), this.#propagator.run());
      if (conflict !== NONE) return conflict;
      const literal = literals[this.#expanded];
      if (literal === undefined) return NONE;
      this.#expanded++;
      const variable = variableOf(literal);
      if (literal !== isIn(variable) || this.#encoder.isExpanded(variable)) continue;
      const failed = this.#attach(this.#encoder.expand(variable));
      if (failed !== NONE) return failed;
    }
  }

  /** Attaches every clause, whatever fails; the answer is the first that does. */
  #attach(clauses: Iterable<ClauseRef>): ClauseRef {
    let failed = NONE;
    for (const clause of clauses) failed = earlier(failed, this.#propagator.attach(clause));
    return failed;
  }

  #learn(conflict: ClauseRef): void {
    const { literals, level, sources } = analyze(conflict, this.#clauses, this.#trail);
    this.#trail.cancelTo(level);
    this.#expanded = Math.min(this.#expanded, this.#trail.literals.length);
    this.#met = 0;
    this.#isPlanOld = true;
    this.#propagator.attach(this.#clauses.learn(literals, sources));
  }

  /** The variable to choose next; below zero when everything that was chosen has what it needs. */
  #nextDecision(): number {
    for (;;) {
      if (this.#isPlanOld) this.#makePlan();
      const variable = this.#plan[this.#planned];
      if (variable === undefined) return this.#firstOpen();
      const value = this.#trail.value(isIn(variable));
      if (value === 0) return variable;
      if (value < 0 && this.#walks < MAX_WALKS) this.#isPlanOld = true;
      else this.#planned++;
    }
  }

  #makePlan(): void {
    this.#isPlanOld = false;
    this.#planned = 0;
    if (this.#walks++ >= MAX_WALKS) return;
    const isBlocked = (variable: number): boolean =>
      this.#universe.exclusions[variable] !== undefined || this.#trail.value(isIn(variable)) < 0;
    const requests: number[] = [];
    for (const { variables } of this.#goals) {
      const variable = variables.find((one) => !isBlocked(one));
      if (variable === undefined) continue;
      this.#universe.prefer(variable);
      requests.push(variable);
    }
    const { recommends } = this.#universe.problem.options;
    const marked = walkAsApt({ universe: this.#universe, requests, recommends, isBlocked });
    this.#plan = settleQuarrels(this.#universe, marked, requests);
  }

  /** The preferred way to meet the first hard relation that is not met. */
  #firstOpen(): number {
    const { literals } = this.#trail;
    for (; this.#met < literals.length; this.#met++) {
      const literal = literals[this.#met] as number;
      const variable = variableOf(literal);
      if (literal !== isIn(variable)) continue;
      const open = this.#openTarget(variable);
      if (open >= 0) return open;
    }
    for (const { variables } of this.#goals) {
      const open = this.#undecided(variables);
      if (open >= 0) return open;
    }
    return -1;
  }

  #openTarget(variable: number): number {
    const { positive, hard } = this.#universe.relations(variable);
    for (let at = 0; at < hard; at++) {
      const needs = positive[at]?.needs ?? [];
      const targets =
        needs.length === 1
          ? this.#universe.targets(needs[0] as number)
          : needs.flatMap((need) => this.#universe.targets(need));
      const open = this.#undecided(targets);
      if (open >= 0) return open;
    }
    return -1;
  }

  /** The first of the variables that is open, when none of them is chosen. */
  #undecided(variables: readonly number[]): number {
    if (variables.some((one) => this.#trail.value(isIn(one)) > 0)) return -1;
    return variables.find((one) => this.#trail.value(isIn(one)) === 0) ?? -1;
  }
}

const earlier = (first: ClauseRef, second: ClauseRef): ClauseRef => (first === NONE ? second : first);
