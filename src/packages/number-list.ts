/** Numbers below 2^32 in four bytes each: an array of numbers takes up to six times as much. */
export class NumberList {
  #numbers = new Uint32Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(number: number): void {
    if (this.#length === this.#numbers.length) {
      const grown = new Uint32Array(2 * this.#length);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    this.#numbers[this.#length++] = number;
  }

  /** As they are now, not a copy. */
  get all(): Uint32Array {
    return this.#numbers.subarray(0, this.#length);
  }
}
