// Which arguments are kickstarts: by name, or by what is in the file.
import { readFile, stat } from "node:fs/promises";
import { posix } from "node:path";
import { isKickstartText } from "../frontends/kickstart/lazy.ts";
import type { World } from "./context.ts";

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
