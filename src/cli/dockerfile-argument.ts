// `dodai build Dockerfile`, `dodai build -f FILE [CONTEXT]`, `dodai build FOLDER`: which Dockerfile and which context are meant.
import { readFile, stat } from "node:fs/promises";
import { posix } from "node:path";
import { DodaiError } from "../core/dodai-error.ts";
import type { World } from "./context.ts";
import { usage } from "./flags.ts";

export interface FoundDockerfile {
  /** As messages call it. */
  readonly file: string;
  readonly text: string;
  /** Absolute. */
  readonly contextDirectory: string;
  /** Of the `.dockerignore` that counts; "" for none. */
  readonly ignoreText: string;
}

const dockerfileName = /(?:^|\/)(?:Dockerfile|Containerfile)(?:\.[^/]*)?$|\.[Dd]ockerfile$/;

export interface BuildArguments {
  /** What `-f` says. */
  readonly file?: string | undefined;
  readonly first?: string | undefined;
  readonly second?: string | undefined;
}

/** `undefined` when a recipe is meant. Throws FILE_UNREADABLE, USAGE. */
export async function findDockerfile(
  { file, first, second }: BuildArguments,
  world: Pick<World, "cwd">,
): Promise<FoundDockerfile | undefined> {
  const at = (path: string): string => posix.resolve(world.cwd, path);
  if (file !== undefined) {
    if (second !== undefined) throw usage(`Cannot build "${second}": -f names the Dockerfile, and one context follows`);
    return load(file, at(first ?? "."), world);
  }
  if (first === undefined)
    throw usage("Cannot build: nothing says what", 'Name a recipe or a Dockerfile, as in "dodai build Dockerfile".');
  if (dockerfileName.test(first)) return load(first, at(second ?? posix.dirname(first)), world);
  const isFolder = /^\.{0,2}(?:\/|$)/.test(first) && (await stat(at(first)).catch(() => undefined))?.isDirectory();
  if (!isFolder) {
    if (second === undefined) return undefined;
    throw usage(`Cannot use argument "${second}": only a Dockerfile has a context`, 'Name the Dockerfile with "-f".');
  }
  for (const name of ["Dockerfile", "Containerfile"]) {
    const path = posix.join(first, name);
    if ((await stat(at(path)).catch(() => undefined))?.isFile()) return load(path, at(first), world);
  }
  throw new DodaiError("FILE_UNREADABLE", `Cannot build "${first}": there is no Dockerfile in it`, {
    fix: "Name it with -f.",
  });
}

/** Largest Dockerfile and `.dockerignore`, in bytes. */
const maxFileBytes = 1 << 20;

async function load(file: string, contextDirectory: string, { cwd }: Pick<World, "cwd">): Promise<FoundDockerfile> {
  const path = posix.resolve(cwd, file);
  const text = await read(path);
  if (text === undefined) {
    throw new DodaiError("FILE_UNREADABLE", `Cannot read "${file}": there is no such file`, {
      fix: "Check the path; -f counts from the current folder.",
    });
  }
  if (!(await stat(contextDirectory).catch(() => undefined))?.isDirectory()) {
    throw new DodaiError("FILE_UNREADABLE", `Cannot use "${contextDirectory}" as build context: it is no folder`);
  }
  const ignoreText =
    (await read(`${path}.dockerignore`)) ?? (await read(posix.join(contextDirectory, ".dockerignore")));
  return { file, text, contextDirectory, ignoreText: ignoreText ?? "" };
}

async function read(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    if (size > maxFileBytes) throw new DodaiError("FILE_UNREADABLE", `Cannot read "${path}": it is larger than 1 MiB`);
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof DodaiError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new DodaiError("FILE_UNREADABLE", `Cannot read "${path}": ${message}`);
  }
}
