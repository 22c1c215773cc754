import type { CommonOptions, Resolution, ResolvedSource } from "./contract.ts";
import type { LockedPlatform, LockedSource } from "./lock-file.ts";
import { solveAll } from "./locking.ts";
import { withSession } from "./session.ts";

/** Solves and tells which packages would be taken now, whatever a lock says. */
export async function resolve(options: CommonOptions): Promise<Resolution> {
  return withSession(options, async (session) => resolutionOf(await solveAll(options, session, undefined)));
}

export function resolutionOf(platforms: readonly LockedPlatform[]): Resolution {
  return {
    platforms: platforms.map(({ platform, packages, source }) => ({ platform, packages, ...sourceOf(source) })),
  };
}

/** The root tarball of a locked platform, for who only wants to know of it. */
export function sourceOf(locked: LockedSource | undefined): { readonly source?: ResolvedSource } {
  if (!locked) return {};
  const { date: _, ...source } = locked;
  return { source };
}
