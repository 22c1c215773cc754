import type { OpenRepository } from "../packages/contract.ts";
import type { Resolution, ResolvedSource, ResolveOptions } from "./contract.ts";
import type { LockedPlatform, LockedSource } from "./lock-file.ts";
import { solveAll } from "./locking.ts";
import { withSession } from "./session.ts";

/** Solves and tells which packages would be taken now, whatever a lock says. */
export async function resolve({ advisories = false, ...options }: ResolveOptions): Promise<Resolution> {
  return withSession(options, async (session) => {
    const opened = new Map<string, readonly OpenRepository[]>();
    const onSolved = (platform: string, repositories: readonly OpenRepository[]): void => {
      opened.set(platform, repositories);
    };
    const resolution = resolutionOf(await solveAll({ ...options, onSolved }, session, undefined));
    if (!advisories) return resolution;
    const { withAdvisories } = await import("./advisories.ts");
    return withAdvisories(resolution, { opened, session });
  });
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
