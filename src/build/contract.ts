// The library's face: what `build`, `lock` and `resolve` take and give. The command line is one caller of it.
import type { Digest } from "../core/digest.ts";
import type { Platform } from "../core/platform.ts";
import type { Recipe, ScriptMode } from "../core/recipe.ts";
import type { Advisory, PackageDigest } from "../packages/contract.ts";

export type OutputKind = "oci" | "oci-layout" | "docker" | "tar" | "dir" | "context" | "registry";

export interface Output {
  readonly kind: OutputKind;
  /** Of kind "registry" the image's name. Else file or folder to write. Archives are written aside and renamed; a folder that exists is replaced only if dodai made it. */
  readonly destination: string;
}

/** What happens during a build, for a progress display. Sizes in bytes. */
export type BuildEvent =
  | {
      readonly kind: "stage";
      readonly stage:
        | "plan"
        | "index"
        | "solve"
        | "download"
        | "unpack"
        | "scripts"
        | "step"
        | "compress"
        | "assemble"
        | "write"
        | "done";
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
  /** A line of what a command writes. */
  | { readonly kind: "output"; readonly text: string }
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
  readonly insecureHttp?: InsecureHttp;
  /** Repositories in registries that may have the image of a platform already, made from the same; the first that has it counts. */
  readonly cacheFrom?: readonly string[];
  /** Repositories in registries to keep images in, for `cacheFrom`. */
  readonly cacheTo?: readonly string[];
  /** Seconds for all scripts of one platform together, when they run; 600 when absent. */
  readonly scriptTimeoutSeconds?: number;
  /** Where to write the ledger: JSON that says of every script what was done about it, and what that changed. */
  readonly ledgerFile?: string;
}

/** What was done about a maintainer script. */
export interface ScriptRecord {
  readonly package: string;
  readonly script: string;
  /**
   * `run`: in the sandbox; `native`: an effect of dodai's own did what it does; `not-needed`: it has nothing to do in a new
   * image; `skipped`: nothing was done.
   */
  readonly done: "run" | "native" | "not-needed" | "skipped";
  /** Name of the effect, when one stands for it. */
  readonly effect?: string;
  /** Of a script that failed, where nothing hangs on it. */
  readonly exitCode?: number;
  /** Paths without leading `/` that it changed, made or removed, or that its effect did; sorted. */
  readonly changed: readonly string[];
}

/** What was done about a step of the recipe. */
export interface StepRecord {
  /** Counts from 1. */
  readonly step: number;
  readonly done: "run" | "native" | "skipped";
  /** How it ended, when it was run: not with 0 where the recipe lets it fail. */
  readonly exitCode?: number;
  /** Paths without leading `/` that it changed, made or removed; sorted. */
  readonly changed: readonly string[];
}

/** What a script left that differs from run to run, and so is not in the image. */
export interface NormalizedPath {
  readonly path: string;
  /** Name of the rule (docs/debian.md). */
  readonly rule: string;
}

/** Registries (`registry.example:5000`), or all, that may be spoken to without TLS. This machine always may. */
export type InsecureHttp = boolean | readonly string[];

/** The root tarball that an image is made from instead of packages. */
export interface ResolvedSource {
  /** Of the tarball's URL, without host; of a file of this machine its name. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly digest: Digest;
  /** Fingerprints of the keys whose signatures vouch for it; empty when a sum of the recipe's does, or nothing. */
  readonly signedBy: readonly string[];
  /** What is the same for every platform: a serial, or the version of a release. */
  readonly serial?: string;
  /** Lower-case hex digits, where that is what its publisher states. */
  readonly sha512?: string;
}

export interface BuiltPlatform {
  readonly platform: string;
  readonly source?: ResolvedSource;
  readonly manifest: Digest;
  readonly layers: readonly { readonly digest: Digest; readonly sizeBytes: number }[];
  readonly packages: readonly { readonly name: string; readonly version: string; readonly architecture: string }[];
  /** Every maintainer script of the packages, in their order. */
  readonly scripts: readonly ScriptRecord[];
  readonly normalized: readonly NormalizedPath[];
  /** The recipe's own; absent when it has none. */
  readonly steps?: readonly StepRecord[];
}

export interface BuildResult {
  /** Of the index when there are several platforms, else of the one manifest. */
  readonly digest: Digest;
  readonly platforms: readonly BuiltPlatform[];
  readonly outputs: readonly Output[];
  /** Nothing had to be done: every output was there already. */
  readonly unchanged: boolean;
}

/** A signal that a person or a program sends to stop something. */
export type StopSignal = "SIGHUP" | "SIGINT" | "SIGQUIT" | "SIGTERM";

export interface RunOptions {
  /** File or folder: an OCI archive or layout, a Docker archive, a tar of a root. */
  readonly image: string;
  /** A tag, a whole name or a digest, where there are several images in it. */
  readonly reference?: string | undefined;
  /** Must be in the image when given; else the host's is taken, or the only one. */
  readonly platform?: Platform | undefined;
  readonly hostPlatform: Platform;
  readonly cacheDirectory: string;
  /** Arguments for the image's entrypoint, in place of its own; the image's own when empty. */
  readonly command: readonly string[];
  /** In place of the image's; its own arguments then do not count either. Empty for none. */
  readonly entrypoint?: string | undefined;
  /** Over those of the image; `undefined` takes one away. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly user?: string | undefined;
  readonly workdir?: string | undefined;
  /** Whether the host's network is there. */
  readonly network?: boolean;
  readonly mounts?: readonly { readonly source: string; readonly target: string; readonly readOnly: boolean }[];
  /** Whether the command reads the caller's standard input. Output and errors are always the caller's own. */
  readonly input?: boolean;
  /** Whether the caller's terminal is the command's, with its keys. */
  readonly terminal?: boolean;
  /** Stops everything; until the command runs, and after `takeSignals` gave up. */
  readonly signal?: AbortSignal;
  /** While the command runs, signals are its own: called with where to send them, gives how to stop that. */
  readonly takeSignals?: (send: (signal: StopSignal) => void) => () => void;
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
  /** When they were asked for: those that name exactly this version, sorted by id. */
  readonly advisories?: readonly ResolvedAdvisory[];
}

export type ResolvedAdvisory = Omit<Advisory, "packages">;

export interface ResolvedPlatform {
  readonly platform: string;
  readonly source?: ResolvedSource;
  /** Sorted by name. */
  readonly packages: readonly ResolvedPackage[];
  /** When advisories were asked for: names of repositories that have none. */
  readonly withoutAdvisories?: readonly string[];
}

export interface ResolveOptions extends CommonOptions {
  /** Whether repositories are asked for advisories of the packages. */
  readonly advisories?: boolean;
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

/** An image by its name in a registry, or by the place of an archive or a layout, which may hold several. */
export type ImageReference =
  | { readonly kind: "registry"; readonly name: string }
  | { readonly kind: "file"; readonly path: string; readonly reference?: string | undefined };

/** What verbs about images in registries take. Nothing is read from the environment by the library itself. */
export interface RegistryOptions {
  /** Folder of the content store. */
  readonly cacheDirectory: string;
  readonly offline?: boolean;
  readonly insecureHttp?: InsecureHttp;
  /** Where credentials are (`DOCKER_CONFIG`, `REGISTRY_AUTH_FILE`, `HOME`), proxies, `DODAI_REGISTRY_MIRRORS`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: BuildEvent) => void;
}

export interface CopyOptions extends RegistryOptions {
  readonly image: ImageReference;
  /** One platform's image; all of them, as they are, when absent. */
  readonly platform?: Platform | undefined;
  /** What `tar` and `dir` are for without a platform, when there are several. */
  readonly hostPlatform: Platform;
  /** Of kind "oci", "oci-layout", "tar", "dir" or "registry". */
  readonly outputs: readonly Output[];
  /** Whether what refers to the image (signatures, SBOMs) goes along, from one registry to another. */
  readonly referrers?: boolean;
  /** Names in archives and layouts; the image's own when absent. */
  readonly names?: readonly string[];
}

export interface CopyResult {
  readonly digest: Digest;
  readonly outputs: readonly CopiedOutput[];
}

export interface CopiedOutput extends Output {
  /** Of a registry: what went over the network, was mounted, or was there. */
  readonly pushed?: Pushed;
}

export interface Pushed {
  /** The name led to this image already. */
  readonly unchanged: boolean;
  readonly sent: number;
  readonly sentBytes: number;
  readonly mounted: number;
  readonly there: number;
}

export interface InspectOptions extends RegistryOptions {
  readonly image: ImageReference;
  /** Whose config; the host's, or the only one's, when absent. */
  readonly platform?: Platform | undefined;
  readonly hostPlatform: Platform;
  /** Whether what refers to the image (signatures, SBOMs) is asked for. */
  readonly referrers?: boolean;
}

export interface InspectedManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** `linux/amd64`. */
  readonly platform?: string;
}

export interface InspectResult {
  readonly name: string;
  readonly digest: Digest;
  readonly mediaType: string;
  /** The index or manifest as it is stored. */
  readonly raw: string;
  /** What an index lists. */
  readonly manifests?: readonly InspectedManifest[];
  /** The chosen manifest: that of a platform, or the only one. */
  readonly manifest?: InspectedManifest & {
    readonly config: string;
    readonly layers: readonly { readonly digest: Digest; readonly mediaType: string; readonly sizeBytes: number }[];
  };
  readonly referrers?: readonly (InspectedManifest & { readonly artifactType?: string })[];
}
