// Whether a release is the one that was asked for, and of now: a good signature alone lets a mirror replay an old release or
// another suite (Debian repository format, "Date, Valid-Until" and "Suite, Codename").
import { DodaiError } from "../../core/dodai-error.ts";
import type { Release } from "./release.ts";

export interface Freshness {
  readonly now: Date;
  /** Old releases and snapshots: their Valid-Until is over and does not matter. */
  readonly archived: boolean;
  /** Names the release in messages. */
  readonly what: string;
}

/** Clocks differ: apt takes 10 s, which machines that just booted fail; signatures are judged with the same 5 minutes. */
const futureSkewMs = 300_000;

/** Throws RELEASE_EXPIRED, RELEASE_FROM_FUTURE. */
export function assertFresh({ date, validUntil }: Release, { now, archived, what }: Freshness): void {
  if (date.getTime() > now.getTime() + futureSkewMs) {
    throw new DodaiError("RELEASE_FROM_FUTURE", `Cannot use ${what}: it is dated ${iso(date)}, now is ${iso(now)}`, {
      fix: "Check this machine's clock; if it is right, use another mirror.",
    });
  }
  if (archived || validUntil === undefined || validUntil.getTime() >= now.getTime()) return;
  throw new DodaiError("RELEASE_EXPIRED", `Cannot use ${what}: it expired on ${iso(validUntil)}, now is ${iso(now)}`, {
    fix: "The mirror has stopped being updated, or holds updates back: use another. An old state can be had with a snapshot date.",
  });
}

/**
 * Throws RELEASE_WRONG_SUITE unless the release calls itself what was asked for, by Suite or Codename. As for apt, what
 * follows the last `/` may be missing: `buster/updates` is of codename `buster`.
 */
export function assertSuite({ suite, codename }: Release, wanted: string, what: string): void {
  const slash = wanted.lastIndexOf("/");
  const names = [wanted, ...(slash > 0 ? [wanted.slice(0, slash)] : [])];
  if (names.some((name) => name === suite || name === codename)) return;
  const own = [suite, codename].filter((name) => name !== "").map((name) => `"${name}"`);
  const state = own.length === 0 ? "it has neither Suite nor Codename" : `it is of suite ${own.join(", codename ")}`;
  throw new DodaiError("RELEASE_WRONG_SUITE", `Cannot use ${what}: ${state}, wanted "${wanted}"`, {
    fix: "Name the suite as the repository does. If it did so before, the mirror serves something else: use another.",
  });
}

/** To the second, as releases have them. */
const iso = (date: Date): string => date.toISOString().replace(".000Z", "Z");
