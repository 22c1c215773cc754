// Pieces become the tree of the image: packages merged, then what the variant, effects, the package database and the
// recipe add or take away. The result is a value; nothing is written.
import type { Entry } from "../archive/entry.ts";
import { parentsOf } from "../core/path-order.ts";
import { placePath } from "../image/piece.ts";
import type { Piece } from "../image/piece-file.ts";
import type { DatabaseOptions, GeneratedFile, InstalledDatabase, InstalledPackage } from "../packages/contract.ts";
import {
  addFiles,
  addMissingFolders,
  type ChangedTree,
  removePaths,
  restoreUnchanged,
  startChange,
} from "../rootfs/change.ts";
import { compileGlob } from "../rootfs/glob.ts";
import { type MergedTree, mergePackages } from "../rootfs/merge.ts";
import { excludedPaths } from "../rootfs/normalize-excluded.ts";
import { resolvePath } from "../rootfs/resolve.ts";
import { baseOwner } from "./base-image.ts";
import type { ResolvedPackage } from "./contract.ts";
import { treeSegments } from "./layers.ts";
import { applyOwners } from "./owners.ts";
import { takesPlaceOf } from "./package-names.ts";
import { isAskedFor, type Plan, type PlannedBase } from "./plan.ts";
import { addRecipeFiles } from "./recipe-files.ts";
import { applyScripts, type ScriptContext, type ScriptOutcome } from "./scripts.ts";
import type { Session } from "./session.ts";
import { applySettings } from "./settings.ts";
import { applySteps, type StepOutcome } from "./steps.ts";
import { readersOf } from "./tree-files.ts";

/** A package of the lock with its piece. */
export interface PiecedPackage {
  /** What the tree calls it. */
  readonly name: string;
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
  const { base } = plan;
  const outdated = base ? outdatedPaths(base, packages) : new Set<string>();
  const mergeables = unpackOrder(packages, plan).map((one) => mergeable(one, packages, plan));
  const { tree, dropped, shared } = mergePackages([...(base ? [mergeableBase(base, outdated)] : []), ...mergeables]);
  const change = startChange(tree, bothOf(dropped, shared));
  if (outdated.size > 0) change.dropped.set(baseOwner, new Set([...(dropped.get(baseOwner) ?? []), ...outdated]));
  if (base?.database) removeExcluded(change, base.database);
  // A root tarball is no package, whatever is in it.
  const real = plan.source ? [] : packages;
  const unwanted = unwantedPaths(real, plan);
  removePaths(change, new Set([...unwanted.values()].flatMap((paths) => [...paths])));
  const installed = real.map((one) => installedOf(one, bothOf(dropped, unwanted), supply));
  const readers = readersOf(change, session.pieces);
  const scripts = { ...options, installed, ...readers, segmentsOf: segmentsOf(options) };
  const files = { epoch, read: readers.read };
  // Scripts run on packages as they are; effects look at what will be there.
  const isRun = recipe.scripts === "run";
  if (!isRun) {
    if (!recipe.steps) removePaths(change, matching(tree.keys(), recipe.remove));
    addRecipeFiles(change, supply.files, files);
  }
  addFiles(change, mergedUsrLinks(change, supply.mergedUsr), epoch);
  // A ready root file system keeps the database that it has, and so does an image to which no package is added.
  if (!plan.source && (!plan.base || packages.length > 0)) {
    removePaths(change, new Set(base?.database?.leftovers));
    addFiles(change, databaseOf(plan, installed, epoch), epoch);
  }
  if (isRun) addMissingFolders(change, epoch);
  const outcome = await applyScripts(change, scripts);
  const { format } = plan.distribution;
  applyOwners(change, { format, packages: real, place: (path) => placePath(path, supply), read: readers.read });
  if (isRun) addRecipeFiles(change, supply.files, files);
  const steps = recipe.steps ?? [];
  const remove = (kept: ReadonlySet<string> = new Set()): void => {
    removePaths(change, excludedPaths(tree, supply.excluded));
    removePaths(change, new Set([...matching(tree.keys(), recipe.remove)].filter((path) => !kept.has(path))));
  };
  // Steps may need what is removed.
  if (steps.length === 0) remove();
  applySettings(change, { ...options, ...readers });
  addRecipeFiles(change, recipe.files, files);
  addMissingFolders(change, epoch);
  const stepped =
    steps.length === 0
      ? undefined
      : await applySteps(change, steps, { ...scripts, database: databaseOptions(plan, epoch) });
  if (stepped) {
    remove(new Set(recipe.files.flatMap(({ path }) => [path, ...parentsOf(path)])));
    addMissingFolders(change, epoch);
  }
  if (base) restoreUnchanged(change, base.image.tree, base.image.files.read);
  const partialDatabase = (names: ReadonlySet<string>): GeneratedFile | undefined => {
    const some = installed.filter(({ name }) => names.has(name));
    return databaseOf(plan, some, epoch).find(({ path }) => path.endsWith("/db/installed"));
  };
  const uidOf = (name: string): string | undefined =>
    change.tree.has("etc/passwd") ? uidIn(Buffer.from(readers.read("etc/passwd")).toString(), name) : undefined;
  return { ...change, ...bothOutcomes(outcome, stepped), partialDatabase, uidOf };
}

function bothOutcomes(scripts: ScriptOutcome, steps: StepOutcome | undefined): ScriptOutcome {
  if (!steps) return scripts;
  return { ...scripts, steps: steps.steps, normalized: [...scripts.normalized, ...steps.normalized] };
}

/** A tree on its way, as one layer: with the image below. */
function segmentsOf({ plan, packages, session, epoch }: TreeOptions): ScriptContext["segmentsOf"] {
  const below = plan.base ? [basePackage(plan.base)] : [];
  return (change) => treeSegments({ packages: [...below, ...packages], tree: change, epoch }, session.pieces);
}

/** The image below as if it were a package, for who takes a tree apart by packages. */
function basePackage({ image: { piece, digest } }: PlannedBase): PiecedPackage {
  const none = { version: "", architecture: "", source: "", sourceVersion: "", repository: "", path: "", sizeBytes: 0 };
  return { name: baseOwner, locked: { ...none, name: baseOwner, digest }, piece };
}

/** Who is unpacked later takes over files, and the first says what a folder is like. */
function unpackOrder(packages: readonly PiecedPackage[], plan: Plan): readonly PiecedPackage[] {
  const { format } = plan.distribution;
  if (format.unpackOrder === undefined || plan.source) return packages;
  const named = packages.map(({ name, piece: { control } }) => ({ name, control }));
  const order = format.unpackOrder(named, worldOf(plan));
  const place = new Map(order.map((name, at) => [name, at]));
  return packages.toSorted((a, b) => (place.get(a.name) ?? 0) - (place.get(b.name) ?? 0));
}

function mergeable(
  { name, locked, piece }: PiecedPackage,
  all: readonly PiecedPackage[],
  { distribution, base }: Plan,
): Parameters<typeof mergePackages>[0][number] {
  const { format } = distribution;
  let replaced: ReadonlySet<string> | undefined;
  const meetings = new Map<string, ReturnType<NonNullable<typeof format.meeting>> | undefined>();
  const meetingWith = (other: string): ReturnType<NonNullable<typeof format.meeting>> | undefined => {
    if (meetings.has(other)) return meetings.get(other);
    const found = all.find((one) => one.name === other);
    const meeting =
      other === baseOwner
        ? base?.database?.meeting?.(piece.control)
        : found && format.meeting?.(piece.control, found.piece.control);
    meetings.set(other, meeting);
    return meeting;
  };
  return {
    name,
    version: locked.version,
    piece: piece.key,
    entries: piece.entries,
    replaces: (other) => {
      replaced ??= new Set(
        all
          .filter((one) => format.replaces(piece.control, { ...one.locked, control: one.piece.control }))
          .map((one) => one.name),
      );
      return replaced.has(other.name);
    },
    ...(format.meeting && { meets: (other, path) => meetingWith(other.name)?.(`/${path}`) ?? "apart" }),
  };
}

/** The root below, without the files of packages that are installed anew in another version. */
function mergeableBase(
  { image: { piece } }: PlannedBase,
  outdated: ReadonlySet<string>,
): Parameters<typeof mergePackages>[0][number] {
  const entries = piece.entries.filter(({ entry }) => !outdated.has(entry.path));
  return { name: baseOwner, version: "", piece: piece.key, entries, isBelow: true, replaces: () => false };
}

/** What the image's own package manager would not have unpacked, and folders that nothing is in then. */
function removeExcluded(change: ChangedTree, { isExcluded }: InstalledDatabase): void {
  if (!isExcluded) return;
  const isNew = (path: string): boolean => (change.tree.get(path)?.owner ?? baseOwner) !== baseOwner;
  const excluded = [...change.tree.keys()].filter((path) => isNew(path) && isExcluded(`/${path}`));
  const isFolder = (path: string): boolean => change.tree.get(path)?.entry.kind === "directory";
  removePaths(change, new Set(excluded.filter((path) => !isFolder(path))));
  const full = new Set<string>();
  for (const path of change.tree.keys()) if (!isFolder(path)) for (const parent of parentsOf(path)) full.add(parent);
  removePaths(change, new Set(excluded.filter((path) => isFolder(path) && !full.has(path))));
}

/** Where files of older versions lie in the root below, but for folders. */
function outdatedPaths({ database, image }: PlannedBase, packages: readonly PiecedPackage[]): ReadonlySet<string> {
  const old = database?.packages.filter((one) => packages.some(({ locked }) => takesPlaceOf(locked, one))) ?? [];
  if (!database || old.length === 0) return new Set();
  const places = old
    .flatMap((one) => database.pathsOf(one, old))
    .map((path) => resolvePath(image.tree, path, { last: false }) ?? "")
    .filter((path) => image.tree.has(path) && image.tree.get(path)?.entry.kind !== "directory");
  return new Set(places);
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

/** As dpkg does, a path that another package took over is no longer listed with the package that lost it. */
function installedOf(
  { name, locked, piece }: PiecedPackage,
  lost: MergedTree["dropped"],
  supply: Plan["supply"],
): InstalledPackage {
  return {
    name,
    ...(name === locked.name ? {} : { realName: locked.name }),
    version: locked.version,
    architecture: locked.architecture,
    control: piece.control,
    paths: withoutLost(piece.paths, lost.get(name), supply),
    md5: piece.md5,
    apk: {
      checksum: locked.digest,
      sizeBytes: locked.sizeBytes,
      ...tagOf(locked, supply),
      entries: entriesWithout(piece, lost.get(name)),
      sha1: piece.sha1,
    },
  };
}

/** Files that packages themselves tell from others and that the variant does without, by package. */
function unwantedPaths(
  packages: readonly PiecedPackage[],
  { distribution: { format }, supply, base }: Plan,
): MergedTree["dropped"] {
  const wishes = supply.wishes ?? base?.database?.wishes;
  if (!format.unwanted || !wishes) return new Map();
  return new Map(
    packages.map(({ name, piece }) => {
      const paths = format.unwanted?.(piece.control, wishes) ?? [];
      return [name, new Set(paths.map((path) => placePath(path.slice(1), supply)))];
    }),
  );
}

function bothOf(a: MergedTree["dropped"], b: MergedTree["dropped"]): MergedTree["dropped"] {
  const both = new Map(a);
  for (const [name, paths] of b) both.set(name, new Set([...(a.get(name) ?? []), ...paths]));
  return both;
}

function databaseOf(plan: Plan, installed: readonly InstalledPackage[], epoch: number): readonly GeneratedFile[] {
  return plan.distribution.format.formatDatabase(installed, databaseOptions(plan, epoch));
}

function databaseOptions(plan: Plan, epoch: number): DatabaseOptions {
  const { architecture, supply, recipe } = plan;
  return {
    architecture,
    // Skipped scripts are still owed: dpkg in the image can run them with --configure.
    state: recipe.scripts === "emulate" ? "installed" : "unpacked",
    perPackageStatus: supply.perPackageStatus,
    epoch,
    ...(supply.rpmDatabase && { rpmDatabase: supply.rpmDatabase }),
    world: worldOf(plan),
    ...(supply.apkDatabase === undefined ? {} : { apkDatabase: supply.apkDatabase }),
    ...(plan.base?.database === undefined ? {} : { below: plan.base.database }),
  };
}

function tagOf({ repository }: ResolvedPackage, { repositories }: Plan["supply"]): { readonly tag?: string } {
  const tag = repositories.find(({ name }) => name === repository)?.tag;
  return tag === undefined ? {} : { tag };
}

/** What was asked for and what was refused, in the words of the recipe. */
function worldOf({ recipe, supply, platform, base }: Plan): readonly string[] {
  // Where nothing says what was asked for below, it was everything.
  const below = base?.isTold ? (base.database?.packages ?? []).map(({ name }) => name) : [];
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
