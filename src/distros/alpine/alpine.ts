import { DodaiError } from "../../core/dodai-error.ts";
import { formatPlatform, type Platform } from "../../core/platform.ts";
import type { Recipe } from "../../core/recipe.ts";
import { apk } from "../../packages/apk/format.ts";
import type { BuiltInRecipe, Distribution, MirrorSettings, Supply } from "../contract.ts";
import { type AlpineRelease, alpineReleases } from "./releases.ts";
import { alpineRepositories, repositoriesFiles } from "./repositories.ts";
import { variants } from "./variants.ts";

export const alpine: Distribution = {
  name: "alpine",
  format: apk,
  releases: alpineReleases,
  variants: [...variants.keys()],
  // OpenPGP keys that source tarballs may be signed with; those of indexes are in keys.ts.
  keys: [],
  supply,
  recipes: new Map(alpineReleases.map((release) => [`alpine:${release.name}`, recipeFor(release)])),
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
  const { sources, ...implied } = variant;
  const architecture = apk.architectureOf(formatPlatform(platform)) ?? "";
  return {
    ...implied,
    release: release.name,
    files: sources ? [...implied.files, ...repositoriesFiles(recipe, release)] : implied.files,
    repositories: alpineRepositories(recipe, { release, architecture }, mirrors),
    apkDatabase: release.database,
  };
}

function findRelease({ distribution: { release: wanted, position } }: Recipe): AlpineRelease {
  const found = alpineReleases.find(({ name, aliases }) => name === wanted || aliases.includes(wanted));
  if (found) return found;
  throw new DodaiError("DISTRIBUTION_UNKNOWN", `Cannot use "alpine:${wanted}": Alpine has no such release`, {
    fix: `Known are ${alpineReleases.map(({ name }) => name).join(", ")}.`,
    ...(position ? { where: position } : {}),
  });
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

function recipeFor({ name }: AlpineRelease): BuiltInRecipe {
  return {
    summary: `Alpine ${name} with apk and BusyBox, from its packages`,
    recipe: packagesRecipe({ name: `alpine:${name}`, distribution: { name: "alpine", release: name } }),
  };
}

export function packagesRecipe({ name, distribution }: Pick<Recipe, "name" | "distribution">): Recipe {
  return {
    name,
    distribution,
    variant: "packages",
    packages: [],
    recommends: false,
    repositories: [],
    scripts: "emulate",
    allowUnknownScripts: [],
    platforms: [],
    accounts: { users: [], groups: [] },
    files: [],
    remove: [],
    config: {},
    layers: { kind: "single" },
  };
}
