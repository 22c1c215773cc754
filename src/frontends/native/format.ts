// A recipe → the YAML that says it: what `loadRecipe` makes of the text is the recipe again, but for places in files and
// warnings. Members as they are when nobody names them are left out. For recipes that name packages, as kickstarts do.
import { Document, Scalar, visit } from "yaml";
import { formatPlatform } from "../../core/platform.ts";
import type {
  Recipe,
  RecipeFile,
  RecipeRepository,
  RecipeServices,
  RecipeStep,
  RecipeUser,
} from "../../core/recipe.ts";
import { unreachable } from "../../core/unreachable.ts";
import type { FileInput, RecipeInput, RepositoryInput, StepInput } from "./input.ts";

export interface FormatRecipe {
  /** Lines above all else, which become comments. */
  readonly comments: readonly string[];
}

/** Groups of lines that an empty line is between. */
const paragraphs: readonly (readonly (keyof RecipeInput)[])[] = [
  ["name", "distro", "variant", "platforms"],
  ["packages", "recommends", "ignore-missing", "soft-excludes", "documentation", "languages"],
  ["repositories"],
  ["locale", "timezone", "keymap", "hostname", "services"],
  ["accounts"],
  ["files"],
  ["scripts", "steps"],
  ["remove"],
  ["config", "layers"],
];

export function formatRecipe(recipe: Recipe, { comments }: FormatRecipe): string {
  const input = inputOf(recipe);
  const texts = paragraphs.flatMap((keys) => {
    const own = keys.flatMap((key) => (input[key] === undefined ? [] : [[key, input[key]]]));
    return own.length === 0 ? [] : [textOf(Object.fromEntries(own))];
  });
  const head = comments.map((line) => `# ${line.replaceAll(/[\r\n]+/g, " ")}\n`).join("");
  const all = head === "" ? texts : [head, ...texts];
  // A block that keeps the line ends behind it would take another one in.
  return all.map((text, at) => (at === all.length - 1 || text.endsWith("\n\n") ? text : `${text}\n`)).join("");
}

function textOf(value: object): string {
  const document = new Document(value);
  visit(document, {
    Scalar: (_, node) => {
      // A block would lose what YAML has no plain form for.
      if (typeof node.value === "string" && /[^\P{Cc}\n\t]|[\u2028\u2029\uFEFF]/u.test(node.value))
        node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString({ lineWidth: 0, blockQuote: "literal", doubleQuotedMinMultiLineLength: 1 << 30 });
}

function inputOf(recipe: Recipe): RecipeInput {
  const { distribution, accounts, config } = recipe;
  const { stopSignal, ...settings } = config;
  return {
    name: recipe.name,
    distro: distribution.release === "" ? distribution.name : `${distribution.name}:${distribution.release}`,
    variant: recipe.variant,
    platforms: unlessEmpty(recipe.platforms.map(formatPlatform)),
    packages: unlessEmpty(recipe.packages.map(({ request, exclude }) => (exclude ? `!${request}` : request))),
    recommends: recipe.recommends || undefined,
    "ignore-missing": recipe.ignoreMissing,
    "soft-excludes": recipe.softExcludes,
    repositories: unlessEmpty(recipe.repositories.map(repositoryInput)),
    documentation: recipe.documentation,
    languages: recipe.languages,
    locale: recipe.locale,
    timezone: recipe.timezone,
    keymap: recipe.keymap,
    hostname: recipe.hostname,
    services: recipe.services && servicesInput(recipe.services),
    scripts: recipe.scripts,
    steps: unlessEmpty((recipe.steps ?? []).map(stepInput)),
    accounts: unlessBare({
      users: unlessEmpty(accounts.users.map(userInput)),
      groups: unlessEmpty(
        accounts.groups.map(({ name, gid, members }) => withoutAbsent({ name, gid, members: unlessEmpty(members) })),
      ),
      "run-as": accounts.runAs,
      "root-password": accounts.rootPassword,
    }),
    files: unlessEmpty(recipe.files.map(fileInput)),
    remove: unlessEmpty(recipe.remove),
    config: unlessBare({ ...settings, "stop-signal": stopSignal }),
  };
}

const unlessEmpty = <Item>(items: readonly Item[]): readonly Item[] | undefined =>
  items.length === 0 ? undefined : items;

function unlessBare<Shape extends object>(value: Shape): Shape | undefined {
  const present = withoutAbsent(value);
  return Object.keys(present).length === 0 ? undefined : present;
}

function withoutAbsent<Shape extends object>(value: Shape): Shape {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Shape;
}

function repositoryInput({
  urls,
  only,
  insecureUnsigned,
  position: _,
  ...repository
}: RecipeRepository): RepositoryInput {
  const [url, ...mirrors] = urls;
  return withoutAbsent({
    ...(mirrors.length === 0 ? { url } : { urls }),
    ...repository,
    suites: unlessEmpty(repository.suites),
    components: unlessEmpty(repository.components),
    keys: unlessEmpty(repository.keys),
    only: only || undefined,
    "insecure-unsigned": insecureUnsigned || undefined,
  });
}

function servicesInput({ enabled, disabled, masked }: RecipeServices): NonNullable<RecipeInput["services"]> {
  return withoutAbsent({
    enabled: unlessEmpty(enabled),
    disabled: unlessEmpty(disabled),
    masked: unlessEmpty(masked),
  });
}

function stepInput({ script, interpreter, failure, log, outside, network }: RecipeStep): StepInput {
  return withoutAbsent({
    run: script,
    interpreter: interpreter === "/bin/sh" ? undefined : interpreter,
    "on-failure": failure === "error" ? undefined : failure,
    log,
    outside: outside || undefined,
    network,
  });
}

function userInput(user: RecipeUser): NonNullable<NonNullable<RecipeInput["accounts"]>["users"]>[number] {
  const { name, uid, gid, home, shell, comment, password, groups } = user;
  return withoutAbsent({
    name,
    uid,
    gid,
    home: home === `/home/${name}` ? undefined : home,
    shell,
    comment: comment === "" ? undefined : comment,
    password,
    groups,
  });
}

function fileInput(file: RecipeFile): FileInput {
  const path = `/${file.path}`;
  const mode = "mode" in file && file.mode !== undefined ? file.mode.toString(8).padStart(4, "0") : undefined;
  const owners = "uid" in file ? { uid: file.uid, gid: file.gid } : {};
  const common = { mode, ...owners };
  switch (file.kind) {
    case "file":
      return withoutAbsent({ path, ...common, content: file.content });
    case "copy":
      return withoutAbsent({ path, ...common, source: file.source });
    case "directory":
      return withoutAbsent({ path, ...common, directory: true });
    case "symlink":
      return { path, target: file.target };
    case "hardlink":
      return { path, hardlink: `/${file.target}` };
    case "permissions":
      return withoutAbsent({ path, ...common, existing: true, recursive: file.recursive || undefined });
    case "character-device":
      throw new Error("no recipe file can say a device");
    default:
      return unreachable(file);
  }
}
