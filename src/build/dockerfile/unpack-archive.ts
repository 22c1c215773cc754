// An archive taken apart by ADD: its entries below the destination, in its order, with owners, modes and times as it has them.
import { type ArchiveItem, type Entry, noXattrs } from "../../archive/entry.ts";
import { bytesOf } from "../../core/bytes.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import { parentsOf } from "../../core/path-order.ts";
import { resolvePath } from "../../rootfs/resolve.ts";
import type { TreeNode } from "../../rootfs/tree.ts";
import { isOverlayWhiteout, withoutLabels } from "../root-tarball.ts";
import { type ArchiveFile, readArchive } from "./archive-file.ts";
import type { CopyPlanOptions } from "./copy-plan.ts";
import { put, whiteoutPrefix } from "./stage-tree.ts";

export interface Unpacking extends Pick<CopyPlanOptions, "destination" | "epoch" | "modeOf" | "owner" | "where"> {
  /** What is there before; what is unpacked is added to it. */
  readonly tree: Map<string, TreeNode>;
}

/** Throws STEP_FAILED, and what reading the archive throws. */
export async function* unpackArchive(archive: ArchiveFile, unpacking: Unpacking): AsyncGenerator<ArchiveItem> {
  const { tree, destination } = unpacking;
  const top = resolvePath(tree, destination.slice(1), { last: true }) ?? "";
  const place: Placing = { ...unpacking, top };
  if (top !== "") yield* folders([...parentsOf(top), top], place);
  for await (const { entry: written, body } of readArchive(archive)) {
    const entry = withoutLabels(written);
    const placed = placeEntry(entry, place);
    yield* folders(parentsOf(placed.path), place);
    const item = { entry: { ...placed, ...metadataOf(entry, unpacking) }, body };
    put(tree, item.entry);
    yield item;
  }
}

interface Placing extends Unpacking {
  /** Path of the destination, links followed; "" for the root. */
  readonly top: string;
}

function metadataOf(entry: Entry, { owner, modeOf }: Unpacking): Pick<Entry, "gid" | "mode" | "uid"> {
  const { uid, gid } = owner ?? entry;
  const isFolder = entry.kind === "directory";
  const mode = modeOf && entry.kind !== "symlink" ? modeOf({ mode: entry.mode, isFolder }) : entry.mode;
  return { uid, gid, mode };
}

/** Folders that nothing has made are root's, 0755. */
function* folders(paths: readonly string[], { tree, epoch: mtime, where }: Placing): Generator<ArchiveItem> {
  for (const path of paths) {
    const there = tree.get(path)?.entry;
    if (there && there.kind !== "directory") throw refuse(path, `a ${there.kind} is there, wanted a folder`, where);
    if (there) continue;
    const entry: Entry = { kind: "directory", path, mode: 0o755, uid: 0, gid: 0, mtime, xattrs: noXattrs };
    put(tree, entry);
    yield { entry, body: bytesOf() };
  }
}

/** Links among parents are followed inside the root. What is at the path itself is replaced, a link to a folder too, as BuildKit does. */
function placeEntry(entry: Entry, place: Placing): Entry {
  const { where } = place;
  const path = pathAt(entry.path, place);
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (isOverlayWhiteout(entry)) throw refuse(path, "a device 0:0 means a removed file in an overlay", where);
  if (name.startsWith(whiteoutPrefix)) {
    throw refuse(path, `a name that begins with "${whiteoutPrefix}" means a removed file in a layer`, where);
  }
  if (path === "") return { ...entry, path: "." };
  if (entry.kind === "hardlink") return { ...entry, path, target: pathAt(entry.target, place) };
  return { ...entry, path };
}

function pathAt(path: string, { tree, top }: Placing): string {
  const wanted = path === "." ? top : top === "" ? path : `${top}/${path}`;
  return resolvePath(tree, wanted, { last: false }) ?? wanted;
}

function refuse(path: string, state: string, where: CopyPlanOptions["where"]): DodaiError {
  return new DodaiError("STEP_FAILED", `Cannot unpack "/${path}": ${state}`, { where });
}
