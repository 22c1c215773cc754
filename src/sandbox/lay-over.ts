// A layer of COPY, ADD or WORKDIR over a root in which commands ran already. It is written as a command would write it, into the
// overlay: so folders that it says nothing of stay as they are. Nothing runs meanwhile, and no link is followed.
import { lstatSync, rmSync, type Stats, unlinkSync, utimesSync } from "node:fs";
import type { ArchiveItem, Entry } from "../archive/entry.ts";
import { readTar } from "../archive/tar.ts";
import { type Bytes, readerOf } from "../core/bytes.ts";
import { parentsOf } from "../core/path-order.ts";
import { applyAttributes } from "./attributes.ts";
import type { SandboxMode } from "./contract.ts";
import { diskPath } from "./disk-path.ts";
import { isBelowAny } from "./go-on.ts";
import { describeFault, type LaidOut, type Layout, layOutItem } from "./lay-out.ts";
import { sandboxTarLimits } from "./tar-limits.ts";

export interface LayOverOptions {
  readonly root: string;
  readonly mode: SandboxMode;
  readonly laidOut: LaidOut;
  readonly mountPoints: readonly string[];
}

interface Over extends Layout {
  readonly options: LayOverOptions;
  /** Folders that were there before, and their times. */
  readonly times: Map<string, Stats>;
  readonly replaced: Set<string>;
}

/** `undefined` when it cannot be done; the tar is read to its end in any case. Throws SANDBOX_FAILED, DISK_FULL. */
export async function layOver(tar: Bytes, options: LayOverOptions): Promise<LaidOut | undefined> {
  const { root, mode, laidOut } = options;
  const over: Over = {
    ...{ root, mode, options },
    folders: new Set(["."]),
    folderEntries: [],
    attributes: new Map(),
    owners: undefined,
    times: new Map(),
    replaced: new Set(),
  };
  let isPossible = true;
  for await (const item of readTar(readerOf(tar), sandboxTarLimits)) {
    isPossible = isPossible && canTake(over, item.entry);
    if (isPossible) await take(over, item);
  }
  if (!isPossible || !(await applyAttributes(root, over.attributes))) return undefined;
  for (const [path, { atime, mtime }] of over.times) utimesSync(diskPath(root, path), atime, mtime);
  for (const { path, mtime } of over.folderEntries.reverse()) utimesSync(diskPath(root, path), mtime, mtime);
  const kept = [...laidOut.attributes].filter(([path]) => !isBelowAny(path, over.replaced));
  return { ...laidOut, attributes: new Map([...kept, ...over.attributes]) };
}

function canTake(over: Over, { path, xattrs, kind }: Entry): boolean {
  const { mountPoints, laidOut } = over.options;
  if (path.startsWith(".wh.", path.lastIndexOf("/") + 1)) return false;
  if (mountPoints.some((one) => path === one || path.startsWith(`${one}/`))) return false;
  if (kind === "directory" && (xattrs.size > 0 || laidOut.attributes.has(path))) return false;
  return path === "." || parentsOf(path).every((parent) => isFolderOrMissing(over, parent));
}

function isFolderOrMissing(over: Over, path: string): boolean {
  if (over.folders.has(path)) return true;
  const stat = statOf(over, path);
  if (stat === undefined) return true;
  if (!stat.isDirectory()) return false;
  over.folders.add(path);
  over.times.set(path, stat);
  return true;
}

async function take(over: Over, item: ArchiveItem): Promise<void> {
  const { path, kind } = item.entry;
  // The root's own is whatever it was.
  if (path === ".") return;
  const at = diskPath(over.root, path);
  const stat = statOf(over, path);
  const parent = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".";
  if (parent === "." && !over.times.has(".")) over.times.set(".", lstatSync(over.root));
  if (stat?.isDirectory() && kind === "directory") over.folders.add(path);
  else if (stat) {
    over.replaced.add(path);
    if (stat.isDirectory()) rmSync(at, { recursive: true });
    else unlinkSync(at);
  }
  try {
    await layOutItem(over, item);
  } catch (error) {
    throw describeFault(error, item.entry);
  }
}

const statOf = ({ root }: Over, path: string): Stats | undefined =>
  lstatSync(diskPath(root, path), { throwIfNoEntry: false });
