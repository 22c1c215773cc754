// The tree's layers: each a list of segments, put together by hashing. The digest and diffId of a list of segments are
// kept, so that a layer that was put together before is not read again until it is written out.
import { type Entry, noXattrs } from "../archive/entry.ts";
import { compareBytes } from "../core/byte-order.ts";
import { formatCanonicalJson } from "../core/canonical-json.ts";
import { type DiffId, type Digest, hexOf, parseDiffId, parseDigest, sha256, startDigest } from "../core/digest.ts";
import { comparePaths, parentsOf } from "../core/path-order.ts";
import type { BundleLayer } from "../image/bundle.ts";
import { type LayerGroup, type PlannedPackage, planLayers } from "../image/layer-plan.ts";
import { layerMediaType } from "../image/media-types.ts";
import type { Store } from "../io/store.ts";
import type { ChangedTree, MadeEntry } from "../rootfs/change.ts";
import type { Tree } from "../rootfs/tree.ts";
import type { Plan } from "./plan.ts";
import { digestBuffer, digestRanges, streamRanges } from "./ranges.ts";
import {
  type CompressContext,
  codecOf,
  compressSegment,
  entriesSegment,
  keptSegment,
  type Member,
  openSegment,
  pieceSegment,
  type Segment,
} from "./segments.ts";
import type { BuiltTree, PiecedPackage } from "./tree.ts";

/** A layer that is planned: what it holds, and what history says of it. */
export interface PlannedLayer {
  readonly createdBy: string;
  readonly segments: readonly Segment[];
}

export interface TreeContent {
  readonly packages: readonly PiecedPackage[];
  readonly tree: ChangedTree;
  readonly epoch: number;
  /** What lies below the layers: what is in it just so is in none of them, and what is gone of it is whited out. */
  readonly below?: Tree | undefined;
}

export interface LayersOptions extends TreeContent {
  readonly plan: Plan;
  readonly tree: BuiltTree;
}

/** Folders first, then packages, then what dodai made: in one layer, or in layers as the recipe's strategy groups them. */
export function planTreeLayers(wanted: LayersOptions, { store }: CompressContext): readonly PlannedLayer[] {
  const { plan, packages, tree } = wanted;
  const options: LayersOptions = { ...wanted, below: plan.base?.image.tree };
  const groups = planLayers(sizedPackages(options), plan.recipe.layers);
  const distribution = originOf(options);
  if (groups.length === 1 && plan.recipe.layers.kind !== "origin") {
    const segments = treeSegments(options, store);
    const what = plan.source ? "root file system" : describePackages(packages);
    return [{ createdBy: `dodai: ${what} of ${distribution}`, segments }];
  }
  const byName = new Map(packages.map((one) => [one.name, one]));
  const about = segmentsAbout(options, store);
  const folders = foldersSegment(options, store);
  const trailer = keptSegment(store, [new Uint8Array(1024)]);
  const ofGroup = (names: readonly string[]): readonly Segment[] =>
    names.flatMap((name) => {
      const found = byName.get(name);
      return found ? [pieceSegment(store, found.piece, tree.dropped.get(name))] : [];
    });
  const layerOf = ({ title, packages: names }: LayerGroup, head: readonly Segment[]): PlannedLayer => ({
    createdBy: `dodai: ${title} of ${distribution}`,
    segments: [...head, ...ofGroup(names), ...names.flatMap((name) => about.get(name) ?? []), trailer],
  });
  const rest = about.get("") ?? [];
  const createdBy = "dodai: package database and configuration";
  if (plan.recipe.layers.kind === "origin") {
    const layers = groups.map((group) => layerOf(group, selfContained(options, store, new Set(group.packages))));
    return [...layers, { createdBy, segments: [folders, ...rest, trailer] }];
  }
  return [
    { createdBy: "dodai: folders", segments: [folders, trailer] },
    ...groups.map((group) => layerOf(group, [])),
    { createdBy, segments: [...rest, trailer] },
  ];
}

/** With `origin` sizes, sources and replacements are what the packages say of themselves, as apko counts them. */
function sizedPackages({ plan, packages }: LayersOptions): readonly PlannedPackage[] {
  const { format } = plan.distribution;
  const byOrigin = plan.recipe.layers.kind === "origin";
  return packages.map(({ name, locked, piece }) => {
    const common = { name, source: locked.source, sizeBytes: piece.recordsBytes };
    if (!byOrigin) return common;
    const facts = format.factsOf?.(piece.control);
    const { source = locked.source, installedBytes = piece.recordsBytes, replacesSome = true } = facts ?? {};
    const others = replacesSome ? packages : [];
    const replaced = others.filter((other) => format.replaces(piece.control, other.locked));
    const replaces = new Set(replaced.map((other) => other.name));
    return { ...common, source, sizeBytes: installedBytes, replaces };
  });
}

/** Where what is in an image is from, for its history. */
function originOf({ plan, packages }: LayersOptions): string {
  const { distribution } = plan.recipe;
  const [first] = packages;
  if (plan.source && first) return first.locked.path;
  return distribution.release === "" ? distribution.name : `${distribution.name}:${distribution.release}`;
}

/** All of a tree in one layer. */
export function treeSegments(content: TreeContent, store: CompressContext["store"]): readonly Segment[] {
  const { packages, tree } = content;
  return [
    foldersSegment(content, store),
    ...packages.map(({ name, piece }) => pieceSegment(store, piece, tree.dropped.get(name))),
    ...[...segmentsAbout(content, store).values()].flat(),
    keptSegment(store, [new Uint8Array(1024)]),
  ];
}

const namedAtMost = 12;

function describePackages(packages: readonly PiecedPackage[]): string {
  const names = packages.map(({ name, locked }) => `${name} ${locked.version}`);
  const shown = names.slice(0, namedAtMost).join(", ");
  const more = names.length > namedAtMost ? `, and ${names.length - namedAtMost} more` : "";
  const what = `${names.length} package${names.length === 1 ? "" : "s"}`;
  return names.length === 0 ? what : `${what} (${shown}${more})`;
}

const rootFolder = (epoch: number): Entry => ({
  kind: "directory",
  path: ".",
  mode: 0o755,
  uid: 0,
  gid: 0,
  mtime: epoch,
  xattrs: noXattrs,
});

/** Folders, and on top of another root what hides what is gone of it. */
function foldersSegment({ packages, tree, epoch, below }: TreeContent, store: CompressContext["store"]): Segment {
  const all = [...tree.tree.values()].map(({ entry }) => entry).filter(({ kind }) => kind === "directory");
  const hidden = below ? whiteoutsOf(tree.tree, below, epoch) : [];
  const folders = below ? changedFolders(all, { ...tree, below, hidden }) : all;
  folders.sort((a, b) => comparePaths(a.path, b.path));
  const root = packages.find(({ piece }) => piece.root)?.piece.root ?? rootFolder(epoch);
  const entries = [...(below ? [] : [root]), ...folders, ...hidden];
  return entriesSegment(
    store,
    entries.map((entry) => ({ entry })),
  );
}

interface Lying {
  readonly tree: Tree;
  readonly below: Tree;
  readonly hidden: readonly Entry[];
  readonly made: ReadonlyMap<string, unknown>;
}

/** Folders that are new or other than below, and those above what the layer holds: as they are, so that nothing changes them. */
function changedFolders(folders: readonly Entry[], { tree, below, hidden, made }: Lying): Entry[] {
  const above = new Set(hidden.flatMap(({ path }) => parentsOf(path)));
  for (const [path, { entry }] of tree) {
    if (entry.kind === "directory" || below.get(path)?.entry === entry) continue;
    for (const parent of parentsOf(path)) above.add(parent);
  }
  // Folders that no layer below names are there all the same, when something is in them.
  const implied = new Set([...below.keys()].flatMap((path) => parentsOf(path)).filter((path) => !below.has(path)));
  const isNew = ({ path }: Entry): boolean =>
    !implied.has(path) || made.has(path) || tree.get(path)?.owner !== undefined;
  return folders.filter((entry) => above.has(entry.path) || (below.get(entry.path)?.entry !== entry && isNew(entry)));
}

/** image-spec layer.md, "Whiteouts": an empty file for the topmost of what is gone. What is replaced needs none. */
function whiteoutsOf(tree: Tree, below: Tree, epoch: number): readonly Entry[] {
  const gone = [...below.keys()].filter((path) => !tree.has(path));
  const topmost = gone.filter((path) => {
    const parents = [...parentsOf(path)];
    return parents.every((parent) => tree.get(parent)?.entry.kind === "directory");
  });
  return topmost.sort(comparePaths).map((path): Entry => {
    const slash = path.lastIndexOf("/") + 1;
    const name = `${path.slice(0, slash)}.wh.${path.slice(slash)}`;
    return { kind: "file", path: name, mode: 0o644, uid: 0, gid: 0, mtime: epoch, xattrs: noXattrs, sizeBytes: 0 };
  });
}

/**
 * What makes a layer of packages complete by itself: the folders above their files, and their part of apk's database. The
 * time of a folder is that of the first file below it, so that the layer does not change with other packages; the top layer
 * says what holds.
 */
function selfContained(
  { tree, epoch }: LayersOptions,
  store: CompressContext["store"],
  names: ReadonlySet<string>,
): readonly Segment[] {
  const times = new Map<string, number>();
  const addParents = (path: string, mtime: number): void => {
    for (const parent of parentsOf(path)) if (!times.has(parent)) times.set(parent, mtime);
  };
  for (const path of [...tree.tree.keys()].sort(comparePaths)) {
    const node = tree.tree.get(path);
    const owner = node?.owner ?? tree.made.get(path)?.about;
    if (node && node.entry.kind !== "directory" && owner !== undefined && names.has(owner)) {
      addParents(path, node.entry.mtime);
    }
  }
  const database = tree.partialDatabase(names);
  const whole = database && tree.tree.get(database.path)?.entry;
  const mtime = times.values().next().value ?? epoch;
  if (database) addParents(database.path, mtime);
  const folders = [...times]
    .sort(([a], [b]) => comparePaths(a, b))
    .flatMap(([path, time]) => {
      const entry = tree.tree.get(path)?.entry;
      return entry ? [{ entry: { ...entry, mtime: time } }] : [];
    });
  const part =
    database?.kind === "file" && whole?.kind === "file"
      ? [{ entry: { ...whole, mtime, sizeBytes: database.bytes.byteLength }, bytes: database.bytes }]
      : [];
  return [entriesSegment(store, [...folders, ...part])];
}

/** Made files by the package that they are about, sorted by its name; under "", and last, those of the whole image. */
function segmentsAbout(
  { tree }: TreeContent,
  store: CompressContext["store"],
): ReadonlyMap<string, readonly Segment[]> {
  const groups = new Map<string, MadeEntry[]>();
  const paths = [...tree.made.keys()].sort(comparePaths);
  for (const path of paths) {
    const { about = "", ...made } = tree.made.get(path) ?? {};
    const entry = tree.tree.get(path)?.entry;
    if (!entry || entry.kind === "directory") continue;
    const item: MadeEntry = { ...made, entry };
    const group = groups.get(about);
    if (group) group.push(item);
    else groups.set(about, [item]);
  }
  const names = [...groups.keys()].filter((name) => name !== "").sort(compareBytes);
  return new Map([...names, ""].map((name) => [name, segmentsOf(groups.get(name) ?? [], store)]));
}

/** A file of this size has a segment of its own, so that it is not compressed again when others change. */
const ownSegmentBytes = 64 << 10;

function segmentsOf(items: readonly MadeEntry[], store: CompressContext["store"]): readonly Segment[] {
  const isLarge = ({ bytes }: MadeEntry): boolean => (bytes?.byteLength ?? 0) >= ownSegmentBytes;
  const large = Map.groupBy(items.filter(isLarge), ({ bytes }) => bytes);
  const others = items.filter((one) => !isLarge(one));
  return [...[...large.values()].map((names) => entriesSegment(store, names)), entriesSegment(store, others)];
}

/** Compresses what is not yet, and puts digests to the layer. */
export async function assembleLayer(
  planned: PlannedLayer,
  context: CompressContext,
  values: Store,
): Promise<BundleLayer> {
  const segments = planned.segments.filter(({ totalBytes }) => totalBytes > 0);
  const members = (await Promise.all(segments.map((one) => compressSegment(one, context)))).flat();
  const sizeBytes = members.reduce((sum, member) => sum + member.sizeBytes, 0);
  const uncompressedBytes = segments.reduce((sum, { totalBytes }) => sum + totalBytes, 0);
  const { digest, diffId } = await digestsOf(segments, members, context, values);
  return {
    mediaType: layerMediaType(context.compression),
    digest,
    sizeBytes,
    diffId,
    uncompressedBytes,
    createdBy: planned.createdBy,
    open: () => readMembers(members),
    openUncompressed: () => readSegments(segments),
  };
}

interface LayerDigests {
  readonly digest: Digest;
  readonly diffId: DiffId;
}

async function digestsOf(
  segments: readonly Segment[],
  members: readonly Member[],
  { compression }: CompressContext,
  values: Store,
): Promise<LayerDigests> {
  const parts = {
    codec: codecOf(compression),
    segments: segments.map(({ key }) => key),
    sizes: members.map((one) => one.sizeBytes),
  };
  const key = hexOf(sha256(formatCanonicalJson(parts)));
  const known = await values.value("layers", key);
  if (known) {
    const [digest = "", diffId = ""] = Buffer.from(known).toString().split(" ");
    return { digest: parseDigest(digest), diffId: parseDiffId(diffId) };
  }
  const compressed = startDigest();
  const uncompressed = startDigest();
  const buffer = digestBuffer();
  for (const { path, ranges } of compression === "none" ? [] : members) {
    await digestRanges(path, ranges, { state: compressed, buffer });
  }
  for (const { recordsPath, ranges } of segments) {
    await digestRanges(recordsPath, ranges, { state: uncompressed, buffer });
  }
  const diffId = uncompressed.diffId();
  const digest = compression === "none" ? parseDigest(diffId) : compressed.digest();
  await values.keepValue("layers", key, Buffer.from(`${digest} ${diffId}`));
  return { digest, diffId };
}

async function* readMembers(members: readonly Member[]): AsyncGenerator<Uint8Array> {
  for (const { path, ranges } of members) yield* streamRanges(path, ranges);
}

async function* readSegments(segments: readonly Segment[]): AsyncGenerator<Uint8Array> {
  for (const segment of segments) yield* openSegment(segment);
}
