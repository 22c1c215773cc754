import type { Tree, TreeNode } from "./tree.ts";

/** Linux gives up after as many links (path_resolution(7), ELOOP). */
const maxLinks = 40;

/**
 * Where a path leads inside the tree: links in its parents, and with `last` the final one too, are followed as the
 * kernel would with the tree as its root; `..` at the root stays there. `undefined` for a loop of links.
 */
export function resolvePath(tree: Tree, path: string, { last }: { readonly last: boolean }): string | undefined {
  const todo = path.split("/").reverse();
  const done: string[] = [];
  let links = 0;
  while (todo.length > 0) {
    const part = todo.pop() ?? "";
    if (part === "" || part === ".") continue;
    if (part === "..") {
      done.pop();
      continue;
    }
    done.push(part);
    const node = tree.get(done.join("/"));
    if (node?.entry.kind !== "symlink" || (todo.length === 0 && !last)) continue;
    if (++links > maxLinks) return undefined;
    const { target } = node.entry;
    done.pop();
    if (target.startsWith("/")) done.length = 0;
    todo.push(...target.split("/").reverse());
  }
  return done.join("/");
}

/** The node that a path leads to, links followed. */
export function nodeAt(tree: Tree, path: string): TreeNode | undefined {
  const resolved = resolvePath(tree, path, { last: true });
  return resolved === undefined ? undefined : tree.get(resolved);
}
