// Folders as outputs. Renaming cannot exchange two folders, and a folder may hold what a person put there, so:
// a folder is replaced when it is empty, or when it is the very one that dodai put there and nobody changed it since.
// What tells is a small file beside it, `.NAME.dodai.json`; the folder itself holds nothing but the output.
import { chmod, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { formatReadableJson } from "../core/canonical-json.ts";
import { sha256 } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { codeOf, outputFault, resolveDestination, statIfThere, withGathering } from "./output-place.ts";
import { assertWanted } from "./output-stream.ts";

export interface ReplaceFolder {
  readonly destination: string;
  /** Files at the top of the folder whose content a person may have changed: they are compared before it is replaced. */
  readonly guarded: readonly string[];
  readonly signal: AbortSignal | undefined;
  /** Makes the folder at `path`, which is not there yet. */
  readonly write: (path: string) => Promise<void>;
}

/** Puts a folder under its name once it is whole. Throws OUTPUT_UNWRITABLE when something else stands there. */
export async function replaceFolder({ destination, guarded, signal, write }: ReplaceFolder): Promise<void> {
  const target = await resolveDestination(destination);
  const found = await statIfThere(target);
  if (found && !found.isDirectory()) throw occupied(destination, "it is a file, and this output is a folder");
  if (found) await assertReplaceable(target, destination);
  await withGathering(target, async (gathering) => {
    const fresh = join(gathering, "new");
    await write(fresh);
    assertWanted(signal);
    const newMarker = join(gathering, "marker");
    await writeFile(newMarker, await formatMarker(fresh, guarded));
    await exchange({ fresh, target, old: join(gathering, "old"), isThere: found !== undefined });
    await rename(newMarker, markerOf(target));
  });
}

async function exchange(paths: {
  readonly fresh: string;
  readonly target: string;
  readonly old: string;
  readonly isThere: boolean;
}): Promise<void> {
  const { fresh, target, old, isThere } = paths;
  if (isThere) await moveFolder(target, old);
  try {
    await moveFolder(fresh, target);
  } catch (error) {
    if (isThere) await moveFolder(old, target);
    throw error;
  }
}

/** A folder that moves to another parent changes its "..", so an ordinary user must be allowed to write to it. */
async function moveFolder(from: string, to: string): Promise<void> {
  const mode = (await stat(from)).mode & 0o7777;
  const isLocked = (mode & 0o200) === 0;
  if (isLocked) await chmod(from, mode | 0o200);
  await rename(from, to);
  if (isLocked) await chmod(to, mode);
}

const markerOf = (target: string): string => join(dirname(target), `.${basename(target)}.dodai.json`);

/** Which folder it is (a rename keeps that), what lies at its top, and the digests of guarded files. */
async function formatMarker(folder: string, guarded: readonly string[]): Promise<string> {
  const { dev, ino } = await stat(folder, { bigint: true });
  const digests: Record<string, string> = {};
  for (const name of guarded) digests[name] = sha256(await readFile(join(folder, name)));
  const names = (await readdir(folder)).toSorted();
  return formatReadableJson({ schemaVersion: 1, folder: `${dev}:${ino}`, names, digests });
}

async function assertReplaceable(target: string, destination: string): Promise<void> {
  try {
    if ((await readdir(target)).length === 0) return;
    const marker = await readFile(markerOf(target), "utf8");
    if (marker === (await formatMarker(target, guardedBy(marker)))) return;
  } catch (error) {
    if (error instanceof DodaiError) throw error;
    if (codeOf(error) !== "ENOENT" && !(error instanceof SyntaxError)) throw outputFault(error, destination);
    throw occupied(destination, "it is a folder with content that dodai did not write");
  }
  throw occupied(destination, "it was changed since dodai wrote it");
}

/** Names of the guarded files that a marker tells of; only its text as a whole says whether they are unchanged. */
function guardedBy(marker: string): readonly string[] {
  const value: unknown = JSON.parse(marker);
  const digests = typeof value === "object" && value !== null && "digests" in value ? value.digests : undefined;
  const names = typeof digests === "object" && digests !== null ? Object.keys(digests) : [];
  return names.filter((name) => name === basename(name));
}

function occupied(destination: string, state: string): DodaiError {
  return new DodaiError("OUTPUT_UNWRITABLE", `Cannot replace "${destination}": ${state}`, {
    where: destination,
    fix: "Remove it first, or name another destination.",
  });
}
