// Recipe + what its distribution supplies, for one platform: after this nothing is implicit.
import { formatCanonicalJson, type Json } from "../core/canonical-json.ts";
import { type Digest, sha256 } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform, type Platform } from "../core/platform.ts";
import type { PackageRequest, Recipe } from "../core/recipe.ts";
import type { Distribution, MirrorSettings, Supply } from "../distros/contract.ts";
import { distributions } from "../distros/distributions.ts";
import { recipeValue } from "../frontends/native/recipe-value.ts";
import type { InstalledDatabase } from "../packages/contract.ts";
import type { BaseImage } from "./base-image.ts";
import { type PlannedSource, planSource } from "./source-plan.ts";

/** The image that a recipe builds on, and what is installed there. */
export interface PlannedBase {
  readonly image: BaseImage;
  /** `undefined` for an image without packages. */
  readonly database?: InstalledDatabase;
  readonly upgrade: boolean;
  /** The recipe told what is installed, and the image's own database does not count (apko). */
  readonly isTold: boolean;
}

export interface Plan {
  readonly recipe: Recipe;
  readonly platform: Platform;
  /** The format's own word for the platform's architecture. */
  readonly architecture: string;
  readonly distribution: Distribution;
  readonly supply: Supply;
  /** The image below. */
  readonly base?: PlannedBase;
  /** The root tarball that takes the place of packages. */
  readonly source?: PlannedSource;
}

/** Throws DISTRIBUTION_UNKNOWN, PLATFORM_UNSUPPORTED, SNAPSHOT_UNAVAILABLE. */
export function planPlatform(recipe: Recipe, platform: Platform, mirrors: MirrorSettings): Plan {
  const distribution = findDistribution(recipe);
  const supply = distribution.supply(recipe, platform, mirrors);
  const name = formatPlatform(platform);
  const architecture = distribution.format.architectureOf(name);
  if (architecture === undefined) {
    throw new DodaiError(
      "PLATFORM_UNSUPPORTED",
      `Cannot build for ${name}: ${distribution.format.name} has no word for it`,
    );
  }
  const plan: Plan = { recipe, platform, architecture, distribution, supply };
  assertSettings(plan);
  if (recipe.source) return withSource(plan, planSource(recipe.source, platform));
  return supply.root ? withSource(plan, { kind: "published", published: supply.root }) : plan;
}

/** What the recipe says of a system has a meaning for its packages. */
function assertSettings({ recipe, distribution: { format, name } }: Plan): void {
  const refuse = (field: string, state: string, fix: string): never => {
    throw new DodaiError("RECIPE_SYNTAX", `Cannot use "${field}" with ${name}: ${state}`, { fix });
  };
  if (format.name !== "rpm") {
    const field = recipe.documentation === undefined ? "languages" : "documentation";
    const fix = 'Use "remove", as in "remove: [/usr/share/doc/**]".';
    if (recipe[field] !== undefined) refuse(field, `${format.name} packages do not say which files that is`, fix);
  }
  if (format.name === "apk") {
    const fix = 'Set LANG in the "env" of "config", or write a file with "files".';
    if (recipe.locale !== undefined) refuse("locale", "it has no file that says it for all programs", fix);
    if (recipe.keymap !== undefined) refuse("keymap", "it has no file that names one", "Leave it out.");
  }
}

/** With a ready root file system the distribution adds its files and settings, and neither packages nor their effects. */
function withSource({ recipe, supply, ...plan }: Plan, source: PlannedSource): Plan {
  const [one] = recipe.packages;
  if (one) {
    throw new DodaiError(
      "RECIPE_SYNTAX",
      `Cannot install "${one.request}": the recipe starts from a ready root file system, which takes no packages`,
      { fix: withoutSource[source.kind], ...(one.position ? { where: one.position } : {}) },
    );
  }
  const { users, groups } = recipe.accounts;
  const hasAccounts = [...users, ...groups, ...supply.users, ...supply.groups].length > 0;
  const bare: Supply = {
    ...supply,
    repositories: [],
    requests: [],
    essential: false,
    priorities: [],
    waived: [],
    effects: hasAccounts ? [{ name: "accounts", always: true }] : [],
    mergedUsr: [],
  };
  return { ...plan, recipe: { ...recipe, scripts: "emulate" }, supply: bare, source };
}

const withoutSource: Readonly<Record<PlannedSource["kind"], string>> = {
  published: 'Leave it out, or write "variant: packages".',
  stated: 'Leave it out, or build without "source".',
};

/** Some requests are for some platforms alone. */
export function isAskedFor({ platforms }: PackageRequest, platform: Platform): boolean {
  return platforms?.some((one) => formatPlatform(one) === formatPlatform(platform)) ?? true;
}

/** Throws DISTRIBUTION_UNKNOWN. */
export function findDistribution({ distribution: { name, position } }: Recipe): Distribution {
  const found = distributions.find((one) => one.name === name);
  if (found) return found;
  throw new DodaiError("DISTRIBUTION_UNKNOWN", `Cannot use distribution "${name}": dodai does not know it`, {
    fix: `Known are ${distributions.map((one) => one.name).join(", ")}.`,
    ...(position ? { where: position } : {}),
  });
}

/** Members of a recipe's canonical value that decide packages. */
const deciding = [
  "base",
  "distribution",
  "packages",
  "pinned",
  "recommends",
  "repositories",
  "snapshot",
  "source",
  "variant",
];

/**
 * Digest of what of a recipe's canonical value decides packages: a lock belongs to recipes with the same. Labels, files
 * or settings may change without a new lock. Platforms are not in it, since a lock lists those that it is for; nor are
 * URLs of repositories, since any mirror serves a lock.
 */
export function lockedValue(recipe: Recipe): Digest {
  const repositories = recipe.repositories.map((repository) => ({ ...repository, urls: [] }));
  const value = recipeValue({ ...recipe, repositories }) as Readonly<Record<string, Json>>;
  return sha256(formatCanonicalJson(Object.fromEntries(deciding.map((member) => [member, value[member]]))));
}
