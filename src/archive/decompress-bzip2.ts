// bzip2 by seek-bzip, which decodes synchronously from memory: fit for what is left of it, packages of long ago.
import Bunzip from "seek-bzip";
import { type Bytes, collect } from "../core/bytes.ts";

const CHUNK_BYTES = 1 << 20;

/**
 * Streams follow each other; nothing else may. Decodes at most one byte more than `maxBytes`, which tells the caller that
 * there is more.
 */
export async function* bunzip2(bytes: Bytes, maxBytes: number): AsyncGenerator<Uint8Array> {
  // What bzip2 cannot compress it makes larger by at most 1 % and 600 bytes (bzip2's manual, 2.4).
  const input = await collect(bytes, { maxBytes: Math.ceil(maxBytes * 1.01) + 600, what: "bzip2 data" });
  const chunks: Uint8Array[] = [];
  let room = maxBytes + 1;
  let chunk = new Uint8Array(0);
  let at = 0;
  const writeByte = (byte: number): void => {
    if (at === chunk.length) {
      if (room === 0) throw enough;
      chunk = new Uint8Array(Math.min(room, CHUNK_BYTES));
      chunks.push(chunk);
      room -= chunk.length;
      at = 0;
    }
    chunk[at++] = byte;
  };
  try {
    Bunzip.decode(inputOf(input), { writeByte }, true);
  } catch (error) {
    if (error !== enough) throw error;
  }
  for (const full of chunks.slice(0, -1)) yield full;
  yield chunk.subarray(0, at);
}

/** Thrown through the decoder to stop it. */
const enough = new Error("Enough was decoded");

/** The interface that seek-bzip reads from; its own readers go on with zeros where the input ends. */
function inputOf(bytes: Uint8Array): Bunzip.Input {
  let at = 0;
  const readByte = (): number => {
    const byte = bytes[at++];
    if (byte === undefined) throw new Error("unexpected end of file");
    return byte;
  };
  return {
    readByte,
    read(buffer, offset, length) {
      for (let index = 0; index < length; index++) buffer[offset + index] = readByte();
      return length;
    },
    eof: () => at >= bytes.length,
  };
}
