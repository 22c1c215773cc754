// Which repositories a Debian image is made from, and from which mirror.
import { DodaiError } from "../../core/dodai-error.ts";
import type { Recipe, RecipeRepository } from "../../core/recipe.ts";
import type { Repository, TrustKey } from "../../packages/contract.ts";
import type { MirrorSettings } from "../contract.ts";
import { debianKeys } from "./keys.ts";
import type { DebianRelease } from "./releases.ts";

/** Debian's primary names: what is used when neither recipe, environment nor host names a mirror, and what an image's own sources name. */
export const officialMirrors: { readonly archive: string; readonly security: string } = {
  archive: "http://ftp.debian.org/debian",
  security: "http://security.debian.org/debian-security",
};

const usualPriority = 500;

/** The release, its updates and its security fixes, then what the recipe adds; or what the recipe has alone. */
export function debianRepositories(
  recipe: Recipe,
  release: DebianRelease,
  mirrors: MirrorSettings,
): readonly Repository[] {
  const added = recipe.repositories.flatMap(recipeRepositories);
  if (recipe.repositories.some((one) => one.only)) return added;
  const roots = mirrorRoots(recipe, mirrors);
  const suites = [
    { suite: release.name, urls: roots.archive },
    ...(release.updates ? [{ suite: `${release.name}-updates`, urls: roots.archive }] : []),
    ...(release.security ? [{ suite: `${release.name}-security`, urls: roots.security }] : []),
  ];
  const own = suites.map(
    ({ suite, urls }): Repository => ({
      name: `debian/${suite}`,
      urls,
      suite,
      flat: false,
      components: ["main"],
      keys: debianKeys,
      insecureUnsigned: false,
      archived: recipe.snapshot !== undefined,
      priority: usualPriority,
    }),
  );
  return [...own, ...added];
}

interface Roots {
  readonly archive: readonly string[];
  readonly security: readonly string[];
}

function mirrorRoots(recipe: Recipe, mirrors: MirrorSettings): Roots {
  if (recipe.snapshot === undefined) {
    return {
      archive: mirrors.archive ?? [officialMirrors.archive],
      security: mirrors.security ?? [officialMirrors.security],
    };
  }
  if (mirrors.snapshot === undefined) {
    throw new DodaiError(
      "SNAPSHOT_UNAVAILABLE",
      `Cannot use snapshot "${recipe.snapshot}" of Debian: no snapshot service is named`,
      {
        fix: "Set DODAI_SNAPSHOT_DEBIAN to the URL of the service, below which debian/DATE/ and debian-security/DATE/ are.",
      },
    );
  }
  const root = mirrors.snapshot.replace(/\/+$/, "");
  return {
    archive: [`${root}/debian/${recipe.snapshot}`],
    security: [`${root}/debian-security/${recipe.snapshot}`],
  };
}

function recipeRepositories(repository: RecipeRepository, index: number): readonly Repository[] {
  const keys = repository.keys.map((armored): TrustKey => ({ owner: "the recipe", source: "the recipe", armored }));
  const suites = repository.flat === undefined ? repository.suites : [repository.flat];
  return suites.map((suite) => ({
    name: `recipe-${index + 1}/${suite}`,
    urls: repository.urls,
    suite,
    flat: repository.flat !== undefined,
    components: repository.components,
    keys,
    insecureUnsigned: repository.insecureUnsigned,
    archived: false,
    priority: repository.priority ?? usualPriority,
  }));
}
