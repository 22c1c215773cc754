import type { CommonOptions, Resolution } from "./contract.ts";
import type { LockedPlatform } from "./lock-file.ts";
import { solveAll } from "./locking.ts";
import { withSession } from "./session.ts";

/** Solves and tells which packages would be taken now, whatever a lock says. */
export async function resolve(options: CommonOptions): Promise<Resolution> {
  return withSession(options, async (session) => resolutionOf(await solveAll(options, session, undefined)));
}

export function resolutionOf(platforms: readonly LockedPlatform[]): Resolution {
  return { platforms: platforms.map(({ platform, packages }) => ({ platform, packages })) };
}
