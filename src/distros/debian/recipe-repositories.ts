// Which repositories an image is made from: those of its distribution and what the recipe adds, or the recipe's alone.
import { DodaiError } from "../../core/dodai-error.ts";
import type { Recipe, RecipeRepository } from "../../core/recipe.ts";
import type { Repository, TrustKey } from "../../packages/contract.ts";
import type { MirrorSettings } from "../contract.ts";

const usualPriority = 500;

/** A suite of the distribution's own archives. */
export interface OwnSuite {
  readonly suite: string;
  readonly urls: readonly string[];
}

export interface OwnArchive {
  /** The distribution's name; repositories are called `NAME/SUITE`. */
  readonly name: string;
  readonly components: readonly string[];
  readonly keys: readonly TrustKey[];
}

/** The distribution's suites, then what the recipe adds; or what the recipe has alone. `suites` is called when it is needed. */
export function repositoriesOf(
  recipe: Recipe,
  { name, components, keys }: OwnArchive,
  suites: () => readonly OwnSuite[],
): readonly Repository[] {
  const added = recipe.repositories.flatMap(recipeRepositories);
  if (recipe.repositories.some((one) => one.only)) return added;
  const own = suites().map(
    ({ suite, urls }): Repository => ({
      name: `${name}/${suite}`,
      urls,
      suite,
      flat: false,
      components,
      keys,
      insecureUnsigned: false,
      archived: recipe.snapshot !== undefined,
      priority: usualPriority,
    }),
  );
  return [...own, ...added];
}

export interface SnapshotService {
  /** `Debian`. */
  readonly title: string;
  /** What names it. */
  readonly variable: string;
  /** Folders below it that hold one folder for each date. */
  readonly archives: readonly string[];
}

/** Root of the recipe's snapshot in an archive; `undefined` without a snapshot. Throws SNAPSHOT_UNAVAILABLE. */
export function snapshotRoots(
  { snapshot }: Recipe,
  mirrors: MirrorSettings,
  { title, variable, archives }: SnapshotService,
): ((archive: string) => readonly string[]) | undefined {
  if (snapshot === undefined) return undefined;
  if (mirrors.snapshot === undefined) {
    const places = archives.map((archive) => `${archive}/DATE/`).join(" and ");
    throw new DodaiError(
      "SNAPSHOT_UNAVAILABLE",
      `Cannot use snapshot "${snapshot}" of ${title}: no snapshot service is named`,
      {
        fix: `Set ${variable} to the URL of the service, below which ${places} ${archives.length === 1 ? "is" : "are"}.`,
      },
    );
  }
  const root = mirrors.snapshot.replace(/\/+$/, "");
  return (archive) => [`${root}/${archive}/${snapshot}`];
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
