// An apko recipe with everything that it names: the files that it includes, its keyring, apko's lock beside it.
import { posix } from "node:path";
import { DodaiError, type Position } from "../../core/dodai-error.ts";
import type { Platform } from "../../core/platform.ts";
import type { PackageRequest, PinnedPackage, Recipe, RecipeBase, RecipeRepository } from "../../core/recipe.ts";
import { type Path, parseRecipeDocument, type RecipeDocument } from "../native/document.ts";
import { faultsOf, throwFaults } from "../native/faults.ts";
import type { RecipeWorld } from "../native/load.ts";
import type { ApkoInput } from "./input.ts";
import { readKeyring } from "./keyring.ts";
import { type ApkoLock, fitsTexts, isApkoLock, parseApkoLock } from "./lock.ts";
import { mergeInputs } from "./merge.ts";
import { type Locate, locator } from "./places.ts";
import { apkoRecipe } from "./recipe.ts";
import { apkArchitectures, readRepositories } from "./repositories.ts";
import { checkRules } from "./rules.ts";
import { apkoSchema } from "./schema.ts";
import { parseArchitecture, parsePackageLine } from "./values.ts";

/** How many files may include one another in a row. */
const maxIncludes = 16;

export interface LoadApkoOptions {
  /** Absolute path of the recipe's file. */
  readonly path: string;
  /** The file's name in messages, as the person wrote it; the path by default. */
  readonly file?: string;
  /** Where apko would have been started: it takes relative paths from there. */
  readonly cwd: string;
  readonly hostPlatform: Platform;
  readonly world: ApkoWorld;
}

/** What an apko recipe may look at outside its own text. */
export interface ApkoWorld extends Pick<RecipeWorld, "readFile" | "hasFile"> {
  /** A key at an address that dodai does not know; throws DOWNLOAD_FAILED, NETWORK_OFFLINE. Absent: none is fetched. */
  fetchKey?(url: string): Promise<string>;
}

/** One file of a recipe, checked on its own. */
export interface ApkoFile {
  readonly path: string;
  readonly file: string;
  readonly text: string;
  readonly input: ApkoInput;
  readonly document: RecipeDocument;
}

/** Throws RECIPE_SYNTAX with every fault of a file, FILE_UNREADABLE, KEY_SYNTAX, LOCK_SYNTAX, LOCK_OUT_OF_DATE. */
export async function loadApkoRecipe(options: LoadApkoOptions): Promise<Recipe> {
  const { path, file = path, cwd, hostPlatform, world } = options;
  const files = await loadFiles({ path, file, cwd, world });
  const fromBase = files.toReversed();
  const input = fromBase.map((one) => one.input).reduce(mergeInputs);
  assertWhole(input, file);
  const locate = locator({ folder: posix.dirname(path), cwd, hasFile: world.hasFile });
  const lock = await readLock({ files, options });
  const keyring = await readKeyring(fromBase, { locate, world, lock });
  const repositories = await readRepositories(fromBase, { locate, keyring });
  const sources = await localSources(input, locate);
  return apkoRecipe(input, {
    name: posix.basename(path).replace(/(?:\.apko)?\.ya?ml$/, ""),
    hostPlatform,
    requests: requestsOf(fromBase),
    warnings: keyring.warnings,
    repositories: repositories.used,
    keys: new Map([...keyring.keys, ...repositories.keys]),
    pinned: lock?.packages.map((one) => withPlace(one, repositories.used, repositories.places)),
    base: await baseOf(fromBase, locate),
    absolute: (name) => sources.get(name) ?? name,
  });
}

/** The file, then what it includes, and so on. */
async function loadFiles(
  first: Pick<LoadApkoOptions, "cwd" | "world"> & { path: string; file: string },
): Promise<readonly ApkoFile[]> {
  const { cwd, world } = first;
  const files: ApkoFile[] = [];
  let next: { readonly path: string; readonly file: string } | undefined = first;
  while (next) {
    const { path, file } = next;
    const one: ApkoFile = parseApkoText({ path, file, text: await world.readFile(path) });
    files.push(one);
    next = await includedBy(one, { files, cwd, world });
  }
  return files;
}

async function includedBy(
  { input, document, path, file }: ApkoFile,
  { files, cwd, world }: { files: readonly ApkoFile[] } & Pick<LoadApkoOptions, "cwd" | "world">,
): Promise<{ readonly path: string; readonly file: string } | undefined> {
  const { include } = input;
  if (!include) return undefined;
  const refuse = (state: string, fix: string): DodaiError =>
    new DodaiError("RECIPE_SYNTAX", `Cannot include "${include}": ${state}`, {
      where: document.positionOf(["include"]),
      fix,
    });
  const place = await locator({ folder: posix.dirname(path), cwd, hasFile: world.hasFile })(include);
  if (place === undefined) {
    const remote = /@|^[a-z0-9-]+(?:\.[a-z0-9-]+)+\//.test(include);
    throw remote
      ? refuse(
          "it is a file of a git repository, which apko no longer fetches either",
          "Check it out, and name its path.",
        )
      : refuse(
          "there is no such file that can be read",
          "Paths are relative to the current folder, then to the file that names them.",
        );
  }
  if (files.some((one) => one.path === place))
    throw refuse("it includes this file itself, in a circle", "Leave it out.");
  if (files.length > maxIncludes)
    throw refuse(`more than ${maxIncludes} files include one another`, "Lay them together.");
  return { path: place, file: posix.isAbsolute(file) ? place : posix.relative(cwd, place) };
}

/** Checks one file's text on its own. Throws RECIPE_SYNTAX with every fault that it has. */
export function parseApkoText({ path, file, text }: Pick<ApkoFile, "path" | "file" | "text">): ApkoFile {
  const document = parseRecipeDocument({ text, file }, apkoSchema);
  throwFaults(document.faults, file);
  const checked = apkoSchema.safeParse(withoutNulls(document.value));
  if (!checked.success) throwFaults(faultsOf(checked.error, document, apkoSchema), file);
  const input = checked.data ?? {};
  throwFaults(checkRules(input, document), file);
  return { path, file, text, input, document };
}

/** Maps of texts, in which a key without a value has the empty one. */
const textMaps: readonly string[] = ["annotations", "environment", "labels", "services"];

/** Elsewhere a key without a value is as good as absent, in Go's YAML. */
function withoutNulls(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) return value.map((one) => withoutNulls(one));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).flatMap(([name, member]): readonly (readonly [string, unknown])[] => {
    if (member !== null) return [[name, withoutNulls(member, name)]];
    return textMaps.includes(key) ? [[name, ""]] : [];
  });
  return Object.fromEntries(entries);
}

/** What apko does not take beside a base image. */
const notOnBase = [
  "accounts",
  "annotations",
  "cmd",
  "entrypoint",
  "environment",
  "layering",
  "paths",
  "stop-signal",
  "work-dir",
] as const;

/** What only the whole recipe shows. */
function assertWhole(input: ApkoInput, file: string): void {
  if (!input.contents?.baseimage) return;
  const beside = notOnBase.find((key) => !["{}", '""', "[]", undefined].includes(JSON.stringify(input[key])));
  if (beside === undefined) return;
  throw new DodaiError(
    "RECIPE_SYNTAX",
    `Cannot use a base image with "${beside}": apko takes only contents and archs beside it`,
    { where: { file, line: 1, column: 1 }, fix: "Build one image with it, and another on top of that one." },
  );
}

/** Every package once, in the order of the files. */
function requestsOf(files: readonly ApkoFile[]): readonly PackageRequest[] {
  const requests = new Map<string, PackageRequest>();
  const add = (text: string, where: Position, platforms?: readonly Platform[]): void => {
    const key = JSON.stringify([parsePackageLine(text), platforms]);
    const common = { ...parsePackageLine(text), position: where };
    if (!requests.has(key)) requests.set(key, platforms ? { ...common, platforms } : common);
  };
  for (const { input, document } of files) {
    const at = (...path: Path): Position => document.positionOf(["contents", ...path]);
    for (const [index, text] of (input.contents?.packages ?? []).entries()) add(text, at("packages", index));
    for (const [name, texts] of Object.entries(input.contents?.arch_packages ?? {})) {
      for (const [index, text] of texts.entries()) {
        add(text, at("arch_packages", name, index), [parseArchitecture(name)]);
      }
    }
    if (input.entrypoint?.type === "service-bundle") add("s6", document.positionOf(["entrypoint", "type"]));
  }
  return [...requests.values()];
}

/** apko's lock beside the recipe, when one is there. */
async function readLock({
  files,
  options,
}: {
  readonly files: readonly ApkoFile[];
  readonly options: LoadApkoOptions;
}): Promise<ApkoLock | undefined> {
  const { path, file = path, world } = options;
  const beside = (name: string): string => name.replace(/\.ya?ml$/, "").concat(".lock.json");
  if (!(await world.hasFile(beside(path)))) return undefined;
  const text = await world.readFile(beside(path));
  if (!isApkoLock(text)) return undefined;
  const lock = parseApkoLock(text, beside(file));
  if (
    fitsTexts(
      lock,
      files.map((one) => one.text),
    )
  )
    return lock;
  throw new DodaiError(
    "LOCK_OUT_OF_DATE",
    `Cannot use apko's lock "${beside(file)}": the recipe, or what it includes, has changed since`,
    {
      fix: 'Write it anew with "apko lock", or remove it and use "dodai lock".',
    },
  );
}

/** A locked package by where its repository lies: relative addresses are those of a folder. */
function withPlace(
  one: PinnedPackage,
  used: readonly RecipeRepository[],
  places: ReadonlyMap<string, string>,
): PinnedPackage {
  const prefix = [...places.keys()]
    .filter((place) => one.url.startsWith(`${place}/`))
    .sort((a, b) => b.length - a.length)[0];
  const known = used.some(({ urls }) => urls.some((url) => one.url.startsWith(`${url}/`)));
  if (known || prefix === undefined) return one;
  return { ...one, url: `${places.get(prefix)}${one.url.slice(prefix.length)}` };
}

/** An OCI layout, and a folder with apk's database of it for each architecture. */
async function baseOf(files: readonly ApkoFile[], locate: Locate): Promise<RecipeBase | undefined> {
  const file = files.findLast(({ input }) => input.contents?.baseimage !== undefined);
  const { image, apkindex } = file?.input.contents?.baseimage ?? {};
  if (!file || image === undefined || apkindex === undefined) return undefined;
  const place = async (key: "image" | "apkindex", path: string, inside: readonly string[]): Promise<string> => {
    const found = await locate(path, inside);
    if (found !== undefined) return found;
    const what = key === "image" ? "OCI layout" : "database";
    throw new DodaiError("FILE_UNREADABLE", `Cannot read base image "${path}": no folder there has an ${what}`, {
      where: file.document.positionOf(["contents", "baseimage", key]),
      fix: "Paths are relative to the current folder, then to the recipe.",
    });
  };
  const databases = apkArchitectures.map((name) => `${name}/APKINDEX`);
  return {
    image: await place("image", image, ["index.json"]),
    installed: await place("apkindex", apkindex, databases),
    upgrade: false,
  };
}

/** Files of this machine that paths of type `file` copy. */
async function localSources(input: ApkoInput, locate: Locate): Promise<ReadonlyMap<string, string>> {
  const sources = new Map<string, string>();
  for (const { type, source } of input.paths ?? []) {
    if (type !== "file" || source === undefined || sources.has(source)) continue;
    const place = await locate(source);
    if (place === undefined) {
      throw new DodaiError("FILE_UNREADABLE", `Cannot copy "${source}": there is no such file that can be read`, {
        fix: "Paths are relative to the current folder, then to the recipe.",
      });
    }
    sources.set(source, place);
  }
  return sources;
}
