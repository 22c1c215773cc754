// Byte streams: how bytes from outside flow through dodai. Every reader of them bounds what it keeps.
import { type Digest, startDigest } from "./digest.ts";
import { DodaiError, type ErrorCode } from "./dodai-error.ts";

export type Bytes = AsyncIterable<Uint8Array>;

export function concatBytes(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1 && chunks[0]) return chunks[0];
  return Buffer.concat(chunks);
}

/** What `collect` may keep at most, and whose bytes they are for the message. */
export interface CollectOptions {
  readonly maxBytes: number;
  readonly what: string;
  readonly code?: ErrorCode;
}

/** All bytes of a stream at once. Throws ARCHIVE_TOO_LARGE (or `code`) past `maxBytes`, before keeping them. */
export async function collect(
  bytes: Bytes,
  { maxBytes, what, code = "ARCHIVE_TOO_LARGE" }: CollectOptions,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let seen = 0;
  for await (const chunk of bytes) {
    seen += chunk.byteLength;
    if (seen > maxBytes) throw new DodaiError(code, `Cannot read ${what}: it is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}

export async function* bytesOf(...chunks: readonly (Uint8Array | string)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}

/** What bytes must be, as a signed index or a lock says. */
export interface Expected {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Whose bytes, for the message: a URL or a package file. */
  readonly what: string;
  /** What to do about other bytes, where they are not a mirror's. */
  readonly fix?: string;
}

const mirrorFix =
  "The mirror may be in the middle of an update, or the file was changed on the way. Try again, or use another mirror.";

/**
 * Passes bytes through and throws DIGEST_MISMATCH at their end unless size and digest are as expected; never passes
 * more than the expected size. Who acts on the bytes (writes, runs) must drain the stream first.
 */
export async function* verified(bytes: Bytes, expected: Expected): AsyncGenerator<Uint8Array> {
  const state = startDigest();
  let seen = 0;
  for await (const chunk of bytes) {
    seen += chunk.byteLength;
    if (seen > expected.sizeBytes) throw sizeMismatch(expected, `more than ${expected.sizeBytes}`);
    state.update(chunk);
    yield chunk;
  }
  if (seen !== expected.sizeBytes) throw sizeMismatch(expected, String(seen));
  const actual = state.digest();
  if (actual !== expected.digest) {
    throw new DodaiError(
      "DIGEST_MISMATCH",
      `Cannot use ${expected.what}: its digest is ${actual}, wanted ${expected.digest}`,
      { fix: expected.fix ?? mirrorFix },
    );
  }
}

function sizeMismatch(expected: Expected, actual: string): DodaiError {
  return new DodaiError(
    "DIGEST_MISMATCH",
    `Cannot use ${expected.what}: it has ${actual} bytes, wanted ${expected.sizeBytes}`,
    { fix: expected.fix ?? mirrorFix },
  );
}

/**
 * The same stream for a reader that may stop early: stopping does not end the stream, so that its owner can read on to
 * the end, where `verified` checks it.
 */
export function readerOf(bytes: Bytes): Bytes {
  const iterator = bytes[Symbol.asyncIterator]();
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
}
