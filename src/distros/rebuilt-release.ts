// What AlmaLinux and Rocky Linux have in common: both are Red Hat's release, made again.
import { parsePlatform } from "../core/platform.ts";
import { containerInfra, localeConf, maskedUnits } from "./rpm-conventions.ts";
import { containerVariants, type RpmRelease } from "./rpm-family.ts";

/** `folder` is that of its rpm's database. */
export function rebuiltRelease(
  name: string,
  folder: string,
  { root, releasePackage, keys }: Pick<RpmRelease, "root" | "keys"> & { readonly releasePackage: string },
): RpmRelease {
  return {
    name,
    aliases: [],
    platforms: ["amd64", "arm64", "ppc64le", "s390x"].map(parsePlatform),
    keys,
    root,
    repositories: {
      baseos: `${name}/BaseOS/$basearch/os`,
      appstream: `${name}/AppStream/$basearch/os`,
    },
    database: { folder, backend: "sqlite" },
    mergedUsr: ["bin", "lib", "lib64", "sbin"],
    modulePlatform: `el${name}`,
    variants: containerVariants(releasePackage),
    conventions: { all: localeConf, managed: containerInfra("dnf"), full: maskedUnits },
  };
}
