// Ubuntu's releases with long-term support. What changes when Ubuntu releases changes here only.
import { type Platform, parsePlatform } from "../../core/platform.ts";
import type { FamilyRelease } from "../debian/family.ts";

export interface UbuntuRelease extends FamilyRelease {
  /** `24.04`. */
  readonly number: string;
  /** How the release's own images name their sources: `ubuntu.sources`, or `sources.list` in one line each. */
  readonly sources: "deb822" | "list";
  /** Architectures that are in the archive; the others are in ports. */
  readonly archived: readonly string[];
}

/** i386 has libraries for programs of old, and no base system. */
const platforms: readonly Platform[] = ["amd64", "arm64", "armhf", "i386", "ppc64el", "riscv64", "s390x"].map(
  parsePlatform,
);

/** Newest first. In all of them packages bring the links of the merged /usr: usrmerge, and base-files since noble. */
export const ubuntuReleases: readonly UbuntuRelease[] = [
  {
    name: "resolute",
    aliases: ["26.04"],
    number: "26.04",
    sources: "deb822",
    archived: ["amd64", "386", "arm64"],
    mergedUsrPackages: [],
    platforms,
  },
  {
    name: "noble",
    aliases: ["24.04"],
    number: "24.04",
    sources: "deb822",
    archived: ["amd64", "386"],
    mergedUsrPackages: [],
    platforms,
  },
  {
    name: "jammy",
    aliases: ["22.04"],
    number: "22.04",
    sources: "list",
    archived: ["amd64", "386"],
    mergedUsrPackages: [],
    platforms,
  },
];
