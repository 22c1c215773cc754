import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import fc from "fast-check";
import { type Alphabet, createAlphabet, createCoder } from "../../src/archive/deflate-huffman.ts";

const setLengths = createCoder();

function coded(frequencies: readonly number[], limitBits: number): Alphabet {
  const alphabet = createAlphabet(frequencies.length, limitBits);
  alphabet.frequencies.set(frequencies);
  setLengths(alphabet);
  return alphabet;
}

function cost({ frequencies, lengths }: Alphabet): number {
  return frequencies.reduce((sum, frequency, symbol) => sum + frequency * (lengths[symbol] ?? 0), 0);
}

/** 1 when the code is complete: every sequence of bits begins with a code. RFC 1951 wants no other. */
function kraftSum({ lengths }: Alphabet): number {
  return lengths.reduce((sum, bits) => sum + (bits === 0 ? 0 : 2 ** -bits), 0);
}

/** The cost of a best code without a limit: the sum of all inner nodes of Huffman's tree. */
function huffmanCost(frequencies: readonly number[]): number {
  const weights = frequencies.filter((frequency) => frequency > 0);
  let sum = 0;
  while (weights.length > 1) {
    weights.sort((a, b) => b - a);
    const node = (weights.pop() ?? 0) + (weights.pop() ?? 0);
    sum += node;
    weights.push(node);
  }
  return sum;
}

const known = [
  { name: "equal frequencies", frequencies: [1, 1, 1, 1], lengths: [2, 2, 2, 2] },
  { name: "halves", frequencies: [4, 2, 1, 1], lengths: [1, 2, 3, 3] },
  { name: "no symbol gets two codes all the same", frequencies: [0, 0, 0], lengths: [1, 1, 0] },
  { name: "one symbol gets one beside it", frequencies: [0, 0, 9], lengths: [1, 0, 1] },
  { name: "the first symbol alone", frequencies: [9, 0, 0], lengths: [1, 1, 0] },
];
for (const { name, frequencies, lengths } of known) {
  test(`code lengths: ${name}`, () => assert.deepEqual([...coded(frequencies, 15).lengths], lengths));
}

test("codes are canonical, first bit lowest", () => {
  // RFC 1951 section 3.2.2: lengths 2, 1, 3, 3 give 10, 0, 110, 111.
  assert.deepEqual([...coded([2, 4, 1, 1], 15).codes], [0b01, 0, 0b011, 0b111]);
});

describe("for any frequencies", () => {
  const frequencies = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 9 }), fc.nat(20_000)), {
    minLength: 2,
    maxLength: 286,
  });

  it("the code is complete and keeps its limit", () => {
    fc.assert(
      fc.property(frequencies, fc.constantFrom(9, 15), (counts, limit) => {
        const alphabet = coded(counts, limit);
        assert.equal(kraftSum(alphabet), 1);
        assert.ok(Math.max(...alphabet.lengths) <= limit);
      }),
      { seed: 2 },
    );
  });

  it("it is the best there is where the limit does not bind", () => {
    fc.assert(
      fc.property(frequencies, (counts) => {
        fc.pre(counts.filter((count) => count > 0).length > 1);
        const alphabet = coded(counts, 15);
        if (Math.max(...alphabet.lengths) < 15) assert.equal(cost(alphabet), huffmanCost(counts));
      }),
      { seed: 3 },
    );
  });
});

/**
 * The cost of a best code with a limit: package-merge (Larmore and Hirschberg 1990), in the form that keeps weights only. Of
 * the items of the last round, the 2n - 2 lightest make up the code.
 */
function packageMergeCost(frequencies: readonly number[], limitBits: number): number {
  const leaves = frequencies.filter((frequency) => frequency > 0).sort((a, b) => a - b);
  let items = leaves;
  for (let round = 1; round < limitBits; round++) {
    const packages: number[] = [];
    for (let at = 0; at + 1 < items.length; at += 2) packages.push((items[at] ?? 0) + (items[at + 1] ?? 0));
    items = [...leaves, ...packages].sort((a, b) => a - b);
  }
  return items.slice(0, 2 * leaves.length - 2).reduce((sum, item) => sum + item, 0);
}

const limited = [
  { name: "nineteen symbols in seven bits", symbols: 19, limitBits: 7, most: 1.12 },
  { name: "twenty-three symbols in fifteen bits", symbols: 23, limitBits: 15, most: 1.001 },
];
for (const { name, symbols, limitBits, most } of limited) {
  test(`Fibonacci frequencies, the worst there are, cost little more than they must: ${name}`, () => {
    const counts = [1, 1];
    while (counts.length < symbols) counts.push((counts.at(-1) ?? 0) + (counts.at(-2) ?? 0));
    const alphabet = coded(counts, limitBits);
    assert.equal(kraftSum(alphabet), 1);
    const best = packageMergeCost(counts, limitBits);
    assert.ok(cost(alphabet) <= most * best, `${cost(alphabet)} against ${best}`);
  });
}
