import type { Distribution } from "../contract.ts";
import { baseImageRecipes } from "./base-images.ts";
import { distrolessRecipes } from "./distroless.ts";
import { distributionOf } from "./family.ts";
import { debianKeys } from "./keys.ts";
import { debianReleases } from "./releases.ts";
import { debianRepositories } from "./repositories.ts";
import { sourcesFiles } from "./sources.ts";
import { variants } from "./variants.ts";

export const debian: Distribution = distributionOf({
  name: "debian",
  title: "Debian",
  releases: debianReleases,
  variants,
  keys: debianKeys,
  repositories: debianRepositories,
  sources: sourcesFiles,
  recipes: new Map([
    ...distrolessRecipes(debianReleases.filter(({ name }) => name === "trixie" || name === "bookworm")),
    ...baseImageRecipes(
      { name: "debian", title: "Debian", variants: { "": "full", "-slim": "slim" } },
      debianReleases.filter(({ name }) => name !== "forky"),
    ),
  ]),
});
