// A recipe file with everything that it names: the recipes that it extends, keys, files to copy.
import { posix } from "node:path";
import type { ZodError } from "zod";
import { DodaiError, type Position } from "../../core/dodai-error.ts";
import type { Platform } from "../../core/platform.ts";
import { distributionOfBase, plainRecipe, type Recipe } from "../../core/recipe.ts";
import { certificateOf } from "../pem.ts";
import { nearest } from "../suggest.ts";
import { type Path, parseRecipeDocument, type RecipeDocument, type RecipeText } from "./document.ts";
import { draftOf, type RecipeDraft } from "./draft.ts";
import { faultsOf, throwFaults } from "./faults.ts";
import type { RecipeInput } from "./input.ts";
import { mergeDrafts } from "./merge.ts";
import { checkRules } from "./rules.ts";
import { recipeSchema } from "./schema.ts";
import { isFingerprint } from "./values.ts";

/** How many recipes may extend one another in a row. */
const maxExtends = 16;

/** What a recipe may look at outside its own text. Paths are absolute. */
export interface RecipeWorld {
  /** Text of a file; throws FILE_UNREADABLE. Bounds what it reads. */
  readFile(path: string): Promise<string>;
  /** Whether a regular file can be read there. */
  hasFile(path: string): Promise<boolean>;
  /** A recipe that is built in; `undefined` when none has the name. */
  findBuiltIn(name: string): Promise<Recipe | undefined>;
  /** Names of all that are built in, for "did you mean". */
  builtInNames(): Promise<Iterable<string>>;
}

export interface LoadRecipeOptions {
  /** Absolute path of the recipe's file. */
  readonly path: string;
  /** The file's name in messages, as the person wrote it; the path by default. */
  readonly file?: string;
  readonly hostPlatform: Platform;
  readonly world: RecipeWorld;
}

/** One file's text, checked: shape, values and rules. */
export interface ParsedRecipe {
  readonly input: RecipeInput;
  readonly document: RecipeDocument;
}

/** Reads a recipe and all that it names. Throws RECIPE_SYNTAX with every fault of a file, FILE_UNREADABLE, RECIPE_UNKNOWN. */
export async function loadRecipe({ path, file = path, hostPlatform, world }: LoadRecipeOptions): Promise<Recipe> {
  const draft = await loadDraft({ path, file, world, chain: [] });
  const distribution = draft.distribution ?? impliedDistribution(draft);
  if (!distribution) {
    throw new DodaiError("RECIPE_SYNTAX", `Cannot read recipe "${file}": "distro" is missing`, {
      where: { file, line: 1, column: 1 },
      fix: 'Write the distribution and its release, as in "distro: debian:trixie", or extend a recipe that has it.',
    });
  }
  return {
    name: nameOfFile(path),
    variant: "empty",
    ...plainRecipe,
    platforms: [hostPlatform],
    ...draft,
    distribution,
  };
}

function impliedDistribution({ source, base }: RecipeDraft): Recipe["distribution"] | undefined {
  if (source) return { name: "scratch", release: "" };
  return base && { name: distributionOfBase, release: "" };
}

/** Checks one file's text on its own. Throws RECIPE_SYNTAX with every fault that it has. */
export function parseRecipeText({ text, file }: RecipeText): ParsedRecipe {
  const document = parseRecipeDocument({ text, file }, recipeSchema);
  throwFaults(document.faults, file);
  const checked = recipeSchema.safeParse(document.value);
  const faults = checked.success ? [] : faultsOf(checked.error, document, recipeSchema);
  const input = checked.success ? checked.data : soundParts(document.value, checked.error);
  throwFaults([...faults, ...checkRules(input, document)], file);
  return { input, document };
}

/** The top-level fields without an issue, so that their rules are checked too. */
function soundParts(value: unknown, error: ZodError): RecipeInput {
  const broken = new Set(error.issues.flatMap(({ path }) => path.slice(0, 1)));
  const sound = Object.entries(value ?? {}).filter(([key]) => !broken.has(key));
  return recipeSchema.safeParse(Object.fromEntries(sound)).data ?? {};
}

interface LoadDraftOptions {
  readonly path: string;
  readonly file: string;
  readonly world: RecipeWorld;
  /** Paths of the recipes that led here by `extends`. */
  readonly chain: readonly string[];
}

async function loadDraft({ path, file, world, chain }: LoadDraftOptions): Promise<RecipeDraft> {
  const { input, document } = parseRecipeText({ text: await world.readFile(path), file });
  const absolute = (relative: string): string => posix.resolve(posix.dirname(path), relative);
  const { keys, certificates, faults } = await readNamedFiles({ input, document, absolute, world });
  throwFaults(faults, file);
  const draft = draftOf(input, document, {
    absolute,
    keyText: (key) => keys.get(key) ?? key,
    certificateText: (one) => certificates.get(one) ?? one,
  });
  if (input.extends === undefined) return draft;
  const where = document.positionOf(["extends"]);
  const parent = isFileName(input.extends)
    ? await loadParent({ name: input.extends, where, path, file, world, chain })
    : await findParent(input.extends, where, world);
  return mergeDrafts(parent, draft);
}

const isFileName = (text: string): boolean => /^\.{0,2}\/|\.ya?ml$/.test(text);

interface ParentOptions extends LoadDraftOptions {
  readonly name: string;
  readonly where: Position;
}

async function loadParent({ name, where, path, file, world, chain }: ParentOptions): Promise<RecipeDraft> {
  const parentPath = posix.resolve(posix.dirname(path), name);
  const trail = [...chain, path];
  if (trail.includes(parentPath)) {
    throw new DodaiError("RECIPE_SYNTAX", `Cannot extend "${name}": it extends this recipe itself, in a circle`, {
      where,
    });
  }
  if (trail.length > maxExtends) {
    throw new DodaiError(
      "RECIPE_SYNTAX",
      `Cannot extend "${name}": more than ${maxExtends} recipes extend one another`,
      {
        where,
      },
    );
  }
  if (!(await world.hasFile(parentPath))) throw noFile("extend", name, where);
  const parentFile = posix.isAbsolute(name) ? name : posix.join(posix.dirname(file), name);
  return loadDraft({ path: parentPath, file: parentFile, world, chain: trail });
}

/** A built-in recipe is for every platform; which ones to build stays the child's to say. */
async function findParent(name: string, where: Position, world: RecipeWorld): Promise<RecipeDraft> {
  const found = await world.findBuiltIn(name);
  if (!found) {
    const meant = nearest(name, await world.builtInNames());
    throw new DodaiError("RECIPE_UNKNOWN", `Cannot extend "${name}": no built-in recipe has this name`, {
      where,
      fix:
        meant === undefined
          ? 'See "dodai recipes"; for a file, write its path, as in "./base.yaml".'
          : `Did you mean "${meant}"?`,
    });
  }
  const { platforms: _, ...draft } = found;
  return draft;
}

interface NamedFiles {
  readonly input: RecipeInput;
  readonly document: RecipeDocument;
  readonly world: RecipeWorld;
  absolute(path: string): string;
}

/** OpenPGP, and the PEM of apk's keys. */
const keyStart = /-----BEGIN (?:PGP PUBLIC KEY BLOCK|PUBLIC KEY|RSA PUBLIC KEY)-----/;
const isKeyText = (name: string): boolean => name.trimStart().search(keyStart) === 0;

/** Texts of the keys that are named by path, and a fault for each file that is not there or not what it should be. */
async function readNamedFiles({ input, document, absolute, world }: NamedFiles): Promise<{
  readonly keys: ReadonlyMap<string, string>;
  readonly certificates: ReadonlyMap<string, string>;
  readonly faults: readonly DodaiError[];
}> {
  const keys = new Map<string, string>();
  const faults: DodaiError[] = [];
  for (const { name, at } of namedKeys(input)) {
    if (keys.has(name) || isKeyText(name)) continue;
    const where = document.positionOf(at);
    const path = absolute(name);
    const text = (await world.hasFile(path)) ? await world.readFile(path) : undefined;
    if (text === undefined) faults.push(noFile("read key", name, where));
    else if (!keyStart.test(text)) faults.push(noKey(name, where));
    else keys.set(name, text);
  }
  for (const [index, { source }] of (input.files ?? []).entries()) {
    if (source === undefined || (await world.hasFile(absolute(source)))) continue;
    faults.push(noFile("copy", source, document.positionOf(["files", index, "source"])));
  }
  const certificates = new Map<string, string>();
  for (const [index, { content }] of (input.certificates?.additional ?? []).entries()) {
    const where = document.positionOf(["certificates", "additional", index, "content"]);
    const text = content.includes("-----BEGIN") ? content : await readNamed(absolute(content), world);
    const pem = text === undefined ? undefined : certificateOf(text);
    if (text === undefined) faults.push(noFile("read certificate", content, where));
    else if (pem === undefined) faults.push(noCertificate(where));
    else certificates.set(content, pem);
  }
  return { keys, certificates, faults };
}

async function readNamed(path: string, world: RecipeWorld): Promise<string | undefined> {
  return (await world.hasFile(path)) ? world.readFile(path) : undefined;
}

function noCertificate(where: Position): DodaiError {
  return new DodaiError("RECIPE_SYNTAX", "Cannot read certificate: it is not one certificate in PEM", { where });
}

/** Keys that are files or texts, and where they are named; those of a source that are fingerprints are looked up later. */
function namedKeys({ repositories = [], source = {} }: RecipeInput): readonly { name: string; at: Path }[] {
  const ofRepositories = repositories.flatMap(({ keys = [] }, index) =>
    keys.map((name, at) => ({ name, at: ["repositories", index, "keys", at] })),
  );
  const ofSource = [
    ...(source.key === undefined ? [] : [{ name: source.key, at: ["source", "key"] }]),
    ...(source.keys ?? []).map((name, at) => ({ name, at: ["source", "keys", at] })),
  ];
  return [...ofRepositories, ...ofSource.filter(({ name }) => !isFingerprint(name))];
}

function noKey(name: string, where: Position): DodaiError {
  return new DodaiError(
    "KEY_SYNTAX",
    `Cannot read key "${name}": it is not an armored OpenPGP key, nor for apk a PEM`,
    {
      where,
      fix: 'Write it as text: "gpg --no-default-keyring --keyring FILE --export --armor", with FILE as in "./key.gpg".',
    },
  );
}

function noFile(verb: string, name: string, where: Position): DodaiError {
  return new DodaiError("FILE_UNREADABLE", `Cannot ${verb} "${name}": there is no such file that can be read`, {
    where,
    fix: "Paths are relative to the recipe that names them.",
  });
}

/** `images/app.yaml` → `app`. */
function nameOfFile(path: string): string {
  return posix.basename(path).replace(/\.ya?ml$/, "");
}
