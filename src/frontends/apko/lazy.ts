// The border in front of zod and yaml, as for dodai's own recipes; and what tells the two apart without either.
import type { Recipe } from "../../core/recipe.ts";
import type { LoadApkoOptions } from "./load.ts";

const apkoKeys =
  /^(?:accounts|annotations|archs|certificates|cmd|contents|entrypoint|environment|format|include|labels|layering|paths|ports|remove|stop-signal|vcs-url|volumes|work-dir)$/;

/** Whether a YAML file is apko's: it has `contents` where ours has `packages`, or includes a file and has apko's keys alone. */
export function isApkoText(text: string): boolean {
  const keys = [...text.matchAll(/^(?:([A-Za-z_$][\w-]*)|"([^"\n]+)"|'([^'\n]+)')[ \t]*:/gm)].map(
    ([, plain, double, single]) => plain ?? double ?? single ?? "",
  );
  if (keys.includes("distro") || keys.includes("extends")) return false;
  return keys.includes("contents") || (keys.includes("include") && keys.every((key) => apkoKeys.test(key)));
}

/** As `loadApkoRecipe` of `load.ts`, whose code is loaded at the first call. */
export async function loadApkoLazily(options: LoadApkoOptions): Promise<Recipe> {
  const { loadApkoRecipe } = await import("./load.ts");
  return loadApkoRecipe(options);
}
