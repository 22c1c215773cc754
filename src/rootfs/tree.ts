// The merged root file system as a value: path → entry, and which package owns it. Nothing here lies on a disk.
import type { Entry } from "../archive/entry.ts";

/** Where the bytes of a file lie: a piece's uncompressed records, and the place of the body in them. */
export interface ContentPlace {
  readonly piece: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

export interface TreeNode {
  readonly entry: Entry;
  /** Name of the package that holds it; `undefined` for what dodai or the recipe made. */
  readonly owner: string | undefined;
  /** For files of packages. A generated file has its bytes beside the tree. */
  readonly content: ContentPlace | undefined;
}

/** By path without leading `/`; the root itself is not in it. Paths are those after usr-merge: no parent is a link. */
export type Tree = ReadonlyMap<string, TreeNode>;
