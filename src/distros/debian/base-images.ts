// The built-in recipes of base images, under the names that people write after FROM.
import { plainRecipe, type Recipe } from "../../core/recipe.ts";
import type { BuiltInRecipe } from "../contract.ts";
import { whatIsIn } from "./variants.ts";

export interface BaseImages {
  /** `debian`, which the images are called after, and `Debian`. */
  readonly name: string;
  readonly title: string;
  /** Variants by what is put behind the release: `{"-slim": "slim"}`. */
  readonly variants: Readonly<Record<string, string>>;
}

interface NamedRelease {
  readonly name: string;
  /** `13`; some have none. */
  readonly number: string | undefined;
}

/** `debian:RELEASE` and `debian:RELEASE-slim` for each; with `numbered` also under the release's number. */
export function baseImageRecipes(
  { name, title, variants }: BaseImages,
  releases: readonly NamedRelease[],
  { numbered = false }: { readonly numbered?: boolean } = {},
): ReadonlyMap<string, BuiltInRecipe> {
  const recipes = new Map<string, BuiltInRecipe>();
  for (const release of releases) {
    const called = release.number === undefined ? release.name : `${release.number} (${release.name})`;
    const words = numbered && release.number !== undefined ? [release.name, release.number] : [release.name];
    for (const word of words) {
      for (const [ending, variant] of Object.entries(variants)) {
        const image = `${name}:${word}${ending}`;
        recipes.set(image, {
          summary: `${title} ${called} with apt and dpkg${whatIsIn(variant)}`,
          recipe: recipeOf(image, { name, release: release.name, variant }),
        });
      }
    }
  }
  return recipes;
}

function recipeOf(
  image: string,
  { name, release, variant }: { readonly name: string; readonly release: string; readonly variant: string },
): Recipe {
  return {
    name: image,
    distribution: { name, release },
    variant,
    ...plainRecipe,
    scripts: "run",
  };
}
