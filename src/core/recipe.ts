// A recipe as a value: what every front end parses its text into, and what built-in recipes are written as.
import type { Position } from "./dodai-error.ts";
import type { Platform } from "./platform.ts";

/** A package that is asked for, or with `exclude` one that must not come in. `request` is in the format's own words. */
export interface PackageRequest {
  readonly request: string;
  readonly exclude: boolean;
  /** Only these platforms ask for it; all when absent. */
  readonly platforms?: readonly Platform[];
  readonly position?: Position;
}

/** A repository beside those of the distribution. */
export interface RecipeRepository {
  /** `https://...`, `file:///...`, or an absolute path of a folder. Several are mirrors, tried in turn. */
  readonly urls: readonly string[];
  /** Suites of the repository; `[]` with `flat` for a repository without suites. */
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** A flat repository (deb: `deb URL PATH/`): its path below the URL. */
  readonly flat?: string;
  /** Texts of armoured OpenPGP keys that may sign it. */
  readonly keys: readonly string[];
  /** Replaces the distribution's repositories. */
  readonly only: boolean;
  /** Takes the repository without a signature; loud, and recorded. */
  readonly insecureUnsigned: boolean;
  /** deb: pin priority, apt_preferences(5); rpm: the higher wins; 500 when absent. */
  readonly priority?: number;
  /** rpm: of packages that are equal in all else, the one of the cheaper repository is taken; 1000 when absent. */
  readonly cost?: number;
  /** rpm: names and globs, as dnf.conf(5) has them, of packages that are as if they were not there. */
  readonly excludes?: readonly string[];
  /** rpm: only packages that one of these names or globs fits are there. */
  readonly includes?: readonly string[];
  /** rpm: streams of modules hide no packages of it. */
  readonly moduleHotfixes?: boolean;
  /** apk: `@tag` of the repository; its packages are taken only for requests that name it. */
  readonly tag?: string;
  readonly position?: Position;
}

/**
 * A root file system that somebody made already, as a tarball: the image starts from it instead of from packages. Places
 * are URLs or absolute paths; those beside the tarball may be relative to its folder. In all of them `{arch}` stands for
 * Debian's word for the platform and `{machine}` for the kernel's.
 */
export interface RecipeSource extends SourcePlaces {
  /** What differs for a platform, by its name: `linux/arm/v7`. */
  readonly platforms: Readonly<Record<string, SourcePlaces>>;
  /** Armoured OpenPGP keys that may sign, or fingerprints of keys that are built in. */
  readonly keys: readonly string[];
  /** What has to be the same for every platform: the first group of `pattern` in a file, or in the tarball's place. */
  readonly serial?: { readonly file?: string; readonly pattern: string };
  readonly position?: Position;
}

export interface SourcePlaces {
  readonly rootfs?: string;
  /** A file with sums of tarballs, as sha256sum(1) and sha512sum(1) write it. */
  readonly sums?: string;
  /** A detached signature: over the sums where there are any, else over the tarball. */
  readonly signature?: string;
  /** Lower-case hex digits of the tarball's sum. */
  readonly sha256?: string;
  readonly sha512?: string;
}

export interface RecipeUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
  readonly comment: string;
  /** As `Recipe.accounts.rootPassword`; locked when absent. */
  readonly password?: string;
  /** Further groups, of the recipe or of packages, by name. */
  readonly groups?: readonly string[];
}

export interface RecipeGroup {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** What the recipe does to one path, in the order of the list. `path` has no leading `/`. */
export type RecipeFile =
  | {
      readonly kind: "file";
      readonly path: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      readonly content: string;
    }
  /** `source` is an absolute path on the machine that builds. */
  | {
      readonly kind: "copy";
      readonly path: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      readonly source: string;
    }
  /** Absent owners leave those of a folder that is there already, and are root's where it is not. */
  | {
      readonly kind: "directory";
      readonly path: string;
      readonly mode: number;
      readonly uid?: number;
      readonly gid?: number;
    }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string }
  /** Made where nothing is yet. */
  | {
      readonly kind: "character-device";
      readonly path: string;
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    }
  /** The file that `target` (no leading `/`) leads to, under one more name. */
  | { readonly kind: "hardlink"; readonly path: string; readonly target: string }
  /** Changes what is there, with `recursive` all that is below it too; absent owners are left. */
  | {
      readonly kind: "permissions";
      readonly path: string;
      readonly mode?: number;
      readonly uid?: number;
      readonly gid?: number;
      readonly recursive: boolean;
    };

/**
 * A script of the recipe's own that runs in the image once all packages are there and configured, and `files` too, before
 * `remove`. Steps run one after the other, as root.
 */
export interface RecipeStep {
  readonly script: string;
  /** Absolute path in the image, `/bin/sh` by default; maybe with arguments behind it, as after `#!`. */
  readonly interpreter: string;
  /** Whether one that fails ends the build, or is told of. */
  readonly failure: "error" | "warn";
  /** Absolute path in the image of a file that has what it wrote; with `outside`, below /mnt/sysimage. */
  readonly log?: string;
  /** Kickstart's `%post --nochroot`: the image is at /mnt/sysimage too, and $ANACONDA_ROOT_PATH says so. */
  readonly outside: boolean;
  /** Whether it has the machine's network, and may then not give the same bits each time. */
  readonly network?: boolean;
  readonly position?: Position;
}

/** Units of systemd, with their suffix: `sshd.service`. */
export interface RecipeServices {
  readonly enabled: readonly string[];
  readonly disabled: readonly string[];
  readonly masked: readonly string[];
}

/** Certificate authorities that the image trusts beside those of its packages. */
export interface RecipeCertificates {
  /** One PEM certificate each; the name becomes part of a file name. */
  readonly additional: readonly { readonly name: string; readonly pem: string }[];
  /** Names that packages provide whose certificates, below /usr/local/share/ca-certificates, are trusted too. */
  readonly providers: readonly string[];
}

/** The config of the image, OCI image-spec config.md; absent members are the distribution's or nothing. */
export interface RecipeConfig {
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly workdir?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly stopSignal?: string;
}

/** How files are put in layers. `max` counts layers, at most 127. */
export type LayerStrategy =
  | { readonly kind: "single" }
  | { readonly kind: "per-package"; readonly max: number }
  /** As apko: packages of one source, and those that replace one another, in at most `budget` layers, and one above. */
  | { readonly kind: "origin"; readonly budget: number }
  | { readonly kind: "grouped"; readonly max: number };

/** A package that another tool's lock names exactly: it is taken, and nothing is solved. */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  /** The package format's own word. */
  readonly architecture: string;
  /** Below one of the recipe's repositories. */
  readonly url: string;
  /** What the format knows the file by; apk: `Q1` and the SHA-1 of its control part in base64. */
  readonly checksum: string;
  readonly sizeBytes: number;
}

/** An image that the recipe builds on: its layers stay below, and its packages count as installed. */
export interface RecipeBase {
  /** A name, of what was built last or in a registry; or an absolute path of a layout or archive, maybe with `:TAG` or `@DIGEST`. */
  readonly image: string;
  /** apk: folder with its database, `ARCHITECTURE/APKINDEX`, in place of the one that is in the image. */
  readonly installed?: string;
  /** Packages of it may give way to newer ones where what is asked for needs that. */
  readonly upgrade: boolean;
  readonly position?: Position;
}

/** The distribution of recipes that leave it to the image that they build on. */
export const distributionOfBase = "base";

export type ScriptMode = "run" | "emulate" | "skip";

export interface Recipe {
  /** What outputs are named after: `distroless/base` gives `distroless-base.tar`. */
  readonly name: string;
  /** `scratch`, whose release is "", is no distribution at all; `base` is that of the image below. */
  readonly distribution: { readonly name: string; readonly release: string; readonly position?: Position };
  /** A date that a snapshot service knows, `20261101T000000Z`; the build fails when it does not answer. */
  readonly snapshot?: string;
  readonly source?: RecipeSource;
  /** What the distribution offers: `empty`, `distroless`, `minbase` ... */
  readonly variant: string;
  readonly packages: readonly PackageRequest[];
  /** Whether recommended packages come too. */
  readonly recommends: boolean;
  readonly repositories: readonly RecipeRepository[];
  readonly scripts: ScriptMode;
  /** Packages whose scripts may stay unknown with `emulate`. */
  readonly allowUnknownScripts: readonly string[];
  readonly platforms: readonly Platform[];
  readonly accounts: {
    readonly users: readonly RecipeUser[];
    readonly groups: readonly RecipeGroup[];
    readonly runAs?: string;
    /** `locked`, or what crypt(3) makes of a password: `$6$...`. */
    readonly rootPassword?: string;
  };
  readonly files: readonly RecipeFile[];
  readonly certificates?: RecipeCertificates;
  readonly steps?: readonly RecipeStep[];
  /** What happens to steps, whatever happens to scripts of packages; they run when absent. */
  readonly stepMode?: ScriptMode;
  /** rpm: whether files that packages call documentation are unpacked; the variant's way when absent. */
  readonly documentation?: boolean;
  /** rpm: languages (`en`, `de_DE`) whose files are unpacked, as `%_install_langs`; the variant's, or all, when absent. */
  readonly languages?: readonly string[];
  /** `en_US.UTF-8`. */
  readonly locale?: string;
  /** Name of a zone of tzdata: `Europe/Berlin`, `Etc/UTC`. */
  readonly timezone?: string;
  /** Of the console: `us`. */
  readonly keymap?: string;
  readonly hostname?: string;
  readonly services?: RecipeServices;
  /** Globs of absolute paths, `/usr/share/doc/**`. */
  readonly remove: readonly string[];
  readonly config: RecipeConfig;
  readonly layers: LayerStrategy;
  readonly base?: RecipeBase;
  /** Packages that no repository offers are passed over, with a warning. */
  readonly ignoreMissing?: boolean;
  /** rpm: what is to stay out stays out of groups alone; a package that needs it brings it in, as with yum. */
  readonly softExcludes?: boolean;
  /** What a person should know of how the recipe was read, as sentences; told when packages are solved. */
  readonly warnings?: readonly string[];
  /** Of every platform; absent when packages are solved. */
  readonly pinned?: readonly PinnedPackage[];
}

/** What a recipe is that says no more: each member as it is when nobody names it. */
export const plainRecipe: Omit<Recipe, "name" | "distribution" | "variant"> = {
  packages: [],
  recommends: false,
  repositories: [],
  scripts: "emulate",
  allowUnknownScripts: [],
  platforms: [],
  accounts: { users: [], groups: [] },
  files: [],
  remove: [],
  config: {},
  layers: { kind: "single" },
};
