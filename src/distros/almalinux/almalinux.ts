// AlmaLinux: what Red Hat's release has, made again.
import type { Distribution } from "../contract.ts";
import { rebuiltRelease } from "../rebuilt-release.ts";
import { fullRecipes, type RpmRelease, rpmDistribution } from "../rpm-family.ts";
import { almalinuxKeys } from "./keys.ts";

const release = (name: string, folder: string): RpmRelease =>
  rebuiltRelease(name, folder, {
    root: "https://repo.almalinux.org/almalinux",
    releasePackage: "almalinux-release",
    keys: [almalinuxKeys[name]].filter((key) => key !== undefined),
  });

/** Newest first; each with the folder of its rpm's database. */
const releases: readonly RpmRelease[] = [release("10", "usr/lib/sysimage/rpm"), release("9", "var/lib/rpm")];

const spec = { name: "almalinux", title: "AlmaLinux", releases };

export const almalinux: Distribution = rpmDistribution({ ...spec, recipes: fullRecipes(spec) });
