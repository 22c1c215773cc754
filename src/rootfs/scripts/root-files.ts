// A tree that scripts change as they would change files of a root: nothing lies on a disk, and what a script did can be undone.
import type { Entry } from "../../archive/entry.ts";
import { compareBytes } from "../../core/byte-order.ts";
import { comparePaths } from "../../core/path-order.ts";
import type { GeneratedFile } from "../../packages/contract.ts";
import type { EffectContext } from "../effects/contract.ts";
import { resolvePath } from "../resolve.ts";
import type { Tree, TreeNode } from "../tree.ts";
import { notUnderstood } from "./syntax.ts";

/** Paths may be absolute or not; `.` and `..` and links are followed as from the root. */
export interface RootFiles {
  /** With `link` a link at the end is not followed. */
  stat(path: string, how?: "link"): Entry | undefined;
  read(path: string): Uint8Array | undefined;
  /** Where a path leads, without leading `/`; `undefined` for a loop of links. */
  real(path: string, how?: "link"): string | undefined;
  names(folder: string): readonly string[];
  /** Makes or overwrites a file. False when its folder is not there, or it is no file. */
  write(path: string, bytes: Uint8Array): boolean;
  /** False when something is there or its folder is not. */
  makeFolder(path: string): boolean;
  makeLink(path: string, target: string): boolean;
  /** With everything in it. */
  remove(path: string): void;
  rename(from: string, to: string): void;
  change(path: string, what: Partial<Pick<Entry, "mode" | "uid" | "gid">>): boolean;
  /** A point to which `restore` leads back. */
  mark(): number;
  restore(mark: number): void;
  /** Paths that were touched since a point, sorted. */
  touched(mark: number): readonly string[];
  result(): { readonly files: readonly GeneratedFile[]; readonly removed: readonly string[] };
}

/** Scripts write small files. */
const MAX_FILE_BYTES = 64 << 20;

interface Change {
  readonly path: string;
  readonly before: TreeNode | undefined;
  readonly bytesBefore: Uint8Array | undefined;
}

export function openRoot({ tree: original, read: readOriginal, epoch }: EffectContext): RootFiles {
  const fresh = { uid: 0, gid: 0, mtime: epoch, xattrs: new Map() } as const;
  const tree = withParents(original, fresh);
  const made = new Map<string, Uint8Array>();
  const journal: Change[] = [];

  const real = (path: string, how?: "link"): string | undefined => resolvePath(tree, path, { last: how !== "link" });
  const nodeAt = (path: string, how?: "link"): TreeNode | undefined => {
    const place = real(path, how);
    return place === undefined ? undefined : tree.get(place);
  };
  const isFolder = (place: string): boolean => place === "" || tree.get(place)?.entry.kind === "directory";
  const put = (path: string, entry: Entry | undefined, bytes?: Uint8Array): void => {
    journal.push({ path, before: tree.get(path), bytesBefore: made.get(path) });
    if (entry === undefined) tree.delete(path);
    else tree.set(path, { entry, owner: undefined, content: undefined });
    if (bytes) made.set(path, bytes);
    else made.delete(path);
  };
  const bytesAt = (place: string): Uint8Array => made.get(place) ?? readOriginal(place);
  /** Where something new may lie: its folder is there and it is not. */
  const room = (path: string): string | undefined => {
    const place = real(path, "link");
    if (place === undefined || place === "" || tree.has(place) || !isFolder(folderOf(place))) return undefined;
    return place;
  };
  const inside = (place: string): readonly string[] =>
    [...tree.keys()].filter((one) => one.startsWith(`${place}/`)).sort(compareBytes);

  return {
    real,
    stat: (path, how) => {
      const place = real(path, how);
      if (place === "") return { kind: "directory", path: ".", mode: 0o755, ...fresh };
      return place === undefined ? undefined : tree.get(place)?.entry;
    },
    read: (path) => {
      const place = real(path);
      if (place === undefined || tree.get(place)?.entry.kind !== "file") return undefined;
      return bytesAt(place);
    },
    names: (folder) => {
      const place = real(folder) ?? "";
      const start = place === "" ? 0 : place.length + 1;
      const found = [...tree.keys()].filter((one) => place === "" || one.startsWith(`${place}/`));
      return found
        .map((one) => one.slice(start))
        .filter((one) => !one.includes("/"))
        .sort(compareBytes);
    },
    write: (path, bytes) => {
      if (bytes.byteLength > MAX_FILE_BYTES) throw notUnderstood("files as large");
      const place = real(path);
      const before = place === undefined ? undefined : tree.get(place)?.entry;
      if (place === undefined || (before ? before.kind !== "file" : room(place) === undefined)) return false;
      const metadata = before ? { ...before, mtime: epoch } : { path: place, mode: 0o644, ...fresh };
      put(place, { ...metadata, kind: "file", sizeBytes: bytes.byteLength } as Entry, bytes);
      return true;
    },
    makeFolder: (path) => {
      const place = room(path);
      if (place !== undefined) put(place, { kind: "directory", path: place, mode: 0o755, ...fresh });
      return place !== undefined;
    },
    makeLink: (path, target) => {
      const place = room(path);
      if (place !== undefined) put(place, { kind: "symlink", path: place, target, mode: 0o777, ...fresh });
      return place !== undefined;
    },
    remove: (path) => {
      const place = real(path, "link");
      if (place === undefined || !tree.has(place)) return;
      for (const one of [...inside(place), place].reverse()) put(one, undefined);
    },
    rename: (from, to) => {
      const [source, target] = [real(from, "link"), real(to, "link")];
      if (source === undefined || target === undefined || source === target) return;
      for (const one of [source, ...inside(source)]) {
        const entry = tree.get(one)?.entry;
        if (!entry) continue;
        const path = `${target}${one.slice(source.length)}`;
        const bytes = entry.kind === "file" ? bytesAt(one) : undefined;
        put(path, { ...entry, path }, bytes);
        put(one, undefined);
      }
    },
    change: (path, what) => {
      const node = nodeAt(path);
      if (!node) return false;
      const { entry } = node;
      put(entry.path, { ...entry, ...what }, entry.kind === "file" ? bytesAt(entry.path) : undefined);
      return true;
    },
    mark: () => journal.length,
    restore: (mark) => {
      for (const { path, before, bytesBefore } of journal.splice(mark).reverse()) {
        if (before) tree.set(path, before);
        else tree.delete(path);
        if (bytesBefore) made.set(path, bytesBefore);
        else made.delete(path);
      }
    },
    touched: (mark) => [...new Set(journal.slice(mark).map(({ path }) => path))].sort(compareBytes),
    result: () => {
      const paths = [...new Set(journal.map(({ path }) => path))].sort(comparePaths);
      const files = paths.flatMap((path) => {
        const entry = tree.get(path)?.entry;
        return entry ? [generated(entry, made.get(path))] : [];
      });
      return { files, removed: paths.filter((path) => !tree.has(path) && original.has(path)) };
    },
  };
}

type Metadata = Pick<Entry, "uid" | "gid" | "mtime" | "xattrs">;

/** Folders in which something lies and that nothing made are there all the same. */
function withParents(original: Tree, metadata: Metadata): Map<string, TreeNode> {
  const tree = new Map(original);
  for (const path of original.keys()) {
    for (let folder = folderOf(path); folder !== "" && !tree.has(folder); folder = folderOf(folder)) {
      const entry: Entry = { kind: "directory", path: folder, mode: 0o755, ...metadata };
      tree.set(folder, { entry, owner: undefined, content: undefined });
    }
  }
  return tree;
}

const folderOf = (place: string): string => place.slice(0, Math.max(0, place.lastIndexOf("/")));

function generated({ kind, path, mode, uid, gid, ...rest }: Entry, bytes: Uint8Array | undefined): GeneratedFile {
  if (kind === "symlink") return { kind, path, target: "target" in rest ? rest.target : "" };
  if (kind === "directory") return { kind, path, mode, uid, gid };
  return { kind: "file", path, mode, uid, gid, bytes: bytes ?? new Uint8Array() };
}
