import { readFile } from "node:fs/promises";
import { DodaiError } from "../core/dodai-error.ts";
import { writeAside } from "../io/atomic.ts";
import type { CommonOptions, LockResult } from "./contract.ts";
import { formatLock, type Lock, type LockedPlatform, type ScriptSummary } from "./lock-file.ts";
import { readLock, solveAll } from "./locking.ts";
import { lockedValue } from "./plan.ts";
import { resolutionOf } from "./resolve.ts";
import { withSession } from "./session.ts";

/** Solves for every platform and writes the lock, unless it would say the same. Downloads indexes, never packages. */
export async function lock(options: CommonOptions): Promise<LockResult> {
  const { lockFile, recipe } = options;
  if (lockFile === undefined) throw new DodaiError("USAGE", "Cannot lock: no lock file is named");
  return withSession(options, async (session) => {
    const earlier = await readLock(lockFile);
    const platforms = await solveAll(options, session, earlier);
    const text = formatLock({
      recipe: lockedValue(recipe),
      platforms: platforms.map((one) => withScripts(one, earlier)),
    });
    const before = await readFile(lockFile, "utf8").catch(() => undefined);
    const changed = before !== text;
    if (changed) await writeLock(lockFile, text);
    return { lockFile, changed, resolution: resolutionOf(platforms) };
  });
}

/** What the last build told of scripts stays while the packages are the same. */
function withScripts(solved: LockedPlatform, earlier: Lock | undefined): LockedPlatform {
  const before = earlier?.platforms.find(({ platform }) => platform === solved.platform);
  const same = before && JSON.stringify(before.packages) === JSON.stringify(solved.packages);
  return same && before.scripts ? { ...solved, scripts: before.scripts } : solved;
}

/** Writes into the lock what a build with it did about scripts; by platform. */
export async function recordScripts(
  lockFile: string,
  before: Lock,
  told: ReadonlyMap<string, ScriptSummary>,
): Promise<void> {
  const platforms = before.platforms.map((one) => {
    const scripts = told.get(one.platform);
    return scripts ? { ...one, scripts } : one;
  });
  const text = formatLock({ ...before, platforms });
  if (text !== formatLock(before)) await writeLock(lockFile, text);
}

async function writeLock(file: string, text: string): Promise<void> {
  await writeAside(Buffer.from(text), {
    temporary: `${file}.${process.pid}.new`,
    target: file,
    unwritable: "OUTPUT_UNWRITABLE",
  });
}
