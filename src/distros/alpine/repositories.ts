// Which repositories an Alpine image is made from, which mirror has them, and what apk in the image is told of them.
import { DodaiError } from "../../core/dodai-error.ts";
import type { Recipe, RecipeRepository } from "../../core/recipe.ts";
import type { Repository, TrustKey } from "../../packages/contract.ts";
import type { MirrorSettings } from "../contract.ts";
import { alpineKeys } from "./keys.ts";
import type { AlpineRelease } from "./releases.ts";

/** What is used when neither recipe nor environment names a mirror, and what an image's own list names. */
export const officialMirror = "https://dl-cdn.alpinelinux.org/alpine";
const usualPriority = 500;

export interface Wanted {
  readonly release: AlpineRelease;
  /** apk's word. */
  readonly architecture: string;
}

/** main and community of the release, then what the recipe adds; or what the recipe has alone. */
export function alpineRepositories(
  recipe: Recipe,
  { release, architecture }: Wanted,
  mirrors: MirrorSettings,
): readonly Repository[] {
  const added = recipe.repositories.flatMap(recipeRepositories);
  if (recipe.repositories.some((one) => one.only)) return added;
  assertNoSnapshot(recipe, "Alpine");
  const keys = alpineKeys.filter(({ architectures }) => architectures.includes(architecture));
  const own = ["main", "community"].map(
    (component): Repository => ({
      name: `alpine/${release.branch}/${component}`,
      urls: mirrors.archive ?? [officialMirror],
      suite: release.branch,
      flat: false,
      components: [component],
      keys,
      insecureUnsigned: false,
      archived: false,
      priority: usualPriority,
    }),
  );
  return [...own, ...added];
}

/** `etc/apk/repositories`; not where the recipe does without Alpine's own. */
export function repositoriesFiles(recipe: Recipe, { branch }: AlpineRelease): Recipe["files"] {
  if (recipe.repositories.some(({ only }) => only)) return [];
  const lines = ["main", "community"].map((component) => `${officialMirror}/${branch}/${component}\n`);
  return [{ kind: "file", path: "etc/apk/repositories", mode: 0o644, uid: 0, gid: 0, content: lines.join("") }];
}

/** A recipe's repositories: one for each component of each suite, or the path of one without suites. */
export function recipeRepositories(repository: RecipeRepository, index: number): readonly Repository[] {
  const { urls, suites, components, flat, tag, insecureUnsigned } = repository;
  const keys = repository.keys.map((armored): TrustKey => ({ owner: "the recipe", source: "the recipe", armored }));
  const places =
    flat === undefined && suites.length > 0
      ? suites.flatMap((suite) =>
          components.length === 0 ? [{ suite, parts: [] }] : components.map((one) => ({ suite, parts: [one] })),
        )
      : [{ suite: flat ?? "./", parts: [] }];
  return places.map(({ suite, parts }) => ({
    name: `recipe-${index + 1}/${[suite, ...parts].join("/")}`,
    urls,
    suite,
    flat: suites.length === 0,
    components: parts,
    keys,
    insecureUnsigned,
    archived: false,
    priority: usualPriority,
    ...(tag === undefined ? {} : { tag }),
  }));
}

/** Throws SNAPSHOT_UNAVAILABLE: no service keeps earlier states. */
export function assertNoSnapshot({ snapshot }: Recipe, distribution: string): void {
  if (snapshot === undefined) return;
  throw new DodaiError(
    "SNAPSHOT_UNAVAILABLE",
    `Cannot use snapshot "${snapshot}" of ${distribution}: there is no service that keeps its earlier states`,
    {
      fix: 'Keep the lock of a build; its packages are there as long as a mirror has them. Or name a mirror of that day in "repositories", with "only".',
    },
  );
}
