// Images that FROM and --from name: in a registry, in a layout or archive on disk, or a recipe of dodai's that is built first.
// Their layers come into the store, checked, and stay stored as they are.
import { join, resolve } from "node:path";
import { verified } from "../../core/bytes.ts";
import type { DiffId } from "../../core/digest.ts";
import { hexOf, sha256 } from "../../core/digest.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import { parseImageName } from "../../core/image-name.ts";
import { mapLimited } from "../../core/limit.ts";
import { formatPlatform, type Platform } from "../../core/platform.ts";
import { type ImageState, parseImageState } from "../../image/container-config.ts";
import { fromAnyPlace, type ImageSource, type Pointer } from "../../image/image-source.ts";
import { dockerTypes, type LayerMediaType, layerMediaType, ociTypes } from "../../image/media-types.ts";
import { parseConfig } from "../../image/read-documents.ts";
import { chooseManifest } from "../../io/image-input-chosen.ts";
import { maxLayerBytes, openLayer } from "../../io/image-input-layer.ts";
import type { ImageReference } from "../contract.ts";
import { withSource } from "../image-reference.ts";
import type { Session } from "../session.ts";
import { maxUnfoldedBytes } from "./archive-file.ts";
import type { DockerfileBuildOptions, NamedRecipe } from "./contract.ts";
import { defined } from "./defined.ts";
import { hasLayerFile, keepLayerFile, type LayerFile } from "./layer-file.ts";

export interface BaseImage {
  readonly state: ImageState;
  /** Bottom first. */
  readonly layers: readonly LayerFile[];
}

export interface BaseOptions {
  readonly name: string;
  readonly platform: Platform;
  readonly options: DockerfileBuildOptions;
  readonly session: Session;
}

/** Throws IMAGE_MISSING, IMAGE_BROKEN, DIGEST_MISMATCH, and what registries and builds throw. */
export async function openBaseImage(base: BaseOptions): Promise<BaseImage> {
  const { name, options } = base;
  const file = fileReference(name, options.contextDirectory);
  if (file) return readFrom(file, base);
  const recipe = await options.findRecipe(name);
  if (recipe) return readFrom(await buildRecipe(recipe, base), base);
  return readFromRegistry(base);
}

/** `oci-layout://PATH`, `oci:PATH:TAG`, `oci-archive:PATH`, `docker-archive:PATH`, or a path that begins with `.` or `/`. */
function fileReference(name: string, directory: string): ImageReference | undefined {
  const [, scheme, rest = ""] = /^(oci-layout:(?:\/\/)?|oci:|oci-archive:|docker-archive:)(.+)$/.exec(name) ?? [];
  if (scheme === undefined && !/^\.{0,2}\//.test(name)) return undefined;
  const [, path = "", reference] =
    /^(.*?)(?:[@:]((?:sha256:)?[\w][\w.-]*))?$/.exec(scheme === undefined ? name : rest) ?? [];
  return { kind: "file", path: resolve(directory, path), ...(reference === undefined ? {} : { reference }) };
}

/** A recipe's image as an archive in the cache, made anew only when it would change. */
async function buildRecipe({ recipe, lockFile }: NamedRecipe, base: BaseOptions): Promise<ImageReference> {
  const { options, platform, session } = base;
  const { cacheDirectory, environment, hostRoot, insecureUnsigned, now, offline, onEvent, signal } = options;
  const { build } = await import("../build.ts");
  const key = hexOf(sha256(`${recipe.name} ${formatPlatform(platform)}`)).slice(0, 32);
  const path = join(session.store.directory, "recipes", `${key}.tar`);
  await import("node:fs/promises").then(({ mkdir }) =>
    mkdir(join(session.store.directory, "recipes"), { recursive: true }),
  );
  session.emit({ kind: "stage", stage: "plan", text: `building the recipe ${recipe.name}` });
  await build({
    recipe,
    lockFile,
    cacheDirectory,
    platforms: [platform],
    outputs: [{ kind: "oci", destination: path }],
    names: ["dodai.invalid/recipe:base"],
    ...defined({ environment, hostRoot, insecureUnsigned, now, offline, onEvent, signal }),
    ...defined({ sourceDateEpoch: options.sourceDateEpoch }),
  });
  return { kind: "file", path };
}

async function readFrom(image: ImageReference, base: BaseOptions): Promise<BaseImage> {
  const { store, registry } = base.session;
  return withSource(image, { registry: await registry(), store }, (source) => readImage(source, base));
}

async function readFromRegistry(base: BaseOptions): Promise<BaseImage> {
  const { name, options, session, platform } = base;
  const image = parseImageName(name);
  const key = hexOf(sha256(`${name} ${formatPlatform(platform)}`));
  const known = image.digest !== undefined || options.offline ? await findKnown(key, session) : undefined;
  if (known) return known;
  session.emit({ kind: "stage", stage: "download", text: `asking for ${name}` });
  const registry = await session.registry();
  const read = await readImage(registry.source(image), base);
  await session.store.keepValue(kind, key, Buffer.from(JSON.stringify({ ...read, text: read.text })));
  return read;
}

const kind = "bases";

interface KnownBase {
  readonly text: string;
  readonly layers: readonly LayerFile[];
}

/** What a name led to before: for a digest, and where nobody may be asked. */
async function findKnown(key: string, session: Session): Promise<BaseImage | undefined> {
  const bytes = await session.store.value(kind, key);
  if (!bytes) return undefined;
  const { text, layers } = JSON.parse(Buffer.from(bytes).toString()) as KnownBase;
  if (!layers.every((one) => hasLayerFile(one, session.pieces))) return undefined;
  for (const { stored } of layers) {
    if (stored && !(await session.store.has(stored.digest, stored.sizeBytes))) return undefined;
  }
  return { layers, state: parseImageState(text, "an image of the cache") };
}

const layersAtOnce = 4;

async function readImage(source: ImageSource, base: BaseOptions): Promise<BaseImage & KnownBase> {
  const { session, platform } = base;
  const { manifest, config: text } = await chooseManifest(source, platform);
  const what = `the config of ${source.name}`;
  const { diffIds } = parseConfig({ what, text });
  if (diffIds.length !== manifest.layers.length) {
    throw new DodaiError(
      "IMAGE_BROKEN",
      `Cannot read ${what}: it tells of ${diffIds.length} layers, and there are ${manifest.layers.length}`,
    );
  }
  const wanted = diffIds.map((diffId, index) => ({ diffId, pointer: manifest.layers[index] as Pointer }));
  const layers = await mapLimited(wanted, layersAtOnce, (one) => keepLayer(one, source, session));
  return { state: parseImageState(text, what), layers, text };
}

/** A layer as it is stored, and its tar beside it. */
export async function keepLayer(
  { diffId, pointer }: { readonly diffId: DiffId; readonly pointer: Pointer },
  source: ImageSource,
  session: Session,
): Promise<LayerFile> {
  const { store, pieces } = session;
  const { digest, sizeBytes } = pointer;
  const stored = { digest, sizeBytes, mediaType: mediaTypeOf(pointer, source) };
  const what = `layer ${digest} of ${source.name}`;
  if (!(await store.has(digest, sizeBytes))) {
    session.emit({ kind: "stage", stage: "download", text: `fetching ${what}` });
    await fromAnyPlace(source, pointer, () => store.keep(source.blob(pointer), { digest, sizeBytes, what }));
  }
  const before = pieces.sizeOf(pieces.recordsPath(hexOf(diffId)));
  if (before !== undefined) return { diffId, sizeBytes: before, stored };
  const bytes = verified(store.open(digest), { digest, sizeBytes, what });
  const maxBytes = Math.min(maxLayerBytes, maxUnfoldedBytes(sizeBytes));
  return { ...(await keepLayerFile(openLayer({ bytes, diffId, what, maxBytes }), pieces)), stored };
}

function mediaTypeOf({ mediaType }: Pointer, source: ImageSource): LayerMediaType {
  switch (mediaType) {
    case ociTypes.layer:
    case ociTypes.layerGzip:
    case ociTypes.layerZstd:
      return mediaType;
    case dockerTypes.layer:
      return layerMediaType("none");
    case dockerTypes.layerGzip:
      return layerMediaType("gzip");
    default:
      throw new DodaiError(
        "IMAGE_BROKEN",
        `Cannot build on ${source.name}: "${mediaType}" is no layer that can be unpacked`,
      );
  }
}
