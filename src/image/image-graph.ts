// All that an image consists of, in the order in which it can be stored: what is pointed at comes before what points.
import { collect } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform, type Platform } from "../core/platform.ts";
import type { Document } from "./descriptor.ts";
import type { ImageSource, Pointer, StatedPlatform } from "./image-source.ts";
import { isDocumentType, isIndexType, parseDocument, type ReadIndex, type ReadManifest } from "./parse-document.ts";

export interface ImageGraph {
  readonly root: Document;
  /** Every index and manifest once, those that are pointed at first; the root is last. */
  readonly documents: readonly Document[];
  /** Configs and layers, each once. */
  readonly blobs: readonly Pointer[];
  /** Which blobs belong to the manifest or index of this digest, itself or below it. */
  readonly blobsOf: ReadonlyMap<Digest, readonly Pointer[]>;
}

/** An index in an index in an index is no image any more. */
const maxDepth = 4;
const maxDocuments = 2000;
/** Largest config that is read, in bytes. */
const maxConfigBytes = 16 << 20;

/** The manifest for a platform, or the whole image without one. Throws IMAGE_MISSING, IMAGE_BROKEN and what the source throws. */
export async function readImageGraph(source: ImageSource, platform?: Platform): Promise<ImageGraph> {
  const root = platform === undefined ? await source.root() : await findPlatform(source, platform);
  const documents = new Map<Digest, Document>();
  const blobs = new Map<Digest, Pointer>();
  const blobsOf = new Map<Digest, readonly Pointer[]>();

  const visit = async (document: Document, depth: number): Promise<readonly Pointer[]> => {
    const known = blobsOf.get(document.digest);
    if (known) return known;
    const what = describeDocument(source, document);
    if (depth > maxDepth) throw tooMuch(what, `it is an index within ${maxDepth} others`);
    const below: Pointer[] = [];
    for (const pointer of pointersOf(parseDocument(document, what))) {
      if (isDocumentType(pointer.mediaType)) below.push(...(await visit(await source.document(pointer), depth + 1)));
      else below.push(sameSize(blobs.get(pointer.digest), pointer, what));
      if (!isDocumentType(pointer.mediaType)) blobs.set(pointer.digest, pointer);
    }
    documents.set(document.digest, document);
    if (documents.size > maxDocuments) throw tooMuch(what, `it has more than ${maxDocuments} manifests`);
    const own = [...new Map(below.map((one) => [one.digest, one])).values()];
    blobsOf.set(document.digest, own);
    return own;
  };

  await visit(root, 0);
  return { root, documents: [...documents.values()], blobs: [...blobs.values()], blobsOf };
}

/** For messages: `manifest sha256:... of registry.example/app:1`. */
export function describeDocument({ name }: ImageSource, { digest, mediaType }: Pointer): string {
  return `${isIndexType(mediaType) ? "index" : "manifest"} ${digest} of ${name}`;
}

function pointersOf(read: ReadManifest | ReadIndex): readonly Pointer[] {
  return read.kind === "index" ? read.manifests : [read.config, ...read.layers];
}

function sameSize(known: Pointer | undefined, pointer: Pointer, what: string): Pointer {
  if (known === undefined || known.sizeBytes === pointer.sizeBytes) return known ?? pointer;
  throw tooMuch(what, `it gives ${pointer.digest} two sizes, ${known.sizeBytes} and ${pointer.sizeBytes} bytes`);
}

async function findPlatform(source: ImageSource, platform: Platform): Promise<Document> {
  const root = await source.root();
  const read = parseDocument(root, describeDocument(source, root));
  if (read.kind === "index") return source.document(pointerFor(source, read, platform));
  const stated = await platformOfConfig(source, read.config);
  if (stated && !fits(stated, platform)) throw noPlatform(source, platform, [stated]);
  return root;
}

/** The manifest for a platform, or the only one whatever it is for. Throws IMAGE_MISSING. */
export async function findManifest(source: ImageSource, platform: Platform): Promise<Document> {
  const root = await source.root();
  const read = parseDocument(root, describeDocument(source, root));
  if (read.kind === "manifest") return root;
  const [only, ...others] = read.manifests.filter((one) => one.platform?.os !== "unknown");
  return source.document(only && others.length === 0 ? only : pointerFor(source, read, platform));
}

function pointerFor(source: ImageSource, { manifests }: ReadIndex, platform: Platform): Pointer {
  for (const wanted of [platform, ...olderOf(platform)]) {
    const found = manifests.find((one) => one.platform !== undefined && fits(one.platform, wanted));
    if (found) return found;
  }
  throw noPlatform(
    source,
    platform,
    manifests.flatMap((one) => one.platform ?? []),
  );
}

/** `undefined` for what is no image's config. */
async function platformOfConfig(source: ImageSource, config: Pointer): Promise<StatedPlatform | undefined> {
  if (config.sizeBytes > maxConfigBytes) throw tooMuch(`the config of ${source.name}`, "it is too large");
  const bytes = await collect(source.blob(config), { maxBytes: maxConfigBytes, what: `the config of ${source.name}` });
  try {
    const { os, architecture, variant } = JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;
    if (typeof os !== "string" || typeof architecture !== "string") return undefined;
    return { os, architecture, ...(typeof variant === "string" ? { variant } : {}) };
  } catch {
    return undefined;
  }
}

/** `arm64/v8` is arm64 and `amd64/v1` amd64 (image-index.md, "Platform Variants"); for arm a variant may be left out. */
function fits(stated: StatedPlatform, { os, architecture, variant }: Platform): boolean {
  const usual: Readonly<Record<string, string>> = { amd64: "v1", arm: "v7", arm64: "v8" };
  const own = stated.variant ?? usual[stated.architecture];
  return stated.os === os && stated.architecture === architecture && own === (variant ?? usual[architecture]);
}

/** A 32-bit ARM runs what is for older ones, the newest first. */
function olderOf(platform: Platform): readonly Platform[] {
  if (platform.architecture !== "arm") return [];
  const variants = ["v8", "v7", "v6", "v5"];
  return variants.slice(variants.indexOf(platform.variant ?? "v7") + 1).map((variant) => ({ ...platform, variant }));
}

function noPlatform(source: ImageSource, platform: Platform, there: readonly StatedPlatform[]): DodaiError {
  const names = there.map(({ os, architecture, variant = "" }) =>
    [os, architecture, variant].filter((part) => part !== "").join("/"),
  );
  const known = [...new Set(names)].filter((one) => one !== "unknown/unknown");
  return new DodaiError(
    "IMAGE_MISSING",
    `Cannot use "${source.name}" for ${formatPlatform(platform)}: it has no such platform`,
    {
      fix:
        known.length === 0 ? "It names no platform at all." : `It has ${known.join(", ")}: name one with --platform.`,
    },
  );
}

function tooMuch(what: string, state: string): DodaiError {
  return new DodaiError("IMAGE_BROKEN", `Cannot read ${what}: ${state}`);
}
