// What a recipe changes of files that are there: mode and owner, and one more name for a file.
import type { Entry } from "../archive/entry.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { type ChangedTree, replaceEntry } from "./change.ts";
import { resolvePath } from "./resolve.ts";
import type { TreeNode } from "./tree.ts";

/** Absent members are left as they are. */
export interface Permissions {
  readonly mode?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** Content of a file of the tree, by its path there. */
export type ReadFile = (path: string) => Uint8Array;

/**
 * Changes mode and owner of what a path leads to, as chmod(1) and chown(1) do: links on the way are followed. With
 * `recursive` everything below it is changed too; links that are met there are not followed, and only their owner is
 * changed. Throws PATH_MISSING.
 */
export function changePermissions(
  change: ChangedTree,
  { path, recursive, ...permissions }: Permissions & { readonly path: string; readonly recursive: boolean },
  read: ReadFile,
): void {
  const [place, node] = placeOf(change, path, "change");
  changeNode(change, place, { node, permissions, read });
  if (!recursive || node.entry.kind !== "directory") return;
  for (const [below, one] of [...change.tree]) {
    if (below.startsWith(`${place}/`)) changeNode(change, below, { node: one, permissions, read });
  }
}

/** Puts the file that `target` leads to under `path` too, with its mode, owner and time. Throws PATH_MISSING. */
export function linkFile(
  change: ChangedTree,
  { path, target }: { readonly path: string; readonly target: string },
  read: ReadFile,
): void {
  const [source, { entry }] = placeOf(change, target, "link");
  if (entry.kind !== "file") {
    throw new DodaiError(
      "PATH_MISSING",
      `Cannot link "/${target}": it is a ${entry.kind} of the image, and only files have several names`,
    );
  }
  const place = resolvePath(change.tree, path, { last: false });
  if (place === source) return;
  const before = place === undefined ? undefined : change.tree.get(place);
  if (place === undefined || before?.entry.kind === "directory") {
    throw new DodaiError("FILE_CONFLICT", `Cannot write "/${path}": it is a folder of the image, not a file`);
  }
  replaceEntry(change, place, { entry: { ...entry, path: place }, bytes: read(source) });
}

function placeOf({ tree }: ChangedTree, path: string, verb: string): readonly [string, TreeNode] {
  const place = resolvePath(tree, path, { last: true });
  const node = place === undefined ? undefined : tree.get(place);
  if (place !== undefined && node) return [place, node];
  throw new DodaiError("PATH_MISSING", `Cannot ${verb} "/${path}": the image has no such path`, {
    fix: "Check the path, and that the package is there that holds it; the recipe's files are made in their order.",
  });
}

interface Change {
  readonly node: TreeNode;
  readonly permissions: Permissions;
  readonly read: ReadFile;
}

function changeNode(change: ChangedTree, path: string, { node, permissions, read }: Change): void {
  const entry = changed(node.entry, permissions);
  if (entry.mode === node.entry.mode && entry.uid === node.entry.uid && entry.gid === node.entry.gid) return;
  const made = change.made.get(path);
  // Folders are written from the tree; what dodai made has its bytes beside it already.
  if (made || entry.kind === "directory") change.tree.set(path, { ...node, entry });
  else if (entry.kind === "file") replaceEntry(change, path, { entry, bytes: read(path), ...aboutOwner(node) });
  else replaceEntry(change, path, { entry, ...aboutOwner(node) });
}

function changed(entry: Entry, { mode, uid, gid }: Permissions): Entry {
  const bits = entry.kind === "symlink" ? entry.mode : (mode ?? entry.mode);
  return { ...entry, mode: bits, uid: uid ?? entry.uid, gid: gid ?? entry.gid };
}

/** A package's file stays in its package's layer. */
const aboutOwner = ({ owner }: TreeNode): { readonly about?: string } => (owner === undefined ? {} : { about: owner });
