// A tar as a stream of bytes from a stream of entries: the reverse of `readTar`.
import { type Bytes, concatBytes } from "../core/bytes.ts";
import type { ArchiveItem } from "./entry.ts";
import { formatTarHeader, tarPadding, tarTrailer } from "./tar-write.ts";

/** Size from which collected bytes are handed on: most files of a root are small, and each chunk costs its reader a step. */
const CHUNK_BYTES = 256 << 10;

/** The bytes of a tar of these items, with its trailer. Takes every body before the next item. */
export async function* writeTar(items: AsyncIterable<ArchiveItem>): AsyncGenerator<Uint8Array> {
  yield* inLargeChunks(recordsOf(items));
}

async function* recordsOf(items: AsyncIterable<ArchiveItem>): AsyncGenerator<Uint8Array> {
  for await (const { entry, body } of items) {
    yield formatTarHeader(entry);
    if (entry.kind !== "file" || entry.sizeBytes === 0) continue;
    yield* body;
    yield new Uint8Array(tarPadding(entry.sizeBytes));
  }
  yield tarTrailer;
}

async function* inLargeChunks(bytes: Bytes): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of bytes) {
    parts.push(part);
    size += part.length;
    if (size < CHUNK_BYTES) continue;
    yield concatBytes(parts);
    parts = [];
    size = 0;
  }
  if (size > 0) yield concatBytes(parts);
}
