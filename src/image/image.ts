import type { Json } from "../core/canonical-json.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { Platform } from "../core/platform.ts";
import type { RecipeConfig } from "../core/recipe.ts";
import { type AnnotationFacts, imageAnnotations } from "./annotations.ts";
import { formatConfig } from "./config.ts";
import type { Document } from "./descriptor.ts";
import { type Layer, maxLayers } from "./layer.ts";
import { formatManifest } from "./manifest.ts";

/** One platform's image. Its documents follow from the other members, so a change is a new image. */
export interface Image<Part extends Layer = Layer> {
  readonly platform: Platform;
  /** Seconds since 1970. */
  readonly epoch: number;
  readonly settings: RecipeConfig;
  readonly inherited: Readonly<Record<string, Json>>;
  readonly facts: AnnotationFacts;
  /** Bottom first. */
  readonly layers: readonly Part[];
  readonly config: Document;
  /** With the platform that an index says of it. Its digest is the image's. */
  readonly manifest: Document;
}

export interface ImageOptions<Part extends Layer = Layer> {
  readonly platform: Platform;
  readonly epoch: number;
  readonly settings: RecipeConfig;
  /** Members of the config of an image below that settings have no words for. */
  readonly inherited?: Readonly<Record<string, Json>>;
  readonly layers: readonly Part[];
  readonly facts?: AnnotationFacts;
}

export function makeImage<Part extends Layer>(options: ImageOptions<Part>): Image<Part> {
  const { platform, epoch, settings, inherited = {}, layers, facts = {} } = options;
  if (layers.length < 1 || layers.length > maxLayers) {
    throw new DodaiError(
      "RECIPE_SYNTAX",
      `Cannot make an image of ${layers.length} layers: at least 1 and at most ${maxLayers} can be mounted`,
      { fix: "Lower layers.max in the recipe." },
    );
  }
  const config = formatConfig({ platform, epoch, settings, inherited, layers });
  const annotations = imageAnnotations(epoch, facts, settings.annotations);
  const manifest = formatManifest({ config, layers: layers.map(layerDescriptor), annotations });
  return { platform, epoch, settings, inherited, facts, layers, config, manifest: { ...manifest, platform } };
}

/** A layer's descriptor alone: what the manifest says of it. */
function layerDescriptor({ mediaType, digest, sizeBytes }: Layer): Pick<Layer, "mediaType" | "digest" | "sizeBytes"> {
  return { mediaType, digest, sizeBytes };
}
