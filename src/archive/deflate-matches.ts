// Finds earlier copies of what comes next: hash chains over four bytes, and for matches of three bytes the last place only.
// Every position is entered exactly once, in order, by `find` or `enterUpTo`. Four bytes are compared at a time, always read
// in little-endian order, so the result is the same on every processor.
import { maxMatch, windowBytes } from "./deflate-tables.ts";

/** Bytes to look at past the last one: four-byte reads near the end stay in bounds. The caller keeps them zero. */
export const inputSlackBytes = 16;

/** A match of three bytes from farther away costs more than three literals as a rule. */
const maxShortDistance = 4096;

const hashBits = 15;
/** 2^32 divided by the golden ratio: Knuth's multiplicative hashing. */
const hashFactor = 0x9e3779b1;
/** A place before the start that no window reaches. */
const nowhere = -2 * windowBytes;
/** A step back that leaves the window from anywhere. */
const outOfWindow = 2 * windowBytes - 1;

/** A match as one number: `length << 16 | distance`; a distance of 0 says that there is none. */
type Match = number;

export interface MatchFinder {
  /** Starts over, for other input. */
  reset(): void;
  /**
   * The longest match at a position for `depth` candidates, if it is longer than `beat`; of equally long ones the nearest.
   * Enters the position. At least four bytes must be left.
   */
  find(input: DataView, at: number, end: number, beat: number, depth: number): Match;
  /** Enters the positions before `to` that were not entered yet. */
  enterUpTo(input: DataView, to: number): void;
}

export function createMatchFinder(): MatchFinder {
  const heads = new Int32Array(1 << hashBits);
  const shortHeads = new Int32Array(1 << hashBits);
  /** By position modulo the window: how many bytes before it the previous one with its hash lies. */
  const steps = new Uint16Array(windowBytes);
  let entered = 0;

  function reset(): void {
    heads.fill(nowhere);
    shortHeads.fill(nowhere);
    entered = 0;
  }

  function find(input: DataView, at: number, end: number, beat: number, depth: number): Match {
    const four = input.getInt32(at, true);
    const hash = Math.imul(four, hashFactor) >>> (32 - hashBits);
    const shortHash = Math.imul(four << 8, hashFactor) >>> (32 - hashBits);
    let candidate = heads[hash] ?? nowhere;
    const short = shortHeads[shortHash] ?? nowhere;
    heads[hash] = at;
    shortHeads[shortHash] = at;
    steps[at & (windowBytes - 1)] = at - candidate > outOfWindow ? outOfWindow : at - candidate;
    entered = at + 1;

    let best = beat;
    let distance = 0;
    if (best < 3) {
      best = 3;
      if (at - short <= maxShortDistance && (input.getInt32(short, true) ^ four) << 8 === 0) distance = at - short;
    }
    const longest = end - at < maxMatch ? end - at : maxMatch;
    if (best >= longest) return (best << 16) | distance;
    const oldest = at - windowBytes;
    // The four bytes that end one past the best match so far: without them a candidate cannot be longer.
    let tail = input.getInt32(at + best - 3, true);
    for (let left = depth; candidate >= oldest && left > 0; left--) {
      if (input.getInt32(candidate + best - 3, true) === tail && input.getInt32(candidate, true) === four) {
        const length = commonLength(input, candidate, at, longest);
        if (length > best) {
          best = length;
          distance = at - candidate;
          if (length === longest) break;
          tail = input.getInt32(at + best - 3, true);
        }
      }
      candidate -= steps[candidate & (windowBytes - 1)] ?? outOfWindow;
    }
    return (best << 16) | distance;
  }

  function enterUpTo(input: DataView, to: number): void {
    for (let at = entered; at < to; at++) {
      const four = input.getInt32(at, true);
      const hash = Math.imul(four, hashFactor) >>> (32 - hashBits);
      const step = at - (heads[hash] ?? nowhere);
      heads[hash] = at;
      steps[at & (windowBytes - 1)] = step > outOfWindow ? outOfWindow : step;
      shortHeads[Math.imul(four << 8, hashFactor) >>> (32 - hashBits)] = at;
    }
    if (to > entered) entered = to;
  }

  return { reset, find, enterUpTo };
}

/** How many bytes agree from two positions on, at most `longest`; the first four are known to. */
function commonLength(input: DataView, earlier: number, at: number, longest: number): number {
  for (let length = 4; length < longest; length += 4) {
    const difference = input.getInt32(earlier + length, true) ^ input.getInt32(at + length, true);
    if (difference !== 0) {
      // Bytes before the lowest bit that differs.
      const equal = length + ((31 - Math.clz32(difference & -difference)) >> 3);
      return equal < longest ? equal : longest;
    }
  }
  return longest;
}
