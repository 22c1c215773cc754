import type { Context } from "../context.ts";
import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import { type CommandTree, type CompletedCommand, describeCommands } from "./vocabulary.ts";
import { zshScript } from "./zsh.ts";

export type Shell = "bash" | "zsh" | "fish";

const scripts: Readonly<Record<Shell, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** The script for a shell, on standard output; `root` has the commands that it completes. */
export async function printCompletion(shell: Shell, root: CommandTree, context: Context): Promise<void> {
  const recipes = [...(await context.library.builtInRecipes()).keys()];
  context.stdout.write(scripts[shell](describeCommands(root, recipes)));
}
