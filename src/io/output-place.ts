// Where an output goes: what may be replaced, and where it is put together until it is whole.
// Everything is gathered in a hidden folder beside the destination, hence on its file system, and then renamed.

import type { Stats } from "node:fs";
import { chmod, lstat, mkdir, mkdtemp, readdir, realpath, rm, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { hexOf, sha256 } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { describeWriteError } from "./atomic.ts";
import { isProcessGone, ownerHost } from "./store-leftovers.ts";

/** Age from which a gathering folder whose owner cannot be seen counts as left by a killed process, in milliseconds: a day. */
const abandonedAfterMs = 24 * 60 * 60 * 1000;

/** The absolute place to write. Links are followed, so that `latest.tar -> x.tar` stays a link. */
export async function resolveDestination(destination: string): Promise<string> {
  const path = resolve(destination);
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return path;
    throw outputFault(error, destination);
  }
}

/** Calls `write` with an empty hidden folder beside `destination`, and removes it however that ends. */
export async function withGathering(destination: string, write: (folder: string) => Promise<void>): Promise<void> {
  const parent = dirname(destination);
  const prefix = `.${basename(destination).slice(0, 200)}.dodai-`;
  let firstMade: string | undefined;
  let done = false;
  try {
    firstMade = await mkdir(parent, { recursive: true });
    await removeAbandoned(parent, prefix);
    const folder = await mkdtemp(join(parent, `${prefix}${shortHost()}.${process.pid}.`));
    try {
      await write(folder);
      done = true;
    } finally {
      await removeTree(folder);
    }
  } catch (error) {
    throw outputFault(error, destination);
  } finally {
    if (!done && firstMade !== undefined) await removeEmptyFolders(parent, firstMade);
  }
}

/** An error of the file system in words; others pass. */
export function outputFault(error: unknown, path: string): unknown {
  if (error instanceof DodaiError || !(error instanceof Error) || !("syscall" in error)) return error;
  const described = describeWriteError(error, { path, unwritable: "OUTPUT_UNWRITABLE" });
  const known = described instanceof DodaiError ? described : undefined;
  const message = known?.message ?? `Cannot write "${path}": ${error.message}`;
  const fix = outputFixes[codeOf(error) ?? ""] ?? known?.fix ?? "Choose another destination.";
  return new DodaiError(known?.code ?? "OUTPUT_UNWRITABLE", message, { where: path, fix, cause: error });
}

const otherDisk = "Free some space, or choose a destination on another disk. Nothing was left half-written.";
const mountPoint = "It may be a mount point, which cannot be replaced: choose a file or folder inside it.";

const outputFixes: Readonly<Record<string, string>> = {
  EBUSY: mountPoint,
  EDQUOT: otherDisk,
  ENOSPC: otherDisk,
  EXDEV: mountPoint,
};

/** Removes a folder that we made, also when its own modes forbid it. */
async function removeTree(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    if (codeOf(error) !== "EACCES" && codeOf(error) !== "EPERM") throw error;
    await openUp(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Gives the folders of a tree the modes that let their owner empty them. Links are not followed. */
async function openUp(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const child of await readdir(folder, { withFileTypes: true })) {
    if (child.isDirectory()) await openUp(join(folder, child.name));
  }
}

async function removeAbandoned(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(parent, name);
    const found = await lstat(path).catch(() => undefined);
    if (!found?.isDirectory()) continue;
    if (isOwnerGone(name.slice(prefix.length)) || Date.now() - found.mtimeMs > abandonedAfterMs) await removeTree(path);
  }
}

/** What is gathered is named `HOST.PID.RANDOM`; whether a process of another host runs cannot be seen from here. */
function isOwnerGone(name: string): boolean {
  const [, host, pid] = /^([0-9a-f]{8})\.(\d+)\./.exec(name) ?? [];
  return host === shortHost() && isProcessGone(Number(pid));
}

const shortHost = (): string => hexOf(sha256(ownerHost())).slice(0, 8);

async function removeEmptyFolders(from: string, upTo: string): Promise<void> {
  for (let folder = from; folder.length >= upTo.length; folder = dirname(folder)) {
    try {
      await rmdir(folder);
    } catch {
      return;
    }
  }
}

/** What stands at a path, links followed; `undefined` for nothing. */
export async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw outputFault(error, path);
  }
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
