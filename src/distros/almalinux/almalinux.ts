// AlmaLinux: what Red Hat's release has, made again.
import { parsePlatform } from "../../core/platform.ts";
import type { BuiltInRecipe, Distribution } from "../contract.ts";
import { baseRecipe, type RpmRelease, rpmDistribution } from "../rpm-family.ts";
import { almalinuxKeys } from "./keys.ts";

const platforms = ["amd64", "arm64", "ppc64le", "s390x"].map(parsePlatform);

/** As its container images have it. */
const variants: RpmRelease["variants"] = {
  micro: ["bash", "coreutils-single", "glibc-minimal-langpack", "almalinux-release"],
  minimal: ["bash", "coreutils-single", "glibc-minimal-langpack", "microdnf", "rpm", "almalinux-release"],
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
    "almalinux-release",
  ],
};

const release = (name: string, folder: string): RpmRelease => ({
  name,
  aliases: [],
  platforms,
  keys: [almalinuxKeys[name]].filter((key) => key !== undefined),
  root: "https://repo.almalinux.org/almalinux",
  repositories: {
    baseos: `${name}/BaseOS/$basearch/os`,
    appstream: `${name}/AppStream/$basearch/os`,
  },
  database: { folder, backend: "sqlite" },
  mergedUsr: ["bin", "lib", "lib64", "sbin"],
  variants,
});

/** Newest first; each with the folder of its rpm's database. */
const releases: readonly RpmRelease[] = [release("10", "usr/lib/sysimage/rpm"), release("9", "var/lib/rpm")];

const recipes: ReadonlyMap<string, BuiltInRecipe> = new Map(
  releases.map(({ name }): [string, BuiltInRecipe] => [
    `almalinux:${name}`,
    {
      summary: `AlmaLinux ${name} with its package manager`,
      recipe: baseRecipe(`almalinux:${name}`, { name: "almalinux", release: name }, "full"),
    },
  ]),
);

export const almalinux: Distribution = rpmDistribution({ name: "almalinux", title: "AlmaLinux", releases, recipes });
