// Whole images of a platform, kept in a registry under what they were made from: a machine that has nothing yet takes one in
// place of packages, and does not even fetch its layers when it only pushes it to the same registry.
//
// An image is kept as an artifact of its own (image-spec, manifest.md, "Guidelines for Artifact Usage"): its config says what
// dodai has to know of the layers, and its layers are the image's, so that the registry keeps them. What the image is called
// and how it starts comes from the recipe, as ever; only layers are taken on the cache's word, by their digests.
import { readFile } from "node:fs/promises";
import { decompress } from "../archive/decompress.ts";
import { type Bytes, bytesOf, collect } from "../core/bytes.ts";
import { formatCanonicalJson, type Json } from "../core/canonical-json.ts";
import { hexOf, parseDiffId, parseDigest, sha256 } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatImageName, type ImageName, parseImageName } from "../core/image-name.ts";
import { formatPlatform } from "../core/platform.ts";
import { version } from "../core/version.ts";
import { recipeValue } from "../frontends/native/recipe-value.ts";
import type { BundleLayer } from "../image/bundle.ts";
import { type Document, makeDocument } from "../image/descriptor.ts";
import { readImageGraph } from "../image/image-graph.ts";
import { fromAnyPlace, type ImageSource, type Pointer } from "../image/image-source.ts";
import { formatManifest } from "../image/manifest.ts";
import { type LayerMediaType, ociTypes } from "../image/media-types.ts";
import { parseDocument } from "../image/parse-document.ts";
import type { Registry } from "../io/registry.ts";
import { buildImage, type ImageOptions, imageOfLayers, type PlatformImage } from "./image.ts";
import { formatLock } from "./lock-file.ts";
import { lockedValue } from "./plan.ts";
import type { ScriptOutcome } from "./scripts.ts";
import type { Session } from "./session.ts";

const configType = "application/vnd.dodai.image-cache.v1+json";
const maxConfigBytes = 16 << 20;
const maxLayerBytes = 2 ** 36;

type Wanted = Pick<ImageOptions, "plan" | "locked" | "epoch" | "compression">;

/** What the cache tells of an image beside its layers' bytes. */
interface Kept {
  readonly schemaVersion: 1;
  readonly layers: readonly {
    readonly mediaType: LayerMediaType;
    readonly digest: string;
    readonly sizeBytes: number;
    readonly diffId: string;
    readonly uncompressedBytes: number;
    readonly createdBy: string;
  }[];
  readonly scripts: ScriptOutcome;
  readonly user?: string | undefined;
}

export interface Caches {
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly string[];
}

/** As `buildImage`, from a cache where one has the layers, and into the caches that shall have them. */
export async function buildThroughCache(options: ImageOptions, { cacheFrom, cacheTo }: Caches): Promise<PlatformImage> {
  const { session, plan } = options;
  // A database beside the image below is no part of the key.
  if (plan.base?.isTold) return buildImage(options);
  const key = await imageKey(options);
  const found = await findCached(cacheFrom, key, session);
  const built = found ? imageOfLayers(options, found.layers, found) : await buildImage(options);
  await keepCached(cacheTo, key, built, session);
  return built;
}

/** Everything that an image depends on, as one name. Files that the recipe copies count by their bytes. */
async function imageKey({ plan, locked, epoch, compression }: Wanted): Promise<string> {
  const { recipe, platform } = plan;
  const sources = recipe.files.flatMap((file) => (file.kind === "copy" ? [file.source] : []));
  const { scripts: _told, ...packages } = locked;
  const value: Json = {
    version,
    name: recipe.name,
    platform: formatPlatform(platform),
    recipe: recipeValue(recipe),
    lock: formatLock({ recipe: lockedValue(recipe), platforms: [packages] }),
    epoch,
    compression,
    sources: await Promise.all(sources.map(async (path) => sha256(await readFile(path)))),
  };
  return hexOf(sha256(formatCanonicalJson(value)));
}

const nameIn = (cache: string, key: string): ImageName => ({
  ...parseImageName(cache),
  tag: `dodai-${key}`,
  digest: undefined,
});

/** The layers and scripts of the first cache that has them; a cache that fails is told of and passed over. */
async function findCached(
  caches: readonly string[],
  key: string,
  session: Session,
): Promise<(Pick<PlatformImage, "scripts" | "user"> & { readonly layers: readonly BundleLayer[] }) | undefined> {
  for (const cache of caches) {
    const name = nameIn(cache, key);
    try {
      const registry = await session.registry();
      if ((await registry.find(name)) === undefined) continue;
      const { kept, source } = await readKept(registry, name);
      const layers = kept.layers.map((layer) => cachedLayer(layer, source, session));
      registry.remember(
        name,
        layers.map(({ digest }) => digest),
      );
      session.emit({ kind: "stage", stage: "assemble", text: `taking the image from ${cache}` });
      return { layers, scripts: kept.scripts, user: kept.user };
    } catch (error) {
      passOver(error, `The cache "${cache}" is not used`, session);
    }
  }
  return undefined;
}

async function readKept(
  registry: Registry,
  name: ImageName,
): Promise<{ readonly kept: Kept; readonly source: ImageSource }> {
  const source = registry.source(name);
  const what = formatImageName(name);
  const manifest = parseDocument(await source.root(), what);
  if (manifest.kind !== "manifest" || manifest.config.mediaType !== configType) {
    throw new DodaiError("IMAGE_BROKEN", `Cannot read "${what}": it is no cache of dodai`);
  }
  const bytes = await collect(source.blob(manifest.config), { maxBytes: maxConfigBytes, what });
  const kept: unknown = JSON.parse(Buffer.from(bytes).toString());
  if (!isKept(kept, manifest.layers)) {
    throw new DodaiError("IMAGE_BROKEN", `Cannot read "${what}": its layers are not those that it tells of`);
  }
  return { kept, source };
}

function isKept(value: unknown, listed: readonly Pointer[]): value is Kept {
  const { schemaVersion, layers, scripts, user } = (value ?? {}) as Partial<Record<keyof Kept, unknown>>;
  if (schemaVersion !== 1 || !Array.isArray(layers) || layers.length !== listed.length) return false;
  if (user !== undefined && typeof user !== "string") return false;
  const { scripts: told, normalized } = (scripts ?? {}) as Partial<Record<keyof ScriptOutcome, unknown>>;
  if (!Array.isArray(told) || !Array.isArray(normalized)) return false;
  return layers.every((layer: Partial<Kept["layers"][number]> | null, at) => {
    const { digest, mediaType, sizeBytes } = listed[at] ?? {};
    if (layer?.digest !== digest || layer?.sizeBytes !== sizeBytes || layer?.mediaType !== mediaType) return false;
    const { uncompressedBytes, createdBy, diffId } = layer ?? {};
    if (!Number.isSafeInteger(uncompressedBytes) || typeof createdBy !== "string" || createdBy === "") return false;
    return /^sha256:[0-9a-f]{64}$/.test(String(diffId)) && String(mediaType) in compressions;
  });
}

/** Fetched when somebody reads it, and then kept in the store. */
function cachedLayer(kept: Kept["layers"][number], source: ImageSource, { store }: Session): BundleLayer {
  const { mediaType, sizeBytes, uncompressedBytes, createdBy } = kept;
  const digest = parseDigest(kept.digest);
  const what = `layer ${digest} of ${source.name}`;
  async function* open(): AsyncGenerator<Uint8Array> {
    if (!(await store.has(digest, sizeBytes))) {
      const pointer = { mediaType, digest, sizeBytes };
      await fromAnyPlace(source, pointer, () => store.keep(source.blob(pointer), { digest, sizeBytes, what }));
    }
    yield* store.open(digest);
  }
  const compression = compressions[mediaType];
  return {
    mediaType,
    digest,
    sizeBytes,
    diffId: parseDiffId(kept.diffId),
    uncompressedBytes,
    createdBy,
    open,
    openUncompressed: () => decompress(open(), { compression, maxBytes: maxLayerBytes, what }),
  };
}

const compressions = {
  [ociTypes.layer]: "none",
  [ociTypes.layerGzip]: "gzip",
  [ociTypes.layerZstd]: "zstd",
} as const satisfies Readonly<Record<LayerMediaType, string>>;

/** Keeps an image in each cache; one that fails is told of, since the image itself is made. */
async function keepCached(
  caches: readonly string[],
  key: string,
  { image, scripts, user }: PlatformImage,
  session: Session,
): Promise<void> {
  const layers = image.layers.map(({ mediaType, digest, sizeBytes, diffId, uncompressedBytes, createdBy }) => ({
    mediaType,
    digest,
    sizeBytes,
    diffId,
    uncompressedBytes,
    createdBy,
  }));
  const config = makeDocument(
    configType,
    JSON.parse(JSON.stringify({ schemaVersion: 1, layers, scripts, user })) as Json,
  );
  const manifest = formatManifest({ config, layers: image.layers.map(pointerOf) });
  const source = artifactSource(manifest, config, image.layers);
  for (const cache of caches) {
    try {
      const registry = await session.registry();
      await registry.push({ source, graph: await readImageGraph(source), name: nameIn(cache, key) });
    } catch (error) {
      passOver(error, `The image was not kept in the cache "${cache}"`, session);
    }
  }
}

const pointerOf = ({
  mediaType,
  digest,
  sizeBytes,
}: BundleLayer): Pick<BundleLayer, "mediaType" | "digest" | "sizeBytes"> => ({
  mediaType,
  digest,
  sizeBytes,
});

export function artifactSource(manifest: Document, config: Document, layers: readonly BundleLayer[]): ImageSource {
  return {
    name: "the cache",
    root: async () => manifest,
    document: async () => manifest,
    blob: ({ digest }: Pointer): Bytes =>
      layers.find((layer) => layer.digest === digest)?.open() ?? bytesOf(config.text),
  };
}

export function passOver(error: unknown, state: string, session: Session): void {
  const known = error instanceof DodaiError ? error : error instanceof SyntaxError ? error : undefined;
  if (known === undefined || (known instanceof DodaiError && known.code === "CANCELLED")) throw error;
  session.emit({ kind: "warning", text: `${state}: ${known.message}` });
}
