// A layer's bytes on their way out of an image: checked as they are stored, decompressed, and checked again.
import { type Compression, detectCompression } from "../archive/compression.ts";
import { decompress } from "../archive/decompress.ts";
import type { Bytes } from "../core/bytes.ts";
import { type DiffId, type Digest, startDigest } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { Pointer } from "../image/image-source.ts";
import type { ReadManifest } from "../image/parse-document.ts";
import { brokenImage, type ReadConfig } from "../image/read-documents.ts";
import type { InputImage } from "./image-input-contract.ts";

/** Largest layer and largest archive that is decompressed, in bytes. */
export const maxLayerBytes: number = 64 * 2 ** 30;

/** What to do about bytes of an image that are not what it says. */
export const imageFix = "The image is damaged or was changed. Build it again, or copy it again.";

export interface StoredLayer {
  readonly bytes: Bytes;
  readonly diffId: DiffId;
  /** Whose layer, for messages. */
  readonly what: string;
  /** That it may unfold to. */
  readonly maxBytes?: number;
}

export interface ManifestParts {
  readonly digest: Digest;
  readonly manifest: ReadManifest;
  readonly config: ReadConfig;
  /** Bytes as they are stored, checked. */
  readonly blob: (pointer: Pointer) => Bytes;
  /** Whose, for messages. */
  readonly what: string;
}

/** The image of a manifest and its config. Throws IMAGE_BROKEN when they tell of different layers. */
export function inputImageOf({ digest, manifest, config, blob, what }: ManifestParts): InputImage {
  const { diffIds } = config;
  if (diffIds.length !== manifest.layers.length) {
    throw brokenImage(what, `its config tells of ${diffIds.length} layers, and it has ${manifest.layers.length}`);
  }
  const layers = diffIds.flatMap((diffId, index) => {
    const pointer = manifest.layers[index];
    if (pointer === undefined) return [];
    const open = (): Bytes => openLayer({ bytes: blob(pointer), diffId, what: `layer ${index + 1} of ${what}` });
    return [{ digest: pointer.digest, sizeBytes: pointer.sizeBytes, open }];
  });
  return { digest, config, layers };
}

/** The uncompressed tar. Fails at its end with DIGEST_MISMATCH. */
export async function* openLayer({
  bytes,
  diffId,
  what,
  maxBytes = maxLayerBytes,
}: StoredLayer): AsyncGenerator<Uint8Array> {
  const state = startDigest();
  for await (const chunk of plainBytes(bytes, { what, maxBytes })) {
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
async function* plainBytes(
  bytes: Bytes,
  { what, maxBytes }: { readonly what: string; readonly maxBytes: number },
): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  try {
    const first = await iterator.next();
    if (first.done) return;
    const compression = layerCompression(detectCompression(first.value));
    const all = (async function* (): AsyncGenerator<Uint8Array> {
      yield first.value;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    })();
    yield* decompress(all, { compression, maxBytes, what });
  } finally {
    await iterator.return?.();
  }
}

/** A tar may begin with what looks like lzma, which is only a guess. */
const layerCompression = (detected: Compression): Compression => (detected === "lzma" ? "none" : detected);
