// Writes a parsed block in the smallest of the three ways that DEFLATE has (RFC 1951 section 3.2.3): stored, with the fixed
// codes, or with codes of its own. The sizes are computed exactly before anything is written.
import { alignToByte, type BitWriter, putBits, putBytes, reserve } from "./deflate-bits.ts";
import { createHeaderWriter } from "./deflate-header.ts";
import { type Alphabet, createAlphabet, createCoder, setCodes } from "./deflate-huffman.ts";
import type { Input, ParsedBlock } from "./deflate-parse.ts";
import {
  distanceBases,
  distanceExtraBits,
  distanceSymbols,
  distanceSymbolTable,
  endOfBlock,
  firstLengthSymbol,
  lengthBases,
  lengthExtraBits,
  lengthGroup,
  lengthGroups,
} from "./deflate-tables.ts";

/** The most bytes that one stored block holds: its length has 16 bits. */
const maxStoredBytes = 65_535;
const blockHeaderBits = 3;
const kindFixed = 1;
const kindDynamic = 2;

export interface Codes {
  readonly literals: Alphabet;
  readonly distances: Alphabet;
}

export interface BlockWriter {
  /** The frequencies of `codes` are those of the block; its lengths and codes are set here. */
  write(input: Input, block: ParsedBlock, isLast: boolean): void;
}

export function createBlockWriter(writer: BitWriter, codes: Codes): BlockWriter {
  const setLengths = createCoder();
  const header = createHeaderWriter(setLengths);
  const fixed = fixedCodes();

  function write(input: Input, block: ParsedBlock, isLast: boolean): void {
    setLengths(codes.literals);
    setLengths(codes.distances);
    const shape = header.plan(codes);
    const extraBits = countExtraBits(codes);
    const dynamicBits = blockHeaderBits + shape.bits + extraBits + countCodeBits(codes, codes);
    const fixedBits = blockHeaderBits + extraBits + countCodeBits(codes, fixed);
    const bytes = block.end - block.start;
    const storedBlocks = Math.max(1, Math.ceil(bytes / maxStoredBytes));
    const storedBits = 8 * bytes + storedBlocks * (8 + 32);
    if (storedBits < Math.min(dynamicBits, fixedBits)) {
      reserve(writer, storedBits / 8);
      writeStored(input.bytes.subarray(block.start, block.end), isLast);
      return;
    }
    reserve(writer, Math.min(dynamicBits, fixedBits) >> 3);
    const last = isLast ? 1 : 0;
    if (fixedBits <= dynamicBits) {
      putBits(writer, last | (kindFixed << 1), blockHeaderBits);
      writeSymbols(writer, input.bytes, block, fixed);
    } else {
      putBits(writer, last | (kindDynamic << 1), blockHeaderBits);
      header.write(writer, shape);
      writeSymbols(writer, input.bytes, block, codes);
    }
  }

  /** RFC 1951 section 3.2.4: each block has its length and the length's complement. */
  function writeStored(bytes: Uint8Array, isLast: boolean): void {
    let at = 0;
    do {
      const part = bytes.subarray(at, at + maxStoredBytes);
      at += part.length;
      putBits(writer, isLast && at === bytes.length ? 1 : 0, blockHeaderBits);
      alignToByte(writer);
      putBits(writer, part.length, 16);
      putBits(writer, part.length ^ 0xffff, 16);
      putBytes(writer, part);
    } while (at < bytes.length);
  }

  return { write };
}

/** RFC 1951 section 3.2.6, with the two symbols of each alphabet that never occur but take up codes. */
function fixedCodes(): Codes {
  const literals = createAlphabet(288, 9);
  literals.lengths.fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280);
  setCodes(literals);
  const distances = createAlphabet(32, 5);
  distances.lengths.fill(5);
  setCodes(distances);
  return { literals, distances };
}

function countExtraBits({ literals, distances }: Codes): number {
  let bits = 0;
  for (let group = 0; group < lengthGroups; group++) {
    bits += (literals.frequencies[firstLengthSymbol + group] ?? 0) * (lengthExtraBits[group] ?? 0);
  }
  for (let symbol = 0; symbol < distanceSymbols; symbol++) {
    bits += (distances.frequencies[symbol] ?? 0) * (distanceExtraBits[symbol] ?? 0);
  }
  return bits;
}

/** What the symbols of one pair of alphabets take with the code lengths of another. */
function countCodeBits(counted: Codes, coded: Codes): number {
  return weigh(counted.literals, coded.literals) + weigh(counted.distances, coded.distances);
}

function weigh({ frequencies }: Alphabet, { lengths }: Alphabet): number {
  let bits = 0;
  for (let symbol = 0; symbol < frequencies.length; symbol++)
    bits += (frequencies[symbol] ?? 0) * (lengths[symbol] ?? 0);
  return bits;
}

/** The hot loop: all literals and matches of a block, then its end. Room was reserved. */
function writeSymbols(writer: BitWriter, bytes: Uint8Array, block: ParsedBlock, { literals, distances }: Codes): void {
  const { view } = writer;
  const { literalRuns, matches, matchCount } = block;
  const { lengths: literalLengths, codes: literalCodes } = literals;
  const { lengths: distanceLengths, codes: distanceCodes } = distances;
  let { offset, pending, count } = writer;
  let at = block.start;
  for (let index = 0; ; index++) {
    for (const end = at + (literalRuns[index] ?? 0); at < end; at++) {
      const literal = bytes[at] ?? 0;
      pending |= (literalCodes[literal] ?? 0) << count;
      count += literalLengths[literal] ?? 0;
      if (count > 16) {
        view.setInt32(offset, pending, true);
        offset += count >> 3;
        pending >>>= count & 24;
        count &= 7;
      }
    }
    view.setInt32(offset, pending, true);
    offset += count >> 3;
    pending >>>= count & 24;
    count &= 7;
    if (index === matchCount) break;
    // At most 7 bits wait here, and a length takes 15 + 5.
    const match = matches[index] ?? 0;
    const group = lengthGroup[match >> 16] ?? 0;
    pending |= (literalCodes[firstLengthSymbol + group] ?? 0) << count;
    count += literalLengths[firstLengthSymbol + group] ?? 0;
    pending |= ((match >> 16) - (lengthBases[group] ?? 0)) << count;
    count += lengthExtraBits[group] ?? 0;
    view.setInt32(offset, pending, true);
    offset += count >> 3;
    pending >>>= count & 24;
    count &= 7;
    const distance = match & 0xffff;
    const symbol = distanceSymbolTable[distance <= 256 ? distance - 1 : 256 + ((distance - 1) >> 7)] ?? 0;
    pending |= (distanceCodes[symbol] ?? 0) << count;
    count += distanceLengths[symbol] ?? 0;
    view.setInt32(offset, pending, true);
    offset += count >> 3;
    pending >>>= count & 24;
    count &= 7;
    pending |= (distance - (distanceBases[symbol] ?? 0)) << count;
    count += distanceExtraBits[symbol] ?? 0;
    if (count > 16) {
      view.setInt32(offset, pending, true);
      offset += count >> 3;
      pending >>>= count & 24;
      count &= 7;
    }
    at += match >> 16;
  }
  Object.assign(writer, { offset, pending, count });
  putBits(writer, literalCodes[endOfBlock] ?? 0, literalLengths[endOfBlock] ?? 0);
}
