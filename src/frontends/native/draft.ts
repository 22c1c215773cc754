// A recipe file as part of a recipe: what the file says, in the recipe's own terms. What it does not say is absent, so
// that files can be laid over each other before defaults are filled in.
import type { Position } from "../../core/dodai-error.ts";
import { formatPlatform, type Platform, parsePlatform } from "../../core/platform.ts";
import type {
  LayerStrategy,
  Recipe,
  RecipeBase,
  RecipeCertificates,
  RecipeConfig,
  RecipeFile,
  RecipeGroup,
  RecipeRepository,
  RecipeServices,
  RecipeSource,
  RecipeStep,
  RecipeUser,
  SourcePlaces,
} from "../../core/recipe.ts";
import type { RecipeDocument } from "./document.ts";
import type {
  AccountsInput,
  CertificatesInput,
  ConfigInput,
  FileInput,
  LayersInput,
  RecipeInput,
  RepositoryInput,
  SourceInput,
  SourcePlacesInput,
  StepInput,
} from "./input.ts";
import { parseDistribution, parseImagePath, parseMode, parsePackageRequest, parseSnapshot } from "./values.ts";

export type RecipeDraft = Partial<Recipe>;

/** Most layers of the strategies that make several, when the recipe does not say: room is left for images built on it. */
const defaultMaxLayers = 64;

/** What a file names outside itself, looked up: places on disk and texts of keys. */
export interface Surroundings {
  /** Absolute path of what the recipe calls `path`. */
  absolute(path: string): string;
  /** The armored text of a key that the recipe names by path or writes out. */
  keyText(key: string): string;
  /** The text of a certificate that the recipe names by path or writes out. */
  certificateText(certificate: string): string;
}

export function draftOf(input: RecipeInput, document: RecipeDocument, around: Surroundings): RecipeDraft {
  const position = (...path: readonly (string | number)[]) => document.positionOf(path);
  return withoutUndefined({
    name: input.name,
    distribution: input.distro ? { ...parseDistribution(input.distro), position: position("distro") } : undefined,
    snapshot: input.snapshot ? parseSnapshot(input.snapshot) : undefined,
    source: input.source && { ...sourceOf(input.source, around), position: position("source") },
    base: input.base === undefined ? undefined : baseOf(input.base, { ...input, around, position: position("base") }),
    variant: input.variant,
    packages: input.packages?.map((text, index) => {
      const { request, exclude } = parsePackageRequest(text);
      return { request, exclude, position: position("packages", index) };
    }),
    recommends: input.recommends,
    ignoreMissing: input["ignore-missing"],
    softExcludes: input["soft-excludes"],
    repositories: input.repositories?.map((one, index) => ({
      ...repositoryOf(one, around),
      position: position("repositories", index),
    })),
    scripts: input.scripts,
    allowUnknownScripts: input["allow-unknown-scripts"],
    platforms: input.platforms && uniquePlatforms(input.platforms),
    accounts: input.accounts && accountsOf(input.accounts),
    certificates: input.certificates && certificatesOf(input.certificates, around),
    files: input.files?.flatMap((file) => filesOf(file, around)),
    steps: input.steps?.map((step, index) => stepOf(step, position("steps", index))),
    documentation: input.documentation,
    languages: input.languages,
    locale: input.locale,
    timezone: input.timezone,
    keymap: input.keymap,
    hostname: input.hostname,
    services: input.services && { ...noServices, ...withoutUndefined(input.services) },
    remove: input.remove,
    config: input.config && configOf(input.config),
    layers: input.layers && layersOf(input.layers),
  });
}

/** The same without the members that are undefined. */
function withoutUndefined<Shape extends object>(
  value: Shape,
): { [Key in keyof Shape]?: Exclude<Shape[Key], undefined> } {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Shape]?: Exclude<Shape[Key], undefined> };
}

function baseOf(
  image: string,
  { upgrade = false, around, position }: Pick<RecipeInput, "upgrade"> & BaseSurroundings,
): RecipeBase {
  return { image: placed(image, around), upgrade, position };
}

interface BaseSurroundings {
  readonly around: Surroundings;
  readonly position: Position;
}

function repositoryOf(input: RepositoryInput, around: Surroundings): RecipeRepository {
  const urls = input.urls ?? (input.url === undefined ? [] : [input.url]);
  const { flat, priority, tag, cost, excludes, includes } = input;
  return {
    urls: urls.map((url) => placed(url, around)),
    suites: input.suites ?? [],
    components: input.components ?? [],
    keys: (input.keys ?? []).map(around.keyText),
    only: input.only ?? false,
    insecureUnsigned: input["insecure-unsigned"] ?? false,
    ...withoutUndefined({ flat, priority, tag, cost, excludes, includes, moduleHotfixes: input["module-hotfixes"] }),
  };
}

function sourceOf(input: SourceInput, around: Surroundings): RecipeSource {
  const { key, keys = [], serial, platforms = {} } = input;
  return {
    ...placesOf(input, around),
    platforms: Object.fromEntries(
      Object.entries(platforms).map(([name, places]) => [
        formatPlatform(parsePlatform(name)),
        placesOf(places, around),
      ]),
    ),
    keys: [...(key === undefined ? [] : [key]), ...keys].map(around.keyText),
    ...(serial && {
      serial: {
        pattern: serial.pattern,
        ...(serial.file === undefined ? {} : { file: placed(serial.file, around) }),
      },
    }),
  };
}

function placesOf({ rootfs, sums, signature, sha256, sha512 }: SourcePlacesInput, around: Surroundings): SourcePlaces {
  return withoutUndefined({
    rootfs: rootfs === undefined ? undefined : placed(rootfs, around),
    sums: sums === undefined ? undefined : placed(sums, around),
    signature: signature === undefined ? undefined : placed(signature, around),
    sha256: sha256?.toLowerCase(),
    sha512: sha512?.toLowerCase(),
  });
}

/** Paths of this machine as absolute ones; what is relative to the tarball stays so. */
const placed = (place: string, { absolute }: Surroundings): string => (/^[./]/.test(place) ? absolute(place) : place);

function uniquePlatforms(texts: readonly string[]): readonly Platform[] {
  const platforms = texts.map(parsePlatform);
  const isFirst = (one: Platform, index: number): boolean =>
    platforms.findIndex((other) => other.architecture === one.architecture && other.variant === one.variant) === index;
  return platforms.filter(isFirst);
}

function accountsOf(input: AccountsInput): Recipe["accounts"] {
  const groups = (input.groups ?? []).map(({ name, gid, members = [] }): RecipeGroup => ({ name, gid, members }));
  const users = (input.users ?? []).map(
    ({
      name,
      uid,
      gid = uid,
      home = `/home/${name}`,
      shell = "/sbin/nologin",
      comment = "",
      password,
      groups: further,
    }): RecipeUser => ({
      ...withoutUndefined({ password, groups: further }),
      name,
      uid,
      gid,
      home,
      shell,
      comment,
    }),
  );
  // A user without a group gets one of the same name and number, unless the file has one of either.
  for (const { name, uid, gid } of input.users ?? []) {
    const taken = groups.some((group) => group.name === name || group.gid === uid);
    if (gid === undefined && !taken) groups.push({ name, gid: uid, members: [] });
  }
  return { users, groups, ...withoutUndefined({ runAs: input["run-as"], rootPassword: input["root-password"] }) };
}

const noServices: RecipeServices = { enabled: [], disabled: [], masked: [] };

function stepOf(
  { run, interpreter = "/bin/sh", log, network, outside = false, ...input }: StepInput,
  position: Position,
): RecipeStep {
  const failure = input["on-failure"] ?? "error";
  return { script: run, interpreter, failure, outside, ...withoutUndefined({ log, network }), position };
}

function certificatesOf(
  { additional = [], providers = [] }: CertificatesInput,
  { certificateText }: Surroundings,
): RecipeCertificates {
  return { additional: additional.map(({ name, content }) => ({ name, pem: certificateText(content) })), providers };
}

/** A folder of which all that is below it is changed too is two entries. */
function filesOf(input: FileInput, around: Surroundings): readonly RecipeFile[] {
  const file = fileOf(input, around);
  if (file.kind !== "directory" || !input.recursive) return [file];
  const { path, mode, uid, gid } = file;
  return [file, { kind: "permissions", path, mode, recursive: true, ...withoutUndefined({ uid, gid }) }];
}

function fileOf(input: FileInput, { absolute }: Surroundings): RecipeFile {
  const path = parseImagePath(input.path);
  if (input.target !== undefined) return { kind: "symlink", path, target: input.target };
  if (input.hardlink !== undefined) return { kind: "hardlink", path, target: parseImagePath(input.hardlink) };
  if (input.existing) {
    const mode = input.mode === undefined ? undefined : parseMode(input.mode);
    const { uid, gid, recursive = false } = input;
    return { kind: "permissions", path, recursive, ...withoutUndefined({ mode, uid, gid }) };
  }
  const mode = input.mode === undefined ? (input.directory ? 0o755 : 0o644) : parseMode(input.mode);
  const common = { path, mode, uid: input.uid ?? 0, gid: input.gid ?? 0 };
  if (input.directory) return { kind: "directory", ...common };
  if (input.source !== undefined) return { kind: "copy", ...common, source: absolute(input.source) };
  return { kind: "file", ...common, content: input.content ?? "" };
}

function configOf(input: ConfigInput): RecipeConfig {
  const { "stop-signal": stopSignal, ...others } = input;
  return withoutUndefined({ ...others, stopSignal });
}

function layersOf({ strategy, max = defaultMaxLayers }: LayersInput): LayerStrategy {
  if (strategy === "single") return { kind: "single" };
  // What no package has is in a layer above those of the budget.
  return strategy === "origin" ? { kind: "origin", budget: max - 1 } : { kind: strategy, max };
}
