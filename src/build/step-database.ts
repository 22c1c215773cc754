// Steps may call the image's own package manager. What it did to its database is kept; how it wrote it down is not.
import { type Entry, noXattrs } from "../archive/entry.ts";
import { comparePaths } from "../core/path-order.ts";
import type { DatabaseAccess, DatabaseOptions } from "../packages/contract.ts";
import type { ChangedTree, MadeEntry } from "../rootfs/change.ts";
import { resolvePath } from "../rootfs/resolve.ts";
import type { Plan } from "./plan.ts";

interface Change {
  readonly kept: readonly MadeEntry[];
  readonly removed: readonly string[];
}

export interface DatabaseContext {
  readonly plan: Plan;
  readonly epoch: number;
  readonly tree: ChangedTree;
  readonly read: (path: string) => Uint8Array;
  readonly database: DatabaseOptions;
}

/** The change with a database that follows from its packages alone, when it changed at all. */
export function withOwnDatabase(change: Change, context: DatabaseContext): Change {
  const { plan, tree, database } = context;
  const { restoreDatabase } = plan.distribution.format;
  const named = (database.below?.rpm ?? database.rpmDatabase)?.folder;
  const folder = named === undefined ? undefined : resolvePath(tree.tree, named, { last: true });
  if (!restoreDatabase || named === undefined || folder === undefined) return change;
  const isOfIt = (path: string): boolean => path.startsWith(`${folder}/`);
  const isTouched = change.kept.some(({ entry }) => isOfIt(entry.path)) || change.removed.some(isOfIt);
  if (!isTouched) return change;
  const place = (path: string): string =>
    path.startsWith(`${named}/`) ? `${folder}${path.slice(named.length)}` : path;
  const files = restoreDatabase(accessTo(change, place, context), database)?.flatMap((file): readonly MadeEntry[] =>
    file.kind === "file" ? [{ entry: entryOf(place(file.path), file.bytes, context.epoch), bytes: file.bytes }] : [],
  );
  if (!files) return change;
  const written = new Set(files.map(({ entry }) => entry.path));
  const old = [...tree.tree.keys()].filter((path) => isOfIt(path) && !written.has(path));
  return {
    kept: [...change.kept.filter(({ entry }) => !isOfIt(entry.path)), ...files].sort((a, b) =>
      comparePaths(a.entry.path, b.entry.path),
    ),
    removed: [...new Set([...change.removed.filter((path) => !written.has(path)), ...old])].sort(comparePaths),
  };
}

function accessTo(
  { kept, removed }: Change,
  place: (path: string) => string,
  { tree, read }: DatabaseContext,
): DatabaseAccess {
  return {
    read: (named) => {
      const path = place(named);
      const changed = kept.find(({ entry }) => entry.path === path);
      if (changed) return changed.bytes;
      return removed.includes(path) || tree.tree.get(path)?.entry.kind !== "file" ? undefined : read(path);
    },
  };
}

const entryOf = (path: string, { byteLength }: Uint8Array, mtime: number): Entry => ({
  kind: "file",
  path,
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime,
  xattrs: noXattrs,
  sizeBytes: byteLength,
});
