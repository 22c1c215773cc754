// One platform's packages become its image.
import { formatPlatform } from "../core/platform.ts";
import type { RecipeConfig } from "../core/recipe.ts";
import type { BundleImage, BundleLayer } from "../image/bundle.ts";
import { makeImage } from "../image/image.ts";
import { type Compressor, startCompressor } from "./compress.ts";
import { assembleLayer, planTreeLayers } from "./layers.ts";
import type { LockedPlatform } from "./lock-file.ts";
import { makePieces } from "./pieces.ts";
import type { Plan } from "./plan.ts";
import type { ScriptOutcome } from "./scripts.ts";
import type { CompressContext, Compression } from "./segments.ts";
import type { Session } from "./session.ts";
import { sourcePackage } from "./source-package.ts";
import { buildTree } from "./tree.ts";

export interface PlatformImage {
  readonly image: BundleImage;
  readonly scripts: ScriptOutcome;
}

export interface ImageOptions {
  readonly plan: Plan;
  readonly locked: LockedPlatform;
  readonly session: Session;
  readonly epoch: number;
  readonly compression: Compression;
  readonly scriptTimeoutSeconds: number;
}

export async function buildImage(options: ImageOptions): Promise<PlatformImage> {
  const { plan, locked, session, epoch, compression } = options;
  let own: Compressor | undefined;
  const compressor = (): Compressor => {
    own ??= startCompressor();
    return own;
  };
  const compress: CompressContext = {
    store: session.pieces,
    pool: session.pool,
    hasThreads: session.hasThreads,
    compressor,
    compression,
    inFlight: new Map(),
  };
  const wanted = locked.source ? [sourcePackage(locked.source, plan)] : locked.packages;
  const packages = await makePieces({ plan, packages: wanted, session, compress });
  session.assertWanted();
  const platform = formatPlatform(plan.platform);
  session.emit({ kind: "stage", stage: "assemble", platform, text: assembling(plan, packages.length) });
  const tree = await buildTree({ ...options, packages });
  const planned = planTreeLayers({ plan, packages, tree, epoch }, compress);
  const layers = await Promise.all(planned.map((one) => assembleLayer(one, compress, session.store)));
  session.assertWanted();
  return imageOfLayers(options, layers, { scripts: tree.scripts, normalized: tree.normalized });
}

/** The image that the recipe makes of layers, wherever they are from. */
export function imageOfLayers(
  { plan, epoch }: Pick<ImageOptions, "plan" | "epoch">,
  layers: readonly BundleLayer[],
  scripts: ScriptOutcome,
): PlatformImage {
  const { platform, recipe } = plan;
  const image = makeImage({ platform, epoch, settings: settingsOf(plan), layers, facts: { title: recipe.name } });
  return { image, scripts };
}

const assembling = ({ source }: Plan, count: number): string =>
  source ? `putting ${source.rootfs.path} in place` : `putting ${count} packages together`;

/** The recipe's settings over those of the distribution's variant; variables, labels and annotations are put together. */
function settingsOf({ recipe, supply }: Plan): RecipeConfig {
  const { env, labels, annotations, ...rest } = recipe.config;
  const user = recipe.config.user ?? recipe.accounts.runAs;
  return {
    ...supply.config,
    ...rest,
    ...(user === undefined ? {} : { user }),
    env: { ...supply.config.env, ...env },
    labels: { ...supply.config.labels, ...labels },
    annotations: { ...supply.config.annotations, ...annotations },
  };
}
