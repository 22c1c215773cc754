// What a command sees of the world. Tests hand in their own; `process-context.ts` makes the real one.
import type { CommandContext } from "@stricli/core";
import type { BuiltImage } from "../build/built-names.ts";
import type {
  BuildOptions,
  BuildResult,
  CommonOptions,
  CopyOptions,
  CopyResult,
  InspectOptions,
  InspectResult,
  LockResult,
  Resolution,
  ResolveOptions,
  RunOptions,
  StopSignal,
  WhyOptions,
  WhyResult,
} from "../build/contract.ts";
import type { DockerfileBuildOptions } from "../build/dockerfile/contract.ts";
import type { Platform } from "../core/platform.ts";
import type { BuiltInRecipe } from "../distros/contract.ts";
import type { Pruned, PruneOptions, StoreSize } from "../io/store-prune.ts";

export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Whether text there is colored: NO_COLOR, FORCE_COLOR and the terminal decide. */
  readonly colors: boolean;
  /** Characters in a line. */
  readonly columns: number;
}

/** The functions behind the verbs; each is loaded at its first call. */
export interface Library {
  build(options: BuildOptions): Promise<BuildResult>;
  buildDockerfile(options: DockerfileBuildOptions): Promise<BuildResult>;
  lock(options: CommonOptions): Promise<LockResult>;
  resolve(options: ResolveOptions): Promise<Resolution>;
  why(options: WhyOptions): Promise<readonly WhyResult[]>;
  copyImage(options: CopyOptions): Promise<CopyResult>;
  inspectImage(options: InspectOptions): Promise<InspectResult>;
  runImage(options: RunOptions): Promise<number>;
  findBuilt(name: string, cacheDirectory: string): Promise<BuiltImage | undefined>;
  findRecipe(name: string): Promise<BuiltInRecipe | undefined>;
  builtInRecipes(): Promise<ReadonlyMap<string, BuiltInRecipe>>;
  sizeOfStore(directory: string): Promise<StoreSize>;
  pruneStore(directory: string, options: PruneOptions): Promise<Pruned>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface World {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: { readonly isTerminal: boolean; read(): AsyncIterable<Uint8Array> };
  readonly env: Environment;
  /** Absolute path of the current folder. */
  readonly cwd: string;
  readonly hostPlatform: Platform;
  readonly library: Library;
  /** Aborted by SIGINT and SIGTERM, with the exit code as the reason. */
  readonly signal: AbortSignal;
  /** Until it is given back, signals go to `taker` instead; one for which it gives `false` goes on as if it were not there. */
  takeSignals(taker: (signal: StopSignal) => boolean): () => void;
  /** Milliseconds that only go forward, for rates. */
  elapsedMs(): number;
  now(): Date;
}

export interface Context extends World, CommandContext {
  /** The exit code of a command that has one of its own. */
  endWith(exitCode: number): void;
}
