// Debian's releases: names, numbers, pockets and ports. What changes when Debian releases changes here only.
import { type Platform, parsePlatform } from "../../core/platform.ts";
import type { FamilyRelease } from "./family.ts";

export interface DebianRelease extends FamilyRelease {
  /** `13`; sid has none. */
  readonly number: string | undefined;
  /** Suites of the archive beside the release itself, and whether the security archive has one. */
  readonly updates: boolean;
  readonly security: boolean;
  /** Where the release's keyring package has the archive's keys. */
  readonly keyring: string;
}

const platforms = (...names: readonly string[]): readonly Platform[] => names.map(parsePlatform);

/** Newest first. */
export const debianReleases: readonly DebianRelease[] = [
  {
    name: "sid",
    aliases: ["unstable"],
    number: undefined,
    updates: false,
    security: false,
    mergedUsrPackages: [],
    keyring: "/usr/share/keyrings/debian-archive-keyring.pgp",
    platforms: platforms("amd64", "arm64", "armhf", "i386", "loong64", "ppc64le", "riscv64", "s390x"),
  },
  {
    name: "forky",
    aliases: ["testing", "14"],
    number: "14",
    updates: true,
    security: true,
    mergedUsrPackages: [],
    keyring: "/usr/share/keyrings/debian-archive-keyring.pgp",
    platforms: platforms("amd64", "arm64", "armhf", "i386", "loong64", "ppc64le", "riscv64", "s390x"),
  },
  {
    name: "trixie",
    aliases: ["stable", "13"],
    number: "13",
    updates: true,
    security: true,
    mergedUsrPackages: [],
    keyring: "/usr/share/keyrings/debian-archive-keyring.pgp",
    platforms: platforms("amd64", "arm64", "armel", "armhf", "i386", "ppc64le", "riscv64", "s390x"),
  },
  {
    name: "bookworm",
    aliases: ["oldstable", "12"],
    number: "12",
    updates: true,
    security: true,
    mergedUsrPackages: ["usr-is-merged"],
    keyring: "/usr/share/keyrings/debian-archive-keyring.gpg",
    platforms: platforms("amd64", "arm64", "armel", "armhf", "i386", "mips64le", "ppc64le", "s390x"),
  },
];
