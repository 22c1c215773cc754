// Ubuntu's archives: one for the architectures of PCs and one for all others, each with every pocket of a release.
import type { Platform } from "../../core/platform.ts";
import type { Repository } from "../../packages/contract.ts";
import type { MirrorSettings } from "../contract.ts";
import type { Asked } from "../debian/family.ts";
import { type OwnSuite, repositoriesOf, snapshotRoots } from "../debian/recipe-repositories.ts";
import { ubuntuKeys } from "./keys.ts";
import type { UbuntuRelease } from "./releases.ts";

const officialMirrors: { readonly archive: string; readonly security: string; readonly ports: string } = {
  archive: "http://archive.ubuntu.com/ubuntu",
  security: "http://security.ubuntu.com/ubuntu",
  ports: "http://ports.ubuntu.com/ubuntu-ports",
};

/** Packages that images are made from: those that Canonical supports, and those of the community. */
const components: readonly string[] = ["main", "universe"];

/** The release, its updates and its security fixes. Backports and proposed updates are for who asks for them. */
export function ubuntuRepositories(asked: Asked<UbuntuRelease>, mirrors: MirrorSettings): readonly Repository[] {
  const { recipe, release } = asked;
  return repositoriesOf(recipe, { name: "ubuntu", components, keys: ubuntuKeys }, () =>
    pockets(release, rootsOf(asked, mirrors)),
  );
}

interface Roots {
  readonly archive: readonly string[];
  readonly security: readonly string[];
}

function rootsOf({ recipe, release, platform }: Asked<UbuntuRelease>, mirrors: MirrorSettings): Roots {
  const snapshot = snapshotRoots(recipe, mirrors, {
    title: "Ubuntu",
    variable: "DODAI_SNAPSHOT_UBUNTU",
    archives: ["ubuntu"],
  })?.("ubuntu");
  if (snapshot) return { archive: snapshot, security: snapshot };
  if (!isArchived(release, platform)) {
    const ports = mirrors.ports ?? [officialMirrors.ports];
    return { archive: ports, security: ports };
  }
  return {
    archive: mirrors.archive ?? [officialMirrors.archive],
    // A mirror has the security pocket as it has the others.
    security: mirrors.security ?? mirrors.archive ?? [officialMirrors.security],
  };
}

function pockets({ name }: UbuntuRelease, { archive, security }: Roots): readonly OwnSuite[] {
  return [
    { suite: name, urls: archive },
    { suite: `${name}-updates`, urls: archive },
    { suite: `${name}-security`, urls: security },
  ];
}

/** Where apt in an image finds them. */
export function officialRoots({ release, platform }: Pick<Asked<UbuntuRelease>, "release" | "platform">): {
  readonly archive: string;
  readonly security: string;
} {
  const { archive, security, ports } = officialMirrors;
  return isArchived(release, platform) ? { archive, security } : { archive: ports, security: ports };
}

const isArchived = ({ archived }: UbuntuRelease, { architecture }: Platform): boolean =>
  archived.includes(architecture);
