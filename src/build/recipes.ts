import type { BuiltInRecipe } from "../distros/contract.ts";
import { distributions } from "../distros/distributions.ts";

/** Every built-in recipe by name, in the order in which distributions list them. */
export function builtInRecipes(): ReadonlyMap<string, BuiltInRecipe> {
  return new Map(distributions.flatMap(({ recipes }) => [...recipes]));
}

export function findRecipe(name: string): BuiltInRecipe | undefined {
  return builtInRecipes().get(name);
}
