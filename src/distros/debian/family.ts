// What Debian and the distributions made from it have in common: how a recipe's few words become what they imply.
import { DodaiError } from "../../core/dodai-error.ts";
import { formatPlatform, type Platform } from "../../core/platform.ts";
import type { Recipe } from "../../core/recipe.ts";
import type { Repository, TrustKey } from "../../packages/contract.ts";
import { deb } from "../../packages/deb/format.ts";
import type { BuiltInRecipe, Distribution, MirrorSettings, Supply } from "../contract.ts";
import { ask, type Variant } from "./variants.ts";

/** Top folders that are links into usr (dpkg's and debootstrap's list; those that stay empty are not made). */
const mergedUsr: readonly string[] = ["bin", "lib", "lib32", "lib64", "libo32", "libx32", "sbin"];

export interface FamilyRelease {
  readonly name: string;
  readonly aliases: readonly string[];
  /** Packages that say what dodai makes so: that /bin and its like are links into /usr. Without them apt converts the system. */
  readonly mergedUsrPackages: readonly string[];
  readonly platforms: readonly Platform[];
}

/** What a recipe asks for, with its release and platform looked up. */
export interface Asked<Release extends FamilyRelease> {
  readonly recipe: Recipe;
  readonly release: Release;
  readonly platform: Platform;
}

export interface Family<Release extends FamilyRelease> {
  /** What recipes call it: `debian`. */
  readonly name: string;
  /** What people call it: `Debian`. */
  readonly title: string;
  readonly releases: readonly Release[];
  readonly variants: ReadonlyMap<string, Variant>;
  readonly keys: readonly TrustKey[];
  readonly recipes: ReadonlyMap<string, BuiltInRecipe>;
  repositories(asked: Asked<Release>, mirrors: MirrorSettings): readonly Repository[];
  /** Files that tell apt in an image where packages are; not asked for where the recipe does without the distribution's. */
  sources(asked: Asked<Release>): Recipe["files"];
}

export function distributionOf<Release extends FamilyRelease>(family: Family<Release>): Distribution {
  const { name, releases, variants, keys, recipes } = family;
  return {
    name,
    format: deb,
    releases,
    variants: [...variants.keys()],
    keys,
    supply: (recipe, platform, mirrors) => supply(family, { recipe, platform, mirrors }),
    recipes,
  };
}

interface SupplyOptions {
  readonly recipe: Recipe;
  readonly platform: Platform;
  readonly mirrors: MirrorSettings;
}

function supply<Release extends FamilyRelease>(
  family: Family<Release>,
  { recipe, platform, mirrors }: SupplyOptions,
): Supply {
  const release = findRelease(family, recipe);
  assertPlatform(family, release, platform);
  const { sources, ...implied } = findVariant(family, recipe);
  const asked = { recipe, release, platform };
  const merged = implied.essential ? ask(...release.mergedUsrPackages) : [];
  const tellsApt = sources && !recipe.repositories.some(({ only }) => only);
  return {
    ...implied,
    release: release.name,
    requests: [...merged, ...implied.requests],
    files: tellsApt ? [...implied.files, ...family.sources(asked)] : implied.files,
    repositories: family.repositories(asked, mirrors),
    mergedUsr,
  };
}

function findVariant({ title, variants }: Pick<Family<FamilyRelease>, "title" | "variants">, recipe: Recipe): Variant {
  const found = variants.get(recipe.variant);
  if (found) return found;
  throw new DodaiError("DISTRIBUTION_UNKNOWN", `Cannot use variant "${recipe.variant}": ${title} has no such variant`, {
    fix: `It has ${[...variants.keys()].join(", ")}.`,
  });
}

function findRelease<Release extends FamilyRelease>(
  { name, title, releases }: Family<Release>,
  { distribution: { release: wanted, position } }: Recipe,
): Release {
  const found = releases.find((one) => one.name === wanted || one.aliases.includes(wanted));
  if (found) return found;
  throw new DodaiError("DISTRIBUTION_UNKNOWN", `Cannot use "${name}:${wanted}": ${title} has no such release`, {
    fix: `Known are ${releases.map((one) => one.name).join(", ")}.`,
    ...(position ? { where: position } : {}),
  });
}

function assertPlatform(
  { title }: Pick<Family<FamilyRelease>, "title">,
  release: FamilyRelease,
  platform: Platform,
): void {
  const name = formatPlatform(platform);
  const known = release.platforms.map(formatPlatform);
  if (known.includes(name)) return;
  throw new DodaiError(
    "PLATFORM_UNSUPPORTED",
    `Cannot build ${title} ${release.name} for ${name}: ${title} has no such port`,
    { fix: `It has ${known.join(", ")}.` },
  );
}
