// Clauses as integers in one array. A literal is a variable and a sign: 2 × variable says that the package is chosen,
// 2 × variable + 1 that it is left out.

export const isIn = (variable: number): number => variable << 1;
export const isOut = (variable: number): number => (variable << 1) | 1;
export const negated = (literal: number): number => literal ^ 1;
export const variableOf = (literal: number): number => literal >> 1;

/** A clause: where it starts in the array. */
export type ClauseRef = number;

/** No clause. */
export const NONE: ClauseRef = -1;

/** Clauses of a problem, and those learned from them with what they follow from. */
export class Clauses {
  /** Per clause: its length, its origin (below zero when learned), its literals; the first two are watched. */
  #data: Int32Array = new Int32Array(1 << 14);
  #used = 0;
  readonly #sources = new Map<ClauseRef, readonly ClauseRef[]>();

  /** Adds a clause that the problem states; `origin` is the caller's number for why. */
  state(literals: readonly number[], origin: number): ClauseRef {
    return this.#add(literals, origin);
  }

  /** Adds a clause that follows from `sources`. */
  learn(literals: readonly number[], sources: readonly ClauseRef[]): ClauseRef {
    const clause = this.#add(literals, -1);
    this.#sources.set(clause, sources);
    return clause;
  }

  size(clause: ClauseRef): number {
    return this.#data[clause] as number;
  }

  /** The caller's number for why a stated clause is there; below zero for a learned one. */
  origin(clause: ClauseRef): number {
    return this.#data[clause + 1] as number;
  }

  literal(clause: ClauseRef, at: number): number {
    return this.#data[clause + 2 + at] as number;
  }

  swap(clause: ClauseRef, a: number, b: number): void {
    const first = this.literal(clause, a);
    this.#data[clause + 2 + a] = this.literal(clause, b);
    this.#data[clause + 2 + b] = first;
  }

  /** What a learned clause follows from; empty for a stated one. */
  sources(clause: ClauseRef): readonly ClauseRef[] {
    return this.#sources.get(clause) ?? [];
  }

  #add(literals: readonly number[], origin: number): ClauseRef {
    const clause = this.#used;
    this.#used += literals.length + 2;
    if (this.#used > this.#data.length) {
      const grown = new Int32Array(Math.max(this.#data.length * 2, this.#used));
      grown.set(this.#data);
      this.#data = grown;
    }
    this.#data[clause] = literals.length;
    this.#data[clause + 1] = origin;
    this.#data.set(literals, clause + 2);
    return clause;
  }
}
