// What a distribution is to the rest of dodai: it turns a recipe's few words into everything that they imply.

import type { Platform } from "../core/platform.ts";
import type { PackageRequest, Recipe, RecipeConfig, RecipeGroup, RecipeUser } from "../core/recipe.ts";
import type { Checksum } from "../crypto/checksums.ts";
import type {
  ApkDatabase,
  FileWishes,
  PackageFormat,
  Repository,
  RpmDatabase,
  TrustKey,
} from "../packages/contract.ts";

/** Where a distribution's packages are looked for, in order; the build finds out what applies on this machine. */
export interface MirrorSettings {
  /** From `DODAI_MIRROR_DEBIAN` (or `_UBUNTU`) or what the machine's own package sources name; `undefined` for the official names. */
  readonly archive: readonly string[] | undefined;
  readonly security: readonly string[] | undefined;
  /** Where the architectures are that the archive has not (Ubuntu). */
  readonly ports?: readonly string[] | undefined;
  /** Root of a snapshot service, below which `DATE/` is: from `DODAI_SNAPSHOT_DEBIAN`. */
  readonly snapshot: string | undefined;
}

/** Everything that a distribution says a recipe of it implies. */
export interface Supply {
  /** The release by its own name, whichever the recipe calls it by: `bookworm` for `12`. */
  readonly release: string;
  readonly repositories: readonly Repository[];
  /** Requests beside the recipe's own. */
  readonly requests: readonly PackageRequest[];
  /** Every essential package is asked for too. */
  readonly essential: boolean;
  /** Every package of these priorities is asked for too. */
  readonly priorities: readonly string[];
  /** Dependencies that are not followed, because only maintainer scripts need them; each with its reason. */
  readonly waived: readonly WaivedRelation[];
  /** Effects of `rootfs/effects` to apply, in order: always, or only when a package is there whose script they stand for. */
  readonly effects: readonly { readonly name: string; readonly always: boolean }[];
  /** deb: top folders that are links into usr: `bin`, `sbin`, `lib`, `lib64`. */
  readonly mergedUsr: readonly string[];
  readonly users: readonly RecipeUser[];
  readonly groups: readonly RecipeGroup[];
  readonly config: RecipeConfig;
  readonly perPackageStatus: boolean;
  /** rpm: where the release's database lies. */
  readonly rpmDatabase?: RpmDatabase;
  /** rpm: which files of packages are left out. */
  readonly wishes?: FileWishes;
  /** apk: where the database lies; below lib/apk when absent. */
  readonly apkDatabase?: ApkDatabase;
  /** The image's user is written as a number where /etc/passwd has one for it, as Kubernetes' runAsNonRoot wants it. */
  readonly numericUser?: boolean;
  /** When the image was made is a label too, and not only an annotation. */
  readonly createdLabel?: boolean;
  /** The same, and the day as label-schema.org has it. */
  readonly dayLabel?: boolean;
  /** Directories, files and links of the variant, beside effects. */
  readonly files: Recipe["files"];
  /** The variant's root tarball, in the place of packages. */
  readonly root?: PublishedRoot;
  /** Taken out of the tree once scripts or effects have run: see `excludedPaths`. */
  readonly excluded: Exclusion;
}

/** A root tarball of which a distribution's own mirrors say what it is called, beside which is its signature, PATH.asc. */
export interface PublishedRoot {
  /** Roots to try in turn. Never part of a lock. */
  readonly urls: readonly string[];
  /** Path of the file that says which tarball is the newest. */
  readonly index: string;
  /** The distribution's own word for the platform: `x86_64`. */
  readonly architecture: string;
  /** Who may have signed the tarball. */
  readonly keys: readonly TrustKey[];
  readonly insecureUnsigned: boolean;
  /** Throws INDEX_SYNTAX; SUM_MISSING. */
  readIndex(index: Uint8Array): Promise<RootTarball>;
}

/** What an index says of a root tarball. */
export interface RootTarball {
  readonly path: string;
  /** The same for every platform of one image. */
  readonly version: string;
  /** One of SHA-512 at least. */
  readonly checksums: readonly Checksum[];
  readonly claims: readonly RootClaim[];
}

/**
 * What a file of a root tarball has to say, where it is there. A signature beside a tarball does not cover the tarball's name:
 * that of another version or machine is as good.
 */
export interface RootClaim {
  readonly path: string;
  /** Of the file's text, without white space around it. */
  readonly pattern: RegExp;
  /** For people. */
  readonly wanted: string;
}

/** Globs of absolute paths; most variants have none. */
export interface Exclusion {
  /** Files that go; links that lead nowhere and folders that are empty below them go too. */
  readonly paths: readonly string[];
  /** Files among those that stay. */
  readonly kept: readonly string[];
  /** Folders that stay, empty or not. */
  readonly folders: readonly string[];
}

/** In `package`, alternatives that name one of `requirements` are taken as met. */
export interface WaivedRelation {
  readonly package: string;
  readonly requirements: readonly string[];
  readonly reason: string;
}

export interface Distribution {
  readonly name: string;
  /** `ID`s by which os-release(5) calls it, where they are not its name: `rocky`. */
  readonly ids?: readonly string[];
  readonly format: PackageFormat;
  /** Releases by every name they have, newest first: `trixie`, `13`, `stable`. */
  readonly releases: readonly {
    readonly name: string;
    readonly aliases: readonly string[];
    readonly platforms: readonly Platform[];
  }[];
  readonly variants: readonly string[];
  /** The distribution whose mirrors it uses; its own when absent. */
  readonly mirrorsOf?: string;
  /** Keys that sign what it publishes; recipes may name them by fingerprint. */
  readonly keys: readonly TrustKey[];
  /** Throws DISTRIBUTION_UNKNOWN for a release or variant that it does not have, PLATFORM_UNSUPPORTED. */
  supply(recipe: Recipe, platform: Platform, mirrors: MirrorSettings): Supply;
  /** Built-in recipes by name: `distroless/base`. */
  readonly recipes: ReadonlyMap<string, BuiltInRecipe>;
}

export interface BuiltInRecipe {
  readonly summary: string;
  readonly recipe: Recipe;
}
