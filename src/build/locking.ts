// Which packages a build takes: those of a lock that fits, or those that solving gives.
import { readFile } from "node:fs/promises";
import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform, type Platform, platformOfHost } from "../core/platform.ts";
import type { Recipe } from "../core/recipe.ts";
import type { RepositoryChain } from "../packages/contract.ts";
import type { CommonOptions } from "./contract.ts";
import { type Lock, type LockedPlatform, parseLock } from "./lock-file.ts";
import { findDistribution, lockedValue, type Plan, planPlatform } from "./plan.ts";
import type { Session } from "./session.ts";

/** The caller's platforms, else the recipe's, else this machine's. */
export function platformsOf({ recipe, platforms }: CommonOptions): readonly Platform[] {
  if (platforms && platforms.length > 0) return platforms;
  return recipe.platforms.length > 0 ? recipe.platforms : [platformOfHost(process.arch)];
}

export async function planAll(options: CommonOptions, session: Session): Promise<readonly Plan[]> {
  const { recipe, insecureUnsigned = false } = options;
  const mirrors = await session.settingsFor(findDistribution(recipe).name);
  return platformsOf(options).map((platform) =>
    withPermission(planPlatform(recipe, platform, mirrors), insecureUnsigned),
  );
}

/** Repositories that may be unsigned because the caller says so: all, or those that are named. */
function withPermission(plan: Plan, allowed: boolean | readonly string[]): Plan {
  if (allowed === false) return plan;
  const repositories = plan.supply.repositories.map((one) =>
    allowed === true || allowed.includes(one.name) ? { ...one, insecureUnsigned: true } : one,
  );
  return { ...plan, supply: { ...plan.supply, repositories } };
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

/** Solves every platform (the solver is loaded for it), and refuses repositories that went back behind what an earlier lock has seen. */
export async function solveAll(
  options: CommonOptions,
  session: Session,
  earlier: Lock | undefined,
): Promise<readonly LockedPlatform[]> {
  const { insecureUnsigned = false } = options;
  const { solvePlatform } = await import("./solve.ts");
  const access = session.access();
  const solved: LockedPlatform[] = [];
  for (const plan of await planAll(options, session)) {
    const platform = await solvePlatform(plan, session, { access, insecureUnsigned });
    if (earlier) assertNotOlder(platform.repositories, earlier);
    solved.push(platform);
  }
  return solved;
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
