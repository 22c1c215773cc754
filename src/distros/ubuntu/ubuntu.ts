// Ubuntu as a child of Debian: other archives, keys, releases and sources; the same packages, variants and settings.
import type { Distribution } from "../contract.ts";
import { baseImageRecipes } from "../debian/base-images.ts";
import { distributionOf } from "../debian/family.ts";
import { ubuntuImageKeys, ubuntuKeys } from "./keys.ts";
import { ubuntuReleases } from "./releases.ts";
import { ubuntuRepositories } from "./repositories.ts";
import { sourcesFiles } from "./sources.ts";
import { ubuntuVariants } from "./variants.ts";

export const ubuntu: Distribution = distributionOf({
  name: "ubuntu",
  title: "Ubuntu",
  releases: ubuntuReleases,
  variants: ubuntuVariants,
  keys: [...ubuntuKeys, ...ubuntuImageKeys],
  repositories: ubuntuRepositories,
  sources: sourcesFiles,
  recipes: baseImageRecipes({ name: "ubuntu", title: "Ubuntu", variants: { "": "minimized" } }, ubuntuReleases, {
    numbered: true,
  }),
});
