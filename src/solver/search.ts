// Conflict-driven search: decide, follow what that implies, learn from what fails, jump back. Which package is decided next is
// apt's taste (policy-apt.ts) as long as that holds; what it leaves open, or cannot have, is decided by the first relation
// that is not met. So the answer is apt's where apt has one without conflict, and there is an answer wherever one exists.
import { DodaiError } from "../core/dodai-error.ts";
import { analyze, highestLevel } from "./analyze.ts";
import { type ClauseRef, Clauses, isIn, NONE, variableOf } from "./clauses.ts";
import { Encoder, type Origin } from "./encode.ts";
import { walkAsApt } from "./policy-apt.ts";
import { isWhole, settleQuarrels } from "./policy-score.ts";
import { Propagator } from "./propagate.ts";
import { Trail } from "./trail.ts";
import type { Clause, Universe } from "./universe.ts";

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

/** Real problems take fewer than a hundred conflicts; an index that was made to keep the solver busy must not succeed. */
const MAX_CONFLICTS = 200_000;

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
  #isPlanOld = false;
  /** How much of the trail the plan knows of. */
  #lengthAtPlan = 0;
  #walks = 0;
  #conflicts = 0;
  /** Whether a plan did not hold: then recommendations that it left out may be possible after all. */
  #isDisturbed = false;

  constructor(universe: Universe, goals: readonly Goal[]) {
    this.#universe = universe;
    this.#goals = goals;
    this.#clauses = new Clauses();
    this.#trail = new Trail(universe.capacity);
    this.#propagator = new Propagator(this.#clauses, this.#trail);
    this.#encoder = new Encoder(universe, this.#clauses);
  }

  run(): Outcome {
    this.#makePlan();
    if (this.#isPlanWhole()) {
      const plan = new Set(this.#plan);
      return { kind: "model", isChosen: (one) => plan.has(one) };
    }
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
    if (this.#conflicts++ >= MAX_CONFLICTS) throw tooHard();
    const { literals, level, sources } = analyze(conflict, this.#clauses, this.#trail);
    this.#trail.cancelTo(level);
    this.#expanded = Math.min(this.#expanded, this.#trail.literals.length);
    this.#met = 0;
    this.#planned = 0;
    this.#isDisturbed = true;
    this.#propagator.attach(this.#clauses.learn(literals, sources));
  }

  /** The variable to choose next; below zero when everything that was chosen has what it needs. */
  #nextDecision(): number {
    for (;;) {
      if (this.#isPlanOld) this.#makePlan();
      const variable = this.#plan[this.#planned];
      if (variable === undefined) {
        if (!this.#hasOutgrownPlan()) break;
        this.#isDisturbed = true;
        this.#isPlanOld = true;
        continue;
      }
      const value = this.#trail.value(isIn(variable));
      if (value === 0) return variable;
      if (value < 0) this.#isDisturbed = true;
      if (value < 0 && this.#walks < MAX_WALKS) this.#isPlanOld = true;
      else this.#planned++;
    }
    const open = this.#firstOpen();
    if (open >= 0) this.#isDisturbed = true;
    return open < 0 && this.#isDisturbed ? this.#firstRecommended() : open;
  }

  /** Whether the first plan is an answer as it is. Then nothing needs to be searched, and it is apt's answer. */
  #isPlanWhole(): boolean {
    if (this.#isDisturbed) return false;
    const plan = new Set(this.#plan);
    return (
      this.#goals.every(({ variables }) => variables.some((one) => plan.has(one))) &&
      this.#plan.every((variable) => isWhole(this.#universe, variable, plan))
    );
  }

  /** Whether the search chose something that the plan does not know of, and since the plan was made. */
  #hasOutgrownPlan(): boolean {
    const { literals } = this.#trail;
    if (this.#walks >= MAX_WALKS || literals.length === this.#lengthAtPlan) return false;
    const plan = new Set(this.#plan.map(isIn));
    return literals.some((literal) => literal === isIn(variableOf(literal)) && !plan.has(literal));
  }

  #makePlan(): void {
    this.#isPlanOld = false;
    this.#planned = 0;
    if (this.#walks++ >= MAX_WALKS) return;
    // apt finds out what cannot be had while it goes; so does the first plan.
    const isFirst = this.#walks === 1;
    this.#lengthAtPlan = isFirst ? 0 : this.#trail.literals.length;
    const isBlocked = (variable: number): boolean =>
      this.#universe.exclusions[variable] !== undefined || (!isFirst && this.#trail.value(isIn(variable)) < 0);
    if (!isFirst) this.#preferPossible(isBlocked);
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
    if (this.#plan !== marked) this.#isDisturbed = true;
  }

  /** Where the best version of a package cannot be had, the next one stands for it. */
  #preferPossible(isBlocked: (variable: number) => boolean): void {
    this.#universe.unprefer();
    for (const literal of this.#trail.literals) {
      const variable = variableOf(literal);
      if (literal === isIn(variable) || !this.#universe.isCandidate(variable)) continue;
      const versions = this.#universe.versions[this.#universe.slots[variable] as number] ?? [];
      const possible = versions.length > 1 ? versions.find((one) => !isBlocked(one)) : undefined;
      if (possible !== undefined) this.#universe.prefer(possible);
    }
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
    for (const clause of positive.slice(0, hard)) {
      const open = this.#undecided(this.#targetsOf(clause));
      if (open >= 0) return open;
    }
    return -1;
  }

  /** The preferred way to meet the first recommendation that is not met and still may be. */
  #firstRecommended(): number {
    if (!this.#universe.problem.options.recommends) return -1;
    for (const literal of this.#trail.literals) {
      const variable = variableOf(literal);
      if (literal !== isIn(variable)) continue;
      const { positive, hard } = this.#universe.relations(variable);
      for (const clause of positive.slice(hard)) {
        const candidates = this.#targetsOf(clause).filter((one) => this.#universe.isCandidate(one));
        const open = this.#undecided(candidates);
        if (open >= 0) return open;
      }
    }
    return -1;
  }

  #targetsOf({ needs }: Clause): readonly number[] {
    const [first, ...others] = needs.map((need) => this.#universe.targets(need));
    return others.length === 0 ? (first ?? []) : [...(first ?? []), ...others.flat()];
  }

  /** The first of the variables that is open, when none of them is chosen. */
  #undecided(variables: readonly number[]): number {
    if (variables.some((one) => this.#trail.value(isIn(one)) > 0)) return -1;
    return variables.find((one) => this.#trail.value(isIn(one)) === 0) ?? -1;
  }
}

const tooHard = (): DodaiError =>
  new DodaiError("UNSATISFIABLE", `Cannot choose packages: ${MAX_CONFLICTS} ways fail, and others are left to try`, {
    fix: "Ask for versions or alternatives by name, so that there is less to choose from.",
  });

const earlier = (first: ClauseRef, second: ClauseRef): ClauseRef => (first === NONE ? second : first);
