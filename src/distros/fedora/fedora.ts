// Fedora: the release as it came out, and its updates.
import { parsePlatform } from "../../core/platform.ts";
import type { BuiltInRecipe, Distribution } from "../contract.ts";
import { baseRecipe, type RpmRelease, rpmDistribution } from "../rpm-family.ts";
import { fedoraKeys } from "./keys.ts";

const platforms = ["amd64", "arm64", "ppc64le", "s390x"].map(parsePlatform);

/** As its container images have it. */
const variants: RpmRelease["variants"] = {
  micro: ["bash", "coreutils-single", "glibc-minimal-langpack", "fedora-release-container"],
  minimal: ["bash", "coreutils-single", "glibc-minimal-langpack", "microdnf", "rpm", "fedora-release-container"],
  full: [
    "bash",
    "coreutils-single",
    "dnf",
    "glibc-minimal-langpack",
    "hostname",
    "rootfiles",
    "rpm",
    "tar",
    "vim-minimal",
    "fedora-release-container",
  ],
};

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
  variants,
});

/** Newest first; each with the folder of its rpm's database. */
const releases: readonly RpmRelease[] = [
  release("44", "usr/lib/sysimage/rpm"),
  release("43", "usr/lib/sysimage/rpm"),
  release("42", "usr/lib/sysimage/rpm"),
];

const recipes: ReadonlyMap<string, BuiltInRecipe> = new Map(
  releases.map(({ name }): [string, BuiltInRecipe] => [
    `fedora:${name}`,
    {
      summary: `Fedora ${name} with its package manager`,
      recipe: baseRecipe(`fedora:${name}`, { name: "fedora", release: name }, "full"),
    },
  ]),
);

export const fedora: Distribution = rpmDistribution({ name: "fedora", title: "Fedora", releases, recipes });
