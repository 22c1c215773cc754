// xz and its forerunner .lzma by @napi-rs/lzma. Its web streams only: they decode as fast as they are read, while its classes
// and one-shot functions keep all that a bomb unfolds to (2 GB for a file of 290 kB).
import type { Bytes } from "../core/bytes.ts";

/** Streams follow each other, with zeros between them in fours (the .xz file format, 2); nothing else may follow. */
export async function* unxz(bytes: Bytes): AsyncGenerator<Uint8Array> {
  const { xz } = await import("@napi-rs/lzma");
  yield* drain(xz.decompressStream(streamOf(bytes)));
}

/** The format of `xz --format=lzma`: no checksum, and what follows its end goes unnoticed. */
export async function* unlzma(bytes: Bytes): AsyncGenerator<Uint8Array> {
  const { lzma } = await import("@napi-rs/lzma");
  yield* drain(lzma.decompressStream(streamOf(bytes)));
}

/** A web stream that asks for a chunk only when the decoder does. */
function streamOf(bytes: Bytes): ReadableStream<Uint8Array> {
  const chunks = bytes[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await chunks.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

async function* drain(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      ended = done;
      if (done) return;
      yield value;
    }
  } finally {
    if (!ended) await reader.cancel().catch(() => undefined);
  }
}
