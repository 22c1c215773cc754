// What commands changed becomes what was laid out, without laying it out: the overlay's upper folder is made what a layer would
// make of it, and put on top of the lower ones.
import {
  chmodSync,
  chownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  utimesSync,
} from "node:fs";
import { type Changes, isSameAttributes, isSameMetadata, laidOutStat, quietFolders, secondsOf } from "./changes.ts";
import type { SandboxMode } from "./contract.ts";
import { diskPath } from "./disk-path.ts";
import type { LaidOut } from "./lay-out.ts";
import { mountLower, mountSession, unmountSession } from "./mounts.ts";
import type { Places } from "./places.ts";

export interface GoingOn {
  readonly places: Places;
  readonly mode: SandboxMode;
  readonly hasPrivateTmp: boolean;
  readonly laidOut: LaidOut;
  /** Lower folders, the last one first, as paths in the sandbox's folder. */
  readonly lowers: readonly string[];
}

/** overlayfs takes names of lower folders from one page of options. */
const MAX_LOWERS = 100;

/** What comes after it, or `undefined` when it cannot be done. */
export async function goOn(before: GoingOn, changes: Changes, newestTime: number): Promise<GoingOn | undefined> {
  const { places, mode, hasPrivateTmp, lowers } = before;
  if (lowers.length >= MAX_LOWERS || !dropSockets(before, changes)) return undefined;
  setTimes(before, changes, newestTime);
  return stackUpper({ places, mode, hasPrivateTmp, lowers, laidOut: withChanges(before.laidOut, changes) });
}

/** Puts what lies in the upper folder on top of the lower ones. */
export async function stackUpper(before: GoingOn): Promise<GoingOn | undefined> {
  const { places, mode, hasPrivateTmp } = before;
  if (!(await unmountSession(places))) return undefined;
  const name = `below/${before.lowers.length}`;
  renameSync(places.upper, `${places.directory}/${name}`);
  for (const folder of [places.work, places.aside]) rmSync(folder, { recursive: true, force: true });
  for (const folder of [places.upper, places.work, places.aside]) mkdirSync(folder, 0o755);
  copyFolder(`${places.directory}/root`, places.upper);
  const lowers = [name, ...before.lowers];
  if (!(await mountLower(places, { mode, lowers }))) return undefined;
  const { hasOverlay } = await mountSession(places, { mode, hasPrivateTmp, lowers });
  return hasOverlay ? { ...before, lowers, places: { ...places, root: places.lower } } : undefined;
}

/** The root folder of an overlay is as its upper one: as it was laid out, because a layer says nothing of it. */
export function copyFolder(from: string, to: string): void {
  const { mode, uid, gid } = lstatSync(from);
  chownSync(to, uid, gid);
  chmodSync(to, mode & 0o7777);
}

/** A layer has no sockets: what was there before one is there again. */
function dropSockets({ places: { upper, root } }: GoingOn, { sockets }: Changes): boolean {
  for (const path of sockets) {
    if (laidOutStat(root, path)?.isDirectory()) return false;
    unlinkSync(diskPath(upper, path));
  }
  return true;
}

/** The deepest first, because a folder's time changes with what is in it. */
function setTimes({ places: { root, upper }, laidOut }: GoingOn, { entries }: Changes, newestTime: number): void {
  for (const name of quietFolders) {
    const before = laidOutStat(root, name);
    if (before?.isDirectory() && laidOutStat(upper, name)?.isDirectory())
      utimesSync(`${upper}/${name}`, secondsOf(before), secondsOf(before));
  }
  for (const { entry, at } of entries.toReversed()) {
    if (entry.path === "." || entry.kind === "hardlink") continue;
    const time = Math.min(entry.mtime, newestTime);
    if (entry.kind !== "directory") {
      lutimesSync(at, time, time);
      continue;
    }
    const before = laidOutStat(root, entry.path);
    const isSame =
      before?.isDirectory() &&
      isSameMetadata(before, { mode: BigInt(entry.mode) | (before.mode & ~0o7777n), ...ownerOf(entry) }) &&
      isSameAttributes(entry.xattrs, laidOut.attributes.get(entry.path));
    const kept = before && isSame ? secondsOf(before) : time;
    utimesSync(at, kept, kept);
  }
}

const ownerOf = ({ uid, gid }: { readonly uid: number; readonly gid: number }): { uid: bigint; gid: bigint } => ({
  uid: BigInt(uid),
  gid: BigInt(gid),
});

function withChanges(laidOut: LaidOut, { removed, entries }: Changes): LaidOut {
  if (removed.length === 0 && entries.length === 0) return laidOut;
  const gone = new Set(removed);
  const attributes = new Map([...laidOut.attributes].filter(([path]) => !isBelowAny(path, gone)));
  for (const { entry } of entries) {
    if (entry.xattrs.size > 0) attributes.set(entry.path, entry.xattrs);
    else attributes.delete(entry.path);
  }
  return { ...laidOut, attributes };
}

export function isBelowAny(path: string, folders: ReadonlySet<string>): boolean {
  for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) if (folders.has(at)) return true;
  return false;
}
