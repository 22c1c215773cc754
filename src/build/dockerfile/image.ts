// A stage that is done becomes an image: its config document, and its layers as they are stored and sent.

import { verified } from "../../core/bytes.ts";
import { formatCanonicalJson } from "../../core/canonical-json.ts";
import { hexOf, parseDiffId, sha256 } from "../../core/digest.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { Platform } from "../../core/platform.ts";
import { imageAnnotations } from "../../image/annotations.ts";
import type { BundleImage, BundleLayer } from "../../image/bundle.ts";
import {
  type ContainerConfig,
  formatConfigDocument,
  type HistoryStep,
  inheritedOf,
  recipeConfigOf,
} from "../../image/container-config.ts";
import type { Document } from "../../image/descriptor.ts";
import { maxLayers } from "../../image/layer.ts";
import { formatManifest } from "../../image/manifest.ts";
import { type Compressor, startCompressor } from "../compress.ts";
import { assembleLayer } from "../layers.ts";
import type { CompressContext } from "../segments.ts";
import type { Session } from "../session.ts";
import type { DockerfileBuildOptions } from "./contract.ts";
import { hasLayerFile, type LayerFile, openLayerFile, segmentOfLayer } from "./layer-file.ts";
import { itemsOfLayers } from "./stage-tree.ts";
import type { StageState } from "./state.ts";
import { historyStep } from "./step.ts";
import { writeTreeLayer } from "./tree-layer.ts";

export interface Finished {
  readonly platform: Platform;
  readonly epoch: number;
  /** Bottom first; at least one. */
  readonly layers: readonly LayerFile[];
  readonly container: ContainerConfig;
  readonly history: readonly HistoryStep[];
  readonly author: string;
  readonly config: Document;
}

export interface Finishing {
  readonly options: DockerfileBuildOptions;
  readonly session: Session;
}

/** The caller's labels, squashing, and the config. Throws STEP_FAILED for more layers than can be mounted. */
export async function finish(state: StageState, { options, session }: Finishing): Promise<Finished> {
  const labels = { ...state.config.labels, ...options.labels };
  const { platform, epoch, history, author } = state;
  const layers = state.layers.length > 0 ? state.layers : [await emptyLayer(session)];
  const container = { ...state.config, labels };
  const done = withConfig({ platform, epoch, layers, container, history, author });
  if (options.squash) return squashed(done, session);
  if (layers.length > maxLayers) {
    throw new DodaiError(
      "STEP_FAILED",
      `Cannot make an image of ${layers.length} layers: at most ${maxLayers} can be mounted`,
      {
        fix: "Build it with --squash.",
      },
    );
  }
  return done;
}

/** An image without a layer is nothing that every tool takes. */
async function emptyLayer({ pieces }: Session): Promise<LayerFile> {
  const { keepLayerFile } = await import("./layer-file.ts");
  return keepLayerFile(nothing(), pieces);
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1024);
}

function withConfig(parts: Omit<Finished, "config">): Finished {
  const { platform, epoch, container, author, layers } = parts;
  const history = parts.history.length > 0 ? parts.history : [historyStep("FROM scratch", epoch, false)];
  const described = layers.map(({ diffId }) => ({ diffId })) as unknown as Parameters<
    typeof formatConfigDocument
  >[0]["layers"];
  const config = formatConfigDocument({ platform, epoch, config: container, history, author, layers: described });
  return { ...parts, history, config };
}

/** All layers as one. What a layer hides is not in it. */
export async function squashed(done: Finished, session: Session): Promise<Finished> {
  const { layers, epoch } = done;
  if (layers.length === 1) return done;
  const layer = await squashLayers(layers, session);
  return withConfig({ ...done, layers: [layer], history: [historyStep("dodai: all layers as one", epoch, false)] });
}

const kind = "squashed";

async function squashLayers(layers: readonly LayerFile[], { store, pieces }: Session): Promise<LayerFile> {
  const key = hexOf(sha256(formatCanonicalJson(layers.map(({ diffId }) => diffId))));
  const known = await store.value(kind, key);
  if (known) {
    const { diffId, sizeBytes } = JSON.parse(Buffer.from(known).toString()) as { diffId: string; sizeBytes: number };
    const layer = { diffId: parseDiffId(diffId), sizeBytes };
    if (hasLayerFile(layer, pieces)) return layer;
  }
  const { layer } = await writeTreeLayer(itemsOfLayers(layers, pieces), { store: pieces, order: "arrival" });
  if (layer === undefined) return layers[0] as LayerFile;
  await store.keepValue(kind, key, Buffer.from(JSON.stringify(layer)));
  return layer;
}

/** With the bytes of its layers: those of a base image as they were stored, the others compressed now. */
export async function imageOf(done: Finished, { options, session }: Finishing): Promise<BundleImage> {
  const { platform, epoch, container, config, history } = done;
  const made = history.filter(({ empty }) => !empty).map(({ createdBy }) => createdBy);
  const compress = compressContext(session, options.compression ?? "gzip");
  const layers = await Promise.all(
    done.layers.map((layer, index) =>
      bundleLayer(layer, made.at(index - done.layers.length) || "a layer", { compress, session }),
    ),
  );
  const annotations = imageAnnotations(epoch);
  const manifest = formatManifest({
    config,
    layers: layers.map(({ mediaType, digest, sizeBytes }) => ({ mediaType, digest, sizeBytes })),
    annotations,
  });
  const settings = recipeConfigOf(container);
  const inherited = inheritedOf(container);
  return { platform, epoch, settings, inherited, facts: {}, layers, config, manifest: { ...manifest, platform } };
}

export function compressContext(session: Session, compression: CompressContext["compression"]): CompressContext {
  let own: Compressor | undefined;
  return {
    store: session.pieces,
    pool: session.pool,
    hasThreads: session.hasThreads,
    compressor: () => {
      own ??= startCompressor();
      return own;
    },
    compression,
    inFlight: new Map(),
  };
}

export async function bundleLayer(
  layer: LayerFile,
  createdBy: string,
  { compress, session }: { readonly compress: CompressContext; readonly session: Session },
): Promise<BundleLayer> {
  const { pieces, store } = session;
  const { stored, diffId } = layer;
  if (stored === undefined) {
    await layer.fetch?.();
    return assembleLayer({ createdBy, segments: [segmentOfLayer(layer, pieces)] }, compress, store);
  }
  const { digest, sizeBytes, mediaType } = stored;
  return {
    mediaType,
    digest,
    sizeBytes,
    diffId,
    uncompressedBytes: layer.sizeBytes,
    createdBy,
    open: async function* () {
      await layer.fetch?.();
      yield* verified(store.open(digest), { digest, sizeBytes, what: store.path(digest) });
    },
    openUncompressed: () => openLayerFile(layer, pieces),
  };
}
