// An image to build on: an OCI layout on this machine, and what apk's database of it says, as apko takes them. Its layers come
// first and as they are; its packages count as installed, so that nothing of them is installed again.
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decompress } from "../archive/decompress.ts";
import type { Entry } from "../archive/entry.ts";
import { readTar } from "../archive/tar.ts";
import { type Bytes, readerOf, verified } from "../core/bytes.ts";
import { type DiffId, type Digest, parseDiffId, parseDigest, startDigest } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform, type Platform } from "../core/platform.ts";
import type { RecipeBase, RecipeConfig } from "../core/recipe.ts";
import type { BundleLayer } from "../image/bundle.ts";
import { dockerTypes, type LayerMediaType, ociTypes } from "../image/media-types.ts";
import { validateImage } from "../image/validate.ts";

/** Largest document that is read, and largest layer once it is uncompressed, in bytes. */
const maxDocumentBytes = 4 << 20;
const maxLayerBytes = 64 * 2 ** 30;

export interface BaseImage {
  readonly layers: readonly BundleLayer[];
  readonly settings: RecipeConfig;
  /** Its lib is a link into usr, which a layer on top must not replace. */
  readonly mergedLib: boolean;
}

/** The text of apk's database of the image, for one architecture. Throws FILE_UNREADABLE. */
export async function readInstalled({ installed }: RecipeBase, architecture: string): Promise<string> {
  return readText(join(installed, architecture, "APKINDEX"));
}

/** The image of a platform. Throws BASE_IMAGE_UNUSABLE, FILE_UNREADABLE, DIGEST_MISMATCH. */
export async function openBaseImage({ layout }: RecipeBase, platform: Platform): Promise<BaseImage> {
  const index = parseDocument(await readText(join(layout, "index.json")), layout);
  const manifest = await findManifest(index, { layout, platform });
  const configText = await readBlob(layout, descriptorOf(manifest.value.config, layout));
  const faults = validateImage({ manifest: manifest.text, config: configText });
  if (faults.length > 0) throw unusable(layout, faults.slice(0, 3).join("; "));
  const config = parseDocument(configText, layout);
  const diffIds = listOf(fieldsOf(config.rootfs).diff_ids).map((one) => parseDiffId(String(one)));
  const descriptors = listOf(manifest.value.layers).map((one) => descriptorOf(one, layout));
  const layers: BundleLayer[] = [];
  let mergedLib = false;
  for (const [at, descriptor] of descriptors.entries()) {
    const { layer, lib } = await openLayer(layout, descriptor, diffIds[at] as DiffId);
    layers.push(layer);
    if (lib !== undefined) mergedLib = lib === "symlink";
  }
  return { layers, settings: settingsOf(fieldsOf(config.config)), mergedLib };
}

type Fields = Readonly<Record<string, unknown>>;

interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

interface Wanted {
  readonly layout: string;
  readonly platform: Platform;
}

/** The manifest of the platform: in the index, or in one that the index names. */
async function findManifest(index: Fields, wanted: Wanted): Promise<{ readonly text: string; readonly value: Fields }> {
  const { layout, platform } = wanted;
  for (const one of listOf(index.manifests)) {
    const descriptor = descriptorOf(one, layout);
    const text = await readBlob(layout, descriptor);
    const value = parseDocument(text, layout);
    if (value.manifests !== undefined) return findManifest({ manifests: value.manifests }, wanted);
    const config = parseDocument(await readBlob(layout, descriptorOf(value.config, layout)), layout);
    if (config.architecture === platform.architecture && (config.variant ?? platform.variant) === platform.variant) {
      return { text, value };
    }
  }
  throw unusable(layout, `it has no image for ${formatPlatform(platform)}`);
}

const layerTypes: Readonly<Record<string, LayerMediaType>> = {
  [ociTypes.layer]: ociTypes.layer,
  [ociTypes.layerGzip]: ociTypes.layerGzip,
  [ociTypes.layerZstd]: ociTypes.layerZstd,
  [dockerTypes.layer]: ociTypes.layer,
  [dockerTypes.layerGzip]: ociTypes.layerGzip,
};

interface OpenedLayer {
  readonly layer: BundleLayer;
  /** What the layer has as `lib`. */
  readonly lib: Entry["kind"] | undefined;
}

const limits = { maxEntries: 4_000_000, maxTotalBytes: maxLayerBytes, maxHeaderBytes: 1 << 20 };

/** Read once to its end, so that what is built on is known to be whole. */
async function openLayer(layout: string, descriptor: Descriptor, diffId: DiffId): Promise<OpenedLayer> {
  const { digest, sizeBytes } = descriptor;
  const mediaType = layerTypes[descriptor.mediaType];
  if (mediaType === undefined) throw unusable(layout, `a layer is of type "${descriptor.mediaType}"`);
  const what = `layer ${digest} of the base image`;
  const open = (): Bytes => verified(createReadStream(blobPath(layout, digest)), { digest, sizeBytes, what });
  const compression = mediaType === ociTypes.layer ? "none" : mediaType === ociTypes.layerGzip ? "gzip" : "zstd";
  const openUncompressed = (): Bytes => decompress(open(), { compression, maxBytes: maxLayerBytes, what });
  const state = startDigest();
  let uncompressedBytes = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of openUncompressed()) {
      state.update(chunk);
      uncompressedBytes += chunk.byteLength;
      yield chunk;
    }
  };
  const bytes = counted();
  let lib: Entry["kind"] | undefined;
  for await (const { entry } of readTar(readerOf(bytes), { ...limits, what }))
    if (entry.path === "lib") lib = entry.kind;
  for await (const _rest of bytes) {
    // What lies behind the end of the tar belongs to the digest too.
  }
  if (state.diffId() !== diffId) throw unusable(layout, `${what} is not the one of its config`);
  const createdBy = "base image";
  return { layer: { mediaType, digest, sizeBytes, diffId, uncompressedBytes, createdBy, open, openUncompressed }, lib };
}

/** How the image is run; what dodai has no word for is left. */
function settingsOf(config: Fields): RecipeConfig {
  const texts = (value: unknown): readonly string[] => listOf(value).map(String);
  const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
  const env = Object.fromEntries(
    texts(config.Env).map((line) => [line.replace(/=.*$/s, ""), line.replace(/^[^=]*=?/, "")]),
  );
  const [entrypoint, cmd] = [texts(config.Entrypoint), texts(config.Cmd)];
  const [user, workdir, stopSignal] = [text(config.User), text(config.WorkingDir), text(config.StopSignal)];
  return {
    env,
    ...(entrypoint.length > 0 ? { entrypoint } : {}),
    ...(cmd.length > 0 ? { cmd } : {}),
    ...(user ? { user } : {}),
    ...(workdir ? { workdir } : {}),
    ...(stopSignal ? { stopSignal } : {}),
    ports: Object.keys(fieldsOf(config.ExposedPorts)),
    volumes: Object.keys(fieldsOf(config.Volumes)),
  };
}

const blobPath = (layout: string, digest: Digest): string => join(layout, "blobs", digest.replace(":", "/"));

async function readBlob(layout: string, { digest, sizeBytes }: Descriptor): Promise<string> {
  if (sizeBytes > maxDocumentBytes) throw unusable(layout, `a document of it has ${sizeBytes} bytes`);
  const bytes = createReadStream(blobPath(layout, digest));
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of verified(bytes, { digest, sizeBytes, what: `${digest} of the base image` }))
      chunks.push(chunk);
  } catch (cause) {
    throw cause instanceof DodaiError ? cause : unreadable(blobPath(layout, digest), cause);
  }
  return Buffer.concat(chunks).toString();
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function descriptorOf(value: unknown, layout: string): Descriptor {
  const { mediaType, digest, size } = fieldsOf(value);
  if (typeof digest !== "string" || typeof size !== "number")
    throw unusable(layout, "a descriptor has no digest or size");
  return { mediaType: String(mediaType), digest: parseDigest(digest), sizeBytes: size };
}

function parseDocument(text: string, layout: string): Fields {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    throw unusable(layout, "a document of it is not JSON");
  }
}

const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function unusable(layout: string, state: string): DodaiError {
  return new DodaiError("BASE_IMAGE_UNUSABLE", `Cannot build on the image in "${layout}": ${state}`, {
    fix: "It has to be an OCI layout with an image for each platform of the recipe.",
  });
}

function unreadable(path: string, cause: unknown): DodaiError {
  const { code = "" } = cause as NodeJS.ErrnoException;
  const state = code === "ENOENT" ? "there is no such file" : String(cause instanceof Error ? cause.message : cause);
  return new DodaiError("FILE_UNREADABLE", `Cannot read "${path}" of the base image: ${state}`, { cause });
}
