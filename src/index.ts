// The library: typed, with AbortSignal and progress as events; no console, no process.exit, no global state.
export { build } from "./build/build.ts";
export type {
  BuildEvent,
  BuildOptions,
  BuildResult,
  BuiltPlatform,
  CommonOptions,
  CopiedOutput,
  CopyOptions,
  CopyResult,
  ImageReference,
  InsecureHttp,
  InspectedManifest,
  InspectOptions,
  InspectResult,
  LockResult,
  Output,
  OutputKind,
  Pushed,
  RegistryOptions,
  Resolution,
  ResolvedAdvisory,
  ResolvedPackage,
  ResolvedPlatform,
  ResolveOptions,
  RunOptions,
  StopSignal,
  WhyOptions,
  WhyResult,
} from "./build/contract.ts";
export { copyImage } from "./build/copy.ts";
export { buildDockerfile } from "./build/dockerfile/build-dockerfile.ts";
export type { DockerfileBuildOptions, NamedRecipe, Secret, SshSocket } from "./build/dockerfile/contract.ts";
export { inspectImage } from "./build/inspect.ts";
export { lock } from "./build/lock.ts";
export { builtInRecipes, findRecipe } from "./build/recipes.ts";
export { resolve } from "./build/resolve.ts";
export { runImage } from "./build/run.ts";
export { why } from "./build/why.ts";
export type { Digest } from "./core/digest.ts";
export { DodaiError, type ErrorCode, type ErrorKind, errorKinds, type Position } from "./core/dodai-error.ts";
export { formatPlatform, type Platform, parsePlatform } from "./core/platform.ts";
export type { Recipe } from "./core/recipe.ts";
export { version } from "./core/version.ts";
