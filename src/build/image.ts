// One platform's packages become its image.
import { formatPlatform, type Platform } from "../core/platform.ts";
import type { RecipeBase, RecipeConfig } from "../core/recipe.ts";
import { imageAnnotations } from "../image/annotations.ts";
import type { BundleImage, BundleLayer } from "../image/bundle.ts";
import { makeImage } from "../image/image.ts";
import type { BaseImage } from "./base-image.ts";
import { type Compressor, startCompressor } from "./compress.ts";
import { assembleLayer, planTreeLayers } from "./layers.ts";
import type { LockedPlatform } from "./lock-file.ts";
import { makePieces } from "./pieces.ts";
import type { Plan } from "./plan.ts";
import type { ScriptOutcome } from "./scripts.ts";
import type { CompressContext, Compression } from "./segments.ts";
import type { Session } from "./session.ts";
import { sourcePackage } from "./source-package.ts";
import { type BuiltTree, buildTree, type PiecedPackage } from "./tree.ts";

export interface PlatformImage {
  readonly image: BundleImage;
  readonly scripts: ScriptOutcome;
  readonly user: string | undefined;
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
  session.emit({ kind: "stage", stage: "assemble", platform, text: assembling(packages, plan) });
  const base = plan.recipe.base && (await openBase(plan.recipe.base, plan.platform));
  const tree = await buildTree({ ...options, packages, mergedLibBelow: base?.mergedLib ?? false });
  const planned = planTreeLayers({ plan, packages, tree, epoch }, compress);
  const layers = await Promise.all(planned.map((one) => assembleLayer(one, compress, session.store)));
  session.assertWanted();
  const told = { scripts: tree.scripts, normalized: tree.normalized };
  const user = userOf(plan, tree);
  return imageOfLayers(options, [...(base?.layers ?? []), ...layers], { scripts: told, user, base: base?.settings });
}

/** What the image is made of beside its layers and the recipe. */
export interface ImageParts {
  readonly scripts: ScriptOutcome;
  /** The user that it starts as, when somebody named one. */
  readonly user: string | undefined;
  /** Settings of the image that it is built on. */
  readonly base?: RecipeConfig | undefined;
}

/** The image that the recipe makes of layers, wherever they are from. */
export function imageOfLayers(
  { plan, epoch }: Pick<ImageOptions, "plan" | "epoch">,
  layers: readonly BundleLayer[],
  parts: ImageParts,
): PlatformImage {
  const { platform, recipe } = plan;
  const settings = settingsOf(plan, { ...parts, epoch });
  const image = makeImage({ platform, epoch, settings, layers, facts: { title: recipe.name } });
  return { image, scripts: parts.scripts, user: parts.user };
}

const assembling = (packages: readonly PiecedPackage[], { source }: Plan): string =>
  source ? `putting ${packages[0]?.locked.name} in place` : `putting ${packages.length} packages together`;

async function openBase(base: RecipeBase, platform: Platform): Promise<BaseImage> {
  const { openBaseImage } = await import("./base-image.ts");
  return openBaseImage(base, platform);
}

/** By number where the distribution's images say it so, since the number decides. */
function userOf({ recipe, supply }: Plan, tree: Pick<BuiltTree, "uidOf">): string | undefined {
  const named = recipe.config.user ?? recipe.accounts.runAs;
  return named !== undefined && supply.numericUser ? (tree.uidOf(named) ?? named) : named;
}

interface SettingsContext extends Pick<ImageParts, "user" | "base"> {
  readonly epoch: number;
}

/** The recipe's settings over those of variant and base image; variables, labels and annotations are put together. */
function settingsOf({ recipe, supply }: Plan, { user, base, epoch }: SettingsContext): RecipeConfig {
  const { env, labels, annotations, ...rest } = recipe.config;
  const created = supply.createdLabel ? imageAnnotations(epoch) : {};
  return {
    ...base,
    ...supply.config,
    ...rest,
    ...(user === undefined ? {} : { user }),
    env: { ...base?.env, ...supply.config.env, ...env },
    labels: { ...supply.config.labels, ...created, ...labels },
    annotations: { ...supply.config.annotations, ...annotations },
  };
}
