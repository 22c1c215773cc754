import type { Json } from "../core/canonical-json.ts";
import {
  type Annotations,
  annotationsJson,
  type Descriptor,
  type Document,
  descriptorJson,
  makeDocument,
} from "./descriptor.ts";
import { ociTypes } from "./media-types.ts";

export interface ManifestOptions {
  readonly config: Descriptor;
  /** Bottom first. */
  readonly layers: readonly Descriptor[];
  readonly annotations?: Annotations;
}

/** The manifest of one platform's image (image-spec, manifest.md). */
export function formatManifest({ config, layers, annotations }: ManifestOptions): Document {
  return makeDocument(ociTypes.manifest, {
    schemaVersion: 2,
    mediaType: ociTypes.manifest,
    config: descriptorJson(config),
    layers: layers.map(descriptorJson),
    annotations: annotationsJson(annotations),
  });
}

export interface IndexOptions {
  /** Manifests with their platforms, in the order in which a client tries them. */
  readonly manifests: readonly Descriptor[];
  readonly annotations?: Annotations;
}

/** The index over several platforms' manifests (image-spec, image-index.md). */
export function formatIndex(options: IndexOptions): Document {
  return makeDocument(ociTypes.index, indexJson(options));
}

/** The same as a value: a layout's `index.json` has this form too. */
export function indexJson({ manifests, annotations }: IndexOptions): Json {
  return {
    schemaVersion: 2,
    mediaType: ociTypes.index,
    manifests: manifests.map(descriptorJson),
    annotations: annotationsJson(annotations),
  };
}
