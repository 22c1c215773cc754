// A recipe file that was read before is not parsed again: loading YAML and schema takes longer than a build that has nothing
// to do. What is kept is the recipe and every look at the world that led to it; it counts when each look gives the same.

import { existsSync } from "node:fs";
import { hexOf, sha256 } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform } from "../core/platform.ts";
import type { Recipe } from "../core/recipe.ts";
import { version } from "../core/version.ts";
import type { LoadRecipeOptions, RecipeWorld } from "../frontends/native/load.ts";
import { openStore } from "../io/store.ts";

const kind = "recipes";

/** A question to the world and the digest of its answer. */
interface Look {
  readonly ask: "readFile" | "hasFile" | "findBuiltIn";
  readonly name: string;
  readonly answer: string;
}

interface Kept {
  readonly looks: readonly Look[];
  readonly recipe: Recipe;
}

export type LoadRecipe = (options: LoadRecipeOptions) => Promise<Recipe>;

/** `cwd` where it decides which files a recipe names; `variation` for what else decides how it is read. */
export type RememberOptions = LoadRecipeOptions & { readonly cwd?: string; readonly variation?: string };

/** As `load`; only what it gave is kept, never what it threw. The cache is made only once there is something to keep. */
export async function loadRemembered(options: RememberOptions, cache: string, load: LoadRecipe): Promise<Recipe> {
  const { path, file = path, hostPlatform, world, cwd, variation } = options;
  const key = hexOf(sha256(JSON.stringify([version, path, file, formatPlatform(hostPlatform), cwd, variation])));
  const kept = existsSync(cache) ? parseKept(await (await openStore(cache)).value(kind, key)) : undefined;
  if (kept && (await isSame(kept.looks, world))) return kept.recipe;
  const looks: Look[] = [];
  const recipe = await load({ ...options, world: watched(world, looks) });
  await (await openStore(cache)).keepValue(kind, key, Buffer.from(JSON.stringify({ looks, recipe } satisfies Kept)));
  return recipe;
}

/** The store checks that a value is whole; the key holds dodai's version, and so its form. */
function parseKept(bytes: Uint8Array | undefined): Kept | undefined {
  return bytes && (JSON.parse(Buffer.from(bytes).toString()) as Kept);
}

const digestOf = (answer: unknown): string => sha256(JSON.stringify(answer) ?? "");

function watched(world: RecipeWorld, looks: Look[]): RecipeWorld {
  const watch =
    <Answer>(ask: Look["ask"], look: (name: string) => Promise<Answer>) =>
    async (name: string) => {
      const answer = await look(name);
      looks.push({ ask, name, answer: digestOf(answer) });
      return answer;
    };
  return {
    readFile: watch("readFile", world.readFile),
    hasFile: watch("hasFile", world.hasFile),
    findBuiltIn: watch("findBuiltIn", world.findBuiltIn),
    builtInNames: world.builtInNames,
  };
}

async function isSame(looks: readonly Look[], world: RecipeWorld): Promise<boolean> {
  for (const { ask, name, answer } of looks) {
    try {
      if (digestOf(await world[ask](name)) !== answer) return false;
    } catch (error) {
      // A file that cannot be read any more is for `load` to tell of.
      if (error instanceof DodaiError) return false;
      throw error;
    }
  }
  return true;
}
