// What a package format is to the rest of dodai. The words, and what each format calls them:
//
//   here              deb                        apk                       rpm
//   depends           Depends                    D: (depend)               Requires
//   pre-depends       Pre-Depends                -                         Requires(pre)
//   recommends        Recommends                 -                         Recommends
//   suggests          Suggests                   -                         Suggests
//   conflicts         Conflicts                  D: !name                  Conflicts
//   breaks            Breaks                     -                         -
//   replaces          Replaces                   r: (replaces)             -
//   obsoletes         Replaces with Conflicts    -                         Obsoletes
//   provides          Provides                   p: (provides)             Provides
//   source            Source                     o: (origin)               SOURCERPM
//   essential         Essential: yes             -                         -
import type { ArchiveItem, Entry } from "../archive/entry.ts";
import type { Bytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";

/** apk: `~` is a version that starts so, `<~` and `>~` one that does or is older or newer. */
export type VersionOperator = "<" | "<=" | "=" | ">=" | ">" | "~" | "<~" | ">~";

export interface VersionConstraint {
  readonly operator: VersionOperator;
  readonly version: string;
}

/** One name that is asked for, maybe of certain versions. */
export interface Requirement {
  readonly name: string;
  readonly constraint?: VersionConstraint;
  /** deb's `name:any` and `name:amd64`; absent means the architecture of the package that asks. */
  readonly architecture?: string;
  /** apk's `name@tag`, which lets packages of the repository with that tag in. */
  readonly tag?: string;
  /** rpm: a request that is a boolean relation; the name is its text. */
  readonly rich?: RichRelation;
}

export type RelationKind =
  | "pre-depends"
  | "depends"
  | "recommends"
  | "suggests"
  | "conflicts"
  | "breaks"
  | "replaces"
  | "obsoletes"
  | "supplements"
  | "enhances";

/** What a package says of others. For the positive kinds one of `anyOf`, in order of preference, is enough. */
export interface Relation {
  readonly kind: RelationKind;
  /** Never empty. More than one only for the positive kinds. */
  readonly anyOf: readonly Requirement[];
  /** rpm: a boolean relation; `anyOf` then has the names in it, and means nothing. */
  readonly rich?: RichRelation;
}

/** rpm's boolean relations. The parts of `with` and `without` are met, or not, by one and the same package. */
export type RichRelation =
  | { readonly kind: "name"; readonly requirement: Requirement }
  | { readonly kind: "and" | "or" | "with" | "without"; readonly parts: readonly RichRelation[] }
  | {
      readonly kind: "if" | "unless";
      readonly wanted: RichRelation;
      readonly condition: RichRelation;
      readonly otherwise?: RichRelation;
    };

/** A name that a package stands for beside its own. Without a version it meets no versioned requirement (Debian Policy 7.5). */
export interface Provide {
  readonly name: string;
  readonly version?: string;
  /** rpm: what the version stands for, where it is not exactly this one. */
  readonly operator?: VersionOperator;
}

/**
 * What vouches for a package file: the digest of all of it; or for apk, whose indexes have no such, the SHA-1 of its control
 * part as apk writes it, `Q1` and base64, which vouches for the rest by the digest that it has of it.
 */
export type PackageDigest = Digest | ControlChecksum;
export type ControlChecksum = `Q1${string}`;

/** SHA-1 is 20 bytes, which are 27 letters of base64 and one sign. */
export const isControlChecksum = (text: string): text is ControlChecksum => /^Q1[A-Za-z0-9+/]{27}=$/.test(text);

/** One package version on offer in a repository, as its index tells it. */
export interface PackageRecord {
  readonly name: string;
  readonly version: string;
  /** The format's own word: `amd64`, `all`, `noarch`. */
  readonly architecture: string;
  readonly source: { readonly name: string; readonly version: string };
  /** Path of the package file below its repository's root. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly digest: PackageDigest;
  /** Size once installed, in bytes, as the package says; 0 when it does not. */
  readonly installedBytes: number;
  readonly essential: boolean;
  /** deb: Essential, Important and Protected packages are never removed for another's sake. */
  readonly protected: boolean;
  /** deb: required, important, standard, optional, extra; "" where the format has none. */
  readonly priority: string;
  /** deb's Multi-Arch: `no`, `same`, `foreign`, `allowed`; always `no` elsewhere. */
  readonly multiArch: "no" | "same" | "foreign" | "allowed";
  readonly provides: readonly Provide[];
  /** All relations, in the order in which the package states them. */
  readonly relations: readonly Relation[];
  /** deb: `Phased-Update-Percentage`, when the index states one. */
  readonly phasedPercent?: number;
  /** apk: which package is taken for a name that several provide: the highest. */
  readonly providerPriority?: number;
  /** apk: comes by itself when all of these are there. */
  readonly installIf?: readonly Requirement[];
  /** apk: why it can never be installed, for the end of a sentence. */
  readonly uninstallable?: string;
  /** The index's one-line description. */
  readonly summary: string;
}

/** One repository's packages for one platform, parsed when they are asked for. The same record is the same object each time. */
export interface PackageIndex {
  /** How many packages are on offer. */
  readonly size: number;
  /** Packages of exactly this name, newest first. */
  named(name: string): readonly PackageRecord[];
  /** Packages that provide this name, without those that merely have it; in index order. */
  providing(name: string): readonly PackageRecord[];
  /** Essential packages, and with `priorities` those of the given priorities too. In index order. */
  flagged(flag: "essential" | { readonly priorities: readonly string[] }): readonly PackageRecord[];
  /** Every package name once, sorted by bytes; for "did you mean". */
  names(): Iterable<string>;
  /**
   * When the index first speaks of a package that it offers, as an ordinal over all names in it: a stanza's own name, then
   * the names in Pre-Depends, Depends, Conflicts, Breaks, Recommends, Suggests, Replaces, Enhances and Provides, in this
   * order whatever the stanza's. Below zero when it offers no such package. Of packages that are equal in all else, apt
   * prefers the one whose name came up last. Absent where a format's own tools do not care.
   */
  mentioned?(name: string): number;
  /** rpm: packages with a relation of this kind to this name: `obsoletes`, `supplements`, `enhances`. */
  relating?(kind: RelationKind, name: string): readonly PackageRecord[];
  /** rpm: the group, environment (`core`) or module stream (`nodejs:18`) that people ask for as `@core`. */
  group?(id: string): PackageGroup | undefined;
  /** rpm: names that streams of modules have, which hide packages of other repositories that are or provide them. */
  readonly hides?: ReadonlySet<string>;
  /** apk: packages whose `installIf` names this name. */
  conditional?(name: string): readonly PackageRecord[];
  /** What a build must know of a package that its record does not say: the index's own text of it (a deb822 stanza). */
  stanza(record: PackageRecord): string;
}

/** rpm: packages that come together. */
export interface PackageGroup {
  readonly id: string;
  readonly packages: readonly string[];
  readonly optional: readonly string[];
  /** Come when another package is there. */
  readonly conditional: readonly { readonly name: string; readonly requires: string }[];
  /** Groups that come with it: an environment's. */
  readonly groups: readonly string[];
}

/** A file that the package format keeps about a package and that is not part of its tree: scripts, checksums, triggers. */
export interface ControlMember {
  /** `control`, `postinst`, `md5sums` ... */
  readonly name: string;
  readonly mode: number;
  readonly bytes: Uint8Array;
  /** Seconds since 1970, where the database keeps it (apk's scripts). */
  readonly mtime?: number;
}

/** A file of a package on its way past, and the hex SHA-1 of it that was checked, where the format has one (apk). */
export interface PackageItem extends ArchiveItem {
  readonly sha1?: string;
}

/** An opened package file. `items` is read once, to its end, and only then is the package known to be whole. */
export interface PackageFile {
  readonly control: readonly ControlMember[];
  readonly items: AsyncIterable<PackageItem>;
  /** Why its signature is no good one, where it was taken all the same (`PackageTrust.insecureUnsigned`). */
  readonly unsigned?: string;
}

/** What a package file says of itself and no index is needed for. */
export interface PackageFacts {
  readonly source: string;
  /** Size once installed, in bytes. */
  readonly installedBytes: number;
  /** Names that it stands for, without versions. */
  readonly provides: readonly string[];
  /** Whether it may take over files of any other package. */
  readonly replacesSome: boolean;
}

/** Bounds on what one package may make dodai keep or write. */
export interface PackageLimits {
  readonly maxControlBytes: number;
  readonly maxTreeBytes: number;
  readonly maxEntries: number;
}

/** Who must have signed a package file itself (rpm). deb's are vouched for by their index alone. */
export interface PackageTrust {
  readonly keys: readonly TrustKey[];
  /** Takes a package without a good signature. */
  readonly insecureUnsigned: boolean;
  readonly now: Date;
}

/** A package as it lies in an image: what the database needs to know of it. */
export interface InstalledPackage {
  /** Its own in the image: `glibc.i686` for a package that is there for another architecture too. */
  readonly name: string;
  /** What the package calls itself, where that is another name (rpm): `glibc`. */
  readonly realName?: string;
  readonly version: string;
  readonly architecture: string;
  readonly control: readonly ControlMember[];
  /** Every path that the package holds, absolute, in the package's own order and spelling (before usr-merge). */
  readonly paths: readonly string[];
  /** Hex MD5 of the content of each file that the database wants one of (deb: conffiles), by absolute path. */
  readonly md5: ReadonlyMap<string, string>;
  /** What of a package apk's database has beside. */
  readonly apk?: {
    readonly checksum: string;
    readonly sizeBytes: number;
    /** Of the repository that it is from. */
    readonly tag?: string;
    /** In tree order, as the package has them. */
    readonly entries: readonly Entry[];
    /** Hex SHA-1 of each file by its path. */
    readonly sha1: ReadonlyMap<string, string>;
  };
}

/**
 * A file that dodai writes itself. Paths have no leading `/`. Times are left to the caller: every generated file has one.
 * `about` names the package when the file says something of this one alone, whatever else is in the image.
 */
export type GeneratedFile =
  | {
      readonly kind: "file";
      readonly path: string;
      readonly mode: number;
      readonly uid?: number;
      readonly gid?: number;
      readonly bytes: Uint8Array;
      readonly about?: string;
    }
  | {
      readonly kind: "directory";
      readonly path: string;
      readonly mode: number;
      readonly uid?: number;
      readonly gid?: number;
    }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string };

export interface DatabaseOptions {
  readonly architecture: string;
  /** `unpacked`: scripts have still to run; `installed`: nothing is left to do. */
  readonly state: "unpacked" | "installed";
  /** deb: also `var/lib/dpkg/status.d/NAME` and `NAME.md5sums`, which scanners of distroless images read. */
  readonly perPackageStatus: boolean;
  /** When packages count as installed, in seconds since 1970 (rpm). */
  readonly epoch?: number;
  readonly rpmDatabase?: RpmDatabase;
  /** apk: what was asked for, and where its database lies. */
  readonly world?: readonly string[];
  readonly apkDatabase?: ApkDatabase;
  /** What the image below has installed: the database tells of it too, but for what is installed anew. */
  readonly below?: InstalledDatabase;
}

/** How a database is read that another program wrote. */
export interface DatabaseAccess {
  /** `undefined` where no file is. */
  read(path: string): Uint8Array | undefined;
}

/** Who owns a file, by name; the path is absolute, as the package spells it. */
export interface FileOwner {
  readonly path: string;
  readonly user: string;
  readonly group: string;
}

/** rpm's macros `_excludedocs` and `_install_langs`. */
export interface FileWishes {
  readonly documentation: boolean;
  /** `en`, `de_AT`; all when absent. */
  readonly languages?: readonly string[];
}

/** Where a release's rpm has its database, and what beside packages is in it. */
export interface RpmDatabase {
  /** `var/lib/rpm`, or `usr/lib/sysimage/rpm`. */
  readonly folder: string;
  readonly backend: RpmBackend;
  /** Keys that the image trusts: packages called gpg-pubkey. */
  readonly keys: readonly TrustKey[];
}

/** SQLite; Berkeley DB, which rpm has before 4.16; SUSE's own. */
export type RpmBackend = "sqlite" | "berkeley" | "ndb";

/** rpm's database of an image that is there. */
export interface PresentRpmDatabase {
  readonly folder: string;
  readonly backend: RpmBackend;
  /** By ascending number, keys included. */
  readonly headers: readonly { readonly id: number; readonly bytes: Uint8Array }[];
  /** The highest number that was ever given. */
  readonly lastId: number;
  /** ndb: counts changes. */
  readonly generation: number;
}

/** Files of an image that is there, by paths without leading `/`; links are followed. */
export interface InstalledFiles {
  /** Whether a regular file is there. */
  has(path: string): boolean;
  /** Throws when it is not there. */
  read(path: string): Uint8Array;
  /** Names of what lies in a folder, sorted by bytes; none when it is no folder. */
  names(folder: string): readonly string[];
}

/** What the database of an image says of a package that is installed. */
export interface PresentPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
}

/** The package database of an image that is there. */
export interface InstalledDatabase {
  /** Of every architecture. */
  readonly packages: readonly PresentPackage[];
  /** Those of the image's own architecture as if they were on offer. What they want of others and lack is not asked for again. */
  readonly index: PackageIndex;
  readonly files: InstalledFiles;
  /** Whether the image's package manager would leave out what a package has at an absolute path; absent where it never does. */
  isExcluded?(path: string): boolean;
  /** Where apk's database lies. */
  readonly apkFolder?: ApkDatabase["folder"];
  readonly rpm?: PresentRpmDatabase;
  /** Paths without leading `/` that are of no use once the database is written anew: its logs and caches. */
  readonly leftovers?: readonly string[];
  /** Which files of packages the image's package manager leaves out (rpm). */
  readonly wishes?: FileWishes;
  /** How a package's files get along with those of packages that are there, by absolute paths: `under` ones are left out (rpm). */
  meeting?(control: readonly ControlMember[]): (path: string) => FileMeeting;
  /**
   * Paths without leading `/` that go when the package does: its files but for configuration, and what the database has about it.
   * `going` are all that go; what others have too stays.
   */
  pathsOf(one: PresentPackage, going?: readonly PresentPackage[]): readonly string[];
}

/** Where apk has its database (below usr where lib is merged into it), and which apk-tools it is to be that of. */
export interface ApkDatabase {
  readonly folder: "lib/apk" | "usr/lib/apk";
  readonly tools: 2 | 3;
}

/** One repository, complete: where it is, what of it is used, and who may sign it. */
export interface Repository {
  /** Short and unique in a plan; messages and locks call it by this: `debian/trixie-security`. */
  readonly name: string;
  /** Roots to try in turn: `http(s):`, `file:`, or an absolute path. Never part of a lock. */
  readonly urls: readonly string[];
  /** Its official address, when mirrors stand in for it. */
  readonly knownAs?: readonly string[];
  /** deb: `trixie-security`; with `flat` the path below the root, `./`. */
  readonly suite: string;
  readonly flat: boolean;
  readonly components: readonly string[];
  /** Armoured OpenPGP public keys that may sign it. */
  readonly keys: readonly TrustKey[];
  readonly insecureUnsigned: boolean;
  /** Old releases and snapshots: signatures and releases that have since expired are taken. */
  readonly archived: boolean;
  /** apt_preferences(5): the higher wins, 500 is usual. */
  readonly priority: number;
  /** rpm: dnf's cost: of packages that are equal in all else, the one of the cheaper repository is taken; 1000 when absent. */
  readonly cost?: number;
  /** rpm: names and globs of packages that are as if they were not there. */
  readonly excludes?: readonly string[];
  /** rpm: where there are any, only packages that one of these fits are there. */
  readonly includes?: readonly string[];
  /** rpm: the distribution as a stream of the module "platform": `el9`. */
  readonly modulePlatform?: string;
  /** rpm: dnf's module_hotfixes: no module hides packages of it. */
  readonly moduleHotfixes?: boolean;
  /** rpm: files that somebody asks for by path, beside those that packages ask for. */
  readonly files?: readonly string[];
  /** rpm: `nodejs:18`: streams of modules to take instead of the default ones. */
  readonly modules?: readonly string[];
  /** apk: packages of it are taken only for requests that name the tag. */
  readonly tag?: string;
}

/** A public key that is trusted, as text (deb: armoured OpenPGP; apk: PEM), with where it is from. */
export interface TrustKey {
  /** apk: file name below `etc/apk/keys`, by which signatures call the key. */
  readonly name?: string;
  /** deb: 40 (v4) or 64 (v6) upper-case hex digits of the primary key; apk: SHA-256 of the public key, in lower-case hex. When absent, every key of the text is trusted. */
  readonly fingerprint?: string;
  readonly owner: string;
  readonly source: string;
  readonly armored: string;
}

/** The signed chain that vouches for an index: key → Release → index. Kept in the lock. */
export interface RepositoryChain {
  readonly repository: string;
  readonly suite: string;
  readonly components: readonly string[];
  /** Fingerprints of the trusted keys whose signatures were good; empty only with `insecureUnsigned`. */
  readonly signedBy: readonly string[];
  /** Package files without a good signature are taken, as was asked (rpm). */
  readonly unsignedPackages?: "taken";
  /** What was signed: deb's InRelease (or Release), apk's APKINDEX, rpm's repomd.xml. */
  readonly release: { readonly path: string; readonly digest: Digest; readonly date: Date; readonly validUntil?: Date };
  /** The index files that were read, with the digest that the release states for them. */
  readonly indexes: readonly { readonly path: string; readonly digest: Digest; readonly sizeBytes: number }[];
}

export interface FetchOptions {
  /** Refused past this many bytes. */
  readonly maxBytes: number;
  /** When known: the bytes are checked while they pass, and may come from the store. */
  readonly expected?: { readonly digest: Digest; readonly sizeBytes: number };
}

/** What a repository client may do to the world; given by `build`. */
export interface RepositoryAccess {
  /** The bytes at `path` below the repository's root, from the first mirror that has them; `undefined` when all say they have not. Throws DOWNLOAD_FAILED, NETWORK_OFFLINE, DIGEST_MISMATCH. */
  fetch(repository: Repository, path: string, options: FetchOptions): Promise<Bytes | undefined>;
  readonly now: Date;
  /** Compiled indexes of earlier runs, by the key that `openRepository` chose. */
  readonly compiled: {
    open(key: string): Promise<RandomAccess | undefined>;
    /** Keeps the bytes under `key` and opens them. */
    keep(key: string, bytes: Bytes | Uint8Array): Promise<RandomAccess>;
  };
  /** Warnings that a person should read: an unsigned repository, an old hash. */
  warn(message: string): void;
}

/** Bytes that can be read at any place, at once: a file that is open, or memory. */
export interface RandomAccess {
  readonly sizeBytes: number;
  /** Exactly `length` bytes from `offset`. Throws CACHE_BROKEN when they are not there. */
  read(offset: number, length: number): Uint8Array;
}

export interface OpenRepository {
  readonly repository: Repository;
  readonly chain: RepositoryChain;
  readonly index: PackageIndex;
  /** Fetches, verifies and reads what the repository says of these packages, exactly as they are; `undefined` when it has no advisories at all. Absent where a format has none. Throws INDEX_SYNTAX, INDEX_MISSING, DIGEST_MISMATCH ... */
  advisories?(packages: readonly NamedPackage[]): Promise<readonly Advisory[] | undefined>;
}

export interface NamedPackage {
  readonly name: string;
  /** As in PackageRecord. */
  readonly version: string;
  readonly architecture: string;
}

/** Why a version of packages was made. */
export interface Advisory {
  readonly id: string;
  /** `security`, `bugfix`, `enhancement`, `newpackage`, `unknown`, or a word of the repository's own. */
  readonly type: string;
  /** In the repository's own words: `Important`. */
  readonly severity: string | undefined;
  readonly title: string;
  /** When it was made known. */
  readonly issued: Date | undefined;
  /** Sorted. */
  readonly cves: readonly string[];
  /** Those that were asked about, the same objects. */
  readonly packages: readonly NamedPackage[];
}

/** Two packages with one path: the very `same` file, which both have; a file that goes `over` or `under` the other's; or `apart`, where one would have to replace the other. */
export type FileMeeting = "same" | "over" | "under" | "apart";

/** A package format: one folder under `packages/`, one value. */
export interface PackageFormat {
  readonly name: string;
  /** Below zero when `a` is older than `b`, as Array.sort wants it. Throws VERSION_SYNTAX. */
  compareVersions(a: string, b: string): number;
  /** Whether `record`, by its own name or by what it provides, is what `requirement` asks for on `architecture`. */
  satisfies(record: PackageRecord, requirement: Requirement, architecture: string): boolean;
  /** How packages are chosen; apt's way when absent. */
  readonly policy?: "apk" | "dnf";
  /** Architectures whose packages may be there beside each other, the platform's own first, then the better first (rpm); its own alone when absent. */
  architectures?(architecture: string): readonly CompatibleArchitecture[];
  /** What a request without a constraint may mean: the first reading that something on offer fits is meant (rpm). */
  readings?(request: string): readonly PackageReading[];
  /** What a person writes in a recipe: `openssl`, `openssl>=3.5`, `openssl=3.5.1-1`. Throws RELATION_SYNTAX. */
  parseRequest(text: string): Requirement;
  /** The format's own word for a platform: `amd64`, `armhf`, `x86_64`. `undefined` when it has none. */
  architectureOf(platform: string): string | undefined;
  /**
   * Fetches, verifies and reads a repository for one architecture: key → signed release → index.
   * Throws SIGNATURE_MISSING, SIGNATURE_INVALID, RELEASE_EXPIRED, RELEASE_FROM_FUTURE, INDEX_MISSING, DIGEST_MISMATCH ...
   */
  openRepository(repository: Repository, architecture: string, access: RepositoryAccess): Promise<OpenRepository>;
  /** Opens a package file. `digest` is the one by which it is known: a control checksum is checked here. With `trust`, a trusted key must have signed it (rpm). Throws DIGEST_MISMATCH, SIGNATURE_MISSING, SIGNATURE_INVALID, PACKAGE_BROKEN, ARCHIVE_UNSAFE_PATH, ARCHIVE_TOO_LARGE. */
  openPackage(bytes: Bytes, limits: PackageLimits, digest?: PackageDigest, trust?: PackageTrust): Promise<PackageFile>;
  /** Absolute paths of files whose MD5 the database states (deb: conffiles), from a package's control members. */
  digestedPaths(control: readonly ControlMember[]): ReadonlySet<string>;
  /** Whether a package, by its control members, may take over files of another (deb: Replaces). */
  replaces(
    control: readonly ControlMember[],
    other: { readonly name: string; readonly version: string; readonly control?: readonly ControlMember[] },
  ): boolean;
  /** What a package says of itself, from its control members; absent where nobody asks for it. */
  factsOf?(control: readonly ControlMember[]): PackageFacts;
  /** Names in the order in which packages are unpacked, where that decides who has a file (apk); by name when absent. */
  unpackOrder?(
    packages: readonly { readonly name: string; readonly control: readonly ControlMember[] }[],
    world: readonly string[],
  ): readonly string[];
  /** What an image has installed; `undefined` when it has no database. Throws CONTROL_SYNTAX, INDEX_SYNTAX, DATABASE_BROKEN. Absent for a format without one. */
  readInstalled?(files: InstalledFiles, architecture: string): InstalledDatabase | undefined;
  /** The database files for these packages, sorted by path. */
  formatDatabase(installed: readonly InstalledPackage[], options: DatabaseOptions): readonly GeneratedFile[];
  /**
   * The database files as `formatDatabase` would have written them, for what the image's own package manager did to them; all
   * others in their folder are its leavings. `undefined` where it left none that is known. Absent where they are kept as they are.
   */
  restoreDatabase?(access: DatabaseAccess, options: DatabaseOptions): readonly GeneratedFile[] | undefined;
  /** Package files are signed one by one: `openPackage` is given whom to trust (rpm). */
  readonly signedPackages?: boolean;
  /** The package that holds "/" says what the root folder is like (rpm); absent where that counts for nothing, as with dpkg. */
  readonly ownsRoot?: boolean;
  /** How two packages get along at paths that both have, absolute as packages spell them (rpm). */
  meeting?(control: readonly ControlMember[], other: readonly ControlMember[]): (path: string) => FileMeeting;
  /** Files that are not root's, by the names of their owners (rpm). */
  owners?(control: readonly ControlMember[]): readonly FileOwner[];
  /** Absolute paths of files that the image does without, by what packages say of them (rpm: documentation, languages). */
  unwanted?(control: readonly ControlMember[], wishes: FileWishes): readonly string[];
  /** Names of control members that run when a package is installed: `preinst`, `postinst` ... */
  readonly scripts: readonly string[];
  /** How they are run; absent where dodai only emulates them. */
  readonly runner?: ScriptRunner;
}

/** rpm: packages of one name and of architectures with different `bits` do not replace each other. */
export interface CompatibleArchitecture {
  readonly name: string;
  readonly bits: 32 | 64;
}

/** rpm: one way to read `glibc.i686` or `bash-5.1-1.el9`. */
export interface PackageReading {
  /** Of the packages that are meant, or a glob of names. */
  readonly name: string;
  readonly isGlob: boolean;
  /** What of a package is named beside its name; `architecture` also where a version is. */
  readonly kind: "name" | "version" | "architecture";
  fitsName(name: string): boolean;
  fits(one: Pick<PackageRecord, "name" | "version" | "architecture">): boolean;
}

/** A maintainer script: `{package: "libc6", script: "postinst"}`. */
export interface ScriptName {
  readonly package: string;
  readonly script: string;
}

/** What runs in an image whose packages are all unpacked, so that its package manager calls them installed. */
export interface ScriptPlan {
  /** Put in place before anything runs, and gone afterwards; each takes the place of nothing. */
  readonly temporary: readonly GeneratedFile[];
  /** In order. The first that fails ends the build. */
  readonly commands: readonly ScriptCommand[];
  /** The scripts that these commands may run, each with its path in the image, without leading `/`. */
  readonly scripts: readonly (ScriptName & { readonly path: string })[];
  /** A file of `temporary` in which commands note scripts that failed and that nothing hangs on: package, script and exit code a line. */
  readonly failures?: string;
  /** Scripts that are not run, because their text shows that they only look after upgrades. */
  readonly needless: readonly ScriptName[];
}

/** One program to run in the image, as root, in `/`, with nothing on its standard input. */
export interface ScriptCommand {
  /** The program by its absolute path, then its arguments. */
  readonly argv: readonly [string, ...string[]];
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** The one script that this is; absent for a package manager, which names scripts in its output. */
  readonly script?: ScriptName;
}

export interface FailedScript extends ScriptName {
  /** `undefined` when a signal ended it. */
  readonly exitCode: number | undefined;
  /** The package manager's own words. */
  readonly reason: string;
}

export interface ScriptRunner {
  /** Decides only. Throws SCRIPT_UNKNOWN when the image has nothing that can run scripts. */
  plan(installed: readonly InstalledPackage[], options: ScriptPlanOptions): ScriptPlan;
  /** The first script that, by what the package manager printed, has failed. */
  failed(output: string): FailedScript | undefined;
  /** The package whose script was running when the output stopped. */
  running(output: string): string | undefined;
  /** Whether the package manager itself writes at this path between scripts. */
  isOwnRecord(path: string): boolean;
}

export interface ScriptPlanOptions {
  readonly architecture: string;
  /** Seconds since 1970: passwd(5)'s tools date what they write by it. */
  readonly epoch: number;
  /** Whether something is at a path of the tree, without leading `/`: files that no package holds count too. */
  readonly has: (path: string) => boolean;
  /** What the image below has installed and configured already. */
  readonly below?: InstalledDatabase;
}
