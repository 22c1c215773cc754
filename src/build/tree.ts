// Pieces become the tree of the image: packages merged, then what the variant, effects, the package database and the
// recipe add or take away. The result is a value; nothing is written.
import type { Entry } from "../archive/entry.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { Recipe } from "../core/recipe.ts";
import { placePath } from "../image/piece.ts";
import type { Piece } from "../image/piece-file.ts";
import type { GeneratedFile, InstalledPackage, RandomAccess } from "../packages/contract.ts";
import { memoryAccess } from "../packages/memory-access.ts";
import { addFiles, addMissingFolders, type ChangedTree, removePaths, startChange } from "../rootfs/change.ts";
import type { EffectContext } from "../rootfs/effects/contract.ts";
import { effectNamed } from "../rootfs/effects/effects.ts";
import { compileGlob } from "../rootfs/glob.ts";
import { type MergedTree, mergePackages } from "../rootfs/merge.ts";
import { resolvePath } from "../rootfs/resolve.ts";
import type { ResolvedPackage } from "./contract.ts";
import type { PieceStore } from "./piece-store.ts";
import { isAskedFor, type Plan } from "./plan.ts";
import { readRanges } from "./ranges.ts";
import { addRecipeFiles } from "./recipe-files.ts";

/** A package of the lock with its piece. */
export interface PiecedPackage {
  readonly locked: ResolvedPackage;
  readonly piece: Piece;
}

export interface TreeOptions {
  readonly plan: Plan;
  /** Sorted by name. */
  readonly packages: readonly PiecedPackage[];
  readonly store: PieceStore;
  readonly epoch: number;
  /** See EffectContext. */
  readonly mergedLibBelow?: boolean;
}

export interface BuiltTree extends ChangedTree {
  /** `PACKAGE.SCRIPT` of every maintainer script that no effect stands for. */
  readonly skippedScripts: readonly string[];
  /** The number that /etc/passwd has for a name. */
  uidOf(name: string): string | undefined;
  /** apk: its database of these packages alone, for who looks at a layer by itself. */
  partialDatabase(names: ReadonlySet<string>): GeneratedFile | undefined;
}

/** Throws FILE_CONFLICT, EFFECT_FAILED, SCRIPT_UNKNOWN, FILE_UNREADABLE, PATH_MISSING. */
export function buildTree(options: TreeOptions): BuiltTree {
  const { plan, packages, epoch } = options;
  const { recipe, supply } = plan;
  const { tree, dropped } = mergePackages(packages.map((one) => mergeable(one, packages, plan)));
  const change = startChange(tree, dropped);
  removePaths(change, matching(tree.keys(), recipe.remove));
  const files = { epoch, read: (path: string) => readFileOf(change, options.store, path) };
  addRecipeFiles(change, supply.files, files);
  addFiles(change, mergedUsrLinks(change, supply.mergedUsr), epoch);
  addFiles(change, databaseOf(options, dropped), epoch);
  const covered = recipe.scripts === "skip" ? new Set<string>() : applyEffects(change, options);
  removePaths(change, matching(tree.keys(), recipe.remove));
  addRecipeFiles(change, recipe.files, files);
  addMissingFolders(change, epoch);
  const skippedScripts = scriptsOf(packages, plan.distribution.format.scripts).filter((one) => !covered.has(one));
  assertScriptsKnown(recipe, skippedScripts);
  const partialDatabase = (names: ReadonlySet<string>): GeneratedFile | undefined => {
    const some = packages.filter(({ locked }) => names.has(locked.name));
    return databaseOf({ ...options, packages: some }, dropped).find(({ path }) => path.endsWith("/db/installed"));
  };
  const uidOf = (name: string): string | undefined =>
    change.tree.has("etc/passwd") ? uidIn(Buffer.from(files.read("etc/passwd")).toString(), name) : undefined;
  return { ...change, skippedScripts, partialDatabase, uidOf };
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

/** Scripts whose work the applied effects did. */
function applyEffects(change: ChangedTree, options: TreeOptions): ReadonlySet<string> {
  const { plan, packages, epoch } = options;
  const covered = new Set<string>();
  const context: EffectContext = {
    tree: change.tree,
    read: (path) => readFileOf(change, options.store, path),
    open: (path) => openFileOf(change, options.store, path),
    platform: plan.platform,
    distribution: { name: plan.distribution.name, release: plan.supply.release },
    users: [...plan.supply.users, ...plan.recipe.accounts.users],
    groups: [...plan.supply.groups, ...plan.recipe.accounts.groups],
    epoch,
    packages: packages.map(({ locked: { name, version }, piece: { control } }) => {
      const facts = plan.distribution.format.factsOf?.(control);
      return { name, version, control, ...(facts ? { provides: facts.provides } : {}) };
    }),
    mergedLibBelow: options.mergedLibBelow ?? false,
    ...(plan.recipe.certificates ? { certificates: plan.recipe.certificates } : {}),
  };
  for (const { name, always } of wantedEffects(plan)) {
    const effect = effectNamed(name);
    const here = effect.covers.filter((one) => packages.some(({ locked }) => locked.name === one.package));
    if (!always && here.length === 0) continue;
    const { files, removed, covered: more = [] } = effect.apply(context);
    removePaths(change, new Set(removed));
    addFiles(change, files, epoch);
    for (const one of more) covered.add(`${one.package}${dot(one.script)}`);
    for (const one of here) for (const script of one.scripts) covered.add(`${one.package}${dot(script)}`);
  }
  return covered;
}

/** Those of the variant, and what the recipe asks for that no variant has. */
function wantedEffects({ supply, recipe }: Plan): Plan["supply"]["effects"] {
  const has = supply.effects.some(({ name }) => name.startsWith("certificates"));
  return recipe.certificates && !has ? [...supply.effects, { name: "certificates", always: true }] : supply.effects;
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
function databaseOf({ plan, packages }: TreeOptions, lost: MergedTree["dropped"]): readonly GeneratedFile[] {
  const { distribution, architecture, supply, recipe } = plan;
  const installed = packages.map(
    ({ locked, piece }): InstalledPackage => ({
      name: locked.name,
      version: locked.version,
      architecture: locked.architecture,
      control: piece.control,
      paths: withoutLost(piece.paths, lost.get(locked.name), supply),
      md5: piece.md5,
      apk: {
        checksum: locked.digest,
        sizeBytes: locked.sizeBytes,
        entries: entriesWithout(piece, lost.get(locked.name)),
        sha1: piece.sha1,
      },
    }),
  );
  const database = distribution.format.formatDatabase(installed, {
    architecture,
    // Skipped scripts are still owed: dpkg in the image can run them with --configure.
    state: recipe.scripts === "skip" ? "unpacked" : "installed",
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

/** `libc6.postinst`, `bash.post-install`: apk's scripts have the point in their names. */
const dot = (script: string): string => (script.startsWith(".") ? script : `.${script}`);

function scriptsOf(packages: readonly PiecedPackage[], scripts: readonly string[]): readonly string[] {
  return packages.flatMap(({ locked, piece }) =>
    piece.control.filter(({ name }) => scripts.includes(name)).map(({ name }) => `${locked.name}${dot(name)}`),
  );
}

/** With `emulate` a full image owes every script; distroless and hand-picked sets list what was left out instead. */
function assertScriptsKnown(recipe: Recipe, skipped: readonly string[]): void {
  if (recipe.scripts !== "run" || skipped.length === 0) return;
  throw new DodaiError(
    "SCRIPT_UNKNOWN",
    `Cannot run maintainer scripts: ${skipped.length} of them would have to run, and no sandbox is there to run them in`,
    {
      fix: 'Use "scripts: emulate" or "scripts: skip".',
    },
  );
}
