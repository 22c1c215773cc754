// Where a block should end. A block has one set of codes, so it ends where the bytes change their kind: code to text, text to
// tables. Symbols are counted in ten coarse kinds; when the last few hundred are mixed differently from the block so far, a new
// block pays for its header. The measure is Eric Biggers's, from libdeflate, in whole numbers.
import { firstLengthSymbol, literalSymbols } from "./deflate-tables.ts";

/** No block is shorter than this, in bytes of input, except the last. */
const minBlockBytes = 5000;
/** A block ends with this many symbols in any case. */
export const maxBlockSymbols = 20_000;
/** Symbols between two looks. */
export const symbolsPerLook = 512;

/** Eight kinds of literals, by their top two bits and their lowest, then short and long matches. */
const kinds = 10;
const firstLongMatch = firstLengthSymbol + 6;
/** The part of the symbols, in 512ths, that must have changed kind. */
const cutoff = 200;

export interface BlockSplitter {
  /** A new block begins. */
  reset(): void;
  /** Whether the block with these frequencies of literals and lengths should end here. Call about every 512 symbols. */
  shouldEnd(frequencies: Uint32Array, symbols: number, bytes: number): boolean;
}

export function createBlockSplitter(): BlockSplitter {
  const seen = new Int32Array(kinds);
  const now = new Int32Array(kinds);
  let seenSymbols = 0;

  function shouldEnd(frequencies: Uint32Array, symbols: number, bytes: number): boolean {
    if (bytes >= minBlockBytes && symbols >= maxBlockSymbols) return true;
    countKinds(frequencies, now);
    const ends = bytes >= minBlockBytes && seenSymbols > 0 && differs(symbols, bytes);
    seen.set(now);
    seenSymbols = symbols;
    return ends;
  }

  /** Products stay below 2^53: symbols are at most some 20,000, bytes at most 258 times that. */
  function differs(symbols: number, bytes: number): boolean {
    const fresh = symbols - seenSymbols;
    let difference = 0;
    for (let kind = 0; kind < kinds; kind++) {
      const before = seen[kind] ?? 0;
      const added = (now[kind] ?? 0) - before;
      difference += Math.abs(before * fresh - added * seenSymbols);
    }
    // The longer the block, the smaller the change that ends it.
    return 512 * difference + (bytes >> 12) * seenSymbols * fresh >= cutoff * seenSymbols * fresh;
  }

  return {
    reset: () => {
      seen.fill(0);
      seenSymbols = 0;
    },
    shouldEnd,
  };
}

function countKinds(frequencies: Uint32Array, counts: Int32Array): void {
  counts.fill(0);
  for (let literal = 0; literal < 256; literal++) {
    const kind = ((literal >> 5) & 6) | (literal & 1);
    counts[kind] = (counts[kind] ?? 0) + (frequencies[literal] ?? 0);
  }
  let short = 0;
  let long = 0;
  for (let symbol = firstLengthSymbol; symbol < firstLongMatch; symbol++) short += frequencies[symbol] ?? 0;
  for (let symbol = firstLongMatch; symbol < literalSymbols; symbol++) long += frequencies[symbol] ?? 0;
  counts[8] = short;
  counts[9] = long;
}
