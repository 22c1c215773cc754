// A layer in the form that dodai's direct outputs have: every folder first, in the order of the tree, and each path once. So a
// root is the same layer whichever way it comes. What has that form, as dodai's own archives do, is written once and keeps the
// order of its files; all else is written again from its own records.
import { closeSync, openSync, readSync } from "node:fs";
import type { ArchiveItem, Entry } from "../../archive/entry.ts";
import { writeTar } from "../../archive/tar-stream.ts";
import { formatTarHeader, tarPadding } from "../../archive/tar-write.ts";
import { bytesOf } from "../../core/bytes.ts";
import { comparePaths } from "../../core/path-order.ts";
import type { PieceStore } from "../piece-store.ts";
import { keepLayerFile, type LayerFile, startLayerFile } from "./layer-file.ts";

export interface TreeLayer {
  /** `undefined` when there is nothing in it. */
  readonly layer: LayerFile | undefined;
  /** As they are written: of several names of a file the first has the bytes, and the others are links to it. */
  readonly entries: readonly Entry[];
}

/** Of the files of what has not that form: by their paths, or as they came. */
export type FileOrder = "arrival" | "path";

/** What comes later takes the place of what came before. */
export async function writeTreeLayer(
  items: AsyncIterable<ArchiveItem>,
  { store, order }: { readonly store: PieceStore; readonly order: FileOrder },
): Promise<TreeLayer> {
  const entries: Entry[] = [];
  const form = watchForm();
  const watched = async function* (): AsyncGenerator<ArchiveItem> {
    for await (const item of items) {
      form.see(item.entry);
      entries.push(item.entry);
      yield item;
    }
  };
  const written = await startLayerFile(writeTar(watched()), store, form.isKept);
  try {
    if (entries.length === 0) return { layer: undefined, entries };
    if (form.isKept()) return { layer: written.keep(), entries };
    const arranged = arrange(entries, order);
    const layer = await keepLayerFile(writeTar(itemsOf(arranged, written.path)), store);
    return { layer, entries: arranged.map(({ entry }) => entry) };
  } finally {
    written.remove();
  }
}

function watchForm(): { see(entry: Entry): void; isKept(): boolean } {
  const seen = new Set<string>();
  let isKept = true;
  let last: Entry | undefined;
  return {
    see: (entry) => {
      if (last && isKept) isKept = !seen.has(entry.path) && compareEntries(last, entry, "arrival") <= 0;
      seen.add(entry.path);
      last = entry;
    },
    isKept: () => isKept,
  };
}

function compareEntries(a: Entry, b: Entry, order: FileOrder): number {
  const [first, second] = [rankOf(a), rankOf(b)];
  if (first !== second) return first - second;
  return first === 2 && order === "arrival" ? 0 : comparePaths(a.path, b.path);
}

/** The root folder itself, folders, files. */
const rankOf = (entry: Entry): number => (entry.kind !== "directory" ? 2 : entry.path === "." ? 0 : 1);

/** An entry, and where its body lies in what was written first. */
interface Placed {
  readonly entry: Entry;
  readonly offset: number;
}

function arrange(entries: readonly Entry[], order: FileOrder): readonly Placed[] {
  const nodes = [...contentsByPath(entries)].map(([path, content]) => ({
    entry: { ...content.entry, path },
    content,
  }));
  nodes.sort((a, b) => compareEntries(a.entry, b.entry, order));
  const firstNames = new Map<Placed, string>();
  return nodes.map(({ entry, content }) => {
    const { offset } = content;
    const target = firstNames.get(content);
    if (target === undefined) {
      firstNames.set(content, entry.path);
      return { entry, offset };
    }
    const { path, mode, uid, gid, mtime, xattrs } = entry;
    return { entry: { kind: "hardlink", path, target, mode, uid, gid, mtime, xattrs }, offset };
  });
}

/** Several names of one file have the same value. */
function contentsByPath(entries: readonly Entry[]): ReadonlyMap<string, Placed> {
  const contents = new Map<string, Placed>();
  let offset = 0;
  for (const entry of entries) {
    offset += formatTarHeader(entry).byteLength;
    if (contents.get(entry.path)?.entry.kind === "directory" && entry.kind !== "directory") {
      const below = `${entry.path}/`;
      for (const path of [...contents.keys()]) if (path.startsWith(below)) contents.delete(path);
    }
    // A link to a file of a layer below stays one.
    const shared = entry.kind === "hardlink" ? contents.get(entry.target) : undefined;
    if (entry.kind !== "directory") contents.delete(entry.path);
    contents.set(entry.path, shared ?? { entry, offset });
    if (entry.kind === "file") offset += entry.sizeBytes + tarPadding(entry.sizeBytes);
  }
  return contents;
}

async function* itemsOf(placed: readonly Placed[], path: string): AsyncGenerator<ArchiveItem> {
  const file = openSync(path, "r");
  try {
    for (const { entry, offset } of placed) {
      yield { entry, body: entry.kind === "file" ? bodyAt(file, offset, entry.sizeBytes) : bytesOf() };
    }
  } finally {
    closeSync(file);
  }
}

const chunkBytes = 1 << 20;

async function* bodyAt(file: number, offset: number, sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < sizeBytes; ) {
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, sizeBytes - done));
    const count = readSync(file, chunk, 0, chunk.byteLength, offset + done);
    if (count === 0) throw new Error("A layer's records ended early");
    yield chunk.subarray(0, count);
    done += count;
  }
}
