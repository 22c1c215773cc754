import type { Pruned } from "../../io/store-prune.ts";
import type { Context } from "../context.ts";
import { usage } from "../flags.ts";
import { cacheDirectory } from "../places.ts";
import { count, formatBytes } from "../quantities.ts";

export interface CacheFlags {
  readonly cacheDir?: string;
  readonly json?: boolean;
}

export interface PruneFlags extends CacheFlags {
  /** In bytes. */
  readonly maxSize?: number;
  /** In milliseconds. */
  readonly olderThan?: number;
}

export async function cacheDir(this: Context, flags: Pick<CacheFlags, "cacheDir">): Promise<void> {
  this.stdout.write(`${cacheDirectory(flags.cacheDir, this)}\n`);
}

export async function cacheSize(this: Context, flags: CacheFlags): Promise<void> {
  const directory = cacheDirectory(flags.cacheDir, this);
  const { kinds, sizeBytes } = await this.library.sizeOfStore(directory);
  if (flags.json) {
    const byKind = [...kinds].map(([kind, one]) => [kind, { files: one.files, size: one.sizeBytes }]);
    this.stdout.write(
      `${JSON.stringify({ schemaVersion: 1, directory, size: sizeBytes, kinds: Object.fromEntries(byKind) })}\n`,
    );
    return;
  }
  for (const [kind, one] of kinds) {
    this.stderr.write(`${kind}: ${formatBytes(one.sizeBytes)} in ${count(one.files, "file")}\n`);
  }
  this.stdout.write(`${formatBytes(sizeBytes)}\n`);
}

/** Removes what is older first, and then what was not used for longest until the rest is small enough. */
export async function cachePrune(this: Context, flags: PruneFlags): Promise<void> {
  const { maxSize, olderThan } = flags;
  if (maxSize === undefined && olderThan === undefined) {
    throw usage(
      "Cannot prune the cache: nothing says what may go",
      'Add "--max-size 5GB" or "--older-than 30d"; "--max-size 0" removes all.',
    );
  }
  const directory = cacheDirectory(flags.cacheDir, this);
  let pruned: Pruned = { files: 0, sizeBytes: 0 };
  if (olderThan !== undefined) {
    const limit = new Date(this.now().getTime() - olderThan);
    pruned = sum(pruned, await this.library.pruneStore(directory, { olderThan: limit }));
  }
  if (maxSize !== undefined) {
    pruned = sum(pruned, await this.library.pruneStore(directory, { maxBytes: maxSize }));
  }
  this.stdout.write(
    flags.json
      ? `${JSON.stringify({ schemaVersion: 1, directory, removed: { files: pruned.files, size: pruned.sizeBytes } })}\n`
      : `removed ${count(pruned.files, "file")}, ${formatBytes(pruned.sizeBytes)}\n`,
  );
}

const sum = (a: Pruned, b: Pruned): Pruned => ({ files: a.files + b.files, sizeBytes: a.sizeBytes + b.sizeBytes });
