// What distributions of rpm packages have in common: a distribution is a table of releases, and everything that a recipe of
// it implies follows from there.
import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform, type Platform } from "../core/platform.ts";
import {
  type PackageRequest,
  plainRecipe,
  type Recipe,
  type RecipeConfig,
  type RecipeRepository,
} from "../core/recipe.ts";
import type { Repository, RpmDatabase, TrustKey } from "../packages/contract.ts";
import { rpm } from "../packages/rpm/format.ts";
import type { BuiltInRecipe, Distribution, MirrorSettings, Supply } from "./contract.ts";
import { type ImageConventions, withConventions } from "./rpm-conventions.ts";

export interface RpmRelease {
  /** `9`, `43`. */
  readonly name: string;
  readonly aliases: readonly string[];
  readonly platforms: readonly Platform[];
  readonly keys: readonly TrustKey[];
  /** The distribution's root, below which all its repositories are. */
  readonly root: string;
  /** By name; `$basearch` stands for the architecture. */
  readonly repositories: Readonly<Record<string, string>>;
  readonly database: Omit<RpmDatabase, "keys">;
  /** Top folders that are links into usr, made by the package filesystem. */
  readonly mergedUsr: readonly string[];
  /** The release as a stream of the module "platform", where it has modules: `el9`. */
  readonly modulePlatform?: string;
  /** Other variables of dnf that its repository files use: `stream` is `9-stream`. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Lists of mirrors of repositories that have no root; a mirror that is set goes before. */
  readonly mirrorLists?: Readonly<Record<string, string>>;
  readonly conventions?: ImageConventions;
  /** Packages of each variant. */
  readonly variants: Readonly<Record<string, readonly string[]>>;
  readonly archived?: boolean;
  /** Of every variant's image but `empty`; with them come those that say when it was made. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface RpmFamilySpec {
  readonly name: string;
  /** `ID`s by which os-release(5) calls it, where they are not its name. */
  readonly ids?: readonly string[];
  /** As people write it: `CentOS`. */
  readonly title: string;
  /** Newest first. */
  readonly releases: readonly RpmRelease[];
  readonly recipes: ReadonlyMap<string, BuiltInRecipe>;
}

const usualPriority = 500;

/** What scripts do in any image, in the order in which it is done. */
const effects: readonly string[] = ["rpm-scripts", "accounts", "ld.so.cache"];

const shellConfig: RecipeConfig = {
  env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
  cmd: ["/bin/bash"],
};

export function rpmDistribution(spec: RpmFamilySpec): Distribution {
  const variants = new Set(["empty", ...spec.releases.flatMap((one) => Object.keys(one.variants))]);
  return {
    name: spec.name,
    ...(spec.ids && { ids: spec.ids }),
    format: rpm,
    releases: spec.releases,
    keys: [...new Set(spec.releases.flatMap(({ keys }) => keys))],
    variants: [...variants],
    supply: (recipe, platform, mirrors) => {
      const supply = supplyOf(spec, recipe, { platform, mirrors });
      const { conventions } = findRelease(spec, recipe);
      return conventions && recipe.variant !== "empty" ? withConventions(supply, recipe.variant, conventions) : supply;
    },
    recipes: spec.recipes,
  };
}

interface Place {
  readonly platform: Platform;
  readonly mirrors: MirrorSettings;
}

function supplyOf(spec: RpmFamilySpec, recipe: Recipe, { platform, mirrors }: Place): Supply {
  const release = findRelease(spec, recipe);
  assertPlatform(spec, release, platform);
  const packages = recipe.variant === "empty" ? [] : release.variants[recipe.variant];
  if (packages === undefined) {
    throw new DodaiError(
      "DISTRIBUTION_UNKNOWN",
      `Cannot use variant "${recipe.variant}": ${spec.title} ${release.name} has no such variant`,
      { fix: `It has ${["empty", ...Object.keys(release.variants)].join(", ")}.` },
    );
  }
  const isEmpty = recipe.variant === "empty";
  const requests = packages.map((request): PackageRequest => ({ request, exclude: false }));
  return {
    release: release.name,
    repositories: repositoriesOf(spec, recipe, { release, platform, mirrors }),
    requests,
    essential: false,
    priorities: [],
    waived: [],
    effects: effects.map((name) => ({ name, always: true })),
    mergedUsr: release.mergedUsr,
    users: [],
    groups: [],
    ...(isDated(release, recipe) ? { dayLabel: true } : {}),
    config: isEmpty ? {} : { ...shellConfig, ...(release.labels ? { labels: release.labels } : {}) },
    perPackageStatus: false,
    rpmDatabase: { ...release.database, keys: isEmpty ? [] : release.keys },
    ...wishesOf(recipe),
    files: isEmpty ? [] : imageFiles(recipe),
    excluded: { paths: [], kept: [], folders: [] },
  };
}

const usualLanguages: readonly string[] = ["en", "C.utf8"];

/** Those of container images, unless the recipe says otherwise; of the variant `empty` what the recipe says alone. */
function wishesOf({ variant, documentation, languages }: Recipe): Pick<Supply, "wishes"> {
  const isEmpty = variant === "empty";
  const wanted = languages ?? (isEmpty ? [] : usualLanguages);
  if (isEmpty && documentation === undefined && wanted.length === 0) return {};
  return { wishes: { documentation: documentation ?? isEmpty, ...(wanted.length > 0 && { languages: wanted }) } };
}

/** What images of this family remember of how they were made, so that later installs are made so too. */
function imageFiles({ documentation = false, languages = usualLanguages }: Recipe): Recipe["files"] {
  return [
    ...(languages.length === 0
      ? []
      : [fileOf("etc/rpm/macros.image-language-conf", `%_install_langs ${languages.join(":")}\n`)]),
    ...(documentation ? [] : [fileOf("etc/rpm/macros.image-documentation", "%_excludedocs 1\n")]),
    fileOf("etc/machine-id", "", 0o444),
  ];
}

function fileOf(path: string, content: string, mode = 0o644): Recipe["files"][number] {
  return { kind: "file", path, mode, uid: 0, gid: 0, content };
}

/** A recipe that starts from nothing may have the labels as its own. */
function isDated({ labels }: RpmRelease, { variant, config }: Recipe): boolean {
  return labels !== undefined && (variant !== "empty" || Object.keys(labels).every((key) => config.labels?.[key]));
}

interface RepositoryPlace extends Place {
  readonly release: RpmRelease;
}

/** The release's own, then what the recipe adds; or what the recipe has alone. */
function repositoriesOf(spec: RpmFamilySpec, recipe: Recipe, place: RepositoryPlace): readonly Repository[] {
  const { release, platform, mirrors } = place;
  const basearch = basearchOf(platform);
  const vars = variablesOf(release, basearch);
  const modules = recipe.packages.flatMap(({ request, exclude }) => (exclude ? [] : moduleOf(request)));
  const files = recipe.packages.flatMap(({ request, exclude }) => (exclude ? [] : filesIn(request)));
  const { modulePlatform } = release;
  const asked = { modules, files, ...(modulePlatform === undefined ? {} : { modulePlatform }) };
  const places = { vars, release, asked, mirrors };
  const added = recipe.repositories.flatMap((one, index) => recipeRepositories(one, { index, ...places }));
  if (recipe.repositories.some((one) => one.only)) return added;
  if (recipe.snapshot !== undefined) {
    throw new DodaiError(
      "SNAPSHOT_UNAVAILABLE",
      `Cannot use snapshot "${recipe.snapshot}" of ${spec.title}: it keeps none`,
      {
        fix: "Keep the lock instead: it names packages by their digests. Or name a repository of your own that keeps packages.",
      },
    );
  }
  const own = Object.entries(release.repositories).map(
    ([name, path]): Repository => ({
      name: `${spec.name}/${name}`,
      ...placeOf(name, withVars(path, vars), { release, mirrors, vars }),
      flat: true,
      components: [],
      keys: release.keys,
      insecureUnsigned: false,
      archived: release.archived ?? false,
      priority: usualPriority,
      ...asked,
    }),
  );
  return [...own, ...added];
}

/** Paths of files that a request names: `/usr/bin/perl`, `(/usr/bin/a or b)`. */
function filesIn(request: string): readonly string[] {
  return request.split(/[\s()]+/).filter((word) => word.startsWith("/"));
}

/** Below the root, or a mirror of it; where there is no root, at whichever place a list names. */
function placeOf(
  name: string,
  path: string,
  { release, mirrors, vars }: Pick<RecipePlace, "release" | "mirrors" | "vars">,
): Pick<Repository, "urls" | "suite"> {
  const list = release.mirrorLists?.[name];
  if (list !== undefined && !mirrors.archive) return { urls: [`mirrorlist+${withVars(list, vars)}`], suite: "" };
  return { urls: mirrors.archive ?? [release.root], suite: path };
}

/** `@nodejs:18/common` enables the stream. */
function moduleOf(request: string): readonly string[] {
  const [, module] = /^@([\w.+-]+:[\w.+-]+)(?:\/[\w.+-]+)?$/.exec(request) ?? [];
  return module === undefined ? [] : [module];
}

interface RecipePlace {
  readonly index: number;
  readonly vars: ReadonlyMap<string, string>;
  readonly release: RpmRelease;
  /** What the recipe asks for that repositories have to know. */
  readonly asked: Pick<Repository, "modules" | "files" | "modulePlatform">;
  readonly mirrors: MirrorSettings;
}

/** Suites are paths below the URL, each a repository; without any, the URL itself is one. */
function recipeRepositories(repository: RecipeRepository, place: RecipePlace): readonly Repository[] {
  const { index, vars, release, asked, mirrors } = place;
  const own = repository.keys.map((armored): TrustKey => ({ owner: "the recipe", source: "the recipe", armored }));
  const paths = (repository.flat === undefined ? repository.suites : [repository.flat]).map(
    (one) => one.replace(/^\.\/+/, "") || ".",
  );
  return (paths.length === 0 ? ["."] : paths).map((path) => ({
    name: path === "." ? `recipe-${index + 1}` : `recipe-${index + 1}/${path}`,
    urls: repository.urls.flatMap((url) => mirrorsFor(withVars(url, vars), release, mirrors)),
    suite: path === "." ? "" : withVars(path, vars),
    flat: true,
    components: [],
    // A mirror of the distribution needs no key of its own.
    keys: own.length > 0 ? own : release.keys,
    insecureUnsigned: repository.insecureUnsigned,
    archived: false,
    priority: repository.priority ?? usualPriority,
    ...(repository.cost === undefined ? {} : { cost: repository.cost }),
    ...(repository.excludes ? { excludes: repository.excludes } : {}),
    ...(repository.includes ? { includes: repository.includes } : {}),
    ...(repository.moduleHotfixes ? { moduleHotfixes: true } : {}),
    ...asked,
  }));
}

/** Those of dnf.conf(5), and those that the release's own repository files use. */
function variablesOf(release: RpmRelease, basearch: string): ReadonlyMap<string, string> {
  const [major = "", minor = ""] = (/[\d.]+/.exec(release.name)?.[0] ?? "").split(".");
  return new Map([
    ["basearch", basearch],
    ["arch", basearch],
    ["releasever", /^stream(\d+)$/.exec(release.name)?.[1] ?? release.name],
    ["releasever_major", major],
    ["releasever_minor", minor],
    ...Object.entries(release.variables ?? {}),
  ]);
}

/** The distribution's own root, in an address that a recipe spells out, stands for the mirrors that are set. */
function mirrorsFor(url: string, { root }: RpmRelease, { archive }: MirrorSettings): readonly string[] {
  const bare = (address: string): string => address.replace(/^https?:/, "");
  if (!archive || !bare(url).startsWith(`${bare(root)}/`)) return [url];
  return archive.map((mirror) => mirror.replace(/\/+$/, "") + bare(url).slice(bare(root).length));
}

/** dnf's variables, `$basearch` and `${basearch}`. */
function withVars(text: string, vars: ReadonlyMap<string, string>): string {
  return text.replaceAll(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (all, braced?: string, plain?: string) => vars.get(braced ?? plain ?? "") ?? all,
  );
}

/** dnf's $basearch, which is rpm's architecture but for i386. */
function basearchOf(platform: Platform): string {
  const name = rpm.architectureOf(formatPlatform(platform)) ?? "";
  return name === "i686" ? "i386" : name;
}

function findRelease({ title, releases }: RpmFamilySpec, { distribution }: Recipe): RpmRelease {
  const { release: wanted, position } = distribution;
  const found = releases.find(({ name, aliases }) => name === wanted || aliases.includes(wanted));
  if (found) return found;
  throw new DodaiError("DISTRIBUTION_UNKNOWN", `Cannot use release "${wanted}": ${title} has no such release`, {
    fix: `Known are ${releases.map(({ name }) => name).join(", ")}.`,
    ...(position ? { where: position } : {}),
  });
}

function assertPlatform({ title }: RpmFamilySpec, release: RpmRelease, platform: Platform): void {
  const name = formatPlatform(platform);
  const known = release.platforms.map(formatPlatform);
  if (known.includes(name)) return;
  throw new DodaiError(
    "PLATFORM_UNSUPPORTED",
    `Cannot build ${title} ${release.name} for ${name}: it is not made for that`,
    { fix: `It is made for ${known.join(", ")}.` },
  );
}

/** Variants as the container images of Fedora and of what is made from Red Hat's releases have them, with the package that says which. */
export function containerVariants(releasePackage: string): RpmRelease["variants"] {
  const base = ["bash", "coreutils-single", "glibc-minimal-langpack"];
  return {
    micro: [...base, releasePackage],
    minimal: [...base, "microdnf", "rpm", releasePackage],
    full: [
      ...["bash", "coreutils-single", "dnf", "glibc-minimal-langpack", "hostname"],
      ...["rootfiles", "rpm", "tar", "vim-minimal", releasePackage],
    ],
  };
}

/** `NAME:RELEASE` for each release, of the variant `full`. */
export function fullRecipes({
  name,
  title,
  releases,
}: Omit<RpmFamilySpec, "recipes">): ReadonlyMap<string, BuiltInRecipe> {
  return new Map(
    releases.map((release): [string, BuiltInRecipe] => [
      `${name}:${release.name}`,
      {
        summary: `${title} ${release.name} with its package manager`,
        recipe: baseRecipe(`${name}:${release.name}`, { name, release: release.name }, "full"),
      },
    ]),
  );
}

/** A recipe of one variant of one release. */
export function baseRecipe(name: string, distribution: Recipe["distribution"], variant: string): Recipe {
  return {
    name,
    distribution,
    variant,
    ...plainRecipe,
    scripts: "run",
  };
}
