// Rocky Linux: what Red Hat's release has, made again.
import type { Distribution } from "../contract.ts";
import { rebuiltRelease } from "../rebuilt-release.ts";
import { fullRecipes, type RpmRelease, rpmDistribution } from "../rpm-family.ts";
import { rockylinuxKeys } from "./keys.ts";

const release = (name: string, folder: string): RpmRelease =>
  rebuiltRelease(name, folder, {
    root: "https://dl.rockylinux.org/pub/rocky",
    releasePackage: "rocky-release",
    keys: [rockylinuxKeys[name]].filter((key) => key !== undefined),
  });

/** Newest first; each with the folder of its rpm's database. */
const releases: readonly RpmRelease[] = [release("10", "usr/lib/sysimage/rpm"), release("9", "var/lib/rpm")];

const spec = { name: "rockylinux", ids: ["rocky"], title: "Rocky Linux", releases };

export const rockylinux: Distribution = rpmDistribution({ ...spec, recipes: fullRecipes(spec) });
