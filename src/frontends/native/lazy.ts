// The border in front of zod and yaml, which take longer to load than a build from the cache: built-in recipes never
// cross it.
import type { Recipe } from "../../core/recipe.ts";
import type { LoadRecipeOptions } from "./load.ts";

/** As `loadRecipe` of `load.ts`, whose code is loaded at the first call. */
export async function loadRecipeLazily(options: LoadRecipeOptions): Promise<Recipe> {
  const { loadRecipe } = await import("./load.ts");
  return loadRecipe(options);
}
