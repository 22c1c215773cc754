// What a recipe means, as JSON whose digest a lock keeps. Left out: places in the text; the name, which only names
// outputs; the platforms, for which a lock has a section each and whose default is the machine's; and where on this
// machine files and folders lie, so that a lock fits in every checkout.
import { compareBytes } from "../../core/byte-order.ts";
import type { Json } from "../../core/canonical-json.ts";
import type { Recipe, RecipeFile, RecipeRepository, RecipeSource, SourcePlaces } from "../../core/recipe.ts";

/** One value for one meaning: lists without an order of their own are sorted; format it with `formatCanonicalJson`. */
export function recipeValue(recipe: Recipe): Json {
  const { name, release } = recipe.distribution;
  return {
    distribution: { name, release },
    snapshot: recipe.snapshot,
    source: recipe.source && sourceValue(recipe.source),
    variant: recipe.variant,
    packages: sorted(recipe.packages.map(({ request, exclude }) => (exclude ? `!${request}` : request))),
    recommends: recipe.recommends,
    repositories: recipe.repositories.map(repositoryValue),
    scripts: recipe.scripts,
    allowUnknownScripts: sorted(recipe.allowUnknownScripts),
    accounts: {
      users: recipe.accounts.users.map((user) => ({ ...user })),
      groups: recipe.accounts.groups.map((group) => ({ ...group })),
      runAs: recipe.accounts.runAs,
    },
    files: recipe.files.toSorted((a, b) => compareBytes(a.path, b.path)).map(fileValue),
    remove: sorted(recipe.remove),
    config: { ...recipe.config },
    layers: { ...recipe.layers },
  };
}

const sorted = (texts: readonly string[]): readonly string[] => [...new Set(texts)].toSorted(compareBytes);

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
