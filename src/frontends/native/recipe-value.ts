// What a recipe means, as JSON whose digest a lock keeps. Left out: places in the text; the name, which only names
// outputs; the platforms, for which a lock has a section each and whose default is the machine's; and where on this
// machine files and folders lie, so that a lock fits in every checkout.
import { compareBytes } from "../../core/byte-order.ts";
import type { Json } from "../../core/canonical-json.ts";
import { formatPlatform } from "../../core/platform.ts";
import type {
  PackageRequest,
  Recipe,
  RecipeBase,
  RecipeFile,
  RecipeRepository,
  RecipeSource,
  SourcePlaces,
} from "../../core/recipe.ts";

/** One value for one meaning: lists without an order of their own are sorted; format it with `formatCanonicalJson`. */
export function recipeValue(recipe: Recipe): Json {
  const { name, release } = recipe.distribution;
  return {
    distribution: { name, release },
    snapshot: recipe.snapshot,
    source: recipe.source && sourceValue(recipe.source),
    variant: recipe.variant,
    packages: sorted(recipe.packages.map(packageValue)),
    recommends: recipe.recommends,
    ignoreMissing: recipe.ignoreMissing || undefined,
    softExcludes: recipe.softExcludes || undefined,
    repositories: recipe.repositories.map(repositoryValue),
    scripts: recipe.scripts,
    allowUnknownScripts: sorted(recipe.allowUnknownScripts),
    accounts: {
      users: recipe.accounts.users.map((user) => ({ ...user })),
      groups: recipe.accounts.groups.map((group) => ({ ...group })),
      runAs: recipe.accounts.runAs,
      rootPassword: recipe.accounts.rootPassword,
    },
    files: inOrder(recipe.files).map(fileValue),
    certificates: recipe.certificates && {
      additional: recipe.certificates.additional.map((one) => ({ ...one })),
      providers: sorted(recipe.certificates.providers),
    },
    stepMode: recipe.stepMode,
    steps: recipe.steps?.map(({ position: _, ...step }) => ({ ...step })),
    documentation: recipe.documentation,
    languages: recipe.languages,
    locale: recipe.locale,
    timezone: recipe.timezone,
    keymap: recipe.keymap,
    hostname: recipe.hostname,
    services: recipe.services && {
      enabled: sorted(recipe.services.enabled),
      disabled: sorted(recipe.services.disabled),
      masked: sorted(recipe.services.masked),
    },
    remove: sorted(recipe.remove),
    config: { ...recipe.config },
    layers: { ...recipe.layers },
    base: recipe.base && baseValue(recipe.base),
    pinned: recipe.pinned?.map(({ url, ...one }) => ({ ...one, url: portableUrl(url) })),
  };
}

const sorted = (texts: readonly string[]): readonly string[] => [...new Set(texts)].toSorted(compareBytes);

/** A request of some platforms has their names behind it. */
function packageValue({ request, exclude, platforms }: PackageRequest): string {
  const where = platforms ? ` on ${platforms.map(formatPlatform).join(" ")}` : "";
  return `${exclude ? "!" : ""}${request}${where}`;
}

/** Files of different paths may be made in any order, unless one of them changes what others made. */
function inOrder(files: readonly RecipeFile[]): readonly RecipeFile[] {
  if (files.some(({ kind }) => kind === "permissions" || kind === "hardlink")) return files;
  return files.toSorted((a, b) => compareBytes(a.path, b.path));
}

function repositoryValue({ position: _, urls, ...repository }: RecipeRepository): Json {
  return { ...repository, urls: urls.map(portableUrl) };
}

function sourceValue({ position: _, platforms, serial, ...places }: RecipeSource): Json {
  const { keys, ...own } = places;
  return {
    ...placesValue(own),
    platforms: Object.fromEntries(Object.entries(platforms).map(([name, one]) => [name, placesValue(one)])),
    keys,
    serial: serial && { ...serial, ...(serial.file === undefined ? {} : { file: portableFile(serial.file) }) },
  };
}

function placesValue({
  rootfs,
  sums,
  signature,
  sha256,
  sha512,
}: SourcePlaces): Readonly<Record<string, string | undefined>> {
  return {
    rootfs: rootfs && portableFile(rootfs),
    sums: sums && portableFile(sums),
    signature: signature && portableFile(signature),
    sha256,
    sha512,
  };
}

function baseValue({ image, installed, upgrade }: RecipeBase): Json {
  return { image: portableUrl(image), installed: installed && portableUrl(installed), upgrade: upgrade || undefined };
}

/** A file of this machine by its name only. */
const portableFile = (place: string): string =>
  place.startsWith("/") || place.startsWith("file:") ? `file:${place.replace(/^.*\//, "")}` : place;

/** A folder of this machine by its last name only. */
function portableUrl(url: string): string {
  const local = url.startsWith("/") || url.startsWith("file:");
  return local ? `folder:${url.replace(/\/+$/, "").replace(/^.*\//, "")}` : url;
}

/** The bytes of a copied file are no part of the value: a lock pins packages, and a build reads the file anyway. */
function fileValue(file: RecipeFile): Json {
  if (file.kind !== "copy") return { ...file };
  const { source: _, ...others } = file;
  return others;
}
