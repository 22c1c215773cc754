// A layer's bytes on their way out of an image: checked as they are stored, decompressed, and checked again.
import { type Compression, detectCompression } from "../archive/compression.ts";
import { decompress } from "../archive/decompress.ts";
import { type Bytes, type Expected, verified } from "../core/bytes.ts";
import { type DiffId, startDigest } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";

/** Largest layer and largest archive that is decompressed, in bytes. */
export const maxLayerBytes: number = 64 * 2 ** 30;

/** What to do about bytes of an image that are not what it says. */
export const imageFix = "The image is damaged or was changed. Build it again, or copy it again.";

export interface StoredLayer {
  readonly bytes: Bytes;
  readonly diffId: DiffId;
  /** Whose layer, for messages. */
  readonly what: string;
  /** Where a manifest says what the stored bytes are. */
  readonly expected?: Omit<Expected, "what" | "fix">;
}

/** The uncompressed tar. Fails at its end with DIGEST_MISMATCH. */
export async function* openLayer({ bytes, diffId, what, expected }: StoredLayer): AsyncGenerator<Uint8Array> {
  const stored = expected ? verified(bytes, { ...expected, what, fix: imageFix }) : bytes;
  const state = startDigest();
  for await (const chunk of plainBytes(stored, what)) {
    state.update(chunk);
    yield chunk;
  }
  const actual = state.diffId();
  if (actual === diffId) return;
  throw new DodaiError(
    "DIGEST_MISMATCH",
    `Cannot use ${what}: uncompressed, its digest is ${actual}, wanted ${diffId}`,
    {
      fix: imageFix,
    },
  );
}

/** A layer says by its first bytes how it is compressed, as Docker and containerd have it; media types may be wrong. */
async function* plainBytes(bytes: Bytes, what: string): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  try {
    const first = await iterator.next();
    if (first.done) return;
    const compression = layerCompression(detectCompression(first.value));
    const all = (async function* (): AsyncGenerator<Uint8Array> {
      yield first.value;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    })();
    yield* decompress(all, { compression, maxBytes: maxLayerBytes, what });
  } finally {
    await iterator.return?.();
  }
}

/** A tar may begin with what looks like lzma, which is only a guess. */
const layerCompression = (detected: Compression): Compression => (detected === "lzma" ? "none" : detected);
