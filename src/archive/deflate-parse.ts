// Turns bytes into literals and matches, one block at a time. Lazy: a match is put off by a byte when the match that begins
// there is enough better, by its length and by the extra bits of its distance.
import type { Alphabet } from "./deflate-huffman.ts";
import { createMatchFinder } from "./deflate-matches.ts";
import { createBlockSplitter, maxBlockSymbols, symbolsPerLook } from "./deflate-split.ts";
import { distanceSymbolTable, endOfBlock, firstLengthSymbol, lengthGroup } from "./deflate-tables.ts";

/** How many candidates a search looks at: for a first match, and to better one that is short or not so short. */
const depthFirst = 8;
const depthBetter = 4;
const depthBetterThanGood = 2;
const goodLength = 16;
/** A match at least this long is taken without looking for a better one. */
const lazyLength = 32;

/** One block: runs of literals, each but the last followed by a match. Scratch memory of the parser, good until it parses on. */
export interface ParsedBlock {
  start: number;
  end: number;
  matchCount: number;
  /** Literals before each match, and at `matchCount` those after the last. */
  readonly literalRuns: Int32Array;
  readonly matches: Int32Array;
}

export interface Input {
  readonly bytes: Uint8Array;
  /** The same memory, with the slack that the match finder wants. */
  readonly view: DataView;
  readonly length: number;
}

export interface Parser {
  readonly block: ParsedBlock;
  /** Starts over, for other input. */
  reset(): void;
  /** Parses the block that begins at a position and counts its symbols into the two alphabets. */
  parse(input: Input, start: number): void;
}

export function createParser(literals: Alphabet, distances: Alphabet): Parser {
  const finder = createMatchFinder();
  const splitter = createBlockSplitter();
  // A look may come late by the literals that one match was put off for, far fewer than another 512.
  const room = maxBlockSymbols + 2 * symbolsPerLook;
  const block = { start: 0, end: 0, matchCount: 0, literalRuns: new Int32Array(room), matches: new Int32Array(room) };
  const literalCounts = literals.frequencies;
  const distanceCounts = distances.frequencies;

  function parse({ bytes, view, length: end }: Input, start: number): void {
    literalCounts.fill(0);
    distanceCounts.fill(0);
    splitter.reset();
    const { literalRuns, matches } = block;
    const lastSearch = end - 4;
    let at = start;
    let runStart = start;
    let count = 0;
    let literalCount = 0;
    let nextLook = symbolsPerLook;
    while (at < lastSearch) {
      let match = finder.find(view, at, end, 0, depthFirst);
      if ((match & 0xffff) === 0) {
        const literal = bytes[at++] ?? 0;
        literalCounts[literal] = (literalCounts[literal] ?? 0) + 1;
        literalCount++;
      } else {
        while (match >> 16 < lazyLength && at + 1 < lastSearch) {
          const depth = match >> 16 < goodLength ? depthBetter : depthBetterThanGood;
          const better = finder.find(view, at + 1, end, (match >> 16) - 1, depth);
          if (!isWorthWaiting(match, better)) break;
          const literal = bytes[at++] ?? 0;
          literalCounts[literal] = (literalCounts[literal] ?? 0) + 1;
          literalCount++;
          match = better;
        }
        literalRuns[count] = at - runStart;
        matches[count++] = match;
        countMatch(match);
        at += match >> 16;
        finder.enterUpTo(view, at < lastSearch ? at : lastSearch);
        runStart = at;
      }
      if (literalCount + count >= nextLook) {
        if (splitter.shouldEnd(literalCounts, literalCount + count, at - start)) break;
        nextLook = literalCount + count + symbolsPerLook;
      }
    }
    if (at >= lastSearch) {
      for (; at < end; at++) literalCounts[bytes[at] ?? 0] = (literalCounts[bytes[at] ?? 0] ?? 0) + 1;
    }
    literalCounts[endOfBlock] = 1;
    literalRuns[count] = at - runStart;
    block.start = start;
    block.end = at;
    block.matchCount = count;
  }

  function countMatch(match: number): void {
    const length = firstLengthSymbol + (lengthGroup[match >> 16] ?? 0);
    literalCounts[length] = (literalCounts[length] ?? 0) + 1;
    const distance = (match & 0xffff) - 1;
    const symbol = distanceSymbolTable[distance < 256 ? distance : 256 + (distance >> 7)] ?? 0;
    distanceCounts[symbol] = (distanceCounts[symbol] ?? 0) + 1;
  }

  return { block, reset: finder.reset, parse };
}

/** A byte of length is worth four bits; a distance of half the size one. The literal in between costs about one. */
function isWorthWaiting(match: number, better: number): boolean {
  const distance = better & 0xffff;
  if (distance === 0) return false;
  const bytesGained = (better >> 16) - (match >> 16);
  return 4 * bytesGained + Math.clz32(distance) - Math.clz32(match & 0xffff) > 1;
}
