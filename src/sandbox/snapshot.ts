// What commands changed, where no overlay can be mounted: everything is looked at before and after.
import { type BigIntStats, lstatSync } from "node:fs";
import { noXattrs } from "../archive/entry.ts";
import { compareBytes } from "../core/byte-order.ts";
import { readAttributes } from "./attributes.ts";
import { type ChangedEntry, type Changes, entryOf, namesIn } from "./changes.ts";
import { diskPath } from "./disk-path.ts";
import type { LaidOut } from "./lay-out.ts";
import { applyOwner, type Owners } from "./owners.ts";

/** By path, in tree order. */
export type Snapshot = ReadonlyMap<string, BigIntStats>;

/** With what is known of owners that the disk does not know. */
export function readSnapshot(root: string, owners?: Owners): Snapshot {
  const all = new Map<string, BigIntStats>();
  const visit = (path: string): void => {
    const stat = lstatSync(diskPath(root, path), { bigint: true });
    if (owners) applyOwner(stat, owners.ownerOf(path, stat));
    all.set(path, stat);
    if (!stat.isDirectory()) return;
    for (const name of namesIn(root, path).sort(compareBytes)) visit(path === "." ? name : `${path}/${name}`);
  };
  visit(".");
  return all;
}

export interface SnapshotContext {
  readonly before: Snapshot;
  readonly laidOut: LaidOut;
  readonly owners: Owners | undefined;
}

export async function readSnapshotChanges(
  root: string,
  { before, laidOut, owners }: SnapshotContext,
): Promise<Changes> {
  const after = readSnapshot(root, owners);
  const attributes = laidOut.areAttributesOnDisk ? await readAttributes(root) : undefined;
  const removed: string[] = [];
  for (const [path, stat] of before) {
    const now = after.get(path);
    const isGone = now === undefined || (stat.isDirectory() && !now.isDirectory());
    const last = removed.at(-1);
    if (isGone && !(last !== undefined && path.startsWith(`${last}/`))) removed.push(path);
  }
  const links = new Map<bigint, string>();
  const entries: ChangedEntry[] = [];
  for (const [path, stat] of after) {
    const old = before.get(path);
    if (old && isSame(stat, old)) continue;
    const first = stat.isFile() && stat.nlink > 1n ? links.get(stat.ino) : undefined;
    const xattrs = (attributes ?? laidOut.attributes).get(path) ?? noXattrs;
    const at = diskPath(root, path);
    const entry = entryOf(path, { stat, at, xattrs, first });
    if (entry === undefined) continue;
    if (first === undefined) links.set(stat.ino, path);
    entries.push({ entry, at });
  }
  return { removed, entries, sockets: [] };
}

/** A folder's ctime changes with what is in it; a file's tells of every change there is. */
function isSame(a: BigIntStats, b: BigIntStats): boolean {
  const isSameMetadata = a.mode === b.mode && a.uid === b.uid && a.gid === b.gid && a.mtimeNs === b.mtimeNs;
  return isSameMetadata && (a.isDirectory() || (a.ino === b.ino && a.size === b.size && a.ctimeNs === b.ctimeNs));
}
