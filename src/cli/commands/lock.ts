import type { Context } from "../context.ts";
import type { CommonFlags } from "../flags.ts";
import { withOptions } from "../options.ts";
import { showPath } from "../places.ts";
import { count } from "../quantities.ts";
import { safeText } from "../safe-text.ts";
import { resolutionValue } from "./resolve.ts";

export interface LockFlags extends CommonFlags {
  readonly json?: boolean;
}

/** The lock's path on standard output. */
export async function lock(this: Context, flags: LockFlags, recipe: string): Promise<void> {
  const { stdout, stderr, cwd, library } = this;
  const { lockFile, changed, resolution } = await withOptions({ recipe, flags, world: this }, library.lock);
  if (flags.progress !== "quiet") {
    for (const { platform, packages, source } of resolution.platforms) {
      stderr.write(`${platform}: ${safeText(source?.path ?? count(packages.length, "package"))}\n`);
    }
    stderr.write(changed ? "the lock was written\n" : "the lock was right already\n");
  }
  const value = { schemaVersion: 1, lockFile, changed, platforms: resolutionValue(resolution) };
  stdout.write(flags.json ? `${JSON.stringify(value)}\n` : `${showPath(lockFile, cwd)}\n`);
}
