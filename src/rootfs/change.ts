// Changes of a tree after packages are merged: what effects, the package database and the recipe make, and what goes.
import { type DeviceEntry, type Entry, noXattrs } from "../archive/entry.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { parentsOf } from "../core/path-order.ts";
import { unreachable } from "../core/unreachable.ts";
import type { GeneratedFile } from "../packages/contract.ts";
import { resolvePath } from "./resolve.ts";
import type { Tree, TreeNode } from "./tree.ts";

/** A tree with what was made and what went since packages were merged. */
export interface ChangedTree {
  readonly tree: Map<string, TreeNode>;
  /** What was made, by where it lies in the tree. */
  readonly made: Map<string, Made>;
  /** Paths of packages that are gone or replaced, by package name. */
  readonly dropped: Map<string, Set<string>>;
}

/** Beside the entry in the tree: the bytes of a file, and the one package that it says something of. */
export interface Made {
  readonly bytes?: Uint8Array;
  /** Path of the file's first name, when this is a further one: both have the same `bytes`. */
  readonly nameOf?: string;
  readonly about?: string;
}

/** Something with an owner, mode, time and attributes of its own, as a program made it. */
export interface MadeEntry extends Omit<Made, "about"> {
  readonly entry: Entry;
}

export function startChange(
  tree: Map<string, TreeNode>,
  dropped: ReadonlyMap<string, ReadonlySet<string>>,
): ChangedTree {
  return {
    tree,
    made: new Map(),
    dropped: new Map([...dropped].map(([name, paths]) => [name, new Set(paths)])),
  };
}

/** Takes paths out of the tree; a folder goes with all that is in it. */
export function removePaths(change: ChangedTree, paths: ReadonlySet<string>): void {
  if (paths.size === 0) return;
  for (const [path, node] of [...change.tree]) {
    if (paths.has(path) || parentsOf(path).some((parent) => paths.has(parent))) drop(change, path, node);
  }
}

/** Puts files into the tree, following the links of their parents; missing parents become folders of root's, 0755. */
export function addFiles(change: ChangedTree, files: readonly GeneratedFile[], epoch: number): void {
  for (const file of files) {
    const path = placeOf(change.tree, file.path);
    const before = change.tree.get(path);
    if (before && before.entry.kind === "directory" && file.kind !== "directory") {
      throw new DodaiError(
        "FILE_CONFLICT",
        `Cannot write "/${path}": it is a folder of ${before.owner ?? "the image"}, not a file`,
      );
    }
    if (before) drop(change, path, before);
    for (const parent of parentsOf(path)) addFolder(change, parent, epoch);
    change.tree.set(path, { entry: entryOf(file, path, epoch), owner: undefined, content: undefined });
    change.made.set(path, file.kind === "file" ? madeOf(file) : {});
  }
}

const madeOf = ({ bytes, about }: GeneratedFile & { readonly kind: "file" }): Made =>
  about === undefined ? { bytes } : { bytes, about };

/** Puts entries into the tree as programs made them there: their places are real ones already. Folders come before what is in them. */
export function addEntries(change: ChangedTree, entries: readonly MadeEntry[]): void {
  for (const { entry, ...made } of entries) {
    const before = change.tree.get(entry.path);
    if (before?.entry.kind === "directory" && entry.kind !== "directory") removePaths(change, new Set([entry.path]));
    else if (before && before.entry.kind !== "directory") drop(change, entry.path, before);
    change.tree.set(entry.path, { entry, owner: undefined, content: undefined });
    change.made.set(entry.path, made);
  }
}

/** A device node of root's, where nothing is yet. */
export function addDevice(
  change: ChangedTree,
  { path, mode, major, minor }: Pick<DeviceEntry, "path" | "mode" | "major" | "minor">,
  epoch: number,
): void {
  const place = placeOf(change.tree, path);
  if (change.tree.has(place)) return;
  for (const parent of parentsOf(place)) addFolder(change, parent, epoch);
  const owner = { uid: 0, gid: 0, mtime: epoch, xattrs: noXattrs };
  replaceEntry(change, place, { entry: { kind: "character-device", path: place, mode, major, minor, ...owner } });
}

/** Puts an entry of another mode, owner or content in the place of what lies at `path`, which no link leads to. */
export function replaceEntry(change: ChangedTree, path: string, { entry, ...made }: MadeEntry & Made): void {
  const before = change.tree.get(path);
  if (before) drop(change, path, before);
  change.tree.set(path, { entry, owner: undefined, content: undefined });
  change.made.set(path, made);
}

function drop({ tree, made, dropped }: ChangedTree, path: string, node: TreeNode): void {
  tree.delete(path);
  made.delete(path);
  if (node.owner === undefined || node.entry.kind === "directory") return;
  const paths = dropped.get(node.owner);
  if (paths) paths.add(path);
  else dropped.set(node.owner, new Set([path]));
}

/** A file's parents may be links (`/bin`); the file itself replaces a link that lies at its path. */
function placeOf(tree: Tree, path: string): string {
  const resolved = resolvePath(tree, path, { last: false });
  if (resolved === undefined || resolved === "") {
    throw new DodaiError("FILE_CONFLICT", `Cannot write "/${path}": the links on its way lead in a circle`);
  }
  return resolved;
}

function addFolder({ tree }: ChangedTree, path: string, epoch: number): void {
  const node = tree.get(path);
  if (node?.entry.kind === "directory") return;
  if (node) throw new DodaiError("FILE_CONFLICT", `Cannot make the folder "/${path}": a ${node.entry.kind} is there`);
  const entry: Entry = { kind: "directory", path, mode: 0o755, uid: 0, gid: 0, mtime: epoch, xattrs: noXattrs };
  tree.set(path, { entry, owner: undefined, content: undefined });
}

function entryOf(file: GeneratedFile, path: string, epoch: number): Entry {
  const common = { path, mtime: epoch, xattrs: noXattrs };
  switch (file.kind) {
    case "file":
      return {
        ...common,
        kind: "file",
        mode: file.mode,
        uid: file.uid ?? 0,
        gid: file.gid ?? 0,
        sizeBytes: file.bytes.byteLength,
      };
    case "directory":
      return { ...common, kind: "directory", mode: file.mode, uid: file.uid ?? 0, gid: file.gid ?? 0 };
    case "symlink":
      return { ...common, kind: "symlink", mode: 0o777, uid: 0, gid: 0, target: file.target };
    default:
      return unreachable(file);
  }
}

/** Folders that hold something but that nothing made: every parent becomes a folder of root's, 0755. */
export function addMissingFolders(change: ChangedTree, epoch: number): void {
  for (const path of [...change.tree.keys()]) for (const parent of parentsOf(path)) addFolder(change, parent, epoch);
}

/**
 * Puts back what was made just as it lies in `below`, so that it is no change: the time of a file alone says nothing, nor does
 * the place of its bytes. `read` gives the bytes of a file of `below`.
 */
export function restoreUnchanged(change: ChangedTree, below: Tree, read: (path: string) => Uint8Array): void {
  for (const [path, node] of change.tree) {
    const before = below.get(path);
    if (!before || node.entry === before.entry || !isSame(node.entry, before.entry)) continue;
    if (node.entry.kind === "file") {
      const bytes = change.made.get(path)?.bytes;
      if (!bytes || Buffer.compare(bytes, read(path)) !== 0) continue;
    }
    // Only the value of an entry that is there changes, so the order of the tree and this walk stay.
    change.tree.set(path, before);
    change.made.delete(path);
    if (before.owner !== undefined) change.dropped.get(before.owner)?.delete(path);
  }
}

function isSame(a: Entry, b: Entry): boolean {
  const plain = ({ xattrs, mtime: _, ...entry }: Entry): string =>
    JSON.stringify([entry, [...xattrs].map(([name, value]) => [name, Buffer.from(value).toString("hex")])], sortedKeys);
  return a.kind === b.kind && plain(a) === plain(b);
}

/** For JSON.stringify: members by name, whatever their order. */
function sortedKeys(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
