// A tree of entries onto the disk. The entries come from our own verified image; all the same nothing is trusted here:
// the folder is fresh and ours alone, every parent of a path must be a folder that this run made, files are opened with
// O_EXCL and O_NOFOLLOW, and links are only ever created, never followed.
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  futimesSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { ArchiveItem, DirectoryEntry, Entry, FileEntry, HardlinkEntry, SymlinkEntry } from "../archive/entry.ts";
import type { Bytes } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { unreachable } from "../core/unreachable.ts";
import { type Shortfalls, startShortfalls } from "./output-shortfalls.ts";

export interface WriteTree {
  /** Made here; what is in it afterwards is the tree and nothing else. */
  readonly folder: string;
  /** Time of folders that no entry speaks of, in seconds since 1970. */
  readonly epoch: number;
}

interface Work extends WriteTree {
  /** Kinds of everything made so far, by path. */
  readonly made: Map<string, Entry["kind"]>;
  /** Folders get their modes and times last, when nothing is put into them any more. */
  readonly folders: Map<string, DirectoryEntry | undefined>;
  readonly shortfalls: Shortfalls;
}

/** Writes all entries, and tells what could not be written as they say, in words. Throws ARCHIVE_UNSAFE_PATH. */
export async function writeTree(items: AsyncIterable<ArchiveItem>, options: WriteTree): Promise<readonly string[]> {
  const work: Work = { ...options, made: new Map(), folders: new Map(), shortfalls: startShortfalls() };
  makeFolder(work, ".");
  for await (const { entry, body } of items) {
    const path = cleanPath(entry);
    makeParents(work, path);
    clearPlace(work, path, entry);
    await place(work, path, { entry, body });
    if (entry.xattrs.size > 0) work.shortfalls.xattrs(path);
  }
  for (const [path, entry] of [...work.folders].toReversed()) finishFolder(work, path, entry);
  return work.shortfalls.describe();
}

async function place(work: Work, path: string, { entry, body }: ArchiveItem): Promise<void> {
  switch (entry.kind) {
    case "directory":
      if (!work.folders.has(path)) makeFolder(work, path);
      work.folders.set(path, entry);
      return;
    case "file":
      await writeFile(work, path, { entry, body });
      break;
    case "symlink":
      makeSymlink(work, path, entry);
      break;
    case "hardlink":
      makeHardlink(work, path, entry);
      break;
    case "character-device":
    case "block-device":
    case "fifo":
      work.shortfalls.special(path);
      return;
    default:
      unreachable(entry);
  }
  work.made.set(path, entry.kind);
}

/** The path, or an error when it could mean another place: `readTar` has refused those already. */
function cleanPath({ path }: Entry): string {
  if (path === ".") return path;
  const parts = path.split("/");
  if (path.includes("\0") || parts.some((part) => part === "" || part === "." || part === "..")) {
    throw unsafe(path, "its path is not plain");
  }
  return path;
}

function makeParents(work: Work, path: string): void {
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    const parent = path.slice(0, slash);
    const kind = work.made.get(parent);
    if (kind === undefined) makeFolder(work, parent);
    else if (kind !== "directory") throw unsafe(path, `it lies below "/${parent}", which is a ${kind}`);
  }
}

/** A later layer's file takes the place of an earlier one's; a folder only meets a folder. */
function clearPlace(work: Work, path: string, entry: Entry): void {
  const before = work.made.get(path);
  if (before === undefined) return;
  if ((before === "directory") !== (entry.kind === "directory")) {
    throw unsafe(path, `it is a ${entry.kind} where a ${before} is`);
  }
  if (before !== "directory") {
    unlinkSync(join(work.folder, path));
    work.made.delete(path);
  }
}

function makeFolder(work: Work, path: string): void {
  mkdirSync(join(work.folder, path), 0o700);
  work.made.set(path, "directory");
  work.folders.set(path, undefined);
}

async function writeFile(work: Work, path: string, { entry, body }: { entry: FileEntry; body: Bytes }): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = openSync(join(work.folder, path), flags, 0o600);
  try {
    for await (const chunk of body) writeAll(file, chunk);
    const mode = work.shortfalls.own(file, entry);
    fchmodSync(file, mode);
    futimesSync(file, entry.mtime, entry.mtime);
  } finally {
    closeSync(file);
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.byteLength; ) done += writeSync(file, bytes, done);
}

function makeSymlink(work: Work, path: string, entry: SymlinkEntry): void {
  const place = join(work.folder, path);
  symlinkSync(entry.target, place);
  work.shortfalls.own(place, entry);
  lutimesSync(place, entry.mtime, entry.mtime);
}

function makeHardlink(work: Work, path: string, { target }: HardlinkEntry): void {
  const kind = work.made.get(target);
  if (kind === undefined || kind === "directory")
    throw unsafe(path, `it links to "/${target}", which is no earlier file`);
  makeParents(work, target);
  linkSync(join(work.folder, target), join(work.folder, path));
}

function finishFolder(work: Work, path: string, entry: DirectoryEntry | undefined): void {
  const place = join(work.folder, path);
  const mode = entry ? work.shortfalls.own(place, entry) : 0o755;
  chmodSync(place, mode);
  const time = entry?.mtime ?? work.epoch;
  utimesSync(place, time, time);
}

function unsafe(path: string, state: string): DodaiError {
  return new DodaiError("ARCHIVE_UNSAFE_PATH", `Cannot write "/${path}" into a folder: ${state}`);
}
