// How a block with codes of its own tells them (RFC 1951 section 3.2.7): the code lengths, run-length coded, in a third code.
import { type BitWriter, putBits } from "./deflate-bits.ts";
import { type Alphabet, createAlphabet } from "./deflate-huffman.ts";
import { distanceSymbols, firstLengthSymbol, literalSymbols } from "./deflate-tables.ts";

/** The order in which the lengths of the third code stand. */
const lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/** Repeat the length before 3–6 times; 3–10 zeros; 11–138 zeros. */
const repeatLength = 16;
const repeatZero = 17;
const repeatZeroLong = 18;
const repeatExtraBits = [2, 3, 7];
const lengthCodeLimitBits = 7;

/** A header that `write` can write until the next `plan`. */
export interface CodeHeader {
  readonly bits: number;
  readonly literalCount: number;
  readonly distanceCount: number;
  readonly orderCount: number;
  readonly itemCount: number;
}

export interface HeaderWriter {
  plan(codes: { readonly literals: Alphabet; readonly distances: Alphabet }): CodeHeader;
  write(writer: BitWriter, header: CodeHeader): void;
}

export function createHeaderWriter(setLengths: (alphabet: Alphabet) => void): HeaderWriter {
  const alphabet = createAlphabet(lengthOrder.length, lengthCodeLimitBits);
  const told = new Uint8Array(literalSymbols + distanceSymbols);
  /** Each a symbol of the third code, and above its five bits the value of its extra bits. */
  const items = new Uint16Array(literalSymbols + distanceSymbols);
  let itemCount = 0;

  function plan({ literals, distances }: { readonly literals: Alphabet; readonly distances: Alphabet }): CodeHeader {
    const literalCount = Math.max(firstLengthSymbol, usedLength(literals.lengths));
    const distanceCount = Math.max(1, usedLength(distances.lengths));
    told.set(literals.lengths.subarray(0, literalCount));
    told.set(distances.lengths.subarray(0, distanceCount), literalCount);
    packRuns(literalCount + distanceCount);
    setLengths(alphabet);
    let orderCount = lengthOrder.length;
    while (orderCount > 4 && alphabet.lengths[lengthOrder[orderCount - 1] ?? 0] === 0) orderCount--;
    let bits = 5 + 5 + 4 + 3 * orderCount;
    alphabet.frequencies.forEach((frequency, symbol) => {
      bits += frequency * ((alphabet.lengths[symbol] ?? 0) + (repeatExtraBits[symbol - repeatLength] ?? 0));
    });
    return { bits, literalCount, distanceCount, orderCount, itemCount };
  }

  function packRuns(toldCount: number): void {
    alphabet.frequencies.fill(0);
    itemCount = 0;
    for (let at = 0; at < toldCount; ) {
      const length = told[at] ?? 0;
      let run = 1;
      while (at + run < toldCount && told[at + run] === length) run++;
      at += run;
      if (length === 0) packZeros(run);
      else packLengths(length, run);
    }
  }

  function packZeros(run: number): void {
    let left = run;
    for (; left >= 11; left -= Math.min(left, 138)) add(repeatZeroLong, Math.min(left, 138) - 11);
    if (left >= 3) add(repeatZero, left - 3);
    else for (; left > 0; left--) add(0, 0);
  }

  function packLengths(length: number, run: number): void {
    add(length, 0);
    let left = run - 1;
    for (; left >= 3; left -= Math.min(left, 6)) add(repeatLength, Math.min(left, 6) - 3);
    for (; left > 0; left--) add(length, 0);
  }

  function add(symbol: number, extra: number): void {
    items[itemCount++] = symbol | (extra << 5);
    alphabet.frequencies[symbol] = (alphabet.frequencies[symbol] ?? 0) + 1;
  }

  function write(writer: BitWriter, header: CodeHeader): void {
    putBits(writer, header.literalCount - firstLengthSymbol, 5);
    putBits(writer, header.distanceCount - 1, 5);
    putBits(writer, header.orderCount - 4, 4);
    for (const symbol of lengthOrder.slice(0, header.orderCount)) putBits(writer, alphabet.lengths[symbol] ?? 0, 3);
    for (const item of items.subarray(0, header.itemCount)) {
      const symbol = item & 31;
      putBits(writer, alphabet.codes[symbol] ?? 0, alphabet.lengths[symbol] ?? 0);
      putBits(writer, item >> 5, repeatExtraBits[symbol - repeatLength] ?? 0);
    }
  }

  return { plan, write };
}

/** How many lengths there are when zeros at the end are left away. */
function usedLength(lengths: Uint8Array): number {
  return lengths.findLastIndex((length) => length > 0) + 1;
}
