// Packages that another tool's lock names: their addresses and checksums are taken as they are. Nothing is solved, and no
// index is read; that a package is the one of the lock is checked when it is opened.
import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform } from "../core/platform.ts";
import type { PinnedPackage } from "../core/recipe.ts";
import { isControlChecksum } from "../packages/contract.ts";
import type { ResolvedPackage } from "./contract.ts";
import type { LockedPlatform } from "./lock-file.ts";
import type { Plan } from "./plan.ts";

/** Throws LOCK_OUT_OF_DATE for a lock that has nothing for the platform, or packages of other repositories. */
export function pinnedPlatform(plan: Plan, pinned: readonly PinnedPackage[]): LockedPlatform {
  const platform = formatPlatform(plan.platform);
  const packages = pinned
    .filter(({ architecture }) => architecture === plan.architecture || architecture === "noarch")
    .map((one) => resolvedOf(one, plan))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (packages.length === 0 && pinned.length > 0) throw outOfDate(`it has no packages for ${platform}`);
  return { platform, repositories: [], packages };
}

function resolvedOf(one: PinnedPackage, { supply }: Plan): ResolvedPackage {
  const { name, version, architecture, checksum, sizeBytes, url } = one;
  const offers = supply.repositories.flatMap((repository) =>
    [...repository.urls, ...(repository.knownAs ?? [])]
      .map((root) => `${root.replace(/\/+$/, "")}/`)
      .filter((root) => url.startsWith(root))
      .map((root) => ({ repository: repository.name, path: url.slice(root.length) })),
  );
  const offer = offers.find(({ path }) => !path.split("/").some((part) => ["", ".", ".."].includes(part)));
  if (!offer) throw outOfDate(`it takes ${name} from "${url}", which is in no repository of the recipe`);
  if (!isControlChecksum(checksum)) throw outOfDate(`its checksum of ${name} is none of apk's`);
  return { name, version, architecture, source: name, sourceVersion: version, ...offer, sizeBytes, digest: checksum };
}

function outOfDate(state: string): DodaiError {
  return new DodaiError("LOCK_OUT_OF_DATE", `Cannot use apko's lock: ${state}`, {
    fix: 'Write it anew with "apko lock", or remove it and use "dodai lock".',
  });
}
