// The root tarball of a release. The original (docker-alpine, fetch-latest-releases.lua) believes the sums that the same mirror
// states; here Alpine's signature over the tarball counts too.
import { DodaiError } from "../../core/dodai-error.ts";
import type { Recipe } from "../../core/recipe.ts";
import type { TrustKey } from "../../packages/contract.ts";
import type { MirrorSettings, PublishedRoot } from "../contract.ts";
import { alpineReleaseKeys } from "./release-keys.ts";
import { releasesFolder } from "./releases.ts";
import { assertNoSnapshot, officialMirror, type Wanted } from "./repositories.ts";

/** From the mirrors, or from those that the recipe has instead, with its keys. Throws SNAPSHOT_UNAVAILABLE, RECIPE_SYNTAX. */
export function publishedRoot(
  recipe: Recipe,
  { release, architecture }: Wanted,
  { archive }: MirrorSettings,
): PublishedRoot {
  assertNoSnapshot(recipe, "Alpine");
  const common = {
    index: `${releasesFolder(release, architecture)}/latest-releases.yaml`,
    architecture,
    readIndex: async (index: Uint8Array) =>
      (await import("./latest-releases.ts")).readLatestReleases(index, { branch: release.branch, architecture }),
  };
  const own = ownMirror(recipe);
  if (!own) return { ...common, urls: archive ?? [officialMirror], keys: alpineReleaseKeys, insecureUnsigned: false };
  const keys = own.keys.map((armored): TrustKey => ({ owner: "the recipe", source: "the recipe", armored }));
  return { ...common, urls: own.urls, keys, insecureUnsigned: own.insecureUnsigned };
}

/** A repository of the recipe with `only`, which stands for all that Alpine has. */
function ownMirror({ repositories }: Recipe): Recipe["repositories"][number] | undefined {
  const [first, ...others] = repositories;
  const extra = first?.only ? others[0] : first;
  if (!extra) return first;
  throw new DodaiError("RECIPE_SYNTAX", "Cannot add a repository to Alpine's root tarball: it takes no packages", {
    fix: 'Write "variant: packages"; or "only: true" where the repository is a mirror of releases with a key of its own.',
    ...(extra.position ? { where: extra.position } : {}),
  });
}
