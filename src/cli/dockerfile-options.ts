// Flags and a Dockerfile → what the library takes.
import { posix } from "node:path";
import type { BuildEvent } from "../build/contract.ts";
import type { DockerfileBuildOptions, NamedRecipe } from "../build/dockerfile/contract.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { BuildFlags } from "./commands/build.ts";
import type { World } from "./context.ts";
import type { FoundDockerfile } from "./dockerfile-argument.ts";
import { readBuildArgs, readLabels, readNamedContexts, readSecret, readSsh } from "./dockerfile-flags.ts";
import { parseSourceDateEpoch, usage } from "./flags.ts";
import { unsignedRepositories } from "./options.ts";
import { cacheDirectory } from "./places.ts";
import { type FindOptions, findRecipeArgument } from "./recipe-argument.ts";

/** All but outputs. Throws USAGE. */
export function dockerfileOptions(
  found: FoundDockerfile,
  flags: BuildFlags,
  { world, onEvent }: { readonly world: World; readonly onEvent: (event: BuildEvent) => void },
): Omit<DockerfileBuildOptions, "outputs"> {
  refuseRecipeFlags(flags);
  const { env, hostPlatform, signal } = world;
  const { platform: platforms, compression, tag: names, target, offline = false, runTimeout } = flags;
  const cache = cacheDirectory(flags.cacheDir, world);
  const buildArgs = readBuildArgs(flags.buildArg ?? [], world);
  const epoch = parseSourceDateEpoch(buildArgs.SOURCE_DATE_EPOCH ?? env.SOURCE_DATE_EPOCH);
  return {
    dockerfile: { file: found.file, text: found.text },
    name: nameOf(found),
    contextDirectory: found.contextDirectory,
    contextArchive: found.contextArchive,
    ignoreText: found.ignoreText,
    namedContexts: readNamedContexts(flags.buildContext ?? [], world),
    cacheDirectory: cache,
    hostPlatform,
    buildArgs,
    labels: readLabels(flags.label ?? []),
    secrets: (flags.secret ?? []).map((one) => readSecret(one, world)),
    sshSockets: (flags.ssh ?? []).map((one) => readSsh(one, world)),
    squash: flags.squash ?? false,
    noCache: flags.noCache ?? false,
    noCacheStages: (flags.noCacheFilter ?? []).map((one) => one.toLowerCase()),
    insecureHttp: flags.insecureHttp ?? false,
    insecureUnsigned: unsignedRepositories(flags.insecureUnsigned ?? []),
    cacheFrom: (flags.cacheFrom ?? []).map(({ name }) => name),
    cacheTo: flags.cacheTo ?? [],
    environment: env,
    offline,
    signal,
    onEvent,
    findRecipe: (name) => findNamedRecipe(name, { ...world, cwd: found.contextDirectory }, { cache, offline }),
    ...(platforms && platforms.length > 0 ? { platforms } : {}),
    ...(compression ? { compression } : {}),
    ...(names ? { names } : {}),
    ...(target === undefined ? {} : { target }),
    ...(epoch === undefined ? {} : { sourceDateEpoch: epoch }),
    ...(runTimeout === undefined ? {} : { runTimeoutSeconds: runTimeout / 1000 }),
  };
}

function refuseRecipeFlags({ locked, scripts, ledger, scriptTimeout }: BuildFlags): void {
  const all = { "--locked": locked, "--scripts": scripts, "--ledger": ledger, "--script-timeout": scriptTimeout };
  for (const [flag, value] of Object.entries(all)) {
    if (value !== undefined && value !== false)
      throw usage(`Cannot use ${flag}: it is for recipes, and this is a Dockerfile`);
  }
}

/** The folder of the context: `images/base/Dockerfile` is `base`. */
function nameOf({ contextArchive, contextDirectory, close }: FoundDockerfile): string {
  // What came from standard input has no name.
  if (close !== undefined) return "image";
  if (contextArchive !== undefined) return posix.basename(contextArchive).replace(/\.t.*$/, "") || "image";
  return posix.basename(contextDirectory) || "image";
}

/** A built-in recipe, or a recipe file of the context. */
async function findNamedRecipe(name: string, world: World, options: FindOptions): Promise<NamedRecipe | undefined> {
  try {
    return await findRecipeArgument(name, world, options);
  } catch (error) {
    if (error instanceof DodaiError && error.code === "RECIPE_UNKNOWN") return undefined;
    throw error;
  }
}
