// Laying out a root file system from a tar: owners, modes, times and attributes as the archive has them.
//
// Runs in the inner half, as root of its namespaces, with the host's file system in sight. So every parent is a folder that
// was made here, nothing is opened through a link, and a name that is taken by anything but a folder is never a parent.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import type { ArchiveItem, DeviceEntry, DirectoryEntry, Entry, FifoEntry, FileEntry } from "../archive/entry.ts";
import { readTar } from "../archive/tar.ts";
import { encodeName, printable } from "../archive/tar-name.ts";
import { type Bytes, readerOf } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { unreachable } from "../core/unreachable.ts";
import { applyAttributes } from "./attributes.ts";
import type { SandboxMode } from "./contract.ts";
import { diskPath } from "./disk-path.ts";
import { type Owner, rootOwner } from "./owners.ts";
import { hostEnvironment } from "./program.ts";
import { sandboxTarLimits } from "./tar-limits.ts";

/** What the disk cannot tell of what was laid out. */
export interface LaidOut {
  /** Attributes that entries have, by path, whether or not the disk took them. */
  readonly attributes: ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>;
  /** Whether it took all of them that images have. */
  readonly areAttributesOnDisk: boolean;
  /** Other owners than root, by path, where all files on the disk are root's. */
  readonly owners: ReadonlyMap<string, Owner> | undefined;
}

export interface Layout {
  readonly root: string;
  readonly mode: SandboxMode;
  readonly folders: Set<string>;
  /** In the archive's order; their times are set last, the deepest first. */
  readonly folderEntries: DirectoryEntry[];
  readonly attributes: Map<string, ReadonlyMap<string, Uint8Array>>;
  /** Where owners are pretended. */
  readonly owners: Map<string, Owner> | undefined;
}

/** `root` must be an empty folder. The umask must be 0. Throws SANDBOX_FAILED, DISK_FULL and what `readTar` throws. */
export async function layOutTar(
  tar: Bytes,
  root: string,
  { mode, mountPoints }: { readonly mode: SandboxMode; readonly mountPoints: readonly string[] },
): Promise<LaidOut> {
  const layout: Layout = {
    root,
    mode,
    folders: new Set(["."]),
    folderEntries: [],
    attributes: new Map(),
    owners: mode === "single" ? new Map() : undefined,
  };
  for await (const item of readTar(readerOf(tar), sandboxTarLimits)) {
    try {
      await layOutItem(layout, item);
    } catch (error) {
      throw describeFault(error, item.entry);
    }
  }
  addMountPoints(layout, mountPoints);
  const areAttributesOnDisk = await applyAttributes(root, layout.attributes);
  for (const { path, mtime } of layout.folderEntries.reverse()) utimesSync(diskPath(root, path), mtime, mtime);
  return { attributes: layout.attributes, areAttributesOnDisk, owners: layout.owners };
}

export async function layOutItem(layout: Layout, { entry, body }: ArchiveItem): Promise<void> {
  const at = diskPath(layout.root, entry.path);
  if (entry.path !== ".") addParent(layout, entry.path);
  if (entry.xattrs.size > 0 && entry.kind !== "hardlink") layout.attributes.set(entry.path, entry.xattrs);
  switch (entry.kind) {
    case "directory":
      return addFolder(layout, entry, at);
    case "file":
      return writeFile(layout, { entry, body }, at);
    case "symlink":
      replacing(at, () => symlinkSync(entry.target.isWellFormed() ? entry.target : encodeName(entry.target), at));
      give(layout, entry, (uid, gid) => lchownSync(at, uid, gid));
      return lutimesSync(at, entry.mtime, entry.mtime);
    case "hardlink":
      addParent(layout, entry.target);
      if (layout.owners) keep(layout.owners, entry.path, layout.owners.get(entry.target) ?? rootOwner);
      return replacing(at, () => linkSync(diskPath(layout.root, entry.target), at));
    case "character-device":
    case "block-device":
    case "fifo":
      return addNode(layout, entry, at);
    default:
      return unreachable(entry);
  }
}

/** Gives a file its owner, or keeps whose it is. */
function give(layout: Layout, entry: Entry, chown: (uid: number, gid: number) => void): void {
  if (layout.owners) keep(layout.owners, entry.path, entry);
  else chown(entry.uid, entry.gid);
}

function keep(owners: Map<string, Owner>, path: string, { uid, gid }: Owner): void {
  if (uid === 0 && gid === 0) owners.delete(path);
  else owners.set(path, { uid, gid });
}

async function writeFile(
  layout: Layout,
  { entry, body }: { readonly entry: FileEntry; readonly body: Bytes },
  at: string | Buffer,
): Promise<void> {
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
  const file = replacing(at, () => openSync(at, flags, entry.mode & 0o777));
  try {
    for await (const chunk of body) {
      for (let done = 0; done < chunk.byteLength; ) done += writeSync(file, chunk, done);
    }
    // Root's too: in a setgid folder a new file has the folder's group.
    give(layout, entry, (uid, gid) => fchownSync(file, uid, gid));
    // Last, because writing and chown take setuid and setgid away.
    if (entry.mode > 0o777) fchmodSync(file, entry.mode);
    futimesSync(file, entry.mtime, entry.mtime);
  } finally {
    closeSync(file);
  }
}

function addFolder(layout: Layout, entry: DirectoryEntry, at: string | Buffer): void {
  if (!layout.folders.has(entry.path)) {
    mkdirSync(at, entry.mode & 0o777);
    layout.folders.add(entry.path);
  }
  give(layout, entry, (uid, gid) => lchownSync(at, uid, gid));
  chmodSync(at, entry.mode);
  layout.folderEntries.push(entry);
}

/** Folders that the archive does not name are root's, 0755. */
function addParent(layout: Layout, path: string): void {
  const slash = path.lastIndexOf("/");
  const parent = slash < 0 ? "." : path.slice(0, slash);
  if (layout.folders.has(parent)) return;
  addParent(layout, parent);
  const at = diskPath(layout.root, parent);
  mkdirSync(at);
  lchownSync(at, 0, 0);
  chmodSync(at, 0o755);
  layout.folders.add(parent);
}

/** What an archive names twice is what it says last. A folder stays: unlink refuses it. */
function replacing<Result>(at: string | Buffer, make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    unlinkSync(at);
    return make();
  }
}

/** Device nodes can only be made by the host's own root; elsewhere they stay out, and what is not there cannot change. */
function addNode(layout: Layout, entry: DeviceEntry | FifoEntry, at: string | Buffer): void {
  const { mode, root } = layout;
  if (mode !== "root" && entry.kind !== "fifo") return;
  if (typeof at !== "string")
    throw new DodaiError("SANDBOX_FAILED", `Cannot make a node in "${root}": its name is not UTF-8`);
  const type = entry.kind === "fifo" ? "p" : entry.kind === "block-device" ? "b" : "c";
  const numbers = entry.kind === "fifo" ? [] : [String(entry.major), String(entry.minor)];
  const { status, stderr } = spawnSync("mknod", ["--", at, type, ...numbers], {
    env: hostEnvironment,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`mknod failed: ${stderr}`);
  give(layout, entry, (uid, gid) => lchownSync(at, uid, gid));
  chmodSync(at, entry.mode);
  utimesSync(at, entry.mtime, entry.mtime);
}

/** Folders that something is mounted on while commands run. Those that the archive has not are no part of the result. */
function addMountPoints(layout: Layout, names: readonly string[]): void {
  for (const name of names) {
    if (layout.folders.has(name)) continue;
    try {
      mkdirSync(`${layout.root}/${name}`, 0o755);
    } catch (cause) {
      throw new DodaiError("SANDBOX_FAILED", `Cannot lay out the root: "/${name}" is there and not a folder`, {
        cause,
      });
    }
  }
}

export function describeFault(error: unknown, { path, uid, gid }: Entry): unknown {
  if (error instanceof DodaiError || !(error instanceof Error && "code" in error)) return error;
  const what = `Cannot lay out "/${printable(path)}"`;
  switch (error.code) {
    case "ENOSPC":
    case "EDQUOT":
      return new DodaiError("DISK_FULL", `${what}: no space is left`, { cause: error });
    case "EEXIST":
    case "ENOTDIR":
    case "EISDIR":
      return new DodaiError("SANDBOX_FAILED", `${what}: something that is not a folder is in its way`, {
        cause: error,
      });
    case "EINVAL":
      return new DodaiError("SANDBOX_FAILED", `${what}: the host cannot map its owner ${uid}:${gid}`, {
        cause: error,
        fix: "Give your user more ids in /etc/subuid and /etc/subgid (65536 are usual), or run dodai as root.",
      });
    default:
      return new DodaiError("SANDBOX_FAILED", `${what}: ${error.message}`, { cause: error });
  }
}
