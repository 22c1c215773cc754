// Bytes as they come in chunks, taken in the sizes that a tar reader wants. Everything here is a synchronous generator that
// yields `more` when it is out of bytes and is given the next chunk, or `undefined` at the end: one reader serves streams and
// whole buffers, and costs a stream one `await` per chunk.
import { DodaiError } from "../core/dodai-error.ts";
import type { Entry } from "./entry.ts";
import { BLOCK_BYTES } from "./tar-header.ts";

export type TarEvent =
  /** Wants the next chunk as the value of `next`. */
  | { readonly kind: "more" }
  | { readonly kind: "entry"; readonly entry: Entry }
  /** Bytes of the last entry; together they are its `sizeBytes`. A view of the chunk, or zeros of a hole. */
  | { readonly kind: "data"; readonly bytes: Uint8Array };

export type TarSteps<Result> = Generator<TarEvent, Result, Uint8Array | undefined>;

const more: TarEvent = { kind: "more" };
const noBytes = new Uint8Array(0);

export interface TarInput {
  chunk: Uint8Array;
  /** Where in `chunk` the next byte is. */
  at: number;
  ended: boolean;
  /** Bytes that came in, and holes that were promised. */
  seenBytes: number;
  readonly maxBytes: number;
  readonly what: string;
}

export function startInput(maxBytes: number, what: string): TarInput {
  return { chunk: noBytes, at: 0, ended: false, seenBytes: 0, maxBytes, what };
}

/** Exactly `count` bytes, a view when they are in one chunk; `undefined` when the input ended in front of them. */
export function* take(input: TarInput, count: number): TarSteps<Uint8Array | undefined> {
  if (!(yield* fill(input))) return undefined;
  if (input.chunk.length - input.at >= count) return view(input, count);
  const bytes = new Uint8Array(count);
  for (let filled = 0; filled < count; ) {
    if (!(yield* fill(input))) throw truncated(input);
    const part = view(input, Math.min(count - filled, input.chunk.length - input.at));
    bytes.set(part, filled);
    filled += part.length;
  }
  return bytes;
}

/** The same where the archive promised bytes: their absence is ARCHIVE_BROKEN. */
export function* takePromised(input: TarInput, count: number): TarSteps<Uint8Array> {
  if (count === 0) return noBytes;
  const bytes = yield* take(input, count);
  if (bytes === undefined) throw truncated(input);
  return bytes;
}

/** Hands on `count` bytes as data, without copying. */
export function* pass(input: TarInput, count: number): TarSteps<void> {
  for (let left = count; left > 0; ) {
    if (!(yield* fill(input))) throw truncated(input);
    const bytes = view(input, Math.min(left, input.chunk.length - input.at));
    left -= bytes.length;
    yield { kind: "data", bytes };
  }
}

/** Passes over `count` bytes. */
export function* skip(input: TarInput, count: number): TarSteps<void> {
  for (let left = count; left > 0; ) {
    if (!(yield* fill(input))) throw truncated(input);
    const step = Math.min(left, input.chunk.length - input.at);
    input.at += step;
    left -= step;
  }
}

/** Takes everything that is left, so that checks at the end of the input (sums, sizes) are made. */
export function* drain(input: TarInput): TarSteps<void> {
  while (yield* fill(input)) input.at = input.chunk.length;
}

/** Counts bytes that the archive promises; ARCHIVE_TOO_LARGE before anybody makes room for them. */
export function assertRoom(input: TarInput, count: number): void {
  if (count > input.maxBytes - input.seenBytes + (input.chunk.length - input.at)) throw tooLarge(input);
}

export function assertHoles(input: TarInput, count: number): void {
  input.seenBytes += count;
  if (input.seenBytes > input.maxBytes) throw tooLarge(input);
}

export function paddingOf(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

/** Sees to it that there is a byte to take; false at the end. */
function* fill(input: TarInput): TarSteps<boolean> {
  while (input.at === input.chunk.length) {
    if (input.ended) return false;
    const chunk = yield more;
    input.ended = chunk === undefined;
    input.chunk = chunk ?? noBytes;
    input.at = 0;
    input.seenBytes += input.chunk.length;
    if (input.seenBytes > input.maxBytes) throw tooLarge(input);
  }
  return true;
}

function view(input: TarInput, count: number): Uint8Array {
  const bytes = input.chunk.subarray(input.at, input.at + count);
  input.at += count;
  return bytes;
}

function truncated({ what }: TarInput): DodaiError {
  return new DodaiError("ARCHIVE_BROKEN", `Cannot read ${what}: it ends in the middle of an entry`);
}

function tooLarge({ what, maxBytes }: TarInput): DodaiError {
  return new DodaiError("ARCHIVE_TOO_LARGE", `Cannot read ${what}: it is larger than ${maxBytes} bytes`);
}
