import { DodaiError } from "../../core/dodai-error.ts";
import { formatPlatform, type Platform } from "../../core/platform.ts";
import type { Recipe } from "../../core/recipe.ts";
import { deb } from "../../packages/deb/format.ts";
import type { Distribution, MirrorSettings, Supply } from "../contract.ts";
import { baseImageRecipes } from "./base-images.ts";
import { distrolessRecipes } from "./distroless.ts";
import { type DebianRelease, debianReleases } from "./releases.ts";
import { debianRepositories } from "./repositories.ts";
import { sourcesFiles } from "./sources.ts";
import { ask, variants } from "./variants.ts";

/** Top folders that are links into usr since Debian 12 (dpkg's and debootstrap's list; those that stay empty are not made). */
const mergedUsr: readonly string[] = ["bin", "lib", "lib32", "lib64", "libo32", "libx32", "sbin"];

export const debian: Distribution = {
  name: "debian",
  format: deb,
  releases: debianReleases,
  variants: [...variants.keys()],
  supply,
  recipes: new Map([
    ...distrolessRecipes(debianReleases.filter(({ name }) => name === "trixie" || name === "bookworm")),
    ...baseImageRecipes(debianReleases.filter(({ name }) => name !== "forky")),
  ]),
};

function supply(recipe: Recipe, platform: Platform, mirrors: MirrorSettings): Supply {
  const release = findRelease(recipe);
  assertPlatform(release, platform);
  const variant = variants.get(recipe.variant);
  if (!variant) {
    throw new DodaiError("DISTRIBUTION_UNKNOWN", `Cannot use variant "${recipe.variant}": Debian has no such variant`, {
      fix: `It has ${[...variants.keys()].join(", ")}.`,
    });
  }
  const { sources, ...implied } = variant;
  const merged = implied.essential ? ask(...release.mergedUsrPackages) : [];
  return {
    ...implied,
    release: release.name,
    requests: [...merged, ...implied.requests],
    files: sources ? [...implied.files, ...sourcesFiles(recipe, release)] : implied.files,
    repositories: debianRepositories(recipe, release, mirrors),
    mergedUsr,
  };
}

function findRelease({ distribution: { release: wanted, position } }: Recipe): DebianRelease {
  const found = debianReleases.find(({ name, aliases }) => name === wanted || aliases.includes(wanted));
  if (found) return found;
  throw new DodaiError("DISTRIBUTION_UNKNOWN", `Cannot use "debian:${wanted}": Debian has no such release`, {
    fix: `Known are ${debianReleases.map(({ name }) => name).join(", ")}.`,
    ...(position ? { where: position } : {}),
  });
}

function assertPlatform(release: DebianRelease, platform: Platform): void {
  const name = formatPlatform(platform);
  const known = release.platforms.map(formatPlatform);
  if (known.includes(name)) return;
  throw new DodaiError(
    "PLATFORM_UNSUPPORTED",
    `Cannot build Debian ${release.name} for ${name}: Debian has no such port`,
    {
      fix: `It has ${known.join(", ")}.`,
    },
  );
}
