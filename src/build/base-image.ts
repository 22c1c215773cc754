// An image to build on, wherever it lies. Its layers stay below as they are; the root that they make together is read once
// into one piece, so that packages are merged into it, effects see its files and scripts run on it. Its digest pins it.
import { decompress } from "../archive/decompress.ts";
import { type Bytes, verified } from "../core/bytes.ts";
import { formatCanonicalJson, type Json } from "../core/canonical-json.ts";
import { type DiffId, type Digest, hexOf, parseDiffId, parseDigest, sha256 } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatImageName, type ImageName } from "../core/image-name.ts";
import { formatPlatform, type Platform } from "../core/platform.ts";
import type { RecipeBase, RecipeConfig } from "../core/recipe.ts";
import type { BundleLayer } from "../image/bundle.ts";
import { fromAnyPlace, type Pointer } from "../image/image-source.ts";
import { dockerTypes, type LayerMediaType, ociTypes } from "../image/media-types.ts";
import type { ReadManifest } from "../image/parse-document.ts";
import { pieceVersion } from "../image/piece.ts";
import type { Piece } from "../image/piece-file.ts";
import { parseConfig, type ReadConfig } from "../image/read-documents.ts";
import { type ChosenManifest, chooseManifest } from "../io/image-input-chosen.ts";
import { maxLayerBytes, openLayer } from "../io/image-input-layer.ts";
import type { InstalledFiles } from "../packages/contract.ts";
import { mergeLayers } from "../rootfs/merge-layers.ts";
import type { TreeNode } from "../rootfs/tree.ts";
import { type BaseSettings, settingsOfBase } from "./base-settings.ts";
import { type BasePlace, describePlace, locateBase, openPlace } from "./base-source.ts";
import type { LockedBase } from "./lock-file.ts";
import { checkedRoot } from "./root-tarball.ts";
import type { Session } from "./session.ts";
import { readersOf } from "./tree-files.ts";
import { writePiece } from "./unpack.ts";

/** The name under which its files are in trees; no package can have it. */
export const baseOwner = "base image";

export interface BaseImage {
  /** For messages. */
  readonly name: string;
  /** Its whole name, when it is from a registry. */
  readonly imageName: ImageName | undefined;
  /** Of the platform's manifest. */
  readonly digest: Digest;
  /** When it was made; 1970 when it does not say. */
  readonly date: Date;
  /** Bottom first. */
  readonly layers: readonly BundleLayer[];
  readonly settings: RecipeConfig;
  readonly inherited: BaseSettings["inherited"];
  /** Its root. */
  readonly piece: Piece;
  readonly tree: ReadonlyMap<string, TreeNode>;
  readonly files: InstalledFiles;
}

export interface OpenBaseOptions {
  readonly base: RecipeBase;
  readonly platform: Platform;
  readonly session: Session;
  /** The manifest that a lock names. */
  readonly pinned: Digest | undefined;
}

/**
 * The image of a platform. Throws BASE_IMAGE_UNUSABLE, LOCK_OUT_OF_DATE for another image than the pinned one, DIGEST_MISMATCH,
 * and what files and registries throw.
 */
export async function openBaseImage(options: OpenBaseOptions): Promise<BaseImage> {
  const { base, session, pinned } = options;
  const place = await locateBase(base, session);
  const known = pinned && (await findKept(pinned, session));
  if (known) return imageOf(known, place, session);
  const opened = await openPlace(place, session, pinned).catch((error: unknown) => {
    throw faultOf(error, base);
  });
  try {
    const chosen = await chooseManifest(opened.source, options.platform);
    assertPinned(chosen, options);
    const kept = await findKept(chosen.document.digest, session);
    if (kept) return imageOf(kept, place, session);
    const { manifest, config } = readDocuments(chosen, options);
    return imageOf(await readRoot({ chosen, manifest, config, place }, session), place, session);
  } catch (error) {
    throw faultOf(error, base);
  } finally {
    await opened.close();
  }
}

/** What is kept of an image that was read before. */
interface Kept {
  readonly digest: Digest;
  readonly layers: readonly KeptLayer[];
  readonly settings: BaseSettings;
}

interface KeptLayer {
  readonly mediaType: LayerMediaType;
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly diffId: DiffId;
  readonly uncompressedBytes: number;
  readonly createdBy: string;
}

const kind = "bases";

/** Changes when what was kept before is of no use. */
const keptVersion = 2;

const pieceKeyOf = (digest: Digest): string =>
  hexOf(sha256(formatCanonicalJson({ version: pieceVersion, image: digest })));

const keptKeyOf = (digest: Digest): string => hexOf(sha256(formatCanonicalJson({ version: keptVersion, digest })));

interface Found {
  readonly kept: Kept;
  readonly piece: Piece;
}

async function findKept(digest: Digest, { store, pieces }: Session): Promise<Found | undefined> {
  const bytes = await store.value(kind, keptKeyOf(digest));
  const piece = bytes && pieces.find(pieceKeyOf(digest));
  return bytes && piece ? { kept: JSON.parse(Buffer.from(bytes).toString()) as Kept, piece } : undefined;
}

function assertPinned({ document }: ChosenManifest, { pinned, platform, base }: OpenBaseOptions): void {
  if (pinned === undefined || document.digest === pinned) return;
  throw new DodaiError(
    "LOCK_OUT_OF_DATE",
    `Cannot build on "${base.image}" for ${formatPlatform(platform)}: it is ${document.digest} now, and the lock has ${pinned}`,
    { fix: 'Write the lock anew with "dodai lock", look at what changed, and commit it.' },
  );
}

interface Documents {
  readonly manifest: ReadManifest;
  readonly config: ReadConfig;
}

function readDocuments(chosen: ChosenManifest, { base, platform }: OpenBaseOptions): Documents {
  const { manifest } = chosen;
  const config = parseConfig({ what: `the config of "${base.image}"`, text: chosen.config });
  const wanted = formatPlatform(platform);
  // A config may leave the variant out.
  if (config.platform !== wanted && !wanted.startsWith(`${config.platform}/`)) {
    throw unusable(base, `it is for ${config.platform}, wanted ${wanted}`);
  }
  if (config.diffIds.length !== manifest.layers.length) {
    throw unusable(base, `its config tells of ${config.diffIds.length} layers, and it has ${manifest.layers.length}`);
  }
  const other = manifest.layers.find(({ mediaType }) => !(mediaType in layerTypes));
  if (other) throw unusable(base, `a layer is of type "${other.mediaType}"`);
  return { manifest, config };
}

const layerTypes: Readonly<Record<string, LayerMediaType>> = {
  [ociTypes.layer]: ociTypes.layer,
  [ociTypes.layerGzip]: ociTypes.layerGzip,
  [ociTypes.layerZstd]: ociTypes.layerZstd,
  [dockerTypes.layer]: ociTypes.layer,
  [dockerTypes.layerGzip]: ociTypes.layerGzip,
};

interface Reading extends Documents {
  readonly chosen: ChosenManifest;
  readonly place: BasePlace;
}

/** Reads every layer to its end, merges them into one piece, and keeps what is known afterwards. */
async function readRoot({ chosen, manifest, config, place }: Reading, session: Session): Promise<Found> {
  const { digest } = chosen.document;
  const name = describePlace(place);
  session.emit({ kind: "stage", stage: "download", text: `reading base image ${name}` });
  const sizes = new Map<number, number>();
  const layers = manifest.layers.map((pointer, at) => ({
    open: () => {
      const what = `layer ${at + 1} of ${name}`;
      const bytes = readBlob(pointer, { place, session, digest });
      return counted(openLayer({ bytes, diffId: config.diffIds[at] as DiffId, what }), (size) => sizes.set(at, size));
    },
  }));
  const key = pieceKeyOf(digest);
  const { pieces, store } = session;
  const job = {
    what: name,
    key,
    rules: { mergedUsr: [] },
    recordsPath: pieces.recordsPath(key),
    descriptionPath: pieces.descriptionPath(key),
    temporary: pieces.temporary(),
  };
  const items = async function* (): ReturnType<typeof checkedRoot> {
    yield* checkedRoot(mergeLayers(layers));
    // Nothing counts of a layer that was not read to its end.
    for (const [at, layer] of layers.entries()) if (!sizes.has(at)) for await (const _rest of layer.open());
  };
  await writePiece(job, async () => ({ file: { control: [], items: items() }, md5Wanted: new Set(), hasRoot: true }));
  const piece = pieces.find(key);
  if (!piece) throw new DodaiError("CACHE_BROKEN", `Cannot read the piece of ${name} back from "${store.directory}"`);
  const settings = settingsOfBase(chosen.config, manifest.layers.length);
  const kept: Kept = {
    digest,
    settings,
    layers: manifest.layers.map(({ mediaType, digest: of, sizeBytes }, at) => ({
      mediaType: layerTypes[mediaType] as LayerMediaType,
      digest: of,
      sizeBytes,
      diffId: config.diffIds[at] as DiffId,
      uncompressedBytes: sizes.get(at) ?? 0,
      createdBy: settings.history[at] ?? `base image ${name}`,
    })),
  };
  const text = formatCanonicalJson(JSON.parse(JSON.stringify(kept)) as Json);
  await store.keepValue(kind, keptKeyOf(digest), Buffer.from(text));
  return { kept, piece };
}

async function* counted(bytes: Bytes, tell: (size: number) => void): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.byteLength;
    yield chunk;
  }
  tell(size);
}

interface BlobContext {
  readonly place: BasePlace;
  readonly session: Session;
  /** Of the image. */
  readonly digest: Digest;
}

/** A layer as it is stored: those of registries are kept first, and those of files are read where they lie. */
async function* readBlob(pointer: Pointer, { place, session, digest: image }: BlobContext): AsyncGenerator<Uint8Array> {
  const { store } = session;
  const { digest, sizeBytes } = pointer;
  const what = `layer ${digest} of ${describePlace(place)}`;
  const isKept =
    (await store.has(digest, sizeBytes)) && (place.kind === "file" || (await store.verify(digest, sizeBytes)));
  if (isKept) {
    yield* verified(store.open(digest), { digest, sizeBytes, what });
    return;
  }
  const opened = await openPlace(place, session, image);
  try {
    if (place.kind === "file") {
      yield* opened.source.blob(pointer);
      return;
    }
    const { source } = opened;
    await fromAnyPlace(source, pointer, () => store.keep(source.blob(pointer), { digest, sizeBytes, what }));
  } finally {
    await opened.close();
  }
  yield* store.open(digest);
}

function imageOf({ kept, piece }: Found, place: BasePlace, session: Session): BaseImage {
  const { digest, settings } = kept;
  const context: BlobContext = { place, session, digest };
  const tree = treeOf(piece);
  return {
    name: describePlace(place),
    imageName: place.kind === "registry" ? place.name : undefined,
    digest,
    date: new Date(settings.created),
    layers: kept.layers.map((one) => bundleLayer(one, context)),
    settings: settings.config,
    inherited: settings.inherited,
    piece,
    tree,
    files: filesOf(tree, session),
  };
}

function bundleLayer(kept: KeptLayer, context: BlobContext): BundleLayer {
  const { mediaType, sizeBytes, uncompressedBytes, createdBy } = kept;
  const digest = parseDigest(kept.digest);
  const open = (): Bytes => readBlob({ mediaType, digest, sizeBytes }, context);
  const compression = { [ociTypes.layer]: "none", [ociTypes.layerGzip]: "gzip", [ociTypes.layerZstd]: "zstd" } as const;
  const what = `layer ${digest} of ${describePlace(context.place)}`;
  const openUncompressed = (): Bytes =>
    decompress(open(), { compression: compression[mediaType], maxBytes: maxLayerBytes, what });
  const diffId = parseDiffId(kept.diffId);
  return { mediaType, digest, sizeBytes, diffId, uncompressedBytes, createdBy, open, openUncompressed };
}

function treeOf({ key, entries }: Piece): ReadonlyMap<string, TreeNode> {
  return new Map(
    entries.map(({ entry, bodyOffset }) => {
      const content =
        entry.kind === "file" ? { piece: key, offset: bodyOffset, sizeBytes: entry.sizeBytes } : undefined;
      return [entry.path, { entry, owner: baseOwner, content }];
    }),
  );
}

function filesOf(tree: ReadonlyMap<string, TreeNode>, { pieces }: Session): InstalledFiles {
  const whole = { tree: new Map(tree), made: new Map() };
  const { read, open } = readersOf(whole, pieces);
  let folders: Map<string, string[]> | undefined;
  return {
    has: (path) => {
      try {
        return open(path).sizeBytes >= 0;
      } catch (error) {
        if (error instanceof DodaiError && error.code === "EFFECT_FAILED") return false;
        throw error;
      }
    },
    read,
    names: (folder) => {
      folders ??= namesByFolder(tree);
      return folders.get(folder) ?? [];
    },
  };
}

function namesByFolder(tree: ReadonlyMap<string, TreeNode>): Map<string, string[]> {
  const folders = new Map<string, string[]>();
  for (const path of tree.keys()) {
    const slash = path.lastIndexOf("/");
    const folder = path.slice(0, Math.max(0, slash));
    const names = folders.get(folder);
    if (names) names.push(path.slice(slash + 1));
    else folders.set(folder, [path.slice(slash + 1)]);
  }
  return folders;
}

/** What makes an image no image is told as what is wrong with the base. */
function faultOf(error: unknown, base: RecipeBase): unknown {
  if (!(error instanceof DodaiError) || !["IMAGE_BROKEN", "IMAGE_MISSING"].includes(error.code)) return error;
  return unusable(base, error.message.replace(/^Cannot /, "dodai cannot "), error);
}

export function unusable({ image, position }: RecipeBase, state: string, cause?: DodaiError): DodaiError {
  return new DodaiError("BASE_IMAGE_UNUSABLE", `Cannot build on "${image}": ${state}`, {
    fix: cause?.fix ?? "It has to be an image of a distribution that dodai knows, for each platform of the recipe.",
    ...(position ? { where: position } : {}),
    ...(cause ? { cause } : {}),
  });
}

/** For who writes a lock. */
export function baseLock({ imageName, name, digest, date }: BaseImage): LockedBase {
  return { name: imageName ? formatImageName({ ...imageName, digest: undefined }) : fileName(name), digest, date };
}

/** A file of this machine by its name only. */
const fileName = (path: string): string => `file:${path.replace(/\/+$/, "").replace(/^.*\//, "")}`;
