// IMAGE on the command line: a file or folder, or the name under which something was built.
import { existsSync, readdirSync, statSync } from "node:fs";
import { posix } from "node:path";
import { DodaiError } from "../core/dodai-error.ts";
import { nearest } from "../frontends/suggest.ts";
import { fileNameOf } from "../io/output-contract.ts";
import type { World } from "./context.ts";
import { defaultNames } from "./flags.ts";

export interface FoundImage {
  /** Absolute path. */
  readonly place: string;
  /** Tag or digest behind the path. */
  readonly reference: string | undefined;
}

/** Throws IMAGE_UNKNOWN. */
export async function findImageArgument(text: string, world: World, cache: string): Promise<FoundImage> {
  const found = findPath(text, world.cwd);
  if (found) return found;
  if (isPath(text)) throw await unknownImage(text, world);
  const built = await world.library.findBuilt(text, cache);
  // Something else may have been written there since.
  if (built) return { place: built.place, reference: built.digest };
  const place = findByName(text, world.cwd);
  if (place === undefined) throw await unknownImage(text, world);
  return { place, reference: undefined };
}

/** A path, or a path with `:TAG` or `@DIGEST` behind it. */
function findPath(text: string, cwd: string): FoundImage | undefined {
  if (holdsImage(text, cwd)) return { place: posix.resolve(cwd, text), reference: undefined };
  const [, path = "", reference] = /^(.+?)(?:@(sha256:[0-9a-f]{64})|:([^:/]+))$/.exec(text) ?? [];
  const tag = reference ?? text.slice(path.length + 1);
  return path !== "" && holdsImage(path, cwd) ? { place: posix.resolve(cwd, path), reference: tag } : undefined;
}

/** A folder that is no image is one only when it is meant: `debian` is the name of an image in the first place. */
function holdsImage(path: string, cwd: string): boolean {
  const at = posix.resolve(cwd, path);
  const found = statSync(at, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return found !== undefined;
  return isPath(path) || ["index.json", "manifest.json"].some((name) => existsSync(posix.join(at, name)));
}

const isPath = (text: string): boolean => /^(?:\/|\.\.?(?:\/|$))/.test(text);

/** What `dodai build` calls its outputs. */
function findByName(name: string, cwd: string): string | undefined {
  const { oci, "oci-layout": layout, docker, tar } = defaultNames;
  const places = [oci, layout, docker, tar].map((form) => posix.join(cwd, form(fileNameOf(name))));
  return places.find((place) => existsSync(place));
}

async function unknownImage(text: string, world: World): Promise<DodaiError> {
  const recipes = [...(await world.library.builtInRecipes()).keys()];
  const archives = archivesIn(world.cwd);
  const fix = (): string => {
    if (recipes.includes(text)) return `Build it first: "dodai build ${text}".`;
    const meant = nearest(text, [...recipes, ...archives]);
    if (meant === undefined) return 'Name a file or folder, or what was built; "dodai pull" fetches an image.';
    if (archives.includes(meant)) return `Did you mean the file "${meant}"?`;
    return `Did you mean "${meant}"? If it is not built yet: "dodai build ${meant}".`;
  };
  const state = isPath(text)
    ? "there is no such file or folder"
    : "nothing was built under this name, and there is no such file";
  return new DodaiError("IMAGE_UNKNOWN", `Cannot find image "${text}": ${state}`, { fix: fix() });
}

function archivesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /\.(?:tar(?:\.\w+)?|oci)$/.test(name));
  } catch {
    return [];
  }
}
