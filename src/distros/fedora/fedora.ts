// Fedora: the release as it came out, and its updates.
import { parsePlatform } from "../../core/platform.ts";
import type { Distribution } from "../contract.ts";
import { conventionFile, localeConf } from "../rpm-conventions.ts";
import { containerVariants, fullRecipes, type RpmRelease, rpmDistribution } from "../rpm-family.ts";
import { fedoraKeys } from "./keys.ts";

const platforms = ["amd64", "arm64", "ppc64le", "s390x"].map(parsePlatform);

const variants = containerVariants("fedora-release-container");

const release = (name: string, folder: string): RpmRelease => ({
  name,
  aliases: [],
  platforms,
  keys: [fedoraKeys[name]].filter((key) => key !== undefined),
  root: "https://dl.fedoraproject.org/pub/fedora/linux",
  repositories: {
    fedora: `releases/${name}/Everything/$basearch/os`,
    updates: `updates/${name}/Everything/$basearch`,
  },
  database: { folder, backend: "sqlite" },
  mergedUsr: ["bin", "lib", "lib64", "sbin"],
  modulePlatform: `f${name}`,
  variants,
  conventions: {
    // By which packages of Fedora's own tell in which container image they are.
    env: { DISTTAG: `f${name}container`, FGC: `f${name}`, FBR: `f${name}` },
    all: [...localeConf, conventionFile("etc/fstab", "# fstab intentionally empty for containers\n")],
  },
});

/** Newest first; each with the folder of its rpm's database. */
const releases: readonly RpmRelease[] = [
  release("44", "usr/lib/sysimage/rpm"),
  release("43", "usr/lib/sysimage/rpm"),
  release("42", "usr/lib/sysimage/rpm"),
];

const spec = { name: "fedora", title: "Fedora", releases };

export const fedora: Distribution = rpmDistribution({ ...spec, recipes: fullRecipes(spec) });
