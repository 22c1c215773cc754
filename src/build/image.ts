// One platform's packages become its image.
import { formatImageName } from "../core/image-name.ts";
import { formatPlatform } from "../core/platform.ts";
import type { RecipeConfig } from "../core/recipe.ts";
import { type AnnotationFacts, imageAnnotations } from "../image/annotations.ts";
import type { BundleImage, BundleLayer } from "../image/bundle.ts";
import { formatEpoch } from "../image/epoch.ts";
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
  const base = plan.base?.image;
  const tree = await buildTree({ ...options, packages });
  const planned = isUnchanged(tree, base) ? [] : planTreeLayers({ plan, packages, tree, epoch }, compress);
  const layers = await Promise.all(planned.map((one) => assembleLayer(one, compress, session.store)));
  session.assertWanted();
  const { scripts, normalized, steps } = tree;
  const told = { scripts, normalized, ...(steps ? { steps } : {}) };
  const user = userOf(plan, tree);
  return imageOfLayers(options, [...(base?.layers ?? []), ...layers], { scripts: told, user });
}

/** A recipe may only say how the image below is run. */
const isUnchanged = ({ tree }: BuiltTree, base: BaseImage | undefined): boolean =>
  base !== undefined &&
  tree.size === base.tree.size &&
  [...tree].every(([path, node]) => base.tree.get(path)?.entry === node.entry);

/** What the image is made of beside its layers and the recipe. */
export interface ImageParts {
  readonly scripts: ScriptOutcome;
  /** The user that it starts as, when somebody named one. */
  readonly user: string | undefined;
}

/** The image that the recipe makes of layers, wherever they are from. */
export function imageOfLayers(
  { plan, epoch }: Pick<ImageOptions, "plan" | "epoch">,
  layers: readonly BundleLayer[],
  parts: ImageParts,
): PlatformImage {
  const { platform, recipe } = plan;
  const settings = settingsOf(plan, { ...parts, epoch });
  const { inherited = {} } = plan.base?.image ?? {};
  const facts = { title: recipe.name, ...factsOf(plan) };
  const image = makeImage({ platform, epoch, settings, inherited, layers, facts });
  return { image, scripts: parts.scripts, user: parts.user };
}

const assembling = (packages: readonly PiecedPackage[], { source }: Plan): string =>
  source ? `putting ${packages[0]?.locked.name} in place` : `putting ${packages.length} packages together`;

/** Where the image below can be found again; one of this machine by its digest alone. */
function factsOf({ base }: Plan): AnnotationFacts {
  if (!base) return {};
  const { imageName, digest } = base.image;
  const baseName = imageName && formatImageName({ ...imageName, digest: imageName.tag ? undefined : imageName.digest });
  return { baseDigest: digest, ...(baseName === undefined ? {} : { baseName }) };
}

/** By number where the distribution's images say it so, since the number decides. */
function userOf({ recipe, supply }: Plan, tree: Pick<BuiltTree, "uidOf">): string | undefined {
  const named = recipe.config.user ?? recipe.accounts.runAs;
  return named !== undefined && supply.numericUser ? (tree.uidOf(named) ?? named) : named;
}

interface SettingsContext extends Pick<ImageParts, "user"> {
  readonly epoch: number;
}

/** `20191001`. */
const dayOf = (epoch: number): string => formatEpoch(epoch).slice(0, 10).replaceAll("-", "");

/** The recipe's settings over those of variant and base image; variables, labels and annotations are put together. */
function settingsOf({ recipe, supply, base: below }: Plan, { user, epoch }: SettingsContext): RecipeConfig {
  const { env, labels, annotations, ...rest } = recipe.config;
  const base = below?.image.settings;
  const created = supply.createdLabel || supply.dayLabel ? imageAnnotations(epoch) : {};
  const day = supply.dayLabel ? { "org.label-schema.build-date": dayOf(epoch) } : {};
  const own = { ...base, ...supply.config, ...rest };
  // A new program with the arguments of the one below is what nobody means.
  const { cmd: _, ...withoutCmd } = own;
  return {
    ...(base && rest.entrypoint && !rest.cmd ? withoutCmd : own),
    ...(user === undefined ? {} : { user }),
    env: { ...base?.env, ...supply.config.env, ...env },
    // Those that say when an image was made are of that image.
    labels: { ...(supply.createdLabel ? {} : base?.labels), ...supply.config.labels, ...created, ...day, ...labels },
    annotations: { ...supply.config.annotations, ...annotations },
    ports: [...new Set([...(base?.ports ?? []), ...(rest.ports ?? supply.config.ports ?? [])])],
    volumes: [...new Set([...(base?.volumes ?? []), ...(rest.volumes ?? supply.config.volumes ?? [])])],
  };
}
