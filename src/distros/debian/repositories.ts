// Debian's archives, and from which mirror they are read.
import type { Repository } from "../../packages/contract.ts";
import type { MirrorSettings } from "../contract.ts";
import type { Asked } from "./family.ts";
import { debianKeys } from "./keys.ts";
import { repositoriesOf, snapshotRoots } from "./recipe-repositories.ts";
import type { DebianRelease } from "./releases.ts";

/** Debian's primary names: what is used when neither recipe, environment nor host names a mirror, and what an image's own sources name. */
export const officialMirrors: { readonly archive: string; readonly security: string } = {
  archive: "http://ftp.debian.org/debian",
  security: "http://security.debian.org/debian-security",
};

/** The release, its updates and its security fixes, then what the recipe adds; or what the recipe has alone. */
export function debianRepositories(
  { recipe, release }: Asked<DebianRelease>,
  mirrors: MirrorSettings,
): readonly Repository[] {
  return repositoriesOf(recipe, { name: "debian", components: ["main"], keys: debianKeys }, () => {
    const snapshot = snapshotRoots(recipe, mirrors, {
      title: "Debian",
      variable: "DODAI_SNAPSHOT_DEBIAN",
      archives: ["debian", "debian-security"],
    });
    const archive = snapshot?.("debian") ?? mirrors.archive ?? [officialMirrors.archive];
    const security = snapshot?.("debian-security") ?? mirrors.security ?? [officialMirrors.security];
    return [
      { suite: release.name, urls: archive },
      ...(release.updates ? [{ suite: `${release.name}-updates`, urls: archive }] : []),
      ...(release.security ? [{ suite: `${release.name}-security`, urls: security }] : []),
    ];
  });
}
