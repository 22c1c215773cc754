// Changes to bytes that know nothing of a format: flipped bits, cuts, splices, repeats, numbers that readers trip over.
import type { Random } from "./random.ts";

/** Corpus inputs longer than this are cut: most faults need few bytes, and short cases are many cases. */
export const maxInputBytes: number = 256 << 10;

export interface Mixing {
  /** Another input, for splices. */
  readonly other: Uint8Array;
  readonly words: readonly Uint8Array[];
}

/** One to six changes, one after the other. */
export function mutateBytes(input: Uint8Array, random: Random, mixing: Mixing): Uint8Array {
  let bytes = input;
  for (let count = 1 + random.below(6); count > 0; count--) {
    bytes = random
      .pick(changes)(bytes, random, mixing)
      .subarray(0, 2 * maxInputBytes);
  }
  return bytes;
}

type Change = (bytes: Uint8Array, random: Random, mixing: Mixing) => Uint8Array;

const changes: readonly [Change, ...Change[]] = [
  flipBit,
  flipBit,
  setByte,
  cut,
  remove,
  repeat,
  splice,
  insertWord,
  insertWord,
  overwriteWord,
  putInteger,
  putInteger,
  putDigits,
];

function flipBit(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = random.below(copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
  return copy;
}

function setByte(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[random.below(copy.length)] = random.pick([0, 0xff, 0x7f, 0x80, 0x20, 0x0a, 0x0d, 0x2f, random.below(256)]);
  return copy;
}

function cut(bytes: Uint8Array, random: Random): Uint8Array {
  return random.oneIn(3) ? bytes.subarray(random.below(bytes.length)) : bytes.subarray(0, random.below(bytes.length));
}

function remove(bytes: Uint8Array, random: Random): Uint8Array {
  const { start, end } = rangeOf(bytes, random);
  return replaced(bytes, start, end, new Uint8Array(0));
}

function repeat(bytes: Uint8Array, random: Random): Uint8Array {
  const { start, end } = rangeOf(bytes, random);
  const part = bytes.subarray(start, end);
  const times = random.oneIn(8) ? 1 + random.below(2000) : 1 + random.below(4);
  const fitting = Math.min(times, Math.ceil(maxInputBytes / Math.max(1, part.length)));
  return replaced(bytes, end, end, Buffer.concat(Array.from({ length: fitting }, () => part)));
}

function splice(bytes: Uint8Array, random: Random, { other }: Mixing): Uint8Array {
  const from = rangeOf(other, random);
  const at = random.below(bytes.length + 1);
  const end = random.oneIn(2) ? at : Math.min(bytes.length, at + from.end - from.start);
  return replaced(bytes, at, end, other.subarray(from.start, from.end));
}

function insertWord(bytes: Uint8Array, random: Random, { words }: Mixing): Uint8Array {
  const at = random.below(bytes.length + 1);
  return replaced(bytes, at, at, wordOf(random, words));
}

function overwriteWord(bytes: Uint8Array, random: Random, { words }: Mixing): Uint8Array {
  const word = wordOf(random, words);
  const at = random.below(bytes.length + 1);
  return replaced(bytes, at, Math.min(bytes.length, at + word.length), word);
}

const plainWords = [
  "",
  "\0",
  "\n",
  "\n\n",
  "/",
  "../",
  " ",
  "-1",
  "__proto__",
  "constructor",
  "\r\n",
  "\ufeff",
  "\u00a0",
];

function wordOf(random: Random, words: readonly Uint8Array[]): Uint8Array {
  const [first, ...others] = random.oneIn(4) ? plainWords.map((word) => Buffer.from(word)) : words;
  return first === undefined ? Uint8Array.of(random.below(256)) : random.pick([first, ...others]);
}

const integers: readonly [number, ...number[]] = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff,
];

/** A number at an edge, in 1, 2, 4 or 8 bytes of either order. */
function putInteger(bytes: Uint8Array, random: Random): Uint8Array {
  const width = random.pick([1, 2, 4, 8]);
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(random.oneIn(6) ? 0xffff_ffff_ffff_ffffn : BigInt(random.pick(integers)));
  const part = Buffer.from(number.subarray(8 - width));
  if (random.oneIn(2)) part.reverse();
  const at = random.below(bytes.length + 1);
  return replaced(bytes, at, Math.min(bytes.length, at + width), part);
}

/** Another number where digits stand. */
function putDigits(bytes: Uint8Array, random: Random): Uint8Array {
  const start = random.below(bytes.length);
  const isDigit = (at: number): boolean => (bytes[at] ?? 0) >= 0x30 && (bytes[at] ?? 0) <= 0x39;
  let at = start;
  while (at < bytes.length && !isDigit(at)) at++;
  let end = at;
  while (isDigit(end)) end++;
  const number = random.pick([
    "0",
    "-1",
    "9",
    "4294967296",
    "9007199254740993",
    "1e9",
    "99999999999999999999999",
    "NaN",
  ]);
  return replaced(bytes, at, end, Buffer.from(number));
}

function rangeOf(bytes: Uint8Array, random: Random): { readonly start: number; readonly end: number } {
  const start = random.below(bytes.length);
  const length = random.oneIn(4) ? random.below(bytes.length) : random.below(64);
  return { start, end: Math.min(bytes.length, start + length) };
}

export function replaced(bytes: Uint8Array, start: number, end: number, by: Uint8Array): Uint8Array {
  return Buffer.concat([bytes.subarray(0, start), by, bytes.subarray(end)]);
}
