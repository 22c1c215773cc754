// Upkeep of the content store: how large it is and what can go.
//
// The time of last use is the file's mtime: atime is off or coarse on most machines. Use touches it at most once a day, so
// that a run which uses a thousand files does not write a thousand inodes.
import { readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

const dayMs = 86_400_000;

export interface StoreSize {
  /** Bytes by kind: `blobs`, each kind of value, and `pieces`. */
  readonly kinds: ReadonlyMap<string, { readonly files: number; readonly sizeBytes: number }>;
  readonly sizeBytes: number;
}

export type PruneOptions =
  /** Remove the files not used for longest until no more than this is left. */
  | { readonly maxBytes: number }
  /** Remove what was last used before. */
  | { readonly olderThan: Date };

export interface Pruned {
  readonly files: number;
  readonly sizeBytes: number;
}

interface StoredFile {
  readonly path: string;
  readonly kind: string;
  readonly sizeBytes: number;
  readonly usedMs: number;
}

/** Notes that a file was used. A store that cannot be written is still good for reading. */
export async function markUsed(path: string, lastUse: Date, now: Date): Promise<void> {
  if (now.getTime() - lastUse.getTime() > dayMs) await utimes(path, now, now).catch(() => undefined);
}

export async function sizeOfStore(directory: string): Promise<StoreSize> {
  const kinds = new Map<string, { files: number; sizeBytes: number }>();
  let sizeBytes = 0;
  for (const file of await filesOf(directory)) {
    const kind = kinds.get(file.kind) ?? { files: 0, sizeBytes: 0 };
    kinds.set(file.kind, { files: kind.files + 1, sizeBytes: kind.sizeBytes + file.sizeBytes });
    sizeBytes += file.sizeBytes;
  }
  return { kinds, sizeBytes };
}

/** A run that needs a file which is removed meanwhile fetches or makes it again, or fails with CACHE_BROKEN. */
export async function pruneStore(directory: string, options: PruneOptions): Promise<Pruned> {
  const files = (await filesOf(directory)).sort((a, b) => a.usedMs - b.usedMs);
  let left = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  let pruned = { files: 0, sizeBytes: 0 };
  for (const file of files) {
    const stays = "maxBytes" in options ? left <= options.maxBytes : file.usedMs >= options.olderThan.getTime();
    if (stays) break;
    await rm(file.path, { force: true });
    left -= file.sizeBytes;
    pruned = { files: pruned.files + 1, sizeBytes: pruned.sizeBytes + file.sizeBytes };
  }
  return pruned;
}

/** Pieces, folders of `--mount=type=cache`, and images of recipes that Dockerfiles name, are kept there by the build. */
const folders: readonly string[] = ["blobs", "values", "pieces", "mounts", "recipes"];

/** Marks a folder as a cache for programs that make backups, and for us as one whose files may be removed (bford.info/cachedir). */
const tag = "Signature: 8a477f597d28d172789f06886806bc55\n# Everything here can be made or fetched again by dodai.\n";

/** Says that a folder is a store. One that cannot be written keeps what it has. */
export async function markStore(directory: string): Promise<void> {
  await writeFile(join(directory, "CACHEDIR.TAG"), tag, { flag: "wx" }).catch(() => undefined);
}

/** Nothing when the folder is no store, as when a variable names a wrong one: what is listed may be removed. */
async function filesOf(directory: string): Promise<StoredFile[]> {
  const marked = await readFile(join(directory, "CACHEDIR.TAG"), "utf8").catch(() => "");
  if (marked !== tag) return [];
  return (await Promise.all(folders.map((folder) => filesIn(directory, folder)))).flat();
}

async function filesIn(directory: string, folder: string): Promise<StoredFile[]> {
  const entries = await readdir(join(directory, folder), { recursive: true, withFileTypes: true }).catch(() => []);
  const stored = entries.map(async (entry): Promise<StoredFile[]> => {
    const path = join(entry.parentPath, entry.name);
    const found = entry.isFile() ? await stat(path).catch(() => undefined) : undefined;
    if (found === undefined) return [];
    const kind = folder === "values" ? basename(entry.parentPath) : folder;
    return [{ path, kind, sizeBytes: found.size, usedMs: found.mtimeMs }];
  });
  return (await Promise.all(stored)).flat();
}
