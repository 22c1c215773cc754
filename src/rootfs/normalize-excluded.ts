// Paths that a variant leaves out, as debuerreotype takes them out of a finished root file system: files first, then
// whatever that leaves without use below the same places, links that lead nowhere and folders that are empty.
import { compareBytes } from "../core/byte-order.ts";
import { compileGlob } from "./glob.ts";
import { resolvePath } from "./resolve.ts";
import type { Tree } from "./tree.ts";

/** Globs of absolute paths. */
export interface ExcludedGlobs {
  readonly paths: readonly string[];
  readonly kept: readonly string[];
  readonly folders: readonly string[];
}

/** What has to go from `tree`, every path by itself. */
export function excludedPaths(tree: Tree, { paths, kept, folders }: ExcludedGlobs): ReadonlySet<string> {
  if (paths.length === 0) return new Set();
  const isExcluded = anyOf(paths);
  const isKept = anyOf(kept);
  const staysEmpty = anyOf(folders);
  // Deeper first: a folder comes after all that is in it.
  const affected = [...tree].filter(([path]) => isExcluded(path)).sort(([a], [b]) => compareBytes(b, a));
  const gone = new Set<string>();
  for (const [path, { entry }] of affected) {
    if (entry.kind !== "directory" && entry.kind !== "symlink" && !isKept(path)) gone.add(path);
  }
  const left = new Map([...tree].filter(([path]) => !gone.has(path)));
  for (let before = -1; before !== gone.size; ) {
    before = gone.size;
    const held = childCounts(left);
    for (const [path, { entry }] of affected) {
      if (!left.has(path)) continue;
      const isUseless =
        entry.kind === "directory"
          ? !held.get(path) && !staysEmpty(path)
          : entry.kind === "symlink" && isLost(left, path);
      if (!isUseless) continue;
      left.delete(path);
      gone.add(path);
      const parent = parentOf(path);
      held.set(parent, (held.get(parent) ?? 1) - 1);
    }
  }
  return gone;
}

function anyOf(patterns: readonly string[]): (path: string) => boolean {
  const globs = patterns.map(compileGlob);
  return (path) => globs.some((matches) => matches(path));
}

function childCounts(tree: Tree): Map<string, number> {
  const counts = new Map<string, number>();
  for (const path of tree.keys()) counts.set(parentOf(path), (counts.get(parentOf(path)) ?? 0) + 1);
  return counts;
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

function isLost(tree: Tree, path: string): boolean {
  const place = resolvePath(tree, path, { last: true });
  return place === undefined || (place !== "" && !tree.has(place));
}
