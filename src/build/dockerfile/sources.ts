// The two places that files are copied from, as one: the build context, and the root of a stage or image.
import type { ArchiveItem, Entry } from "../../archive/entry.ts";
import { compareBytes } from "../../core/byte-order.ts";
import { bytesOf } from "../../core/bytes.ts";
import type { TreeNode } from "../../rootfs/tree.ts";
import type { PieceStore } from "../piece-store.ts";
import type { BuildContext } from "./context.ts";
import type { CopyPlan } from "./copy-plan.ts";
import type { FileSource } from "./source-select.ts";
import { itemsOfLayers } from "./stage-tree.ts";
import type { StageState } from "./state.ts";

export const contextName = "the build context";

export function contextSource(context: BuildContext): FileSource {
  return { name: contextName, find: context.find, list: context.list, isIgnored: context.isIgnored };
}

/** The items of a plan's layer: folders, then files with their bytes. */
export async function* itemsOfContext(plan: CopyPlan, context: BuildContext): AsyncGenerator<ArchiveItem> {
  yield* foldersOf(plan);
  for (const [from, copies] of plan.files) {
    for (const entry of copies)
      yield { entry, body: entry.kind === "file" ? exactly(entry, context.open(from)) : bytesOf() };
  }
}

/** A file that grows or shrinks while it is read must not break the archive. */
async function* exactly(
  entry: Entry & { readonly kind: "file" },
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let left = entry.sizeBytes;
  for await (const chunk of bytes) {
    const part = chunk.subarray(0, left);
    left -= part.byteLength;
    if (part.byteLength > 0) yield part;
    if (left === 0) break;
  }
  for (; left > 0; left -= Math.min(left, 1 << 16)) yield new Uint8Array(Math.min(left, 1 << 16));
}

export async function stageSource(state: StageState, name: string): Promise<FileSource> {
  const tree = await state.tree.get();
  const children = childrenOf(tree);
  const root: Entry = {
    kind: "directory",
    path: ".",
    mode: 0o755,
    uid: 0,
    gid: 0,
    mtime: state.epoch,
    xattrs: new Map(),
  };
  return {
    name,
    find: (path) => (path === "" ? root : tree.get(path)?.entry),
    list: (path) => children.get(path) ?? [],
    isIgnored: () => false,
  };
}

function childrenOf(tree: ReadonlyMap<string, TreeNode>): ReadonlyMap<string, readonly string[]> {
  const children = new Map<string, string[]>();
  for (const path of tree.keys()) {
    const slash = path.lastIndexOf("/");
    const folder = slash < 0 ? "" : path.slice(0, slash);
    const list = children.get(folder);
    if (list) list.push(path.slice(slash + 1));
    else children.set(folder, [path.slice(slash + 1)]);
  }
  for (const list of children.values()) list.sort(compareBytes);
  return children;
}

/** The same from a stage's layers, in their order; further names of one file become links again. */
export async function* itemsOfStage(plan: CopyPlan, state: StageState, store: PieceStore): AsyncGenerator<ArchiveItem> {
  yield* foldersOf(plan);
  const tree = await state.tree.get();
  const wanted = new Map<string, Entry[]>();
  for (const [from, copies] of plan.files) {
    const entry = tree.get(from)?.entry;
    const content = entry?.kind === "hardlink" ? entry.target : from;
    wanted.set(content, [...(wanted.get(content) ?? []), ...copies]);
  }
  for await (const { entry, body } of itemsOfLayers(state.layers, store)) {
    if (entry.kind === "hardlink" || entry.kind === "directory") continue;
    const [first, ...others] = wanted.get(entry.path) ?? [];
    if (first === undefined) continue;
    yield { entry: { ...entry, ...metadataOf(first) }, body };
    for (const one of others) {
      yield { entry: { ...metadataOf(one), kind: "hardlink", target: first.path }, body: bytesOf() };
    }
  }
}

function metadataOf({ path, mode, uid, gid, mtime, xattrs }: Entry): Omit<Entry & { kind: "fifo" }, "kind"> {
  return { path, mode, uid, gid, mtime, xattrs };
}

function* foldersOf({ folders }: CopyPlan): Generator<ArchiveItem> {
  for (const entry of folders) yield { entry, body: bytesOf() };
}
