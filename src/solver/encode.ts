// What packages say, as clauses. A package's relations become clauses when it is first chosen, and a conflict becomes one when
// both of its sides are known: so clauses exist for what the search touches, not for the archive.
import type { ClauseRef, Clauses } from "./clauses.ts";
import { isIn, isOut } from "./clauses.ts";
import type { SolverRequest } from "./problem.ts";
import type { Root } from "./reach.ts";
import type { Clause, Universe } from "./universe.ts";

/** Why a clause is there. Clauses that one statement makes share an origin. */
export type Origin =
  | { readonly kind: "root"; readonly reason: Root["reason"]; readonly name: string }
  | { readonly kind: "exclude"; readonly request: SolverRequest }
  | { readonly kind: "needs"; readonly variable: number; readonly clause: Clause }
  | { readonly kind: "refuses"; readonly variable: number; readonly clause: Clause }
  | { readonly kind: "one-version"; readonly slot: number };

export class Encoder {
  readonly origins: Origin[] = [];
  readonly #universe: Universe;
  readonly #clauses: Clauses;
  readonly #expanded = new Set<number>();
  /** How many of the universe's variables are known here. */
  #known = 0;
  /** Known variables by every name that they have or provide. */
  readonly #offering = new Map<string, number[]>();
  /** What expanded variables refuse, by name. */
  readonly #refused = new Map<
    string,
    { readonly variable: number; readonly need: number; readonly origin: number }[]
  >();
  readonly #originOfSlot = new Map<number, number>();

  constructor(universe: Universe, clauses: Clauses) {
    this.#universe = universe;
    this.#clauses = clauses;
  }

  /** One of the variables must be chosen. */
  *root(variables: readonly number[], origin: Origin): Generator<ClauseRef> {
    yield this.#clauses.state(variables.map(isIn), this.origins.push(origin) - 1);
  }

  isExpanded(variable: number): boolean {
    return this.#expanded.has(variable);
  }

  /** The clauses of a variable that was not chosen before. */
  *expand(variable: number): Generator<ClauseRef> {
    this.#expanded.add(variable);
    const { positive, hard, negative } = this.#universe.relations(variable);
    for (const clause of positive.slice(0, hard)) {
      const targets = clause.needs.flatMap((need) => this.#universe.targets(need));
      if (targets.includes(variable)) continue;
      const origin = this.origins.push({ kind: "needs", variable, clause }) - 1;
      yield this.#clauses.state([isOut(variable), ...new Set(targets.map(isIn))], origin);
    }
    for (const clause of negative) {
      const origin = this.origins.push({ kind: "refuses", variable, clause }) - 1;
      for (const need of clause.needs) yield* this.#refuse(variable, need, origin);
    }
  }

  /** The clauses that variables new to the universe bring: exclusions, one version of each name, what others refuse. */
  *meetNew(): Generator<ClauseRef> {
    for (; this.#known < this.#universe.records.length; this.#known++) yield* this.#meet(this.#known);
  }

  *#meet(variable: number): Generator<ClauseRef> {
    const { record } = this.#universe.offer(variable);
    const request = this.#universe.exclusions[variable];
    if (request !== undefined) {
      yield this.#clauses.state([isOut(variable)], this.origins.push({ kind: "exclude", request }) - 1);
    }
    const slot = this.#universe.slots[variable] as number;
    for (const other of this.#universe.versions[slot] as readonly number[]) {
      if (other >= variable) continue;
      yield this.#clauses.state([isOut(other), isOut(variable)], this.#oneVersion(slot));
    }
    for (const name of new Set([record.name, ...record.provides.map((provide) => provide.name)])) {
      listOf(this.#offering, name).push(variable);
      for (const refusal of this.#refused.get(name) ?? []) {
        yield* this.#refusal(refusal.variable, refusal.need, variable, refusal.origin);
      }
    }
  }

  #oneVersion(slot: number): number {
    const origin = this.#originOfSlot.get(slot) ?? this.origins.push({ kind: "one-version", slot }) - 1;
    this.#originOfSlot.set(slot, origin);
    return origin;
  }

  *#refuse(variable: number, need: number, origin: number): Generator<ClauseRef> {
    const { name } = this.#universe.requirement(need);
    listOf(this.#refused, name).push({ variable, need, origin });
    for (const target of this.#offering.get(name) ?? []) yield* this.#refusal(variable, need, target, origin);
  }

  *#refusal(variable: number, need: number, target: number, origin: number): Generator<ClauseRef> {
    const { format, architecture } = this.#universe.problem;
    if (!this.#universe.isRefused(variable, target)) return;
    const { record } = this.#universe.offer(target);
    if (!format.satisfies(record, this.#universe.requirement(need), architecture)) return;
    yield this.#clauses.state([isOut(variable), isOut(target)], origin);
  }
}

function listOf<Key, Item>(lists: Map<Key, Item[]>, key: Key): Item[] {
  const known = lists.get(key);
  if (known !== undefined) return known;
  const list: Item[] = [];
  lists.set(key, list);
  return list;
}
