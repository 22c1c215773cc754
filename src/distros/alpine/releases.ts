// Alpine's releases, their ports and how apk-tools of theirs keeps its database. What changes when Alpine releases changes here
// only.
import { type Platform, parsePlatform } from "../../core/platform.ts";
import type { ApkDatabase } from "../../packages/contract.ts";

export interface AlpineRelease {
  /** `3.22`, `edge`. */
  readonly name: string;
  readonly aliases: readonly string[];
  /** Its folder on a mirror: `v3.22`. */
  readonly branch: string;
  readonly platforms: readonly Platform[];
  readonly database: ApkDatabase;
}

/** The folder of a mirror that has what was released for one architecture. */
export const releasesFolder = ({ branch }: Pick<AlpineRelease, "branch">, architecture: string): string =>
  `${branch}/releases/${architecture}`;

const first: readonly string[] = ["amd64", "arm64", "386", "arm/v6", "ppc64le", "s390x"];
const withArmv7: readonly string[] = [...first, "arm/v7"];
const withRiscv: readonly string[] = [...withArmv7, "riscv64"];
const all: readonly string[] = [...withRiscv, "loong64"];

const apkTools2: ApkDatabase = { folder: "lib/apk", tools: 2 };
/** Since Alpine 3.23. */
const apkTools3: ApkDatabase = { folder: "lib/apk", tools: 3 };

const stable = (
  minor: number,
  platforms: readonly string[],
  {
    database = apkTools2,
    aliases = [],
  }: { readonly database?: ApkDatabase; readonly aliases?: readonly string[] } = {},
): AlpineRelease => ({
  name: `3.${minor}`,
  aliases: [`v3.${minor}`, ...aliases],
  branch: `v3.${minor}`,
  platforms: platforms.map(parsePlatform),
  database,
});

/** Newest first. Those before 3.6 have no root tarballs that are made as now. */
export const alpineReleases: readonly AlpineRelease[] = [
  { name: "edge", aliases: [], branch: "edge", platforms: all.map(parsePlatform), database: apkTools3 },
  stable(24, all, { database: apkTools3, aliases: ["3", "latest"] }),
  stable(23, all, { database: apkTools3 }),
  stable(22, all),
  stable(21, all),
  stable(20, withRiscv),
  ...[19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9].map((minor) => stable(minor, withArmv7)),
  ...[8, 7, 6].map((minor) => stable(minor, first)),
];
