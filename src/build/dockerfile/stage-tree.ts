// What a stage's root holds while it is built: paths and their entries, without bytes.
import type { ArchiveItem, Entry } from "../../archive/entry.ts";
import { collect } from "../../core/bytes.ts";
import { parentsOf } from "../../core/path-order.ts";
import { mergeLayers } from "../../rootfs/merge-layers.ts";
import { resolvePath } from "../../rootfs/resolve.ts";
import type { Tree, TreeNode } from "../../rootfs/tree.ts";
import type { PieceStore } from "../piece-store.ts";
import { type LayerFile, openLayerFile } from "./layer-file.ts";

/** The merged entries of layers, with their bytes. */
export function itemsOfLayers(layers: readonly LayerFile[], store: PieceStore): AsyncGenerator<ArchiveItem> {
  return mergeLayers(layers.map((one) => ({ open: () => openLayerFile(one, store) })));
}

export async function treeOfLayers(layers: readonly LayerFile[], store: PieceStore): Promise<Map<string, TreeNode>> {
  const tree = new Map<string, TreeNode>();
  if (layers.length === 0) return tree;
  for await (const { entry } of itemsOfLayers(layers, store)) if (entry.path !== ".") put(tree, entry);
  return tree;
}

const maxFileBytes = 4 << 20;

/** A small file of the root, links followed; `undefined` when there is none. */
export async function readFileOfLayers(
  path: string,
  { tree, layers, store }: { readonly tree: Tree; readonly layers: readonly LayerFile[]; readonly store: PieceStore },
): Promise<string | undefined> {
  const place = resolvePath(tree, path, { last: true });
  const entry = place === undefined ? undefined : tree.get(place)?.entry;
  const wanted = entry?.kind === "hardlink" ? entry.target : place;
  if (entry === undefined || (entry.kind !== "file" && entry.kind !== "hardlink")) return undefined;
  for await (const item of itemsOfLayers(layers, store)) {
    if (item.entry.path !== wanted || item.entry.kind !== "file") continue;
    return Buffer.from(await collect(item.body, { maxBytes: maxFileBytes, what: `"/${path}"` })).toString("utf8");
  }
  return undefined;
}

/** Adds what a layer of dodai's own says: its paths lead through no links, and it has no opaque folders. */
export function put(tree: Map<string, TreeNode>, entry: Entry): void {
  const { path } = entry;
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name.startsWith(whiteoutPrefix)) {
    remove(tree, path.slice(0, path.length - name.length) + name.slice(whiteoutPrefix.length));
    return;
  }
  if (path === ".") return;
  for (const parent of parentsOf(path)) if (!tree.has(parent)) tree.set(parent, folderNode(parent));
  const before = tree.get(path);
  if (before?.entry.kind === "directory" && entry.kind !== "directory") remove(tree, path);
  tree.set(path, { entry, owner: undefined, content: undefined });
}

/** Files whose names begin so are no files in a layer (image-spec, layer.md, "Whiteouts"). */
export const whiteoutPrefix = ".wh.";

function remove(tree: Map<string, TreeNode>, path: string): void {
  tree.delete(path);
  const below = `${path}/`;
  for (const one of [...tree.keys()]) if (one.startsWith(below)) tree.delete(one);
}

function folderNode(path: string): TreeNode {
  const entry: Entry = { kind: "directory", path, mode: 0o755, uid: 0, gid: 0, mtime: 0, xattrs: new Map() };
  return { entry, owner: undefined, content: undefined };
}
