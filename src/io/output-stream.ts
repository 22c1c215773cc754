// Small stations that outputs put between their bytes and the disk.
import { open } from "node:fs/promises";
import type { Bytes } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { OutputOptions } from "./output-contract.ts";

/** Bytes that go to the disk at once, at least. */
const batchBytes = 256 << 10;

/** The same bytes in larger chunks: an archive of many small files costs few writes. */
async function* batched(bytes: Bytes): AsyncGenerator<Uint8Array> {
  let batch = Buffer.allocUnsafe(batchBytes);
  let used = 0;
  for await (const chunk of bytes) {
    if (used + chunk.byteLength > batchBytes && used > 0) {
      yield batch.subarray(0, used);
      batch = Buffer.allocUnsafe(batchBytes);
      used = 0;
    }
    if (chunk.byteLength >= batchBytes) yield chunk;
    else {
      batch.set(chunk, used);
      used += chunk.byteLength;
    }
  }
  if (used > 0) yield batch.subarray(0, used);
}

/**
 * Passes an image's bytes through, says how many went past, and throws CANCELLED between chunks once the signal is given.
 * Throws CACHE_BROKEN when they cannot be read, so that only the destination's faults are left for who writes them.
 */
export async function* watched(
  bytes: Bytes,
  { signal, onProgress, totalBytes }: Pick<OutputOptions, "signal" | "onProgress"> & { readonly totalBytes: number },
): AsyncGenerator<Uint8Array> {
  let doneBytes = 0;
  for await (const chunk of readable(bytes)) {
    assertWanted(signal);
    yield chunk;
    doneBytes += chunk.byteLength;
    onProgress?.({ doneBytes, totalBytes });
  }
  assertWanted(signal);
}

async function* readable(bytes: Bytes): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    throw new DodaiError("CACHE_BROKEN", `Cannot read the image's layers: ${error.message}`, { cause: error });
  }
}

/** Writes a file that is not there yet; its errors are those of the file system. */
export async function writeNew(path: string, bytes: Bytes): Promise<void> {
  const file = await open(path, "wx");
  try {
    for await (const chunk of batched(bytes)) await file.writeFile(chunk);
  } finally {
    // Network file systems tell of a full disk here.
    await file.close();
  }
}

/** Throws CANCELLED when the signal was given. */
export function assertWanted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new DodaiError("CANCELLED", "Cannot write the image: the build was cancelled", { cause: signal.reason });
}
