// Layers of a build as they lie in the store: one file of tar records each, under their diffId.
import { renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import type { ArchiveItem } from "../../archive/entry.ts";
import { writeTar } from "../../archive/tar-stream.ts";
import type { Bytes } from "../../core/bytes.ts";
import type { Digest } from "../../core/digest.ts";
import { type DiffId, hexOf, startDigest } from "../../core/digest.ts";
import type { LayerMediaType } from "../../image/media-types.ts";
import type { PieceStore } from "../piece-store.ts";
import { streamRanges } from "../ranges.ts";
import type { Segment } from "../segments.ts";

export interface LayerFile {
  readonly diffId: DiffId;
  /** Of the tar. */
  readonly sizeBytes: number;
  /** How a base image stores it: so it stays what registries have already. */
  readonly stored?: { readonly digest: Digest; readonly sizeBytes: number; readonly mediaType: LayerMediaType };
  /** Brings it into the store, for one that a cache only told of. */
  readonly fetch?: () => Promise<void>;
}

/** Bytes of the tar, from its start, at each call. */
export async function* openLayerFile(
  { diffId, sizeBytes, fetch }: LayerFile,
  store: PieceStore,
): AsyncGenerator<Uint8Array> {
  await fetch?.();
  yield* streamRanges(store.recordsPath(hexOf(diffId)), [{ offset: 0, length: sizeBytes }]);
}

export function hasLayerFile({ diffId, sizeBytes }: LayerFile, store: PieceStore): boolean {
  return store.sizeOf(store.recordsPath(hexOf(diffId))) === sizeBytes;
}

export function segmentOfLayer({ diffId, sizeBytes }: LayerFile, store: PieceStore): Segment {
  const key = hexOf(diffId);
  const ranges = [{ offset: 0, length: sizeBytes }];
  return { key, recordsPath: store.recordsPath(key), ranges, totalBytes: sizeBytes };
}

/** Keeps a tar. Nothing is kept when its bytes fail on the way. */
export async function keepLayerFile(tar: Bytes, store: PieceStore): Promise<LayerFile> {
  return (await startLayerFile(tar, store)).keep();
}

/** A tar that is written and not yet kept. */
export interface WrittenLayer {
  readonly path: string;
  keep(): LayerFile;
  /** When it was not kept. */
  remove(): void;
}

/** Writes a tar beside the others. `isWanted` tells whether its digest is still of use. */
export async function startLayerFile(
  tar: Bytes,
  store: PieceStore,
  isWanted: () => boolean = () => true,
): Promise<WrittenLayer> {
  const path = store.temporary();
  const state = startDigest();
  const remove = (): void => rmSync(path, { force: true });
  let sizeBytes = 0;
  const handle = await open(path, "wx");
  try {
    for await (const chunk of tar) {
      if (isWanted()) state.update(chunk);
      sizeBytes += chunk.byteLength;
      await handle.writeFile(chunk);
    }
  } catch (error) {
    remove();
    throw error;
  } finally {
    await handle.close();
  }
  const keep = (): LayerFile => {
    const diffId = state.diffId();
    renameSync(path, store.recordsPath(hexOf(diffId)));
    return { diffId, sizeBytes };
  };
  return { path, keep, remove };
}

/** The layer of these entries; `undefined` when there are none. */
export async function writeLayer(items: AsyncIterable<ArchiveItem>, store: PieceStore): Promise<LayerFile | undefined> {
  let count = 0;
  const counted = async function* (): AsyncGenerator<ArchiveItem> {
    for await (const item of items) {
      count++;
      yield item;
    }
  };
  const layer = await keepLayerFile(writeTar(counted()), store);
  return count === 0 ? undefined : layer;
}
