// gzip and zstd by node:zlib. As streams with large chunks: three times as fast as its one-shot functions.
import { pipeline, Readable } from "node:stream";
import { constants, createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from "node:zlib";
import type { Bytes } from "../core/bytes.ts";

const usualChunk = 1 << 20;

/**
 * The largest window that a frame may ask for, 2^27 bytes, as `zstd -d` without options has it; `zstd --long=27` and
 * `--ultra -22` write that much. It is memory that a hostile frame could claim.
 */
const ZSTD_WINDOW_LOG = 27;

/** RFC 1952, 2.2: members follow each other. Zeros may follow the last one: tools pad. */
export function gunzip(bytes: Bytes, chunkSize: number = usualChunk): AsyncGenerator<Uint8Array> {
  return run(bytes, createGunzip({ chunkSize }));
}

/**
 * RFC 8878, 3: frames, also skippable ones, follow each other; nothing but zeros may follow. (One to three stray bytes at the very end
 * pass: zlib takes them for the start of a frame. The frames before them are whole and checked all the same.)
 */
export function unzstd(bytes: Bytes, chunkSize: number = usualChunk): AsyncGenerator<Uint8Array> {
  return run(bytes, createZstdDecompress({ chunkSize, params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } }));
}

/** Runs a decoder. zlib silently stops in front of what it does not know, so what it left over is looked at here. */
async function* run(bytes: Bytes, decoder: Gunzip | ZstdDecompress): AsyncGenerator<Uint8Array> {
  let total = 0;
  let zeros = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      total += chunk.length;
      const trailing = trailingZeros(chunk);
      zeros = trailing === chunk.length ? zeros + trailing : trailing;
      yield chunk;
    }
  }
  // A failure destroys the decoder with its reason, which the loop then throws.
  pipeline(Readable.from(counted(), { objectMode: false }), decoder, () => undefined);
  yield* decoder;
  const left = total - decoder.bytesWritten;
  if (left > zeros) throw new Error(`${left} bytes that are no part of it follow its end`);
}

function trailingZeros(chunk: Uint8Array): number {
  let at = chunk.length;
  while (at > 0 && chunk[at - 1] === 0) at--;
  return chunk.length - at;
}
