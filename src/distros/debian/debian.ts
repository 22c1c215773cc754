import { DodaiError } from "../../core/dodai-error.ts";
import { formatPlatform, type Platform } from "../../core/platform.ts";
import type { PackageRequest, Recipe } from "../../core/recipe.ts";
import { deb } from "../../packages/deb/format.ts";
import type { Distribution, MirrorSettings, Supply } from "../contract.ts";
import {
  distrolessFiles,
  distrolessGroups,
  distrolessRecipes,
  distrolessUsers,
  distrolessWaived,
} from "./distroless.ts";
import { type DebianRelease, debianReleases } from "./releases.ts";
import { debianRepositories } from "./repositories.ts";

/** What a variant asks for and implies; variants as mmdebstrap names them, `empty` and `distroless` beside. */
type Variant = Omit<Supply, "release" | "repositories" | "mergedUsr">;

/** What scripts do in any image, in the order in which it is done: accounts first, caches of what lies there last. */
const usualEffects: readonly string[] = [
  "nothing-to-do",
  "accounts",
  "base-files",
  "netbase",
  "nsswitch",
  "ca-certificates",
  "localtime",
  "ld.so.cache",
];

/** A distroless image has all of them whatever its packages, and rules of its own. */
const distrolessEffects: readonly string[] = [
  "nothing-to-do",
  "accounts",
  "netbase",
  "nsswitch",
  "os-release-distroless",
  "ca-certificates",
  "localtime",
  "busybox-folder",
  "ld.so.cache",
];

const nothing: Variant = {
  requests: [],
  essential: false,
  priorities: [],
  waived: [],
  effects: usualEffects.map((name) => ({ name, always: name === "accounts" })),
  users: [],
  groups: [],
  config: {},
  perPackageStatus: false,
  files: [],
};

const ask = (...names: readonly string[]): readonly PackageRequest[] =>
  names.map((request) => ({ request, exclude: false }));

const variants: Readonly<Record<string, Variant>> = {
  empty: nothing,
  distroless: {
    ...nothing,
    waived: distrolessWaived,
    effects: distrolessEffects.map((name) => ({ name, always: true })),
    users: distrolessUsers,
    groups: distrolessGroups,
    perPackageStatus: true,
    files: distrolessFiles,
  },
  essential: { ...nothing, essential: true },
  apt: { ...nothing, essential: true, requests: ask("apt") },
  minbase: { ...nothing, essential: true, priorities: ["required"], requests: ask("apt") },
};

/** Top folders that are links into usr since Debian 12 (dpkg's and debootstrap's list; those that stay empty are not made). */
const mergedUsr: readonly string[] = ["bin", "lib", "lib32", "lib64", "libo32", "libx32", "sbin"];

export const debian: Distribution = {
  name: "debian",
  format: deb,
  releases: debianReleases,
  variants: Object.keys(variants),
  supply,
  recipes: distrolessRecipes(debianReleases.filter(({ name }) => name === "trixie" || name === "bookworm")),
};

function supply(recipe: Recipe, platform: Platform, mirrors: MirrorSettings): Supply {
  const release = findRelease(recipe);
  assertPlatform(release, platform);
  const variant = variants[recipe.variant];
  if (!variant) {
    throw new DodaiError("DISTRIBUTION_UNKNOWN", `Cannot use variant "${recipe.variant}": Debian has no such variant`, {
      fix: `It has ${Object.keys(variants).join(", ")}.`,
    });
  }
  const merged = variant.essential ? ask(...release.mergedUsrPackages) : [];
  return {
    ...variant,
    release: release.name,
    requests: [...merged, ...variant.requests],
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
