// One platform's packages become its image.
import { formatPlatform } from "../core/platform.ts";
import type { RecipeConfig } from "../core/recipe.ts";
import type { BundleImage } from "../image/bundle.ts";
import { makeImage } from "../image/image.ts";
import { type Compressor, startCompressor } from "./compress.ts";
import { assembleLayer, planTreeLayers } from "./layers.ts";
import type { LockedPlatform } from "./lock-file.ts";
import { makePieces } from "./pieces.ts";
import type { Plan } from "./plan.ts";
import type { CompressContext, Compression } from "./segments.ts";
import type { Session } from "./session.ts";
import { type BuiltTree, buildTree } from "./tree.ts";

export interface PlatformImage {
  readonly image: BundleImage;
  readonly skippedScripts: readonly string[];
}

export interface ImageOptions {
  readonly plan: Plan;
  readonly locked: LockedPlatform;
  readonly session: Session;
  readonly epoch: number;
  readonly compression: Compression;
}

export async function buildImage({ plan, locked, session, epoch, compression }: ImageOptions): Promise<PlatformImage> {
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
  const packages = await makePieces({ plan, packages: locked.packages, session, compress });
  session.assertWanted();
  const platform = formatPlatform(plan.platform);
  session.emit({ kind: "stage", stage: "assemble", platform, text: `putting ${packages.length} packages together` });
  const tree = buildTree({ plan, packages, store: session.pieces, epoch });
  const planned = planTreeLayers({ plan, packages, tree, epoch }, compress);
  const layers = await Promise.all(planned.map((one) => assembleLayer(one, compress, session.store)));
  session.assertWanted();
  const image = makeImage({
    platform: plan.platform,
    epoch,
    settings: settingsOf(plan, tree),
    layers,
    facts: { title: plan.recipe.name },
  });
  return { image, skippedScripts: tree.skippedScripts };
}

/** The recipe's settings over those of the distribution's variant; variables, labels and annotations are put together. */
function settingsOf({ recipe, supply }: Plan, { uidOf }: Pick<BuiltTree, "uidOf">): RecipeConfig {
  const { env, labels, annotations, ...rest } = recipe.config;
  const named = recipe.config.user ?? recipe.accounts.runAs;
  const user = named !== undefined && supply.numericUser ? (uidOf(named) ?? named) : named;
  return {
    ...supply.config,
    ...rest,
    ...(user === undefined ? {} : { user }),
    env: { ...supply.config.env, ...env },
    labels: { ...supply.config.labels, ...labels },
    annotations: { ...supply.config.annotations, ...annotations },
  };
}
