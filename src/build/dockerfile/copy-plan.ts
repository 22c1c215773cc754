// Where each selected file goes: destinations, the folders on the way to them, owners and modes. A value; nothing is read.
import type { Entry } from "../../archive/entry.ts";
import { noXattrs } from "../../archive/entry.ts";
import { DodaiError, type Position } from "../../core/dodai-error.ts";
import { comparePaths, parentsOf } from "../../core/path-order.ts";
import type { ModeOf } from "../../frontends/dockerfile/ownership.ts";
import { resolvePath } from "../../rootfs/resolve.ts";
import type { Tree } from "../../rootfs/tree.ts";
import type { Selected } from "./source-select.ts";
import { whiteoutPrefix } from "./stage-tree.ts";

export interface CopyPlan {
  /** In tree order. */
  readonly folders: readonly Entry[];
  /** What is copied to where, by the place that it has in its source. */
  readonly files: ReadonlyMap<string, readonly Entry[]>;
}

export interface CopyPlanOptions {
  /** What is there before. */
  readonly tree: Tree;
  /** Absolute. */
  readonly destination: string;
  /** Whether the destination is written as a folder, with a slash at its end. */
  readonly isFolder: boolean;
  readonly parents: boolean;
  /** Of what is copied, and of folders that are made for it. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  readonly modeOf: ((file: ModeOf) => number) | undefined;
  /** Of everything, in seconds since 1970; of what has one of its own at most. */
  readonly epoch: number;
  /** Whether files keep times of their own: those of another stage do, those of the context have none. */
  readonly keepsTimes: boolean;
  readonly where: Position;
}

/** Throws STEP_FAILED. */
export function planCopy(selected: readonly Selected[], options: CopyPlanOptions): CopyPlan {
  const planning: Planning = { ...options, folders: new Map(), files: new Map(), takers: new Map(), places: new Map() };
  const top = options.destination.slice(1);
  const place = resolvePath(options.tree, top, { last: true }) ?? top;
  const there = options.tree.get(place)?.entry;
  const isFolder = options.isFolder || selected.length > 1 || place === "" || there?.kind === "directory";
  for (const one of selected) copyOne(planning, one, { top: place, isFolder });
  return {
    folders: [...planning.folders.values()].sort((a, b) => comparePaths(a.path, b.path)),
    files: planning.files,
  };
}

interface Planning extends CopyPlanOptions {
  readonly folders: Map<string, Entry>;
  readonly files: Map<string, Entry[]>;
  /** What was copied to a path, by its place in the source. */
  readonly takers: Map<string, string>;
  /** Folders by how they are spelled, and where they are. */
  readonly places: Map<string, string>;
}

function copyOne(
  planning: Planning,
  { path, place, entry, pivot, below }: Selected,
  { top, isFolder }: { readonly top: string; readonly isFolder: boolean },
): void {
  const own = planning.parents ? path.split("/").slice(pivot).join("/") : "";
  if (entry.kind !== "directory") {
    const name = planning.parents ? own : path.slice(path.lastIndexOf("/") + 1);
    addFile(planning, entry, { from: place, to: isFolder ? joined(top, name) : top });
    return;
  }
  const folder = joined(top, own);
  if (folder !== "") addFolder(planning, folder, own === "" && planning.tree.has(folder) ? undefined : entry);
  for (const one of below) {
    const to = joined(folder, one.path);
    if (one.entry.kind === "directory") addFolder(planning, to, one.entry);
    else addFile(planning, one.entry, { from: joined(place, one.path), to });
  }
}

const joined = (folder: string, name: string): string =>
  folder === "" ? name : name === "" ? folder : `${folder}/${name}`;

/** `entry` says what is copied onto it; `undefined` for a folder that only has to be there. */
function addFolder(planning: Planning, path: string, entry: Entry | undefined): string {
  const known = planning.places.get(path);
  if (known !== undefined && entry === undefined) return known;
  const slash = path.lastIndexOf("/");
  const above = slash < 0 ? "" : addFolder(planning, path.slice(0, slash), undefined);
  const spelled = joined(above, path.slice(slash + 1));
  const place = resolvePath(planning.tree, spelled, { last: true }) ?? spelled;
  planning.places.set(path, place);
  const there = planning.tree.get(place)?.entry;
  if (there && there.kind !== "directory") throw inTheWay(planning, place, `a ${there.kind} is there, wanted a folder`);
  if (entry === undefined && (there || planning.folders.has(place))) return place;
  for (const parent of parentsOf(place)) makeFolder(planning, parent, undefined);
  makeFolder(planning, place, entry);
  return place;
}

function makeFolder(planning: Planning, path: string, entry: Entry | undefined): void {
  if (entry === undefined && (planning.folders.has(path) || planning.tree.has(path))) return;
  assertName(planning, path);
  const { owner = { uid: entry?.uid ?? 0, gid: entry?.gid ?? 0 } } = planning;
  const mode = entry === undefined ? 0o755 : modeFor(planning, entry);
  const mtime = timeFor(planning, entry);
  planning.folders.set(path, { kind: "directory", path, ...owner, mode, mtime, xattrs: entry?.xattrs ?? noXattrs });
}

function addFile(planning: Planning, entry: Entry, { from, to }: { readonly from: string; readonly to: string }): void {
  const slash = to.lastIndexOf("/");
  const folder = slash < 0 ? "" : addFolder(planning, to.slice(0, slash), undefined);
  const path = joined(folder, to.slice(slash + 1));
  assertName(planning, path);
  if (planning.tree.get(path)?.entry.kind === "directory" || planning.folders.has(path)) {
    throw inTheWay(planning, path, `a folder is there, wanted a place for a ${entry.kind}`);
  }
  const { owner = { uid: entry.uid, gid: entry.gid } } = planning;
  const copy: Entry = { ...entry, path, ...owner, mode: modeFor(planning, entry), mtime: timeFor(planning, entry) };
  // What is copied to one place twice is what was copied last.
  const other = planning.takers.get(path);
  if (other !== undefined) planning.files.set(other, without(planning.files.get(other), path));
  planning.takers.set(path, from);
  planning.files.set(from, [...without(planning.files.get(from), path), copy]);
}

const without = (copies: readonly Entry[] = [], path: string): Entry[] => copies.filter((one) => one.path !== path);

function modeFor({ modeOf }: Planning, entry: Entry): number {
  if (modeOf === undefined || entry.kind === "symlink") return entry.mode;
  return modeOf({ mode: entry.mode, isFolder: entry.kind === "directory" });
}

function timeFor({ keepsTimes, epoch }: Planning, entry: Entry | undefined): number {
  return keepsTimes && entry ? Math.min(entry.mtime, epoch) : epoch;
}

function assertName(planning: Planning, path: string): void {
  if (!path.split("/").some((part) => part.startsWith(whiteoutPrefix))) return;
  throw inTheWay(planning, path, `a name that begins with "${whiteoutPrefix}" means a removed file in a layer`);
}

function inTheWay({ where }: Planning, path: string, state: string): DodaiError {
  return new DodaiError("STEP_FAILED", `Cannot copy to "/${path}": ${state}`, { where });
}
