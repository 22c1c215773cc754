// The root file system of an image as one stream of entries, from layers that are streams themselves and are never unpacked.
// One layer passes through. Several are read twice: first to learn which entry wins each path, then to hand on the winners.
// Memory is for names; bytes of files only flow.
import type { ArchiveItem, Entry } from "../archive/entry.ts";
import { readTar, type TarLimits } from "../archive/tar.ts";
import type { Bytes } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { addEntry, startLayerTree, type Winner, winnersOf } from "./layer-tree.ts";

/** A layer's uncompressed tar, the same bytes each time. Whoever opens it verifies it to its end. */
export interface LayerBytes {
  open(): Bytes;
}

/** What all layers of an image together may cost; the tree of names is about 300 bytes an entry. */
export const layerLimits: TarLimits = {
  maxEntries: 2_000_000,
  maxTotalBytes: 2 ** 40,
  // What makes images writes no sparse files: these are somebody's own work.
  maxHoleBytes: 2 ** 30,
  maxHeaderBytes: 1 << 20,
  what: "layer",
};

/**
 * The entries of the merged root: each path once, no whiteouts, a folder in front of what is in it wherever its layer has it
 * so. Nothing of a layer that fails its check counts: who acts on the entries drains the stream first. Throws ARCHIVE_BROKEN,
 * ARCHIVE_TOO_LARGE, ARCHIVE_UNSAFE_PATH, and what reading the layers throws.
 */
export async function* mergeLayers(layers: readonly LayerBytes[]): AsyncGenerator<ArchiveItem> {
  const [only] = layers;
  if (layers.length === 1 && only) {
    for await (const item of readTar(only.open(), layerLimits)) if (!isWhiteout(item.entry)) yield item;
    return;
  }
  const tree = startLayerTree();
  for await (const { item, place } of allEntries(layers)) addEntry(tree, item.entry, place);
  yield* winnersAmong(layers, winnersOf(tree));
}

/** There is nothing below the lowest layer to hide. */
function isWhiteout({ path }: Entry): boolean {
  return path.startsWith(".wh.", path.lastIndexOf("/") + 1);
}

interface Placed {
  readonly item: ArchiveItem;
  readonly place: { readonly layer: number; readonly ordinal: number };
}

async function* allEntries(layers: readonly LayerBytes[]): AsyncGenerator<Placed> {
  let ordinal = 0;
  for (const [layer, one] of layers.entries()) {
    const limits = { ...layerLimits, maxEntries: layerLimits.maxEntries - ordinal, what: `layer ${layer + 1}` };
    for await (const item of readTar(one.open(), limits)) yield { item, place: { layer, ordinal: ordinal++ } };
  }
}

async function* winnersAmong(layers: readonly LayerBytes[], winners: readonly Winner[]): AsyncGenerator<ArchiveItem> {
  let next = 0;
  for await (const { item, place } of allEntries(layers)) {
    const winner = winners[next];
    if (winner?.ordinal !== place.ordinal) continue;
    next++;
    yield* itemsOf(item, winner);
  }
  if (next < winners.length) throw changed();
}

function* itemsOf({ entry, body }: ArchiveItem, winner: Winner): Generator<ArchiveItem> {
  if (winner.kind === "folder") {
    if (entry.kind !== "directory") throw changed();
    yield { entry: winner.entry, body };
    return;
  }
  const [path = "", ...links] = winner.paths;
  if (entry.kind === "directory" || entry.kind === "hardlink") throw changed();
  yield { entry: { ...entry, path }, body };
  const { mode, uid, gid, mtime, xattrs } = entry;
  for (const link of links) {
    yield { entry: { kind: "hardlink", path: link, target: path, mode, uid, gid, mtime, xattrs }, body: noBytes() };
  }
}

async function* noBytes(): AsyncGenerator<Uint8Array> {}

function changed(): DodaiError {
  return new DodaiError("ARCHIVE_BROKEN", "Cannot read layers: they changed while they were read");
}
