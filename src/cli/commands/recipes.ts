import type { Context } from "../context.ts";

export interface RecipesFlags {
  readonly json?: boolean;
}

/** `NAME  SUMMARY` lines. */
export async function recipes(this: Context, flags: RecipesFlags): Promise<void> {
  const found = [...(await this.library.builtInRecipes())].map(([name, { summary }]) => ({ name, summary }));
  if (flags.json) {
    this.stdout.write(`${JSON.stringify({ schemaVersion: 1, recipes: found })}\n`);
    return;
  }
  const width = Math.max(0, ...found.map(({ name }) => name.length));
  this.stdout.write(found.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}\n`).join(""));
}
