// A small root as a value, for scripts to run on.
import { noXattrs } from "../../../src/archive/entry.ts";
import type { EffectContext } from "../../../src/rootfs/effects/contract.ts";
import { openPrograms } from "../../../src/rootfs/scripts/programs.ts";
import { openRoot, type RootFiles } from "../../../src/rootfs/scripts/root-files.ts";
import { runShell } from "../../../src/rootfs/scripts/run.ts";
import type { Tree, TreeNode } from "../../../src/rootfs/tree.ts";

/** Content of files; `-> TARGET` is a link and a path that ends with `/` a folder. */
export type Contents = Readonly<Record<string, string>>;

export const epoch: number = 86_400_000;

export function contextOf(contents: Contents): EffectContext {
  const metadata = { uid: 0, gid: 0, mtime: 0, xattrs: noXattrs } as const;
  const tree: Tree = new Map(
    Object.entries(contents).map(([spelled, content]): [string, TreeNode] => {
      const path = spelled.replace(/\/$/, "");
      const mode = /\bbin\//.test(path) ? 0o755 : 0o644;
      const node = { owner: "package", content: undefined };
      if (spelled.endsWith("/"))
        return [path, { ...node, entry: { kind: "directory", path, mode: 0o755, ...metadata } }];
      const [, target] = /^-> (.*)$/.exec(content) ?? [];
      if (target !== undefined)
        return [path, { ...node, entry: { kind: "symlink", path, target, mode: 0o777, ...metadata } }];
      return [path, { ...node, entry: { kind: "file", path, mode, sizeBytes: content.length, ...metadata } }];
    }),
  );
  return {
    tree,
    read: (path) => Buffer.from(contents[path] ?? "", "latin1"),
    open: () => ({ sizeBytes: 0, read: () => new Uint8Array() }),
    platform: { os: "linux", architecture: "amd64" },
    distribution: { name: "centos", release: "7" },
    users: [],
    groups: [],
    epoch,
    packages: [],
  };
}

export interface Ran {
  readonly status: number;
  /** What is new or other: a file with its content. */
  readonly changed: Readonly<Record<string, string>>;
  readonly files: RootFiles;
}

/** Throws SCRIPT_UNKNOWN. */
export function runOn(contents: Contents, script: string, words: readonly string[] = ["1"], input = ""): Ran {
  const context = contextOf(contents);
  const files = openRoot(context);
  const status = runShell(script, { files, ...openPrograms(context), words, input });
  const { files: made, removed } = files.result();
  const changed = [
    ...made.map((one): [string, string] => {
      if (one.kind === "symlink") return [one.path, `-> ${one.target}`];
      return one.kind === "file" ? [one.path, Buffer.from(one.bytes).toString("latin1")] : [`${one.path}/`, ""];
    }),
    ...removed.map((path): [string, string] => [path, "removed"]),
  ];
  return { status, changed: Object.fromEntries(changed), files };
}
