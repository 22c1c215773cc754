// The whole root file system of an image as one tar: its layers' records one after the other under a single trailer.
// Layers that dodai builds never hide one another's files, so nothing has to be merged; those on top of another image do.
import { writeTar } from "../archive/tar-stream.ts";
import { tarTrailer } from "../archive/tar-write.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { BundleImage, BundleLayer } from "../image/bundle.ts";
import { mergeLayers } from "../rootfs/merge-layers.ts";
import { openVerifiedTar } from "./output-archive.ts";

/** The root tarball, uncompressed. Every layer is checked against its diffId as it goes past. */
export async function* rootfsTar({ layers, facts }: BundleImage): AsyncGenerator<Uint8Array> {
  if (facts.baseDigest !== undefined) {
    yield* writeTar(mergeLayers(layers.map((layer) => ({ open: () => openVerifiedTar(layer) }))));
    return;
  }
  for (const layer of layers) yield* recordsOf(layer);
  yield tarTrailer;
}

/** Bytes of `rootfsTar`; at most, where layers are merged. */
export function rootfsBytes({ layers }: BundleImage): number {
  const trailers = (layers.length - 1) * tarTrailer.byteLength;
  return layers.reduce((sum, layer) => sum + layer.uncompressedBytes, -trailers);
}

/** A layer's tar without its trailer. */
async function* recordsOf(layer: BundleLayer): AsyncGenerator<Uint8Array> {
  let left = layer.uncompressedBytes - tarTrailer.byteLength;
  for await (const chunk of openVerifiedTar(layer)) {
    const records = chunk.subarray(0, Math.max(0, left));
    if (chunk.subarray(records.byteLength).some((byte) => byte !== 0)) {
      throw new DodaiError(
        "ARCHIVE_BROKEN",
        `Cannot write layer "${layer.createdBy}" as part of a tar: it does not end with two zero blocks`,
      );
    }
    left -= chunk.byteLength;
    if (records.byteLength > 0) yield records;
  }
}
