// What is left of each path when layers are put on top of each other (OCI image-spec, layer.md): which entry made it, in
// numbers, without its bytes. Entries are counted over all layers; that number is how `mergeLayers` finds one again.
//
// A name is kept once, folders hold their children, and every path is walked from the root: so a folder that goes takes what
// is in it along, and no path leads through anything but folders. A link among the parents is followed inside the root, as
// runtimes do when they unpack.
import type { DirectoryEntry, Entry } from "../archive/entry.ts";
import { printable } from "../archive/tar-name.ts";
import { DodaiError } from "../core/dodai-error.ts";

/** What is not a folder: one content, that can have several names. */
interface Content {
  readonly ordinal: number;
  /** Of a symbolic link. */
  readonly target: string | undefined;
}

interface Leaf {
  readonly kind: "leaf";
  readonly content: Content;
  /** The layer that named it last. */
  readonly layer: number;
}

interface Folder {
  readonly kind: "folder";
  readonly children: Map<string, Node>;
  layer: number;
  /** The entry that made it; `undefined` while no archive has named it. */
  ordinal: number | undefined;
  /** As it was named last. */
  entry: DirectoryEntry | undefined;
  /** The layer whose whiteouts took everything below that is older. */
  clearedBy: number;
}

type Node = Leaf | Folder;

export interface LayerTree {
  readonly root: Folder;
  /** Characters of names, targets and attributes that are kept. */
  keptSize: number;
}

/** What the merged root has of one entry of a layer. */
export type Winner = { readonly ordinal: number } & (
  | { readonly kind: "folder"; readonly entry: DirectoryEntry }
  /** At least one; the first carries the bytes, the others are hard links to it. */
  | { readonly kind: "leaf"; readonly paths: readonly string[] }
);

/** Where an entry stands. */
export interface Place {
  readonly layer: number;
  readonly ordinal: number;
}

/** As many as Linux follows (MAXSYMLINKS). */
const MAX_LINKS = 40;
/** Longest name of one file, in bytes (NAME_MAX). */
const MAX_NAME_BYTES = 255;
/** What may be kept of names, targets and attributes, in characters or bytes: memory that a hostile image could claim. */
const MAX_KEPT_SIZE = 512 << 20;

const WHITEOUT = ".wh.";
/** Of aufs, which had the idea, these are its own files; one of them is opaque (layer.md, "Opaque Whiteout"). */
const META = ".wh..wh.";
const OPAQUE = ".wh..wh..opq";

export function startLayerTree(): LayerTree {
  return { root: newFolder(0), keptSize: 0 };
}

/** Adds an entry of a layer, in the layers' order. Throws ARCHIVE_BROKEN, ARCHIVE_UNSAFE_PATH, ARCHIVE_TOO_LARGE. */
export function addEntry(tree: LayerTree, entry: Entry, place: Place): void {
  if (entry.path === ".") {
    nameFolder(tree, tree.root, { entry, place });
    return;
  }
  addBelowRoot(tree, entry, place);
}

function addBelowRoot(tree: LayerTree, entry: Entry, place: Place): void {
  const { parent, name } = splitPath(entry.path);
  if (name.startsWith(WHITEOUT)) {
    whiteOut(tree, { parent, name, layer: place.layer });
    return;
  }
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw unsafe(entry.path, "a name in it is longer than 255 bytes");
  const folder = reach(tree, parent, { layer: place.layer, path: entry.path });
  if (entry.kind === "directory") {
    const there = folder.children.get(name);
    const own = there?.kind === "folder" ? there : newFolder(place.layer);
    if (own !== there) setChild(tree, folder, { name, node: own });
    nameFolder(tree, own, { entry, place });
    return;
  }
  const content =
    entry.kind === "hardlink"
      ? contentOf(tree, entry.target, entry.path)
      : { ordinal: place.ordinal, target: entry.kind === "symlink" ? entry.target : undefined };
  keep(tree, content.target?.length ?? 0);
  setChild(tree, folder, { name, node: { kind: "leaf", content, layer: place.layer } });
}

/** Everything that is left, in the order of the entries that made it. */
export function winnersOf({ root }: LayerTree): readonly Winner[] {
  const folders: Winner[] = [];
  const leaves = new Map<number, string[]>();
  const todo: { readonly path: string; readonly folder: Folder }[] = [{ path: "", folder: root }];
  for (let one = todo.pop(); one !== undefined; one = todo.pop()) {
    const { path, folder } = one;
    const { ordinal, entry } = folder;
    if (ordinal !== undefined && entry) {
      folders.push({ kind: "folder", ordinal, entry: { ...entry, path: path === "" ? "." : path } });
    }
    for (const [name, child] of folder.children) {
      const at = path === "" ? name : `${path}/${name}`;
      if (child.kind === "folder") todo.push({ path: at, folder: child });
      else pushTo(leaves, child.content.ordinal, at);
    }
  }
  const named = [...leaves].map(([ordinal, paths]): Winner => ({ kind: "leaf", ordinal, paths }));
  return [...folders, ...named].sort((a, b) => a.ordinal - b.ordinal);
}

function pushTo(lists: Map<number, string[]>, key: number, value: string): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

/** `name` is a whiteout: takes away what lower layers have there, and nothing of its own layer (layer.md, "Whiteouts"). */
function whiteOut(
  tree: LayerTree,
  { parent, name, layer }: { readonly parent: string; readonly name: string; readonly layer: number },
): void {
  const isOpaque = name === OPAQUE;
  if (name.startsWith(META) && !isOpaque) return;
  const hidden = name.slice(WHITEOUT.length);
  if (hidden === "" || hidden === "." || hidden === "..") throw unsafe(`${parent}/${name}`, "it hides no file");
  const folder = findFolder(tree, parent);
  if (!folder) return;
  const there = folder.children.get(hidden);
  if (isOpaque) clear(folder, layer);
  else if (there && there.layer < layer) folder.children.delete(hidden);
  else if (there?.kind === "folder") clear(there, layer);
}

/** Takes away what is below and was last named by a lower layer. Once for each layer: nothing older comes back. */
function clear(folder: Folder, layer: number): void {
  const todo = [folder];
  for (let one = todo.pop(); one !== undefined; one = todo.pop()) {
    if (one.clearedBy === layer) continue;
    one.clearedBy = layer;
    for (const [name, child] of one.children) {
      if (child.layer < layer) one.children.delete(name);
      else if (child.kind === "folder") todo.push(child);
    }
  }
}

interface Reaching {
  readonly layer: number;
  /** Whose parent it is, for messages. */
  readonly path: string;
}

/** The folder at a path, made where it is missing, and named by this layer all the way. */
function reach(tree: LayerTree, path: string, { layer, path: shown }: Reaching): Folder {
  return walk(tree, path, {
    shown,
    step: (folder, name) => {
      const there = folder.children.get(name);
      if (there?.kind === "folder") {
        there.layer = layer;
        return there;
      }
      if (there !== undefined && there.content.target !== undefined) return there.content.target;
      // A file of a lower layer, or nothing: what is named below it makes it a folder.
      const made = newFolder(layer);
      setChild(tree, folder, { name, node: made });
      return made;
    },
  }) as Folder;
}

/** What is at a path, links among its parents followed; its last part is not. */
function find(tree: LayerTree, path: string): Node | undefined {
  const { parent, name } = splitPath(path);
  return findFolder(tree, parent)?.children.get(name);
}

/** The folder at a path, links followed. */
function findFolder(tree: LayerTree, path: string): Folder | undefined {
  return walk(tree, path, {
    shown: path,
    step: (folder, name) => {
      const there = folder.children.get(name);
      return there?.kind === "folder" ? there : there?.content.target;
    },
  });
}

interface Walk {
  readonly shown: string;
  /** The folder below, or the target of a link that stands there; `undefined` ends the walk. */
  step(folder: Folder, name: string): Folder | string | undefined;
}

/** Walks to a folder as a process whose root this is would. */
function walk(tree: LayerTree, path: string, { shown, step }: Walk): Folder | undefined {
  const todo = partsOf(path).reverse();
  let trail: Folder[] = [tree.root];
  let links = 0;
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (name === "..") {
      if (trail.length > 1) trail.pop();
      continue;
    }
    const next = step(trail.at(-1) ?? tree.root, name);
    if (next === undefined) return undefined;
    if (typeof next !== "string") {
      trail.push(next);
      continue;
    }
    if (++links > MAX_LINKS) throw unsafe(shown, "links in front of it lead in a circle");
    if (next.startsWith("/")) trail = [tree.root];
    todo.push(...partsOf(next).reverse());
  }
  return trail.at(-1);
}

const partsOf = (path: string): string[] => path.split("/").filter((part) => part !== "" && part !== ".");

function contentOf(tree: LayerTree, target: string, path: string): Content {
  const there = find(tree, target);
  if (there?.kind === "leaf") return there.content;
  const state = there ? "is a folder" : "is not there";
  throw new DodaiError(
    "ARCHIVE_BROKEN",
    `Cannot read layer: "${printable(path)}" is a hard link to "${printable(target)}", which ${state}`,
  );
}

function nameFolder(
  tree: LayerTree,
  folder: Folder,
  { entry, place: { layer, ordinal } }: { readonly entry: Entry; readonly place: Place },
): void {
  if (entry.kind !== "directory") throw unsafe(entry.path, "the root is not a folder");
  for (const value of entry.xattrs.values()) keep(tree, value.length);
  folder.entry = entry;
  folder.layer = layer;
  folder.ordinal ??= ordinal;
}

function setChild(
  tree: LayerTree,
  folder: Folder,
  { name, node }: { readonly name: string; readonly node: Node },
): void {
  keep(tree, name.length);
  folder.children.set(name, node);
}

function newFolder(layer: number): Folder {
  return { kind: "folder", children: new Map(), layer, ordinal: undefined, entry: undefined, clearedBy: -1 };
}

function splitPath(path: string): { readonly parent: string; readonly name: string } {
  const slash = path.lastIndexOf("/");
  return { parent: slash < 0 ? "" : path.slice(0, slash), name: path.slice(slash + 1) };
}

function keep(tree: LayerTree, size: number): void {
  tree.keptSize += size;
  if (tree.keptSize <= MAX_KEPT_SIZE) return;
  throw new DodaiError("ARCHIVE_TOO_LARGE", "Cannot read layers: their names and attributes have more than 512 MiB");
}

function unsafe(path: string, state: string): DodaiError {
  return new DodaiError("ARCHIVE_UNSAFE_PATH", `Cannot read layer: "${printable(path)}" cannot be unpacked, ${state}`, {
    fix: "The image is broken or hostile. Do not use it.",
  });
}
