import { DodaiError } from "../../core/dodai-error.ts";
import { formatPlatform, type Platform } from "../../core/platform.ts";
import { plainRecipe, type Recipe } from "../../core/recipe.ts";
import { apk } from "../../packages/apk/format.ts";
import type { BuiltInRecipe, Distribution, MirrorSettings, Supply } from "../contract.ts";
import { alpineReleaseKeys } from "./release-keys.ts";
import { type AlpineRelease, alpineReleases } from "./releases.ts";
import { alpineRepositories, repositoriesFiles } from "./repositories.ts";
import { publishedRoot } from "./root.ts";
import { variants } from "./variants.ts";

export const alpine: Distribution = {
  name: "alpine",
  format: apk,
  releases: alpineReleases,
  variants: [...variants.keys()],
  // OpenPGP keys that root tarballs are signed with; those of indexes are in keys.ts.
  keys: alpineReleaseKeys,
  supply,
  recipes: new Map([
    ...alpineReleases
      .filter(({ aliases }) => aliases.includes("latest"))
      .flatMap((release) => ["alpine", "alpine:latest"].map((name) => [name, recipeFor(name, release)] as const)),
    ...alpineReleases.map(
      (release) => [`alpine:${release.name}`, recipeFor(`alpine:${release.name}`, release)] as const,
    ),
  ]),
};

function supply(recipe: Recipe, platform: Platform, mirrors: MirrorSettings): Supply {
  const release = findRelease(recipe);
  assertPlatform(platform, { name: `Alpine ${release.name}`, platforms: release.platforms });
  const variant = variants.get(recipe.variant);
  if (!variant) {
    throw new DodaiError("DISTRIBUTION_UNKNOWN", `Cannot use variant "${recipe.variant}": Alpine has no such variant`, {
      fix: `It has ${[...variants.keys()].join(", ")}.`,
    });
  }
  const { sources, ready, ...implied } = variant;
  const architecture = apk.architectureOf(formatPlatform(platform)) ?? "";
  if (ready) {
    const root = publishedRoot(recipe, { release, architecture }, mirrors);
    return { ...implied, release: release.name, repositories: [], root };
  }
  return {
    ...implied,
    release: release.name,
    files: sources ? [...implied.files, ...repositoriesFiles(recipe, release)] : implied.files,
    repositories: alpineRepositories(recipe, { release, architecture }, mirrors),
    apkDatabase: release.database,
  };
}

function findRelease({ distribution: { release: wanted, position } }: Recipe): AlpineRelease {
  const found = findNamed(wanted);
  if (found) return found;
  throw new DodaiError("DISTRIBUTION_UNKNOWN", `Cannot use "alpine:${wanted}": Alpine has no such release`, {
    fix: `Known are ${alpineReleases.map(({ name }) => name).join(", ")}.`,
    ...(position ? { where: position } : {}),
  });
}

function findNamed(wanted: string): AlpineRelease | undefined {
  return alpineReleases.find(({ name, aliases }) => name === wanted || aliases.includes(wanted));
}

export function assertPlatform(
  platform: Platform,
  { name, platforms }: { readonly name: string; readonly platforms: readonly Platform[] },
): void {
  const wanted = formatPlatform(platform);
  const known = platforms.map(formatPlatform);
  if (known.includes(wanted)) return;
  throw new DodaiError("PLATFORM_UNSUPPORTED", `Cannot build ${name} for ${wanted}: it has no such port`, {
    fix: `It has ${known.join(", ")}.`,
  });
}

function recipeFor(name: string, { name: release }: AlpineRelease): BuiltInRecipe {
  return {
    summary: `Alpine ${release} with apk and BusyBox, as Alpine releases it`,
    recipe: { ...packagesRecipe({ name, distribution: { name: "alpine", release } }), variant: "minirootfs" },
  };
}

export function packagesRecipe({ name, distribution }: Pick<Recipe, "name" | "distribution">): Recipe {
  return {
    name,
    distribution,
    variant: "packages",
    ...plainRecipe,
  };
}
