// The built-in recipes of Debian's base images, under the names that people write after FROM.
import type { Recipe } from "../../core/recipe.ts";
import type { BuiltInRecipe } from "../contract.ts";
import type { DebianRelease } from "./releases.ts";

/** `debian:RELEASE` and `debian:RELEASE-slim` for each. */
export function baseImageRecipes(releases: readonly DebianRelease[]): ReadonlyMap<string, BuiltInRecipe> {
  const recipes = new Map<string, BuiltInRecipe>();
  for (const release of releases) {
    const called = release.number === undefined ? release.name : `${release.number} (${release.name})`;
    recipes.set(`debian:${release.name}`, {
      summary: `Debian ${called} with apt and dpkg`,
      recipe: recipeOf(`debian:${release.name}`, release, "full"),
    });
    recipes.set(`debian:${release.name}-slim`, {
      summary: `Debian ${called} with apt and dpkg, without manuals, documentation and translations`,
      recipe: recipeOf(`debian:${release.name}-slim`, release, "slim"),
    });
  }
  return recipes;
}

function recipeOf(name: string, release: DebianRelease, variant: string): Recipe {
  return {
    name,
    distribution: { name: "debian", release: release.name },
    variant,
    packages: [],
    recommends: false,
    repositories: [],
    scripts: "run",
    allowUnknownScripts: [],
    platforms: [],
    accounts: { users: [], groups: [] },
    files: [],
    remove: [],
    config: {},
    layers: { kind: "single" },
  };
}
