import { DodaiError } from "../core/dodai-error.ts";
import { type ImageName, parseImageName } from "../core/image-name.ts";
import { formatPlatform } from "../core/platform.ts";
import { type BundleImage, bundleImages, type ImageBundle, rootDocument } from "../image/bundle.ts";
import { writeAside } from "../io/atomic.ts";
import { assertOutputFits } from "../io/output-fit.ts";
import { keepBuiltNames } from "./built-names.ts";
import type { BuildOptions, BuildResult, BuiltPlatform } from "./contract.ts";
import type { ImageOptions, PlatformImage } from "./image.ts";
import { type Lock, type LockedPlatform, summaryOf } from "./lock-file.ts";
import { misfit, planAll, platformsOf, readLock, solveAll } from "./locking.ts";
import type { Plan } from "./plan.ts";
import { assertReachable, isPushed } from "./pushed.ts";
import { sourceOf } from "./resolve.ts";
import { findUnchanged, keepResult, resultKey } from "./results.ts";
import { type Session, withSession } from "./session.ts";

/**
 * Builds an image for each platform and writes the outputs. Everything that was made before and is still right is used
 * as it is; when that is everything, outputs included, nothing is written (`unchanged`).
 * Throws DodaiError; `AbortSignal` gives CANCELLED. Nothing half-written is left behind.
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const { scripts } = options;
  const forSteps = options.recipe.steps && scripts ? { stepMode: scripts } : {};
  const recipe = scripts ? { ...options.recipe, scripts, ...forSteps } : options.recipe;
  const wanted: BuildOptions = { ...options, recipe };
  for (const { kind } of wanted.outputs) assertOutputFits(kind, platformsOf(wanted));
  assertReachable(wanted);
  return withSession(wanted, async (session) => {
    const { platforms, lock } = await lockedPlatforms(wanted, session);
    const key = await resultKey(wanted, platforms);
    const before = await findUnchanged(key, session.store, (names, digest) => isPushed(names, digest, session));
    const result = before ?? (await buildAll(platforms, key, { options: wanted, session }));
    if (lock) await tellLock(lock, result, wanted);
    await keepBuiltNames([...(wanted.names ?? []), recipe.name], result, session.store);
    if (wanted.ledgerFile !== undefined) await writeLedger(wanted.ledgerFile, result);
    return result;
  });
}

interface BuildContext {
  readonly options: BuildOptions;
  readonly session: Session;
}

async function buildAll(
  platforms: readonly LockedPlatform[],
  key: string,
  { options, session }: BuildContext,
): Promise<BuildResult> {
  const plans = await planAll(options, session, platforms);
  const built = await buildPlatforms(plans, platforms, { options, session });
  const images = built.map(({ image }) => image) as [BundleImage, ...BundleImage[]];
  const bundle = bundleImages(images, namesOf(options));
  if (options.outputs.some(({ kind }) => kind === "registry")) await rememberBases(plans, session);
  const { writeOutputs } = await import("./write-outputs.ts");
  await writeOutputs(bundle, options, session);
  const result = resultOf(bundle, platforms, built, options);
  await keepResult(key, result, session.store);
  return result;
}

/** A registry that has the image below has its layers: they are mounted, and not even fetched. */
async function rememberBases(plans: readonly Plan[], session: Session): Promise<void> {
  for (const { base } of plans) {
    const { imageName, layers } = base?.image ?? {};
    if (!imageName || !layers) continue;
    const digests = layers.map(({ digest }) => digest);
    (await session.registry()).remember(imageName, digests);
  }
}

async function writeLedger(file: string, result: BuildResult): Promise<void> {
  const { formatLedger } = await import("./ledger.ts");
  await writeAside(Buffer.from(formatLedger(result)), {
    temporary: `${file}.${process.pid}.new`,
    target: file,
    unwritable: "OUTPUT_UNWRITABLE",
  });
}

/** What was done about scripts goes into the lock that was used, unless it is only to be obeyed (`locked`). */
async function tellLock(lock: Lock, { platforms }: BuildResult, { lockFile, locked }: BuildOptions): Promise<void> {
  if (lockFile === undefined || locked) return;
  const { recordScripts } = await import("./lock.ts");
  await recordScripts(
    lockFile,
    lock,
    new Map(platforms.map(({ platform, scripts }) => [platform, summaryOf(scripts)])),
  );
}

/** The caller's names, else the recipe's own where it is one: without a name no tool finds the image again. */
function namesOf({ names = [], recipe }: BuildOptions): readonly ImageName[] {
  if (names.length > 0) return names.map(parseImageName);
  return isImageName(recipe.name) ? [parseImageName(recipe.name)] : [];
}

function isImageName(text: string): boolean {
  try {
    return parseImageName(text).digest === undefined;
  } catch (error) {
    if (error instanceof DodaiError) return false;
    throw error;
  }
}

interface Locked {
  /** In the order of the wanted platforms. */
  readonly platforms: readonly LockedPlatform[];
  /** The lock that they are from; `undefined` when they were solved now. */
  readonly lock: Lock | undefined;
}

async function lockedPlatforms(options: BuildOptions, session: Session): Promise<Locked> {
  const lock = await readLock(options.lockFile);
  const wanted = platformsOf(options);
  const why = lock ? misfit(lock, options.recipe, wanted) : undefined;
  if (lock && why === undefined) return { platforms: pick(lock, options), lock };
  if (options.locked) throw lockedError(options.lockFile, why);
  if (why !== undefined) session.emit({ kind: "warning", text: `The lock "${options.lockFile}" is not used: ${why}` });
  return { platforms: await solveAll(options, session, lock), lock: undefined };
}

function pick(lock: Lock, options: BuildOptions): readonly LockedPlatform[] {
  const byName = new Map(lock.platforms.map((one) => [one.platform, one]));
  return platformsOf(options).flatMap((platform) => byName.get(formatPlatform(platform)) ?? []);
}

function lockedError(file: string | undefined, why: string | undefined): DodaiError {
  const fix = 'Write it with "dodai lock", look at what changed, and commit it.';
  if (why === undefined) {
    return new DodaiError("LOCK_MISSING", `Cannot build with --locked: there is no lock "${file ?? ""}"`, { fix });
  }
  return new DodaiError("LOCK_OUT_OF_DATE", `Cannot build with --locked: the lock "${file}" does not fit, ${why}`, {
    fix,
  });
}

async function buildPlatforms(
  plans: readonly Plan[],
  platforms: readonly LockedPlatform[],
  { options, session }: BuildContext,
): Promise<readonly PlatformImage[]> {
  const epoch = options.sourceDateEpoch ?? newestRelease(platforms);
  const wantsOriginal = options.outputs.some(({ kind }) => kind === "context");
  const built: PlatformImage[] = [];
  for (const [index, plan] of plans.entries()) {
    const locked = platforms[index] as LockedPlatform;
    const { compression = "gzip", scriptTimeoutSeconds = 600 } = options;
    const wanted = { plan, locked, session, epoch, compression, scriptTimeoutSeconds };
    const one = await makeOne(wanted, options);
    built.push(wantsOriginal ? await withOriginal(one, wanted) : one);
  }
  return built;
}

/** With the root tarball as it was published, where that is what the image is. */
async function withOriginal(built: PlatformImage, { plan, locked, session }: ImageOptions): Promise<PlatformImage> {
  const { originalOf } = await import("./source-original.ts");
  const original = await originalOf(locked, plan, session);
  return original ? { ...built, image: { ...built.image, original } } : built;
}

/** Caches are loaded when somebody wants one. */
async function makeOne(wanted: ImageOptions, { cacheFrom = [], cacheTo = [] }: BuildOptions): Promise<PlatformImage> {
  if (cacheFrom.length + cacheTo.length > 0) {
    const { buildThroughCache } = await import("./image-cache.ts");
    return buildThroughCache(wanted, { cacheFrom, cacheTo });
  }
  const { buildImage } = await import("./image.ts");
  return buildImage(wanted);
}

/** Seconds since 1970: the newest time that the lock vouches for. */
function newestRelease(platforms: readonly LockedPlatform[]): number {
  const times = platforms.flatMap(({ repositories, source, base }) => [
    ...(base ? [base.date.getTime()] : []),
    ...repositories.map(({ release }) => release.date.getTime()),
    ...(source ? [source.date.getTime()] : []),
  ]);
  return Math.floor(Math.max(0, ...times) / 1000);
}

function resultOf(
  bundle: ImageBundle,
  platforms: readonly LockedPlatform[],
  built: readonly PlatformImage[],
  { outputs }: BuildOptions,
): BuildResult {
  return {
    digest: rootDocument(bundle).digest,
    platforms: built.map(({ image, scripts }, index): BuiltPlatform => {
      const locked = platforms[index] as LockedPlatform;
      return {
        platform: locked.platform,
        ...sourceOf(locked.source),
        manifest: image.manifest.digest,
        layers: image.layers.map(({ digest, sizeBytes }) => ({ digest, sizeBytes })),
        packages: locked.packages.map(({ name, version, architecture }) => ({ name, version, architecture })),
        ...scripts,
      };
    }),
    outputs,
    unchanged: false,
  };
}
