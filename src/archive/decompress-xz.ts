// xz and its forerunner .lzma by @napi-rs/lzma. Its web streams, which decode as fast as they are read: its classes and its
// one-shot functions keep all that a bomb unfolds to (2 GB for a file of 290 kB), so those serve only what was measured first.
import type { Bytes } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { assertLzmaDictionary, startXzScan } from "./xz-size.ts";

/** Streams follow each other, with zeros between them in fours (the .xz file format, 2); nothing else may follow. */
export async function* unxz(bytes: Bytes): AsyncGenerator<Uint8Array> {
  const { xz } = await loadDecoder();
  const scan = startXzScan();
  yield* run(bytes, { decode: xz.decompressStream, check: (chunk) => scan.update(chunk) });
}

/** The format of `xz --format=lzma`: no checksum, and what follows its end goes unnoticed. */
export async function* unlzma(bytes: Bytes): AsyncGenerator<Uint8Array> {
  const { lzma } = await loadDecoder();
  let start: Uint8Array = new Uint8Array(0);
  const check = (chunk: Uint8Array): void => {
    if (start.length >= 5) return;
    start = Buffer.concat([start, chunk.subarray(0, 5)]);
    assertLzmaDictionary(start);
  };
  yield* run(bytes, { decode: lzma.decompressStream, check });
}

/** All of a file that is in memory, at a tenth less CPU than as a stream. Only where `plainSizeOfXz` knows its size. */
export async function unxzAll(bytes: Uint8Array): Promise<Uint8Array> {
  const { xz } = await loadDecoder();
  return xz.decompress(bytes);
}

/** The native library has a package for each platform, which npm may have left out. Throws COMPRESSION_UNKNOWN. */
async function loadDecoder(): Promise<typeof import("@napi-rs/lzma")> {
  try {
    return await import("@napi-rs/lzma");
  } catch (cause) {
    throw new DodaiError("COMPRESSION_UNKNOWN", "Cannot decompress xz: the decoder @napi-rs/lzma does not load here", {
      fix: "Install dodai again with a Node that it supports, and with optional dependencies.",
      cause,
    });
  }
}

interface Decoder {
  readonly decode: (input: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>;
  /** Sees each chunk before the decoder does, which would make whatever memory it is asked for. Throws to stop it. */
  readonly check: (chunk: Uint8Array) => void;
}

async function* run(bytes: Bytes, { decode, check }: Decoder): AsyncGenerator<Uint8Array> {
  const input = bytes[Symbol.asyncIterator]();
  let refused: { readonly error: unknown } | undefined;
  const chunks: AsyncIterator<Uint8Array> = {
    next: async () => {
      const result = await input.next();
      try {
        if (!result.done) check(result.value);
      } catch (error) {
        refused = { error };
        throw error;
      }
      return result;
    },
    return: async () => (await input.return?.()) ?? { done: true, value: undefined },
  };
  const reader = decode(streamOf(chunks)).getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      ended = done;
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw refused === undefined ? error : refused.error;
  } finally {
    if (!ended) {
      // The decoder closes its input late or never, so that is done here; not waited for, as the input may be stalled.
      reader.cancel().catch(() => undefined);
      chunks.return?.().catch(() => undefined);
    }
  }
}

/** A web stream that asks for a chunk only when the decoder does. */
function streamOf(chunks: AsyncIterator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
}
