// Reading files of a tree: what was made is in memory, and what packages have lies in the records of their pieces.
import { DodaiError } from "../core/dodai-error.ts";
import type { RandomAccess } from "../packages/contract.ts";
import { memoryAccess } from "../packages/memory-access.ts";
import type { ChangedTree } from "../rootfs/change.ts";
import { resolvePath } from "../rootfs/resolve.ts";
import type { PieceStore } from "./piece-store.ts";
import { readRanges } from "./ranges.ts";

/** Content of files, links followed inside the tree. Throws EFFECT_FAILED where no file is. */
export interface TreeReaders {
  read(path: string): Uint8Array;
  open(path: string): RandomAccess;
}

export function readersOf(change: Pick<ChangedTree, "tree" | "made">, store: PieceStore): TreeReaders {
  return { read: (path) => readFileOf(change, store, path), open: (path) => openFileOf(change, store, path) };
}

function readFileOf(change: Pick<ChangedTree, "tree" | "made">, store: PieceStore, path: string): Uint8Array {
  const file = openFileOf(change, store, path);
  return file.read(0, file.sizeBytes);
}

function openFileOf(
  { tree, made: all }: Pick<ChangedTree, "tree" | "made">,
  store: PieceStore,
  path: string,
): RandomAccess {
  const place = resolvePath(tree, path, { last: true });
  const made = place === undefined ? undefined : all.get(place);
  if (made?.bytes) return memoryAccess(made.bytes);
  const content = place === undefined ? undefined : tree.get(place)?.content;
  if (!content) throw new DodaiError("EFFECT_FAILED", `Cannot read "/${path}" of the image: there is no such file`);
  const { piece, sizeBytes } = content;
  return {
    sizeBytes,
    read: (offset, length) => {
      if (offset < 0 || length < 0 || offset + length > sizeBytes) {
        throw new DodaiError(
          "EFFECT_FAILED",
          `Cannot read "/${path}" of the image: it ends before what was looked for`,
        );
      }
      return length === 0
        ? new Uint8Array(0)
        : readRanges(store.recordsPath(piece), [{ offset: content.offset + offset, length }]);
    },
  };
}
