// openSUSE: Leap, which is made from SUSE's enterprise packages, and Tumbleweed, which has no releases.
import { parsePlatform } from "../../core/platform.ts";
import type { Distribution } from "../contract.ts";
import { fullRecipes, type RpmRelease, rpmDistribution } from "../rpm-family.ts";
import { opensuseKeys } from "./keys.ts";

const keysOf = (...names: readonly string[]): RpmRelease["keys"] => names.flatMap((name) => opensuseKeys[name] ?? []);

const variantsOf = (releasePackage: string): RpmRelease["variants"] => {
  const base = ["bash", "coreutils", releasePackage];
  const minimal = [...base, "rpm"];
  return {
    micro: base,
    minimal,
    full: [
      ...[...minimal, "aaa_base", "ca-certificates", "ca-certificates-mozilla", "curl", "findutils", "gzip"],
      ...["netcfg", "openSUSE-build-key", "procps", "tar", "zypper"],
    ],
  };
};

const root = "https://download.opensuse.org";

/** In a form of SUSE's own. */
const database = { folder: "usr/lib/sysimage/rpm", backend: "ndb" } as const;

const merged = ["bin", "lib", "lib64", "sbin"];

const releases: readonly RpmRelease[] = [
  {
    name: "tumbleweed",
    aliases: [],
    // Other machines have their repositories at other places.
    platforms: [parsePlatform("amd64")],
    keys: keysOf("2022"),
    root,
    repositories: { oss: "tumbleweed/repo/oss", update: "update/tumbleweed" },
    database,
    mergedUsr: merged,
    variants: variantsOf("openSUSE-release"),
  },
  {
    name: "leap-16.0",
    aliases: ["16.0"],
    platforms: ["amd64", "arm64", "ppc64le", "s390x"].map(parsePlatform),
    keys: keysOf("2022", "16-backports", "alp"),
    root,
    repositories: { oss: "distribution/leap/16.0/repo/oss/$basearch" },
    database,
    mergedUsr: merged,
    variants: variantsOf("Leap-release"),
  },
  {
    name: "leap-15.6",
    aliases: ["15.6"],
    platforms: ["amd64", "arm64", "ppc64le", "s390x"].map(parsePlatform),
    keys: keysOf("2022", "backports", "sle-15", "sle-2023"),
    root,
    repositories: {
      oss: "distribution/leap/15.6/repo/oss",
      update: "update/leap/15.6/oss",
      "update-backports": "update/leap/15.6/backports",
      "update-sle": "update/leap/15.6/sle",
    },
    database,
    // bin and lib are folders of their own.
    mergedUsr: [],
    variants: variantsOf("openSUSE-release"),
  },
];

const spec = { name: "opensuse", ids: ["opensuse-leap", "opensuse-tumbleweed"], title: "openSUSE", releases };

export const opensuse: Distribution = rpmDistribution({ ...spec, recipes: fullRecipes(spec) });
