// Platforms of one image that do not hold the same: a mirror that is behind for one architecture, or a package that one of
// them does not have. Each platform is built with what it has, and the difference is told.
import type { LockedPlatform } from "./lock-file.ts";
import type { Session } from "./session.ts";

const toldAtMost = 5;

/** What of a locked platform is compared. */
export interface PlatformPackages {
  readonly platform: string;
  readonly packages: readonly { readonly name: string; readonly sourceVersion: string }[];
}

/** One warning for all differences of versions. Versions are those of sources, since rebuilds of one port mean nothing. */
export function warnOfDifferences(platforms: readonly LockedPlatform[], session: Pick<Session, "emit">): void {
  const differences = differencesOf(platforms);
  if (differences.length === 0) return;
  const more = differences.length > toldAtMost ? `; and ${differences.length - toldAtMost} more` : "";
  const text = `Platforms get different packages: ${differences.slice(0, toldAtMost).join("; ")}${more}`;
  session.emit({ kind: "warning", text });
}

/** `curl 8.1 on linux/amd64, 8.0 on linux/arm64`, sorted by name. Packages that only some platforms have are no difference. */
export function differencesOf(platforms: readonly PlatformPackages[]): readonly string[] {
  const versions = new Map<string, Map<string, string[]>>();
  for (const { platform, packages } of platforms) {
    for (const { name, sourceVersion } of packages) {
      const known = versions.get(name) ?? new Map<string, string[]>();
      versions.set(name, known);
      known.set(sourceVersion, [...(known.get(sourceVersion) ?? []), platform]);
    }
  }
  return [...versions]
    .filter(([, known]) => known.size > 1)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, known]) => `${name} ${[...known].map(([version, on]) => `${version} on ${on.join(" and ")}`).join(", ")}`,
    );
}
