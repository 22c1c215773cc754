// RECIPE on the command line: a built-in name, or a file.
import { stat } from "node:fs/promises";
import { posix } from "node:path";
import { DodaiError } from "../core/dodai-error.ts";
import type { Recipe } from "../core/recipe.ts";
import { isApkoText, loadApkoLazily } from "../frontends/apko/lazy.ts";
import { loadKickstartLazily } from "../frontends/kickstart/lazy.ts";
import { loadRecipeLazily } from "../frontends/native/lazy.ts";
import type { LoadRecipeOptions } from "../frontends/native/load.ts";
import { nearest } from "../frontends/suggest.ts";
import type { World } from "./context.ts";
import { usage } from "./flags.ts";
import { isKickstartFile, type KickstartOptions, kickstartOptions } from "./kickstart-argument.ts";
import { lockFileOfApko, lockFileOfName, lockFileOfRecipe } from "./places.ts";
import { loadRemembered } from "./recipe-memory.ts";
import { readText } from "./recipe-text.ts";

export interface FoundRecipe {
  readonly recipe: Recipe;
  /** Where its lock is, or would be. */
  readonly lockFile: string;
}

export interface FindOptions extends KickstartOptions {
  /** Folder of the store. */
  readonly cache: string;
  readonly offline: boolean;
}

/** Throws RECIPE_UNKNOWN, RECIPE_SYNTAX, FILE_UNREADABLE, and USAGE for files that are not supported yet. */
export async function findRecipeArgument(name: string, world: World, options: FindOptions): Promise<FoundRecipe> {
  if (await isKickstartFile(name, world)) return loadKickstart(name, world, options);
  refuseKickstartFlags(name, options);
  if (/\.ya?ml$/.test(name)) return loadFile(name, world, options);
  assertSupported(name);
  const found = await world.library.findRecipe(name);
  if (found) return { recipe: found.recipe, lockFile: lockFileOfName(name, world.cwd) };
  throw await unknownRecipe(name, world);
}

const kickstartOnly = { distro: "--distro", allowUnknown: "--allow-unknown" } as const;

function refuseKickstartFlags(name: string, options: FindOptions): void {
  const used = (["distro", "allowUnknown"] as const).find((one) => options[one] !== undefined);
  if (used) throw usage(`Cannot use ${kickstartOnly[used]} with "${name}": it is for kickstarts`);
}

const foreignFiles: readonly { readonly form: RegExp; readonly what: string }[] = [
  { form: /(?:^|\/)(?:Dockerfile|Containerfile)(?:\.[^/]*)?$|\.[Dd]ockerfile$/, what: "Dockerfiles, except to build," },
];

function assertSupported(name: string): void {
  const foreign = foreignFiles.find(({ form }) => form.test(name));
  if (foreign) throw notYet(name, foreign.what);
}

function notYet(name: string, what: string): DodaiError {
  return usage(
    `Cannot read "${name}": ${what} are not supported yet`,
    'Supported are dodai\'s own recipes (*.yaml, *.yml; start one with "dodai init"), those of apko, kickstarts (*.ks), and built-in names (see "dodai recipes").',
  );
}

async function loadFile(name: string, world: World, { cache, offline }: FindOptions): Promise<FoundRecipe> {
  const path = posix.resolve(world.cwd, name);
  const text = await readText(path, name);
  const isApko = isApkoText(text);
  const options = loadOptions({ path, name, text }, world);
  if (!isApko) {
    const recipe = await loadRemembered(options, cache, loadRecipeLazily);
    return { recipe, lockFile: lockFileOfRecipe(path) };
  }
  const { cwd } = world;
  const recipe = await loadRemembered({ ...options, cwd }, cache, (given) => {
    // A key that was fetched stays the recipe's until the recipe changes: it is not looked at again.
    const fetchKey = async (url: string): Promise<string> =>
      (await import("./fetch-key.ts")).fetchKey(url, world, { offline });
    return loadApkoLazily({ ...given, cwd, world: { ...given.world, fetchKey } });
  });
  return { recipe, lockFile: lockFileOfApko(path) };
}

/** What a file may look at; its own text was read already. */
function loadOptions(
  { path, name, text }: { readonly path: string; readonly name: string; readonly text: string },
  world: World,
): LoadRecipeOptions {
  return {
    path,
    file: name,
    hostPlatform: world.hostPlatform,
    world: {
      readFile: async (one) => (one === path ? text : readText(one, one)),
      hasFile: async (one) => (await stat(one).catch(() => undefined))?.isFile() ?? false,
      findBuiltIn: async (one) => (await world.library.findRecipe(one))?.recipe,
      builtInNames: async () => (await world.library.builtInRecipes()).keys(),
    },
  };
}

async function loadKickstart(name: string, world: World, options: FindOptions): Promise<FoundRecipe> {
  const path = posix.resolve(world.cwd, name);
  const own = kickstartOptions(options);
  const given = {
    ...loadOptions({ path, name, text: await readText(path, name) }, world),
    variation: JSON.stringify(own),
  };
  const recipe = await loadRemembered(given, options.cache, (watched) => loadKickstartLazily({ ...watched, ...own }));
  return { recipe, lockFile: lockFileOfRecipe(path) };
}

async function unknownRecipe(name: string, world: World): Promise<DodaiError> {
  for (const ending of [".yaml", ".yml"]) {
    const there = await stat(posix.resolve(world.cwd, `${name}${ending}`)).catch(() => undefined);
    if (there?.isFile()) return refuse(name, `Did you mean the file "${name}${ending}"?`);
  }
  const meant = nearest(name, (await world.library.builtInRecipes()).keys());
  const hint = 'See "dodai recipes" for what is built in; a recipe file ends in .yaml or .yml.';
  return refuse(name, meant === undefined ? hint : `Did you mean "${meant}"? ${hint}`);
}

function refuse(name: string, fix: string): DodaiError {
  return new DodaiError("RECIPE_UNKNOWN", `Cannot find recipe "${name}": nothing built in has this name`, { fix });
}
