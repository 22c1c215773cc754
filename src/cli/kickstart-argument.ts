// Which arguments are kickstarts: by name, or by what is in the file.
import { readFile, stat } from "node:fs/promises";
import { posix } from "node:path";
import type { Recipe } from "../core/recipe.ts";
import { isKickstartText, loadKickstartLazily } from "../frontends/kickstart/lazy.ts";
import type { World } from "./context.ts";
import { readText } from "./recipe-text.ts";

/** How a kickstart is read. */
export interface KickstartOptions {
  readonly distro?: string | undefined;
  readonly allowUnknown?: boolean | undefined;
}

type GivenOptions = { readonly [Key in keyof KickstartOptions]: Exclude<KickstartOptions[Key], undefined> };

/** Those that are there. */
export function kickstartOptions({ distro, allowUnknown }: KickstartOptions): GivenOptions {
  return { ...(distro === undefined ? {} : { distro }), ...(allowUnknown === undefined ? {} : { allowUnknown }) };
}

/** Throws KICKSTART_SYNTAX, KICKSTART_UNSUPPORTED, FILE_UNREADABLE. */
export async function loadKickstartFile(
  name: string,
  { cwd }: Pick<World, "cwd">,
  options: KickstartOptions,
): Promise<Recipe> {
  return loadKickstartLazily({
    path: posix.resolve(cwd, name),
    file: name,
    world: {
      readFile: (path) => readText(path, path === posix.resolve(cwd, name) ? name : path),
      hasFile: async (path) => (await stat(path).catch(() => undefined))?.isFile() ?? false,
    },
    ...kickstartOptions(options),
  });
}

/** Largest file that is looked into, in bytes. */
const maxLook = 1 << 20;

/** `*.ks`; and any other file, but for recipes and Dockerfiles, that reads like a kickstart. */
export async function isKickstartFile(name: string, { cwd }: Pick<World, "cwd">): Promise<boolean> {
  if (/\.ks$/.test(name)) return true;
  if (/\.ya?ml$|(?:^|\/)(?:Dockerfile|Containerfile)(?:\.[^/]*)?$|\.[Dd]ockerfile$/.test(name)) return false;
  const path = posix.resolve(cwd, name);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() || found.size > maxLook) return false;
  const text = await readFile(path, "utf8").catch(() => "");
  return isKickstartText(text);
}
