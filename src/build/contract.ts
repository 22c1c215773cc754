// The library's face: what `build`, `lock` and `resolve` take and give. The command line is one caller of it.
import type { Digest } from "../core/digest.ts";
import type { Platform } from "../core/platform.ts";
import type { Recipe, ScriptMode } from "../core/recipe.ts";
import type { PackageDigest } from "../packages/contract.ts";

export type OutputKind = "oci" | "oci-layout" | "docker" | "tar" | "dir" | "context";

export interface Output {
  readonly kind: OutputKind;
  /** File or folder to write. Archives are written aside and renamed; a folder that exists is replaced only if dodai made it. */
  readonly destination: string;
}

/** What happens during a build, for a progress display. Sizes in bytes. */
export type BuildEvent =
  | {
      readonly kind: "stage";
      readonly stage: "plan" | "index" | "solve" | "download" | "unpack" | "compress" | "assemble" | "write" | "done";
      readonly platform?: string;
      readonly text: string;
    }
  | {
      readonly kind: "progress";
      readonly stage: "index" | "download" | "unpack" | "compress" | "write";
      readonly doneBytes: number;
      readonly totalBytes: number;
      readonly what: string;
    }
  | { readonly kind: "warning"; readonly text: string };

/** What all three verbs take. Nothing is read from the environment by the library itself. */
export interface CommonOptions {
  readonly recipe: Recipe;
  /** Folder of the content store. */
  readonly cacheDirectory: string;
  /** Overrides the recipe's platforms. */
  readonly platforms?: readonly Platform[];
  /** Where the lock lies; read when it is there and fits. `undefined`: no lock is read or written. */
  readonly lockFile?: string;
  readonly offline?: boolean;
  /** Variables that matter: `DODAI_MIRROR_DEBIAN`, proxies, `NETRC`. The command line passes its own environment. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Root of the host, for its apt sources: `/` by default; "" looks nowhere. */
  readonly hostRoot?: string;
  /** The time by which releases and keys are judged; the clock's when absent. */
  readonly now?: Date;
  /** `true`, or names of repositories that may be unsigned. */
  readonly insecureUnsigned?: boolean | readonly string[];
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: BuildEvent) => void;
}

export interface BuildOptions extends CommonOptions {
  /** Image names, `registry/repository:tag`, written into archives. */
  readonly names?: readonly string[];
  readonly outputs: readonly Output[];
  /** Fails with LOCK_OUT_OF_DATE or LOCK_MISSING instead of solving. */
  readonly locked?: boolean;
  readonly scripts?: ScriptMode;
  /** Seconds since 1970 for everything that dodai makes; the newest time that the lock vouches for when absent. */
  readonly sourceDateEpoch?: number;
  readonly compression?: "gzip" | "zstd" | "none";
}

export interface BuiltPlatform {
  readonly platform: string;
  readonly manifest: Digest;
  readonly layers: readonly { readonly digest: Digest; readonly sizeBytes: number }[];
  readonly packages: readonly { readonly name: string; readonly version: string; readonly architecture: string }[];
  /** Maintainer scripts that were neither run nor done natively: `libfoo: postinst`. */
  readonly skippedScripts: readonly { readonly package: string; readonly script: string }[];
}

export interface BuildResult {
  /** Of the index when there are several platforms, else of the one manifest. */
  readonly digest: Digest;
  readonly platforms: readonly BuiltPlatform[];
  readonly outputs: readonly Output[];
  /** Nothing had to be done: every output was there already. */
  readonly unchanged: boolean;
}

export interface ResolvedPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly source: string;
  readonly sourceVersion: string;
  readonly repository: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly digest: PackageDigest;
}

export interface ResolvedPlatform {
  readonly platform: string;
  /** Sorted by name. */
  readonly packages: readonly ResolvedPackage[];
}

export interface Resolution {
  readonly platforms: readonly ResolvedPlatform[];
}

export interface LockResult {
  readonly lockFile: string;
  readonly changed: boolean;
  readonly resolution: Resolution;
}

export interface WhyOptions extends CommonOptions {
  readonly packageName: string;
}

/** One step of the chain that brought a package in, or of the reason why it cannot come. In words, for people. */
export interface WhyResult {
  readonly platform: string;
  readonly installed: boolean;
  readonly lines: readonly string[];
}
