// Stretches of files of the store. They are read in the calling thread: most are small, and asking another thread for each
// costs more than reading it.
import { closeSync, openSync, readSync } from "node:fs";
import { DodaiError } from "../core/dodai-error.ts";
import type { Range } from "../image/piece.ts";

const chunkBytes = 1 << 20;

/** All of the stretches, one after the other, as one value. Throws CACHE_BROKEN when they are not there. */
export function readRanges(
  path: string,
  ranges: readonly Range[],
  allocate: (length: number) => Uint8Array = Buffer.allocUnsafe,
): Uint8Array {
  const bytes = allocate(ranges.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const filled of fillBuffers(path, ranges, () => bytes.subarray(at))) at += filled.byteLength;
  return bytes;
}

/** The stretches as a stream. Throws CACHE_BROKEN when they are not there. */
export async function* streamRanges(path: string, ranges: readonly Range[]): AsyncGenerator<Uint8Array> {
  yield* fillBuffers(path, ranges, (left) => Buffer.allocUnsafe(Math.min(left, chunkBytes)));
}

/** Hands the stretches to a digest, through one buffer of the caller's. Throws CACHE_BROKEN when they are not there. */
export async function digestRanges(
  path: string,
  ranges: readonly Range[],
  { state, buffer }: { readonly state: { update(bytes: Uint8Array): void }; readonly buffer: Uint8Array },
): Promise<void> {
  for (const filled of fillBuffers(path, ranges, () => buffer)) {
    state.update(filled);
    // A signal or a progress display may have waited while a large file was read.
    if (filled.byteLength === buffer.byteLength) await new Promise(setImmediate);
  }
}

/** A buffer of `digestRanges`. */
export const digestBuffer = (): Uint8Array => Buffer.allocUnsafe(chunkBytes);

function* fillBuffers(
  path: string,
  ranges: readonly Range[],
  bufferFor: (leftBytes: number) => Uint8Array,
): Generator<Uint8Array> {
  const file = openSync(path, "r");
  try {
    for (const { offset, length } of ranges) {
      for (let done = 0; done < length; ) {
        const buffer = bufferFor(length - done);
        const count = readSync(file, buffer, 0, Math.min(buffer.byteLength, length - done), offset + done);
        if (count === 0) {
          throw new DodaiError("CACHE_BROKEN", `Cannot read "${path}": it is shorter than its description says`, {
            fix: "Remove the file and run the command again.",
          });
        }
        yield buffer.subarray(0, count);
        done += count;
      }
    }
  } finally {
    closeSync(file);
  }
}
