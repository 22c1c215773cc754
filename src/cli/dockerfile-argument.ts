// `dodai build Dockerfile`, `dodai build -f FILE [CONTEXT]`, `dodai build FOLDER`: which Dockerfile and which context are meant.
// `-` is standard input: a Dockerfile, or a tar that is the context.
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { collect } from "../core/bytes.ts";
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
  /** A tar that is the context. */
  readonly contextArchive?: string;
  /** Removes what was written for the build. */
  close?(): Promise<void>;
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
  world: Pick<World, "cwd" | "library" | "stdin">,
): Promise<FoundDockerfile | undefined> {
  const at = (path: string): string => posix.resolve(world.cwd, path);
  if (file !== undefined) {
    if (second !== undefined) throw usage(`Cannot build "${second}": -f names the Dockerfile, and one context follows`);
    refuseRemote(first);
    if (file === "-") return fromInput(first, world);
    if (first === "-") return fromStream(file, world);
    if (first !== undefined && (await isFile(at(first)))) return fromArchive(at(first), file, world);
    return load(file, at(first ?? "."), world);
  }
  if (first === undefined)
    throw usage("Cannot build: nothing says what", 'Name a recipe or a Dockerfile, as in "dodai build Dockerfile".');
  if (first === "-") return fromStream(undefined, world);
  refuseRemote(first);
  if (archiveName.test(first) && (await isFile(at(first)))) return fromArchive(at(first), undefined, world);
  if (dockerfileName.test(first)) return load(first, at(second ?? posix.dirname(first)), world);
  const isPath = /^\.{0,2}(?:\/|$)/.test(first);
  const isFolder = (await stat(at(first)).catch(() => undefined))?.isDirectory() === true;
  const name = isFolder ? await dockerfileIn(at(first)) : undefined;
  // A built-in recipe goes before a folder that is only named.
  if (name !== undefined && (isPath || (await world.library.findRecipe(first)) === undefined)) {
    return load(posix.join(first, name), at(first), world);
  }
  if (!isFolder || !isPath) {
    if (second === undefined) return undefined;
    throw usage(`Cannot use argument "${second}": only a Dockerfile has a context`, 'Name the Dockerfile with "-f".');
  }
  throw new DodaiError("FILE_UNREADABLE", `Cannot build "${first}": there is no Dockerfile in it`, {
    fix: "Name it with -f.",
  });
}

async function dockerfileIn(folder: string): Promise<string | undefined> {
  for (const name of ["Dockerfile", "Containerfile"]) if (await isFile(posix.join(folder, name))) return name;
  return undefined;
}

const archiveName = /\.(?:tar(?:\.(?:gz|bz2|xz|zst))?|tgz|txz)$/;

const isFile = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isFile() === true;

/** What `docker build` would fetch. Throws USAGE. */
function refuseRemote(context: string | undefined): void {
  if (context === undefined || !/^(?:https?|git|ssh):\/\/|^git@|^github\.com\//.test(context)) return;
  throw usage(
    `Cannot use "${context}" as build context: dodai fetches no contexts`,
    'Fetch it first: a clone is a folder, and a tar can be piped into "dodai build -".',
  );
}

/** `-f -`: the Dockerfile is standard input. */
async function fromInput(
  context: string | undefined,
  { cwd, stdin }: Pick<World, "cwd" | "stdin">,
): Promise<FoundDockerfile> {
  if (context === "-") throw usage("Cannot read the Dockerfile and the context from the same standard input");
  const bytes = await collect(stdin.read(), { maxBytes: maxFileBytes, what: "the Dockerfile" });
  const contextDirectory = posix.resolve(cwd, context ?? ".");
  await assertFolder(contextDirectory);
  const ignoreText = (await read(posix.join(contextDirectory, ".dockerignore"))) ?? "";
  return { file: "<stdin>", text: Buffer.from(bytes).toString("utf8"), contextDirectory, ignoreText };
}

/** `-`: standard input is a tar, or a Dockerfile whose context is empty. */
async function fromStream(
  file: string | undefined,
  { cwd, stdin }: Pick<World, "cwd" | "stdin">,
): Promise<FoundDockerfile> {
  const { isArchive } = await import("../build/dockerfile/archive-context.ts");
  const folder = await mkdtemp(posix.join(tmpdir(), "dodai-context-"));
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const path = posix.join(folder, "input");
    await pipeline(stdin.read(), createWriteStream(path, { flags: "wx", mode: 0o600 }));
    if (await isArchive(path)) return { ...(await fromArchive(path, file, { cwd })), close };
    if (file !== undefined) throw usage("Cannot read the context from standard input: it is no tar");
    const contextDirectory = posix.join(folder, "empty");
    await mkdir(contextDirectory);
    return { file: "<stdin>", text: (await read(path)) ?? "", contextDirectory, ignoreText: "", close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function fromArchive(
  contextArchive: string,
  file: string | undefined,
  { cwd }: Pick<World, "cwd">,
): Promise<FoundDockerfile> {
  const { readArchiveTexts } = await import("../build/dockerfile/archive-context.ts");
  const names = file === undefined ? ["Dockerfile", "Containerfile"] : [posix.normalize(file)];
  const ignores = [...names.map((name) => `${name}.dockerignore`), ".dockerignore"];
  const texts = await readArchiveTexts(contextArchive, [...names, ...ignores]);
  const name = names.find((one) => texts.has(one));
  if (name === undefined) {
    throw new DodaiError("FILE_UNREADABLE", `Cannot build: the context has no "${names[0]}"`, {
      fix: "Name the Dockerfile with -f; its path counts from the context's top.",
    });
  }
  const ignoreText = texts.get(`${name}.dockerignore`) ?? texts.get(".dockerignore") ?? "";
  return { file: name, text: texts.get(name) ?? "", contextDirectory: cwd, contextArchive, ignoreText };
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
  await assertFolder(contextDirectory);
  const ignoreText =
    (await read(`${path}.dockerignore`)) ?? (await read(posix.join(contextDirectory, ".dockerignore")));
  return { file, text, contextDirectory, ignoreText: ignoreText ?? "" };
}

async function assertFolder(path: string): Promise<void> {
  if ((await stat(path).catch(() => undefined))?.isDirectory()) return;
  throw new DodaiError("FILE_UNREADABLE", `Cannot use "${path}" as build context: it is no folder`);
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
