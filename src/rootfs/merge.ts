// Packages side by side become one tree. What two packages both hold is settled as their format settles it: a package
// that says it replaces another takes over the file, anything else is an error, since dpkg would refuse it as well.
import type { Entry } from "../archive/entry.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { parentsOf } from "../core/path-order.ts";
import { nodeAt } from "./resolve.ts";
import type { Tree, TreeNode } from "./tree.ts";

/** A package on its way into the tree. */
export interface MergePackage {
  readonly name: string;
  readonly version: string;
  /** Key of its piece, for the places of its files. */
  readonly piece: string;
  /** Directories included. Hard links have the content of their file. */
  readonly entries: readonly { readonly entry: Entry; readonly bodyOffset: number }[];
  /** It is an image below: others take over its files, and its folders and links to folders stay. */
  readonly isBelow?: boolean;
  /** Whether it may take over a file of the other package (deb: Replaces). */
  replaces(other: { readonly name: string; readonly version: string }): boolean;
  /** How it gets along with the other package at a path that both have: the `same` file is both's, else it goes `over` the other's, or `under` it. */
  meets?(other: { readonly name: string }, path: string): "same" | "over" | "under" | "apart";
}

export interface MergedTree {
  readonly tree: Map<string, TreeNode>;
  /** Paths that a package lost to another, by package name. */
  readonly dropped: ReadonlyMap<string, ReadonlySet<string>>;
  /** Paths that a package has as well as another, which brings them. */
  readonly shared: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * Merges in the order given: the first package that holds a directory says its owner, mode and time.
 * Throws FILE_CONFLICT.
 */
export function mergePackages(packages: readonly MergePackage[]): MergedTree {
  const tree = new Map<string, TreeNode>();
  const dropped = new Map<string, Set<string>>();
  const shared = new Map<string, Set<string>>();
  const byName = new Map(packages.map((one) => [one.name, one]));
  for (const one of packages) {
    for (const { entry, bodyOffset } of one.entries) {
      const before = tree.get(entry.path);
      const meeting = before ? meetingOf(one, entry, before) : "apart";
      if (meeting === "same") {
        lose(shared, one.name, entry.path);
        continue;
      }
      const loser = before ? settle(one, entry, before, { byName, tree, meeting }) : undefined;
      if (loser !== undefined && entry.kind !== "directory") lose(dropped, loser, entry.path);
      if (before && loser === one.name) continue;
      tree.set(entry.path, nodeOf(one, entry, bodyOffset));
    }
  }
  assertParentsAreFolders(tree);
  return { tree, dropped, shared };
}

type Meeting = ReturnType<NonNullable<MergePackage["meets"]>>;

function meetingOf(one: MergePackage, entry: Entry, { owner, entry: before }: TreeNode): Meeting {
  const isLink = entry.kind === "symlink" || before.kind === "symlink";
  // A hard link is a file with two names, and either may be the first of them.
  if (owner === undefined || [entry, before].some(({ kind }) => kind === "directory")) return "apart";
  if (isLink && entry.kind !== before.kind) return "apart";
  return one.meets?.({ name: owner }, entry.path) ?? "apart";
}

function nodeOf(one: MergePackage, entry: Entry, bodyOffset: number): TreeNode {
  const content =
    entry.kind === "file" ? { piece: one.piece, offset: bodyOffset, sizeBytes: entry.sizeBytes } : undefined;
  return { entry, owner: one.name, content };
}

function lose(dropped: Map<string, Set<string>>, name: string, path: string): void {
  const paths = dropped.get(name);
  if (paths) paths.add(path);
  else dropped.set(name, new Set([path]));
}

interface Settled {
  readonly byName: ReadonlyMap<string, MergePackage>;
  readonly tree: Tree;
  readonly meeting: Meeting;
}

/** As dpkg and apk find a root that is there: what leads to a folder stays in the place of a folder, and files are replaced. */
function settleBelow(
  one: MergePackage,
  entry: Entry,
  before: TreeNode,
  { other, tree }: { readonly other: MergePackage; readonly tree: Tree },
): string {
  const isFolder = nodeAt(tree, before.entry.path)?.entry.kind === "directory";
  if (entry.kind === "directory" || entry.kind === "symlink") {
    if (isFolder && (entry.kind === "directory" || before.entry.kind === "directory")) return one.name;
  }
  if (entry.kind === "directory" || before.entry.kind === "directory") throw conflict(one, entry, other, before.entry);
  return other.name;
}

/** Name of the package whose entry goes. */
function settle(one: MergePackage, entry: Entry, before: TreeNode, { byName, tree, meeting }: Settled): string {
  const other = byName.get(before.owner ?? "");
  if (other?.isBelow && meeting !== "under") return settleBelow(one, entry, before, { other, tree });
  if (!other || (entry.kind === "directory" && before.entry.kind === "directory")) return one.name;
  if (entry.kind === "directory" || before.entry.kind === "directory") throw conflict(one, entry, other, before.entry);
  if (meeting === "over") return other.name;
  if (meeting === "under") return one.name;
  // dpkg: who is unpacked last takes over; when both say so the later name wins.
  if (one.replaces(other)) return other.name;
  if (other.replaces(one)) return one.name;
  throw conflict(one, entry, other, before.entry);
}

function conflict(one: MergePackage, entry: Entry, other: MergePackage, before: Entry): DodaiError {
  const kinds = entry.kind === before.kind ? "" : ` (a ${before.kind} in the one, a ${entry.kind} in the other)`;
  return new DodaiError(
    "FILE_CONFLICT",
    `Cannot merge packages: "/${entry.path}" is in ${other.name} ${other.version} and in ${one.name} ${one.version}${kinds}, and neither replaces the other`,
    { fix: `Leave out one of the two: "!${other.name}" or "!${one.name}" in packages.` },
  );
}

/** A link of one package may not redirect files of another: whatever lies below a link was not meant to. */
function assertParentsAreFolders(tree: Tree): void {
  const folders = new Set<string>();
  for (const [path, node] of tree) {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    if (parent === "" || folders.has(parent)) continue;
    for (const folder of parentsOf(path)) {
      const above = tree.get(folder);
      if (above && above.entry.kind !== "directory") {
        throw new DodaiError(
          "FILE_CONFLICT",
          `Cannot merge packages: "/${path}" of ${node.owner} lies below "/${folder}", which is a ${above.entry.kind} of ${above.owner}`,
          { fix: `Leave out one of the two: "!${node.owner}" or "!${above.owner}" in packages.` },
        );
      }
    }
    folders.add(parent);
  }
}
