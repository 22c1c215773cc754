// What is decided and what follows, in order, and how to take it back.
import { type ClauseRef, NONE, negated, variableOf } from "./clauses.ts";

export class Trail {
  /** Literals that hold, in the order in which they came to. */
  readonly literals: number[] = [];
  /** How many of them propagation has dealt with. */
  propagated = 0;
  /** By literal: 1 holds, -1 does not, 0 open. */
  readonly #values: Int8Array;
  readonly #levels: Int32Array;
  readonly #reasons: Int32Array;
  /** By level above 0: how many literals held before it. */
  readonly #starts: number[] = [];

  readonly variables: number;

  constructor(variables: number) {
    this.variables = variables;
    this.#values = new Int8Array(variables * 2);
    this.#levels = new Int32Array(variables);
    this.#reasons = new Int32Array(variables);
  }

  /** How many decisions are in force. */
  get level(): number {
    return this.#starts.length;
  }

  value(literal: number): number {
    return this.#values[literal] as number;
  }

  levelOf(literal: number): number {
    return this.#levels[variableOf(literal)] as number;
  }

  /** The clause that a literal follows from; NONE for a decision. */
  reasonOf(literal: number): ClauseRef {
    return this.#reasons[variableOf(literal)] as number;
  }

  decide(literal: number): void {
    this.#starts.push(this.literals.length);
    this.assign(literal, NONE);
  }

  assign(literal: number, reason: ClauseRef): void {
    this.#values[literal] = 1;
    this.#values[negated(literal)] = -1;
    this.#levels[variableOf(literal)] = this.level;
    this.#reasons[variableOf(literal)] = reason;
    this.literals.push(literal);
  }

  /** Takes back every decision above `level` and what followed from it. */
  cancelTo(level: number): void {
    if (level >= this.level) return;
    const start = this.#starts[level] as number;
    for (const literal of this.literals.splice(start)) {
      this.#values[literal] = 0;
      this.#values[negated(literal)] = 0;
    }
    this.#starts.length = level;
    this.propagated = Math.min(this.propagated, start);
  }
}
