// Takes exact numbers of bytes from a stream of chunks: what readers of archives with lengths in their headers need.
import type { Bytes } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";

export interface ByteReader {
  /** How many bytes were taken so far. */
  readonly taken: number;
  /** Exactly `count` bytes, which the caller has bounded. Throws ARCHIVE_BROKEN when the stream ends before. */
  take(count: number): Promise<Uint8Array>;
  /** At least one byte and at most `limit`, as they lie in a chunk; `undefined` at the end. */
  part(limit: number): Promise<Uint8Array | undefined>;
  /** All that is left. */
  rest(): AsyncGenerator<Uint8Array>;
  /** Ends the stream, whatever is left of it. */
  close(): Promise<void>;
}

/** `what` names the archive in messages. */
export function readerOfBytes(bytes: Bytes, what: string): ByteReader {
  const chunks = bytes[Symbol.asyncIterator]();
  let chunk: Uint8Array = new Uint8Array();
  let taken = 0;

  async function part(limit: number): Promise<Uint8Array | undefined> {
    while (chunk.length === 0) {
      const { done, value } = await chunks.next();
      if (done) return undefined;
      chunk = value;
    }
    const found = chunk.subarray(0, limit);
    chunk = chunk.subarray(found.length);
    taken += found.length;
    return found;
  }

  async function take(count: number): Promise<Uint8Array> {
    if (chunk.length >= count && count > 0) return (await part(count)) ?? chunk;
    const bytes = new Uint8Array(count);
    for (let filled = 0; filled < count; ) {
      const found = await part(count - filled);
      if (found === undefined) throw new DodaiError("ARCHIVE_BROKEN", `Cannot read ${what}: it ends in the middle`);
      bytes.set(found, filled);
      filled += found.length;
    }
    return bytes;
  }

  async function* rest(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const found = await part(Number.MAX_SAFE_INTEGER);
      if (found === undefined) return;
      yield found;
    }
  }

  return {
    get taken() {
      return taken;
    },
    take,
    part,
    rest,
    close: async () => void (await chunks.return?.()),
  };
}
