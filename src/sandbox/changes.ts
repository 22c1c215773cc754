// What commands changed, read from the overlay's upper folder. Whiteouts and opaque folders need no reading: what the lower
// folder has and the merged one has not is removed.
import {
  type BigIntStats,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from "node:fs";
import { type Entry, noXattrs } from "../archive/entry.ts";
import { decodeName } from "../archive/tar-name.ts";
import { compareBytes } from "../core/byte-order.ts";
import { type Attributes, isKept, readAttributes } from "./attributes.ts";
import { diskPath } from "./disk-path.ts";
import type { LaidOut } from "./lay-out.ts";
import { applyOwner, type Owners, rootOwner } from "./owners.ts";
import type { Places } from "./places.ts";

export interface Changes {
  /** In tree order; a folder stands for all that was in it. */
  readonly removed: readonly string[];
  /** In tree order. The file of an entry lies at `at`. */
  readonly entries: readonly ChangedEntry[];
  /** Sockets, which are told of in no other way. */
  readonly sockets: readonly string[];
}

export interface ChangedEntry {
  readonly entry: Entry;
  readonly at: string | Buffer;
}

/** Folders that are or may be mounted over while commands run: their times tell nothing. */
export const quietFolders: ReadonlySet<string> = new Set(["dev", "proc", "sys", "tmp"]);

export async function readOverlayChanges(places: Places, laidOut: LaidOut, owners?: Owners): Promise<Changes> {
  const walk: Walk = {
    places,
    laidOut,
    owners,
    attributes: await readAttributes(places.upper),
    removed: [],
    entries: [],
    sockets: [],
    links: new Map(),
  };
  visit(walk, ".", changedStat(walk, "."));
  return { removed: walk.removed, entries: walk.entries, sockets: walk.sockets };
}

interface Walk {
  readonly places: Places;
  readonly laidOut: LaidOut;
  /** Where the disk does not know them. */
  readonly owners: Owners | undefined;
  /** Of the upper folder; `undefined` where the host cannot tell. */
  readonly attributes: Attributes | undefined;
  readonly removed: string[];
  readonly entries: ChangedEntry[];
  readonly sockets: string[];
  /** First paths of files with several names, by inode. */
  readonly links: Map<bigint, string>;
}

function visit(walk: Walk, path: string, stat: BigIntStats): void {
  const { upper, root, merged } = walk.places;
  const before = laidOutStat(root, path);
  if (before && walk.owners) applyOwner(before, walk.laidOut.owners?.get(path) ?? rootOwner);
  if (isWhiteout(stat)) {
    if (before) walk.removed.push(path);
    return;
  }
  if (before?.isDirectory() && !stat.isDirectory()) walk.removed.push(path);
  report(walk, path, stat, before);
  if (!stat.isDirectory()) return;
  const names = namesIn(upper, path);
  const gone = before?.isDirectory() ? missingNames(namesIn(root, path), namesIn(merged, path)) : [];
  for (const name of [...new Set([...names, ...gone])].sort(compareBytes)) {
    const child = path === "." ? name : `${path}/${name}`;
    if (gone.includes(name)) walk.removed.push(child);
    else visit(walk, child, changedStat(walk, child));
  }
}

/** What was laid out at a path; below a file that became a folder there was nothing. */
export function laidOutStat(root: string, path: string): BigIntStats | undefined {
  try {
    return lstatSync(diskPath(root, path), { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOTDIR") return undefined;
    throw error;
  }
}

function report(walk: Walk, path: string, stat: BigIntStats, before: BigIntStats | undefined): void {
  if (path === "." || quietFolders.has(path)) {
    // The root and mount points are in every image: they are told when something of theirs was set.
    if (before && isSameMetadata(stat, before)) return;
  }
  const { upper, root } = walk.places;
  const first = stat.isFile() && stat.nlink > 1n ? walk.links.get(stat.ino) : undefined;
  const isSame = before !== undefined && isSameEntry(walk, { path, stat, before });
  if (isSame && !(stat.isFile() && stat.nlink > 1n)) return;
  const xattrs = attributesOf(walk, path, {
    isSame: before !== undefined && isSameContent(upper, root, { path, stat, before }),
    stat,
    before,
  });
  const entry = entryOf(path, { stat, at: diskPath(upper, path), xattrs, first });
  if (entry === undefined) {
    walk.sockets.push(path);
    return;
  }
  if (stat.isFile() && stat.nlink > 1n && first === undefined) walk.links.set(stat.ino, path);
  walk.entries.push({ entry, at: diskPath(upper, path) });
}

interface Compared {
  readonly path: string;
  readonly stat: BigIntStats;
  readonly before: BigIntStats;
}

/** Whether a copy in the upper folder says nothing new. Times count in whole seconds, as images have them. */
function isSameEntry(walk: Walk, compared: Compared): boolean {
  const { path, stat, before } = compared;
  const { upper, root } = walk.places;
  if (!isSameMetadata(stat, before) || secondsOf(stat) !== secondsOf(before)) return false;
  if (isTold(walk, path) && !isSameAttributes(walk.attributes?.get(path), walk.laidOut.attributes.get(path))) {
    return false;
  }
  return isSameContent(upper, root, compared);
}

type Metadata = Pick<BigIntStats, "gid" | "mode" | "uid">;

export const isSameMetadata = (a: Metadata, b: Metadata): boolean =>
  a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;

export function isSameAttributes(
  a: ReadonlyMap<string, Uint8Array> = noXattrs,
  b: ReadonlyMap<string, Uint8Array> = noXattrs,
): boolean {
  const kept = new Map([...b].filter(([name]) => isKept(name)));
  return (
    a.size === kept.size && [...a].every(([name, value]) => Buffer.compare(value, kept.get(name) ?? noBytes) === 0)
  );
}

const noBytes = Buffer.alloc(0);

function isSameContent(upper: string, root: string, { path, stat, before }: Compared): boolean {
  const [a, b] = [diskPath(upper, path), diskPath(root, path)];
  if ((stat.mode & typeMask) !== (before.mode & typeMask)) return false;
  if (stat.isSymbolicLink()) return targetOf(a) === targetOf(b);
  if (stat.isFile()) return stat.size === before.size && isSameFile(a, b);
  return stat.rdev === before.rdev;
}

const typeMask = BigInt(constants.S_IFMT);

/** Whether the host can tell what a file has: a disk that did not take the archive's attributes has none to tell. */
const isTold = ({ attributes, laidOut }: Walk, path: string): boolean =>
  attributes !== undefined && (laidOut.areAttributesOnDisk || attributes.has(path));

/** Where the host cannot tell, a file that is still what was laid out has what it was laid out with. */
function attributesOf(
  walk: Walk,
  path: string,
  {
    isSame,
    stat,
    before,
  }: { readonly isSame: boolean; readonly stat: BigIntStats; readonly before: BigIntStats | undefined },
): ReadonlyMap<string, Uint8Array> {
  const { attributes, laidOut } = walk;
  const laid = laidOut.attributes.get(path) ?? noXattrs;
  if (attributes && isTold(walk, path)) {
    // Of names that no image's disk has, the archive's word is all there is.
    const others = isSame ? [...laid].filter(([name]) => !isKept(name)) : [];
    const now = attributes.get(path) ?? noXattrs;
    return others.length === 0 ? now : new Map([...others, ...now]);
  }
  // chown takes capabilities away.
  const hasOwner = isSame && before?.uid === stat.uid && before.gid === stat.gid;
  return hasOwner ? laid : noXattrs;
}

export function entryOf(
  path: string,
  {
    stat,
    at,
    xattrs,
    first,
  }: {
    readonly stat: BigIntStats;
    readonly at: string | Buffer;
    readonly xattrs: ReadonlyMap<string, Uint8Array>;
    /** The earlier path of the same file. */
    readonly first: string | undefined;
  },
): Entry | undefined {
  const metadata = {
    path,
    mode: Number(stat.mode & 0o7777n),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtime: secondsOf(stat),
    xattrs,
  };
  if (first !== undefined) return { kind: "hardlink", ...metadata, target: first };
  if (stat.isFile()) return { kind: "file", ...metadata, sizeBytes: Number(stat.size) };
  if (stat.isDirectory()) return { kind: "directory", ...metadata };
  if (stat.isSymbolicLink()) return { kind: "symlink", ...metadata, target: targetOf(at) };
  if (stat.isFIFO()) return { kind: "fifo", ...metadata };
  // A socket is nothing without its program.
  if (stat.isSocket()) return undefined;
  const kind = stat.isBlockDevice() ? "block-device" : "character-device";
  return { kind, ...metadata, ...deviceOf(stat.rdev) };
}

/** Linux's new_encode_dev: 12 bits of major and 20 of minor. */
function deviceOf(rdev: bigint): { readonly major: number; readonly minor: number } {
  return {
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n)),
  };
}

export const secondsOf = (stat: BigIntStats): number => {
  const seconds = stat.mtimeNs / 1_000_000_000n;
  return Number(stat.mtimeNs < 0n && stat.mtimeNs % 1_000_000_000n !== 0n ? seconds - 1n : seconds);
};

/** Overlay's mark for what is removed: a character device 0:0 (kernel documentation, overlayfs, "whiteouts and opaque directories"). */
const isWhiteout = (stat: BigIntStats): boolean => stat.isCharacterDevice() && stat.rdev === 0n;

const targetOf = (at: string | Buffer): string => decodeName(readlinkSync(at, { encoding: "buffer" }));

/** What the upper folder has at a path, with the owner that it was given. */
function changedStat({ places, owners }: Walk, path: string): BigIntStats {
  const stat = statOf(places.upper, path);
  // Owners are known by what the merged root says of a file: its number there is another.
  if (owners && !isWhiteout(stat)) applyOwner(stat, owners.ownerOf(path, statOf(places.merged, path)));
  return stat;
}

const statOf = (folder: string, path: string): BigIntStats => lstatSync(diskPath(folder, path), { bigint: true });

export const namesIn = (folder: string, path: string): string[] =>
  readdirSync(diskPath(folder, path), { encoding: "buffer" }).map(decodeName);

function missingNames(before: readonly string[], after: readonly string[]): readonly string[] {
  const left = new Set(after);
  return before.filter((name) => !left.has(name));
}

const COMPARED_BYTES = 1 << 20;

function isSameFile(a: string | Buffer, b: string | Buffer): boolean {
  const [left, right] = [Buffer.allocUnsafe(COMPARED_BYTES), Buffer.allocUnsafe(COMPARED_BYTES)];
  const files = [openForReading(a), openForReading(b)] as const;
  try {
    for (;;) {
      const count = readSync(files[0], left);
      if (count !== readSync(files[1], right)) return false;
      if (count === 0) return true;
      if (left.compare(right, 0, count, 0, count) !== 0) return false;
    }
  } finally {
    for (const file of files) closeSync(file);
  }
}

export const openForReading = (at: string | Buffer): number => openSync(at, constants.O_RDONLY | constants.O_NOFOLLOW);
