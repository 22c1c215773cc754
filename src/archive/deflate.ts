// A DEFLATE compressor (RFC 1951) whose output is a function of its input alone: whole numbers, no float, no chance, no native
// code, so every processor and every Node gives the same bits. zlib promises no such thing: its output differs between
// versions, forks and processors. Why this one, and what it costs: docs/compressor.md.
// A change of output, however small, is a new `gzipIdentity`: digests of layers depend on it.
import { createBitWriter, takeBytes } from "./deflate-bits.ts";
import { createBlockWriter } from "./deflate-block.ts";
import { createAlphabet } from "./deflate-huffman.ts";
import { inputSlackBytes } from "./deflate-matches.ts";
import { createParser, type Input } from "./deflate-parse.ts";
import { distanceSymbols, literalSymbols } from "./deflate-tables.ts";

const maxCodeBits = 15;

/** Compresses; owns about 1.5 MB of scratch memory, and a copy of the largest input so far. One call at a time. */
export interface Deflater {
  /** One complete DEFLATE stream. What was compressed before makes no difference. */
  deflate(bytes: Uint8Array): Uint8Array;
}

export function createDeflater(): Deflater {
  const writer = createBitWriter();
  const codes = {
    literals: createAlphabet(literalSymbols, maxCodeBits),
    distances: createAlphabet(distanceSymbols, maxCodeBits),
  };
  const parser = createParser(codes.literals, codes.distances);
  const blocks = createBlockWriter(writer, codes);
  let memory = new Uint8Array(0);

  function load(bytes: Uint8Array): Input {
    if (memory.length < bytes.length + inputSlackBytes) memory = new Uint8Array(bytes.length + inputSlackBytes);
    memory.set(bytes);
    memory.fill(0, bytes.length, bytes.length + inputSlackBytes);
    return { bytes: memory, view: new DataView(memory.buffer), length: bytes.length };
  }

  function deflate(bytes: Uint8Array): Uint8Array {
    const input = load(bytes);
    parser.reset();
    let at = 0;
    do {
      parser.parse(input, at);
      at = parser.block.end;
      blocks.write(input, parser.block, at === input.length);
    } while (at < input.length);
    return takeBytes(writer);
  }

  return { deflate };
}
