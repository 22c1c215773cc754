// No distribution: what a recipe is laid over that brings a root file system, or every file, itself.
import { DodaiError } from "../../core/dodai-error.ts";
import type { Recipe } from "../../core/recipe.ts";
import { none } from "../../packages/none/format.ts";
import type { Distribution, Supply } from "../contract.ts";

export const scratch: Distribution = {
  name: "scratch",
  format: none,
  releases: [],
  variants: ["empty"],
  keys: [],
  supply,
  recipes: new Map(),
};

function supply({ variant, repositories, distribution: { position } }: Recipe): Supply {
  const where = position ? { where: position } : {};
  if (variant !== "empty") {
    throw new DodaiError(
      "DISTRIBUTION_UNKNOWN",
      `Cannot use variant "${variant}": without a distribution there are none`,
      {
        fix: 'Leave "variant" out, or name a distribution.',
        ...where,
      },
    );
  }
  if (repositories.length > 0) {
    throw new DodaiError(
      "DISTRIBUTION_UNKNOWN",
      "Cannot use repositories: without a distribution their kind is unknown",
      {
        fix: 'Name a distribution, as in "distro: debian:trixie".',
        ...where,
      },
    );
  }
  return {
    release: "",
    repositories: [],
    requests: [],
    essential: false,
    priorities: [],
    waived: [],
    effects: [{ name: "accounts", always: true }],
    mergedUsr: [],
    users: [],
    groups: [],
    config: {},
    perPackageStatus: false,
    files: [],
    excluded: { paths: [], kept: [], folders: [] },
  };
}
