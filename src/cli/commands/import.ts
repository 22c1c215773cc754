import { posix } from "node:path";
import type { DodaiError } from "../../core/dodai-error.ts";
import type { Recipe } from "../../core/recipe.ts";
import type { Context } from "../context.ts";
import { usage } from "../flags.ts";
import { isKickstartFile, loadKickstartFile } from "../kickstart-argument.ts";
import { writeNewRecipe } from "../new-recipe.ts";
import { showPath } from "../places.ts";
import { warningLine } from "../progress/display.ts";

export interface ImportFlags {
  readonly output?: string;
  readonly distro?: string;
  readonly allowUnknown?: boolean;
}

/** The recipe on standard output, or its path when `-o` names one. */
export async function importRecipe(this: Context, flags: ImportFlags, file: string): Promise<void> {
  const { output, ...options } = flags;
  if (!(await isKickstartFile(file, this))) throw notKickstart(file);
  const recipe = await loadKickstartFile(file, this, options);
  for (const text of recipe.warnings ?? []) this.stderr.write(warningLine(text, this));
  const text = await textOf(recipe, file);
  if (output === undefined || output === "-") {
    this.stdout.write(text);
    return;
  }
  const path = posix.resolve(this.cwd, output);
  await writeNewRecipe(path, text);
  this.stdout.write(`${showPath(path, this.cwd)}\n`);
}

async function textOf(recipe: Recipe, file: string): Promise<string> {
  const { formatRecipe } = await import("../../frontends/native/format.ts");
  const name = posix.basename(file);
  const warnings = (recipe.warnings ?? []).map((text) => text.replaceAll(file, name));
  const made = `Made from ${name} by "dodai import". All fields: docs/recipe.md`;
  return formatRecipe(recipe, { comments: [made, ...warnings] });
}

function notKickstart(file: string): DodaiError {
  return usage(
    `Cannot import "${file}": it is no kickstart`,
    'Name a file that ends in .ks, or one that has "%packages".',
  );
}
