import { formatCanonicalJson, type Json } from "../core/canonical-json.ts";
import { type Digest, sha256 } from "../core/digest.ts";
import type { Platform } from "../core/platform.ts";

export type Annotations = Readonly<Record<string, string>>;

/** What points at content (image-spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly platform?: Platform;
  readonly annotations?: Annotations;
}

/** A JSON text that a descriptor points at: a config, a manifest or an index. */
export interface Document extends Descriptor {
  readonly text: string;
}

/** The one text of a value, and what points at it. */
export function makeDocument(mediaType: string, value: Json): Document {
  const text = formatCanonicalJson(value);
  return { mediaType, text, digest: sha256(text), sizeBytes: Buffer.byteLength(text) };
}

/** A descriptor as JSON has it. Takes a `Document` too, whose text stays out. */
export function descriptorJson({ mediaType, digest, sizeBytes, platform, annotations }: Descriptor): Json {
  return {
    mediaType,
    digest,
    size: sizeBytes,
    platform: platform && { architecture: platform.architecture, os: platform.os, variant: platform.variant },
    annotations: annotationsJson(annotations),
  };
}

/** No annotations means no member (image-spec, annotations.md, "Rules"). */
export function annotationsJson(annotations: Annotations = {}): Json | undefined {
  return Object.keys(annotations).length === 0 ? undefined : annotations;
}
