import type { Context } from "../context.ts";
import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import { type CompletedCommand, describeCommands } from "./vocabulary.ts";
import { zshScript } from "./zsh.ts";

const scripts: Readonly<Record<Shell, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

export type Shell = "bash" | "zsh" | "fish";

export async function completion(this: Context, _flags: Readonly<Record<never, never>>, shell: Shell): Promise<void> {
  const recipes = [...(await this.library.builtInRecipes()).keys()];
  this.stdout.write(scripts[shell](describeCommands(recipes)));
}
