// Indexes and manifests that others wrote, OCI's and Docker's (schema 2), as one pair of values.
import { isUtf8 } from "node:buffer";
import { type Digest, parseDigest, sha256 } from "../core/digest.ts";
import type { Annotations, Document } from "./descriptor.ts";
import type { Pointer, StatedPlatform } from "./image-source.ts";
import { dockerTypes, ociTypes } from "./media-types.ts";
import { brokenImage } from "./read-documents.ts";

/** Most pointers in one document. */
const maxPointers = 10_000;

export interface ReadManifest {
  readonly kind: "manifest";
  readonly config: Pointer;
  /** Bottom first. */
  readonly layers: readonly Pointer[];
  /** What the manifest is about, when it is a referrer (image-spec, manifest.md, "subject"). */
  readonly subject?: Pointer;
  readonly artifactType?: string;
  readonly annotations?: Annotations;
}

export interface ReadIndex {
  readonly kind: "index";
  readonly manifests: readonly Pointer[];
  readonly subject?: Pointer;
  readonly artifactType?: string;
  readonly annotations?: Annotations;
}

const indexTypes: readonly string[] = [ociTypes.index, dockerTypes.index];
const manifestTypes: readonly string[] = [ociTypes.manifest, dockerTypes.manifest];

/** Every type of document that is understood: what a registry is asked for. */
export const documentTypes: readonly string[] = [...indexTypes, ...manifestTypes];

type Fields = Readonly<Record<string, unknown>>;

/** Bytes that came with a media type, as a document. Throws IMAGE_BROKEN when they are something else or could be read in two ways. */
export function makeReadDocument(bytes: Uint8Array, statedType: string | undefined, what: string): Document {
  // What is not UTF-8 would become another text, with another digest.
  if (!isUtf8(bytes)) throw brokenImage(what, "it is not UTF-8 text");
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  const fields = readFields(text, what);
  const mediaType = mediaTypeOf(fields, statedType, what);
  return { mediaType, text, digest: sha256(bytes), sizeBytes: bytes.byteLength };
}

/** Throws IMAGE_BROKEN. */
export function parseDocument({ text, mediaType }: Document, what: string): ReadManifest | ReadIndex {
  const fields = readFields(text, what);
  const shared = {
    ...optional("subject", fields.subject, (value) => readPointer(value, `${what}: subject`)),
    ...optional("artifactType", fields.artifactType, (value) => readText(value, what, "artifactType")),
    ...optional("annotations", fields.annotations, (value) => readAnnotations(value, what)),
  };
  if (indexTypes.includes(mediaType)) {
    return { kind: "index", manifests: readPointers(fields.manifests, what, "manifests"), ...shared };
  }
  const config = readPointer(fields.config, `${what}: config`);
  return { kind: "manifest", config, layers: readPointers(fields.layers ?? [], what, "layers"), ...shared };
}

export const isIndexType = (mediaType: string): boolean => indexTypes.includes(mediaType);
export const isDocumentType = (mediaType: string): boolean => documentTypes.includes(mediaType);

function readFields(text: string, what: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw brokenImage(what, "it is not JSON", cause);
  }
  if (!isObject(value)) throw brokenImage(what, "it is not a JSON object");
  return value;
}

/**
 * A document that two readers could take for two things is refused (GHSA-mc8v-mgrf-8f4m): its own media type must be the
 * stated one, and it has the members of one kind only.
 */
function mediaTypeOf(fields: Fields, statedType: string | undefined, what: string): string {
  const stated = statedType?.split(";")[0]?.trim().toLowerCase();
  const own = fields.mediaType;
  if (fields.schemaVersion === 1) {
    throw brokenImage(
      what,
      "it is a manifest of Docker's schema 1, which Docker gave up in 2017; wanted schema 2 or OCI",
    );
  }
  if (own !== undefined && typeof own !== "string") throw brokenImage(what, "its mediaType is no text");
  const generic = stated === undefined || ["", "application/json", "application/octet-stream"].includes(stated);
  if (!generic && own !== undefined && own !== stated) {
    throw brokenImage(what, `it says to be ${show(own)}, and came as ${show(stated)}`);
  }
  const hasManifests = fields.manifests !== undefined;
  const hasConfig = fields.config !== undefined || fields.layers !== undefined;
  if (hasManifests && hasConfig) throw brokenImage(what, "it has the members of an index and of a manifest");
  const mediaType = own ?? (generic ? undefined : stated) ?? (hasManifests ? ociTypes.index : ociTypes.manifest);
  if (!isDocumentType(mediaType)) throw brokenImage(what, `${show(mediaType)} is no index or manifest of an image`);
  if (isIndexType(mediaType) !== hasManifests) throw brokenImage(what, `its members are not those of ${mediaType}`);
  if (fields.schemaVersion !== 2)
    throw brokenImage(what, `its schemaVersion is ${show(fields.schemaVersion)}, wanted 2`);
  return mediaType;
}

function readPointers(value: unknown, what: string, member: string): readonly Pointer[] {
  if (!Array.isArray(value)) throw brokenImage(what, `${member} is no list`);
  if (value.length > maxPointers) throw brokenImage(what, `${member} has ${value.length} entries`);
  return value.map((one, at) => readPointer(one, `${what}: ${member}[${at}]`));
}

function readPointer(value: unknown, what: string): Pointer {
  if (!isObject(value)) throw brokenImage(what, "it is no descriptor");
  const { mediaType, size, platform, artifactType, annotations } = value;
  if (typeof mediaType !== "string" || mediaType === "") throw brokenImage(what, "it has no mediaType");
  if (!Number.isSafeInteger(size) || Number(size) < 0) throw brokenImage(what, `${show(size)} is no size in bytes`);
  return {
    mediaType,
    digest: readDigest(value.digest, what),
    sizeBytes: Number(size),
    ...optional("platform", platform, (one) => readPlatform(one, what)),
    ...optional("artifactType", artifactType, (one) => readText(one, what, "artifactType")),
    ...optional("annotations", annotations, (one) => readAnnotations(one, what)),
  };
}

function readDigest(value: unknown, what: string): Digest {
  try {
    return parseDigest(String(value));
  } catch (cause) {
    throw brokenImage(what, "its digest is none of sha256", cause);
  }
}

function readPlatform(value: unknown, what: string): StatedPlatform {
  if (!isObject(value)) throw brokenImage(what, "its platform is no object");
  const { os, architecture, variant } = value;
  if (typeof os !== "string" || typeof architecture !== "string")
    throw brokenImage(what, "its platform names no system");
  return { os, architecture, ...(typeof variant === "string" && variant !== "" ? { variant } : {}) };
}

function readAnnotations(value: unknown, what: string): Annotations {
  if (!isObject(value)) throw brokenImage(what, "its annotations are no object");
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") throw brokenImage(what, `annotation ${show(key)} is no text`);
  }
  return value as Annotations;
}

function readText(value: unknown, what: string, member: string): string {
  if (typeof value !== "string") throw brokenImage(what, `${member} is no text`);
  return value;
}

/** `null` stands for nothing, as Go writes it. */
function optional<Name extends string, Value>(
  name: Name,
  value: unknown,
  read: (value: unknown) => Value,
): { readonly [name in Name]?: Value } {
  if (value === undefined || value === null || value === "") return {};
  return { [name]: read(value) } as { [name in Name]: Value };
}

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A value for a message, bounded. */
const show = (value: unknown): string => (JSON.stringify(value) ?? "absent").slice(0, 200);
