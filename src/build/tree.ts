// Pieces become the tree of the image: packages merged, then what the variant, effects, the package database and the
// recipe add or take away. The result is a value; nothing is written.
import { readFileSync } from "node:fs";
import { DodaiError } from "../core/dodai-error.ts";
import type { RecipeFile } from "../core/recipe.ts";
import { unreachable } from "../core/unreachable.ts";
import { placePath } from "../image/piece.ts";
import type { Piece } from "../image/piece-file.ts";
import type { GeneratedFile, InstalledPackage, RandomAccess } from "../packages/contract.ts";
import { memoryAccess } from "../packages/memory-access.ts";
import { addFiles, addMissingFolders, type ChangedTree, removePaths, startChange } from "../rootfs/change.ts";
import { compileGlob } from "../rootfs/glob.ts";
import { type MergedTree, mergePackages } from "../rootfs/merge.ts";
import { excludedPaths } from "../rootfs/normalize-excluded.ts";
import { resolvePath } from "../rootfs/resolve.ts";
import type { ResolvedPackage } from "./contract.ts";
import { treeSegments } from "./layers.ts";
import { applyOwners } from "./owners.ts";
import type { PieceStore } from "./piece-store.ts";
import type { Plan } from "./plan.ts";
import { readRanges } from "./ranges.ts";
import { applyScripts, type ScriptContext, type ScriptOutcome } from "./scripts.ts";
import type { Session } from "./session.ts";

/** A package of the lock with its piece. */
export interface PiecedPackage {
  readonly locked: ResolvedPackage;
  readonly piece: Piece;
}

export interface TreeOptions {
  readonly plan: Plan;
  /** Sorted by name. */
  readonly packages: readonly PiecedPackage[];
  readonly session: Session;
  readonly epoch: number;
  readonly scriptTimeoutSeconds: number;
}

export interface BuiltTree extends ChangedTree, ScriptOutcome {}

/** Throws FILE_CONFLICT, FILE_UNREADABLE, and what `applyScripts` throws. */
export async function buildTree(options: TreeOptions): Promise<BuiltTree> {
  const { plan, packages, epoch, session } = options;
  const { recipe, supply } = plan;
  const { tree, dropped } = mergePackages(packages.map((one) => mergeable(one, packages, plan)));
  const change = startChange(tree, dropped);
  const unwanted = unwantedPaths(packages, plan);
  removePaths(change, new Set([...unwanted.values()].flatMap((paths) => [...paths])));
  const installed = packages.map((one) => installedOf(one, bothOf(dropped, unwanted), supply));
  const scripts = { ...options, installed, ...readersOf(change, session.pieces), segmentsOf: segmentsOf(options) };
  // Scripts run on packages as they are; effects look at what will be there.
  const isRun = recipe.scripts === "run";
  if (!isRun) {
    removePaths(change, matching(tree.keys(), recipe.remove));
    addFiles(change, supply.files.map(generatedOf), epoch);
  }
  addFiles(change, mergedUsrLinks(change, supply.mergedUsr), epoch);
  addFiles(change, databaseOf(plan, installed, epoch), epoch);
  if (isRun) addMissingFolders(change, epoch);
  const outcome = await applyScripts(change, scripts);
  const { format } = plan.distribution;
  applyOwners(change, { format, packages, place: (path) => placePath(path, supply), read: scripts.read });
  if (isRun) addFiles(change, supply.files.map(generatedOf), epoch);
  removePaths(change, excludedPaths(tree, supply.excluded));
  removePaths(change, matching(tree.keys(), recipe.remove));
  addFiles(change, recipe.files.map(generatedOf), epoch);
  addMissingFolders(change, epoch);
  return { ...change, ...outcome };
}

/** A tree on its way, as one layer. */
function segmentsOf({ packages, session, epoch }: TreeOptions): ScriptContext["segmentsOf"] {
  return (change) => treeSegments({ packages, tree: change, epoch }, session.pieces);
}

function mergeable(
  { locked, piece }: PiecedPackage,
  all: readonly PiecedPackage[],
  { distribution }: Plan,
): Parameters<typeof mergePackages>[0][number] {
  const { format } = distribution;
  let replaced: ReadonlySet<string> | undefined;
  const { name, version } = locked;
  return {
    name,
    version,
    piece: piece.key,
    entries: piece.entries,
    replaces: (other) => {
      replaced ??= new Set(
        all.filter((one) => format.replaces(piece.control, one.locked)).map((one) => one.locked.name),
      );
      return replaced.has(other.name);
    },
    ...(format.shares && {
      shares: ({ name: other }, path) => {
        const piece2 = all.find(({ locked: { name: known } }) => known === other)?.piece;
        return piece2 !== undefined && (format.shares?.(piece.control, piece2.control, `/${path}`) ?? false);
      },
    }),
  };
}

function matching(paths: Iterable<string>, patterns: readonly string[]): ReadonlySet<string> {
  const globs = patterns.map(compileGlob);
  if (globs.length === 0) return new Set();
  return new Set([...paths].filter((path) => globs.some((matches) => matches(path))));
}

/** `bin` → `usr/bin`, for every merged folder that has something in it and that no package makes a link. */
function mergedUsrLinks({ tree }: ChangedTree, mergedUsr: readonly string[]): readonly GeneratedFile[] {
  return mergedUsr
    .filter((name) => tree.has(`usr/${name}`) && !tree.has(name))
    .map((name) => ({ kind: "symlink", path: name, target: `usr/${name}` }));
}

function readersOf(change: ChangedTree, store: PieceStore): Pick<ScriptContext, "read" | "open"> {
  return { read: (path) => readFileOf(change, store, path), open: (path) => openFileOf(change, store, path) };
}

function readFileOf(change: ChangedTree, store: PieceStore, path: string): Uint8Array {
  const file = openFileOf(change, store, path);
  return file.read(0, file.sizeBytes);
}

function openFileOf({ tree, made: all }: ChangedTree, store: PieceStore, path: string): RandomAccess {
  const place = resolvePath(tree, path, { last: true });
  const made = place === undefined ? undefined : all.get(place);
  if (made?.bytes) return memoryAccess(made.bytes);
  const content = place === undefined ? undefined : tree.get(place)?.content;
  if (!content) throw new DodaiError("EFFECT_FAILED", `Cannot read "/${path}" of the image: there is no such file`);
  const { piece, sizeBytes } = content;
  return {
    sizeBytes,
    read: (offset, length) => {
      if (offset < 0 || length < 0 || offset + length > sizeBytes) {
        throw new DodaiError(
          "EFFECT_FAILED",
          `Cannot read "/${path}" of the image: it ends before what was looked for`,
        );
      }
      return length === 0
        ? new Uint8Array(0)
        : readRanges(store.recordsPath(piece), [{ offset: content.offset + offset, length }]);
    },
  };
}

/** As dpkg does, a path that another package took over is no longer listed with the package that lost it. */
function installedOf(
  { locked, piece }: PiecedPackage,
  lost: MergedTree["dropped"],
  supply: Plan["supply"],
): InstalledPackage {
  return {
    name: locked.name,
    version: locked.version,
    architecture: locked.architecture,
    control: piece.control,
    paths: withoutLost(piece.paths, lost.get(locked.name), supply),
    md5: piece.md5,
  };
}

/** Files that packages themselves tell from others and that the variant does without, by package. */
function unwantedPaths(
  packages: readonly PiecedPackage[],
  { distribution: { format }, supply }: Plan,
): MergedTree["dropped"] {
  const { wishes } = supply;
  if (!format.unwanted || !wishes) return new Map();
  return new Map(
    packages.map(({ locked, piece }) => {
      const paths = format.unwanted?.(piece.control, wishes) ?? [];
      return [locked.name, new Set(paths.map((path) => placePath(path.slice(1), supply)))];
    }),
  );
}

function bothOf(a: MergedTree["dropped"], b: MergedTree["dropped"]): MergedTree["dropped"] {
  const both = new Map(a);
  for (const [name, paths] of b) both.set(name, new Set([...(a.get(name) ?? []), ...paths]));
  return both;
}

function databaseOf(
  { distribution, architecture, supply, recipe }: Plan,
  installed: readonly InstalledPackage[],
  epoch: number,
): readonly GeneratedFile[] {
  return distribution.format.formatDatabase(installed, {
    architecture,
    // Skipped scripts are still owed: dpkg in the image can run them with --configure.
    state: recipe.scripts === "emulate" ? "installed" : "unpacked",
    perPackageStatus: supply.perPackageStatus,
    epoch,
    ...(supply.rpmDatabase && { rpmDatabase: supply.rpmDatabase }),
  });
}

/** `paths` are spelled as the package has them, `lost` as they lie in the tree. */
function withoutLost(
  paths: readonly string[],
  lost: ReadonlySet<string> | undefined,
  { mergedUsr }: Plan["supply"],
): readonly string[] {
  return lost ? paths.filter((path) => !lost.has(placePath(path.slice(1), { mergedUsr }))) : paths;
}

function generatedOf(file: RecipeFile): GeneratedFile {
  switch (file.kind) {
    case "file":
      return { ...file, bytes: Buffer.from(file.content) };
    case "copy":
      return { ...file, kind: "file", bytes: readSource(file.source) };
    case "directory":
    case "symlink":
      return file;
    default:
      return unreachable(file);
  }
}

function readSource(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new DodaiError("FILE_UNREADABLE", `Cannot read "${path}": the recipe copies it into the image`, { cause });
  }
}
