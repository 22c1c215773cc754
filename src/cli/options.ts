// Flags and a recipe → what the library takes.
import type { BuildEvent, CommonOptions } from "../build/contract.ts";
import type { World } from "./context.ts";
import type { CommonFlags } from "./flags.ts";
import { kickstartOptions } from "./kickstart-argument.ts";
import { cacheDirectory } from "./places.ts";
import { startProgress } from "./progress/progress.ts";
import { findRecipeArgument } from "./recipe-argument.ts";

/** Runs a verb of the library with a progress display, which is gone when it returns. */
export async function withOptions<Result>(
  run: { readonly recipe: string; readonly flags: CommonFlags; readonly world: World },
  task: (options: CommonOptions & { readonly lockFile: string }) => Promise<Result>,
): Promise<Result> {
  const { flags, world } = run;
  const cache = cacheDirectory(flags.cacheDir, world);
  const { recipe, lockFile } = await findRecipeArgument(run.recipe, world, {
    cache,
    offline: flags.offline ?? false,
    ...kickstartOptions(flags),
  });
  const progress = startProgress(flags.progress, world);
  const { platform: platforms, offline = false } = flags;
  try {
    return await task({
      recipe,
      lockFile,
      cacheDirectory: cache,
      ...(platforms && platforms.length > 0 ? { platforms } : {}),
      offline,
      environment: world.env,
      insecureUnsigned: unsignedRepositories(flags.insecureUnsigned ?? []),
      signal: world.signal,
      onEvent: (event: BuildEvent) => progress.onEvent(event),
    });
  } finally {
    progress.end();
  }
}

/** Without a name the flag is for all. */
export function unsignedRepositories(names: readonly string[]): boolean | readonly string[] {
  return names.length === 0 ? false : names.includes("*") || names;
}
