import { compareBytes } from "./byte-order.ts";

/**
 * Order of a tree as one walks it: a folder, then what is in it, then its next sibling; names by their bytes.
 * (GNU tar's `--sort=name`.) Differs from the order of whole paths, where `a-b` comes before `a/b`.
 */
export function comparePaths(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  if (at === end) return a.length - b.length;
  if (a.charCodeAt(at) === slash) return -1;
  if (b.charCodeAt(at) === slash) return 1;
  return compareBytes(a.slice(at), b.slice(at));
}

const slash = 0x2f;

/** The folders above a path, outermost first: `a/b/c` has `a`, `a/b`. */
export function parentsOf(path: string): readonly string[] {
  const parents: string[] = [];
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) parents.push(path.slice(0, at));
  return parents;
}
