// Trees for tests, written as people write them: a line a path.
import { type Entry, noXattrs } from "../../src/archive/entry.ts";
import type { TreeNode } from "../../src/rootfs/tree.ts";

const common = { mode: 0o755, uid: 0, gid: 0, mtime: 0, xattrs: noXattrs };

/** `etc/` is a folder, `bin -> usr/bin` a link, anything else a file; files are empty unless `=` gives content: `a = text`. */
export function entryOf(line: string): Entry & { readonly text: string } {
  const [, link, target] = /^(\S+) -> (\S+)$/.exec(line) ?? [];
  if (link !== undefined && target !== undefined) return { ...common, kind: "symlink", path: link, target, text: "" };
  if (line.endsWith("/")) return { ...common, kind: "directory", path: line.slice(0, -1), text: "" };
  const [path = "", text = ""] = line.split(" = ");
  return { ...common, kind: "file", path, mode: 0o644, sizeBytes: Buffer.byteLength(text), text };
}

/** A tree of these lines, owned by one package. */
export function treeOf(lines: readonly string[], owner = "test"): Map<string, TreeNode> {
  return new Map(
    lines.map((line): [string, TreeNode] => {
      const { text: _text, ...entry } = entryOf(line);
      return [entry.path, { entry, owner, content: undefined }];
    }),
  );
}

/** One line a path, in the order of the tree: what a golden picture shows. */
export function pictureOf(tree: ReadonlyMap<string, TreeNode>): readonly string[] {
  return [...tree.values()].map(({ entry, owner }) => {
    const name = entry.kind === "directory" ? `${entry.path}/` : entry.path;
    const target = entry.kind === "symlink" ? ` -> ${entry.target}` : "";
    return `${name}${target} (${owner ?? "made"})`;
  });
}
