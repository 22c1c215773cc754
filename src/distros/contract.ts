// What a distribution is to the rest of dodai: it turns a recipe's few words into everything that they imply.

import type { Platform } from "../core/platform.ts";
import type { PackageRequest, Recipe, RecipeConfig, RecipeGroup, RecipeUser } from "../core/recipe.ts";
import type { FileWishes, PackageFormat, Repository, RpmDatabase } from "../packages/contract.ts";

/** Where a distribution's packages are looked for, in order; the build finds out what applies on this machine. */
export interface MirrorSettings {
  /** From `DODAI_MIRROR_DEBIAN` or what the machine's own package sources name; `undefined` for the official names. */
  readonly archive: readonly string[] | undefined;
  readonly security: readonly string[] | undefined;
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
  /** Directories, files and links of the variant, beside effects. */
  readonly files: Recipe["files"];
  /** Taken out of the tree once scripts or effects have run: see `excludedPaths`. */
  readonly excluded: Exclusion;
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
  readonly format: PackageFormat;
  /** Releases by every name they have, newest first: `trixie`, `13`, `stable`. */
  readonly releases: readonly {
    readonly name: string;
    readonly aliases: readonly string[];
    readonly platforms: readonly Platform[];
  }[];
  readonly variants: readonly string[];
  /** Throws DISTRIBUTION_UNKNOWN for a release or variant that it does not have, PLATFORM_UNSUPPORTED. */
  supply(recipe: Recipe, platform: Platform, mirrors: MirrorSettings): Supply;
  /** Built-in recipes by name: `distroless/base`. */
  readonly recipes: ReadonlyMap<string, BuiltInRecipe>;
}

export interface BuiltInRecipe {
  readonly summary: string;
  readonly recipe: Recipe;
}
