// Pieces become the tree of the image: packages merged, then what the variant, effects, the package database and the
// recipe add or take away. The result is a value; nothing is written.
import type { Entry } from "../archive/entry.ts";
import { DodaiError } from "../core/dodai-error.ts";
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
import type { PieceStore } from "./piece-store.ts";
import { isAskedFor, type Plan } from "./plan.ts";
import { readRanges } from "./ranges.ts";
import { addRecipeFiles } from "./recipe-files.ts";
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
  /** See EffectContext. */
  readonly mergedLibBelow: boolean;
}

export interface BuiltTree extends ChangedTree, ScriptOutcome {
  /** The number that /etc/passwd has for a name. */
  uidOf(name: string): string | undefined;
  /** apk: its database of these packages alone, for who looks at a layer by itself. */
  partialDatabase(names: ReadonlySet<string>): GeneratedFile | undefined;
}

/** Throws FILE_CONFLICT, FILE_UNREADABLE, PATH_MISSING, and what `applyScripts` throws. */
export async function buildTree(options: TreeOptions): Promise<BuiltTree> {
  const { plan, packages, epoch, session } = options;
  const { recipe, supply } = plan;
  const { tree, dropped } = mergePackages(unpackOrder(packages, plan).map((one) => mergeable(one, packages, plan)));
  const change = startChange(tree, dropped);
  // A root tarball is no package, whatever is in it.
  const installed = (plan.source ? [] : packages).map((one) => installedOf(one, dropped, supply));
  const readers = readersOf(change, session.pieces);
  const scripts = { ...options, installed, ...readers, segmentsOf: segmentsOf(options) };
  const files = { epoch, read: readers.read };
  // Scripts run on packages as they are; effects look at what will be there.
  const isRun = recipe.scripts === "run";
  if (!isRun) {
    removePaths(change, matching(tree.keys(), recipe.remove));
    addRecipeFiles(change, supply.files, files);
  }
  addFiles(change, mergedUsrLinks(change, supply.mergedUsr), epoch);
  // A ready root file system keeps the database that it has.
  if (!plan.source) addFiles(change, databaseOf(plan, installed), epoch);
  if (isRun) addMissingFolders(change, epoch);
  const outcome = await applyScripts(change, scripts);
  if (isRun) addRecipeFiles(change, supply.files, files);
  removePaths(change, excludedPaths(tree, supply.excluded));
  removePaths(change, matching(tree.keys(), recipe.remove));
  addRecipeFiles(change, recipe.files, files);
  addMissingFolders(change, epoch);
  const partialDatabase = (names: ReadonlySet<string>): GeneratedFile | undefined => {
    const some = installed.filter(({ name }) => names.has(name));
    return databaseOf(plan, some).find(({ path }) => path.endsWith("/db/installed"));
  };
  const uidOf = (name: string): string | undefined =>
    change.tree.has("etc/passwd") ? uidIn(Buffer.from(readers.read("etc/passwd")).toString(), name) : undefined;
  return { ...change, ...outcome, partialDatabase, uidOf };
}

/** A tree on its way, as one layer. */
function segmentsOf({ packages, session, epoch }: TreeOptions): ScriptContext["segmentsOf"] {
  return (change) => treeSegments({ packages, tree: change, epoch }, session.pieces);
}

/** Who is unpacked later takes over files, and the first says what a folder is like. */
function unpackOrder(packages: readonly PiecedPackage[], plan: Plan): readonly PiecedPackage[] {
  const { format } = plan.distribution;
  if (format.unpackOrder === undefined || plan.source) return packages;
  const named = packages.map(({ locked: { name }, piece: { control } }) => ({ name, control }));
  const order = format.unpackOrder(named, worldOf(plan));
  const place = new Map(order.map((name, at) => [name, at]));
  return packages.toSorted((a, b) => (place.get(a.locked.name) ?? 0) - (place.get(b.locked.name) ?? 0));
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
        all
          .filter((one) => format.replaces(piece.control, { ...one.locked, control: one.piece.control }))
          .map((one) => one.locked.name),
      );
      return replaced.has(other.name);
    },
  };
}

/** passwd(5). */
function uidIn(passwd: string, name: string): string | undefined {
  const fields = passwd.split("\n").map((line) => line.split(":"));
  return fields.find(([one]) => one === name)?.[2];
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
    apk: {
      checksum: locked.digest,
      sizeBytes: locked.sizeBytes,
      ...tagOf(locked, supply),
      entries: entriesWithout(piece, lost.get(locked.name)),
      sha1: piece.sha1,
    },
  };
}

function databaseOf(plan: Plan, installed: readonly InstalledPackage[]): readonly GeneratedFile[] {
  const { distribution, architecture, supply, recipe } = plan;
  const database = distribution.format.formatDatabase(installed, {
    architecture,
    // Skipped scripts are still owed: dpkg in the image can run them with --configure.
    state: recipe.scripts === "emulate" ? "installed" : "unpacked",
    perPackageStatus: supply.perPackageStatus,
    world: worldOf(plan),
    ...(supply.apkDatabase === undefined ? {} : { apkDatabase: supply.apkDatabase }),
  });
  return plan.installed === undefined ? database : database.map((file) => behindBase(file, plan.installed ?? ""));
}

/** The database of the base image comes first, with what is installed on it behind. */
function behindBase(file: GeneratedFile, installed: string): GeneratedFile {
  if (file.kind !== "file" || !file.path.endsWith("/db/installed")) return file;
  return { ...file, bytes: Buffer.concat([Buffer.from(`${installed.trim()}\n\n`), file.bytes]) };
}

function tagOf({ repository }: ResolvedPackage, { repositories }: Plan["supply"]): { readonly tag?: string } {
  const tag = repositories.find(({ name }) => name === repository)?.tag;
  return tag === undefined ? {} : { tag };
}

/** What was asked for and what was refused, in the words of the recipe. */
function worldOf({ recipe, supply, platform, installed = "" }: Plan): readonly string[] {
  const below = [...installed.matchAll(/^P:(.+)$/gm)].map(([, name = ""]) => name);
  const requests = [...supply.requests, ...recipe.packages].filter((one) => isAskedFor(one, platform));
  return [
    ...below,
    ...requests.map(({ request, exclude }) => `${exclude ? "!" : ""}${request.replaceAll(/\s+/g, "")}`),
  ];
}

function entriesWithout({ entries }: Piece, lost: ReadonlySet<string> | undefined): readonly Entry[] {
  const all = entries.map(({ entry }) => entry);
  return lost ? all.filter(({ path }) => !lost.has(path)) : all;
}

/** `paths` are spelled as the package has them, `lost` as they lie in the tree. */
function withoutLost(
  paths: readonly string[],
  lost: ReadonlySet<string> | undefined,
  { mergedUsr }: Plan["supply"],
): readonly string[] {
  return lost ? paths.filter((path) => !lost.has(placePath(path.slice(1), { mergedUsr }))) : paths;
}
