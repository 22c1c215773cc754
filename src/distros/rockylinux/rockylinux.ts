// Rocky Linux: what Red Hat's release has, made again.
import { parsePlatform } from "../../core/platform.ts";
import type { Distribution } from "../contract.ts";
import { containerInfra, localeConf, maskedUnits } from "../rpm-conventions.ts";
import { containerVariants, fullRecipes, type RpmRelease, rpmDistribution } from "../rpm-family.ts";
import { rockylinuxKeys } from "./keys.ts";

const platforms = ["amd64", "arm64", "ppc64le", "s390x"].map(parsePlatform);

const variants = containerVariants("rocky-release");

const release = (name: string, folder: string): RpmRelease => ({
  name,
  aliases: [],
  platforms,
  keys: [rockylinuxKeys[name]].filter((key) => key !== undefined),
  root: "https://dl.rockylinux.org/pub/rocky",
  repositories: {
    baseos: `${name}/BaseOS/$basearch/os`,
    appstream: `${name}/AppStream/$basearch/os`,
  },
  database: { folder, backend: "sqlite" },
  mergedUsr: ["bin", "lib", "lib64", "sbin"],
  modulePlatform: `el${name}`,
  variants,
  conventions: { all: localeConf, managed: containerInfra("dnf"), full: maskedUnits },
});

/** Newest first; each with the folder of its rpm's database. */
const releases: readonly RpmRelease[] = [release("10", "usr/lib/sysimage/rpm"), release("9", "var/lib/rpm")];

const spec = { name: "rockylinux", ids: ["rocky"], title: "Rocky Linux", releases };

export const rockylinux: Distribution = rpmDistribution({ ...spec, recipes: fullRecipes(spec) });
