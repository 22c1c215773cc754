// Which packages a build takes: those of a lock that fits, or those that solving gives.
import { readFile } from "node:fs/promises";
import { posix } from "node:path";
import type { Digest } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform, type Platform, platformOfHost } from "../core/platform.ts";
import type { Recipe } from "../core/recipe.ts";
import type { OpenRepository, RepositoryChain } from "../packages/contract.ts";
import type { CommonOptions } from "./contract.ts";
import { type Lock, type LockedPlatform, parseLock } from "./lock-file.ts";
import { pinnedPlatform } from "./pinned.ts";
import { findDistribution, lockedValue, type Plan, planPlatform } from "./plan.ts";
import { warnOfDifferences } from "./platform-differences.ts";
import type { Session } from "./session.ts";

/** The caller's platforms, else the recipe's, else this machine's. */
export function platformsOf({ recipe, platforms }: CommonOptions): readonly Platform[] {
  if (platforms && platforms.length > 0) return platforms;
  return recipe.platforms.length > 0 ? recipe.platforms : [platformOfHost(process.arch)];
}

/** Repositories that may be unsigned because the caller says so: all, or those that are named. */
function withPermission(plan: Plan, allowed: boolean | readonly string[]): Plan {
  if (allowed === false) return plan;
  const repositories = plan.supply.repositories.map((one) =>
    allowed === true || allowed.includes(one.name) ? { ...one, insecureUnsigned: true } : one,
  );
  return { ...plan, supply: { ...plan.supply, repositories } };
}

/** `locked` pins the images below, by platform. */
export async function planAll(
  options: CommonOptions,
  session: Session,
  locked: readonly LockedPlatform[] = [],
): Promise<readonly Plan[]> {
  const { recipe, insecureUnsigned = false } = options;
  const { base } = recipe;
  const platforms = platformsOf(options);
  if (base) {
    const { planOnBase } = await import("./base-plan.ts");
    const pins = new Map(locked.map((one) => [one.platform, one.base?.digest]));
    const pinned = (platform: Platform): Digest | undefined => pins.get(formatPlatform(platform));
    return Promise.all(
      platforms.map(async (platform) =>
        withPermission(
          await planOnBase({ recipe, base, platform, pinned: pinned(platform) }, session),
          insecureUnsigned,
        ),
      ),
    );
  }
  const { name, mirrorsOf = name } = findDistribution(recipe);
  const mirrors = await session.settingsFor(mirrorsOf);
  return platforms.map((platform) => withPermission(planPlatform(recipe, platform, mirrors), insecureUnsigned));
}

/** The lock beside the recipe; `undefined` when there is none. Throws LOCK_SYNTAX. */
export async function readLock(file: string | undefined): Promise<Lock | undefined> {
  if (file === undefined) return undefined;
  try {
    return parseLock(await readFile(file, "utf8"), file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Why a lock does not fit, in words for the end of a sentence; `undefined` when it does. */
export function misfit(lock: Lock, recipe: Recipe, platforms: readonly Platform[]): string | undefined {
  if (lock.recipe !== lockedValue(recipe)) return "the recipe asks for something else than when it was written";
  const known = new Set(lock.platforms.map(({ platform }) => platform));
  const missing = platforms.map(formatPlatform).filter((platform) => !known.has(platform));
  return missing.length > 0 ? `it has no packages for ${missing.join(", ")}` : undefined;
}

export interface SolveOptions extends CommonOptions {
  /** Is told from which repositories the packages of a platform were chosen. */
  readonly onSolved?: (platform: string, repositories: readonly OpenRepository[]) => void;
}

/** Solves every platform (the solver is loaded for it), and refuses repositories that went back behind what an earlier lock has seen. */
export async function solveAll(
  options: SolveOptions,
  session: Session,
  earlier: Lock | undefined,
): Promise<readonly LockedPlatform[]> {
  const { insecureUnsigned = false, onSolved } = options;
  const plans = await planAll(options, session);
  if (plans.some(({ source }) => source)) return solveSources(plans, { session, insecureUnsigned, earlier });
  const { solvePlatform } = await import("./solve.ts");
  const access = session.access();
  const solved: LockedPlatform[] = [];
  const { pinned, warnings = [] } = options.recipe;
  for (const text of warnings) session.emit({ kind: "warning", text });
  for (const plan of plans) {
    const platform = pinned
      ? pinnedPlatform(plan, pinned)
      : await solvePlatform(plan, session, { access, insecureUnsigned, onSolved });
    if (earlier) assertNotOlder(platform.repositories, earlier);
    solved.push(await withBase(platform, plan));
  }
  warnOfDifferences(solved, session);
  return solved;
}

async function withBase(platform: LockedPlatform, { base }: Plan): Promise<LockedPlatform> {
  if (!base) return platform;
  const { baseLock } = await import("./base-image.ts");
  return { ...platform, base: baseLock(base.image) };
}

interface SourcesOptions {
  readonly session: Session;
  readonly insecureUnsigned: NonNullable<CommonOptions["insecureUnsigned"]>;
  readonly earlier: Lock | undefined;
}

async function solveSources(
  plans: readonly Plan[],
  { session, insecureUnsigned, earlier }: SourcesOptions,
): Promise<readonly LockedPlatform[]> {
  const { assertOneSerial, serialWord, solveSource, stateSource } = await import("./source.ts");
  const stated = await Promise.all(
    plans.map(async (plan) =>
      plan.source ? [{ plan, source: await stateSource(plan.source, { plan, session }) }] : [],
    ),
  );
  // What is known of them beforehand is enough to fetch none.
  assertOneSerial(
    stated.flat().map(({ plan, source: { serial } }) => ({
      platform: formatPlatform(plan.platform),
      serial: serial && "value" in serial ? serial.value : undefined,
      word: serialWord(plan),
    })),
  );
  const solved: LockedPlatform[] = [];
  for (const one of stated.flat()) {
    const locked = await solveSource({ ...one, session, insecureUnsigned });
    if (earlier) assertNotEarlier(locked, one.plan, earlier);
    solved.push(locked);
  }
  assertOneSerial(solved.map(({ platform, source }) => ({ platform, serial: source?.serial, word: "serial" })));
  return solved;
}

/** The same of a distribution's root tarball: which is the newest, a mirror says without a signature. */
function assertNotEarlier({ platform, source }: LockedPlatform, { distribution, ...plan }: Plan, earlier: Lock): void {
  const seen = earlier.platforms.find((one) => one.platform === platform)?.source;
  if (plan.source?.kind !== "published" || !seen?.serial || !source?.serial) return;
  if (posix.dirname(seen.path) !== posix.dirname(source.path)) return;
  if (distribution.format.compareVersions(source.serial, seen.serial) >= 0) return;
  throw new DodaiError(
    "LOCK_DOWNGRADE",
    `Cannot use ${source.path}: its version is ${source.serial}, and the lock has seen ${seen.serial}`,
    { fix: "The mirror is behind, or replays an old state. Use another mirror, or remove the lock to accept it." },
  );
}

/** A mirror that replays an old release would bring back fixed faults: key and dates are good, only its age tells. */
function assertNotOlder(chains: readonly RepositoryChain[], earlier: Lock): void {
  const seen = earlier.platforms.flatMap(({ repositories }) => repositories);
  for (const { repository, suite, release } of chains) {
    const newest = seen
      .filter((one) => one.repository === repository && one.suite === suite)
      .reduce((latest, one) => Math.max(latest, one.release.date.getTime()), 0);
    if (release.date.getTime() >= newest) continue;
    throw new DodaiError(
      "LOCK_DOWNGRADE",
      `Cannot use ${repository}: its release is of ${release.date.toISOString()}, and the lock has seen one of ${new Date(newest).toISOString()}`,
      { fix: "The mirror is behind, or replays an old state. Use another mirror, or remove the lock to accept it." },
    );
  }
}
