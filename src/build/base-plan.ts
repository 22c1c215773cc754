// A plan on top of an image: which distribution it is of, what its database says is installed, and what of the distribution's
// variant still counts when the image is there already.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Digest } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { Platform } from "../core/platform.ts";
import { distributionOfBase, type Recipe, type RecipeBase } from "../core/recipe.ts";
import type { Distribution, Supply } from "../distros/contract.ts";
import { distributions } from "../distros/distributions.ts";
import type { InstalledFiles } from "../packages/contract.ts";
import { resolvePath } from "../rootfs/resolve.ts";
import { type BaseImage, openBaseImage, unusable } from "./base-image.ts";
import { findDistribution, type Plan, planPlatform } from "./plan.ts";
import type { Session } from "./session.ts";

export interface PlanOnBase {
  readonly recipe: Recipe;
  readonly base: RecipeBase;
  readonly platform: Platform;
  /** The manifest that a lock names. */
  readonly pinned: Digest | undefined;
}

/** Throws what opening the base and planning throw, and BASE_IMAGE_UNUSABLE. */
export async function planOnBase({ recipe, base, platform, pinned }: PlanOnBase, session: Session): Promise<Plan> {
  const image = await openBaseImage({ base, platform, session, pinned });
  const known = withDistribution(recipe, base, image);
  const { name, mirrorsOf = name } = findDistribution(known);
  const plan = planPlatform(known, platform, await session.settingsFor(mirrorsOf));
  const { distribution, architecture, supply } = plan;
  warnOfRelease(plan, image, session);
  assertSuites(plan);
  const files =
    base.installed === undefined ? image.files : await withDatabase(image.files, base.installed, architecture);
  const database = distribution.format.readInstalled?.(files, architecture);
  if (database === undefined && recipe.packages.some(({ exclude }) => !exclude)) {
    throw unusable(
      base,
      `it has no database of ${distribution.format.name} packages, to which packages could be added`,
    );
  }
  return {
    ...plan,
    supply: onBase(supply, image),
    base: { image, upgrade: base.upgrade, isTold: base.installed !== undefined, ...(database ? { database } : {}) },
  };
}

/** Packages of another release may fit; whoever mixes them should know. */
function warnOfRelease({ distribution, supply }: Plan, { files, name }: BaseImage, session: Session): void {
  const own = releaseOf(distribution, readOsRelease(files)?.releases ?? []);
  if (distribution.releases.length < 2 || own === undefined || own === supply.release) return;
  session.emit({
    kind: "warning",
    text: `The base ${name} is ${distribution.name} ${own}, and packages are taken from ${supply.release}`,
  });
}

/** What the recipe's own rules see to where it names the distribution. */
function assertSuites({ distribution, recipe }: Plan): void {
  const bare = recipe.repositories.find(({ suites, flat }) => suites.length === 0 && flat === undefined);
  if (distribution.format.name !== "deb" || !bare) return;
  throw new DodaiError("RECIPE_SYNTAX", 'Cannot use a repository of the recipe: it has neither "suites" nor "flat"', {
    fix: 'Write "suites: [trixie]", or "flat: ./" for a repository without suites.',
    ...(bare.position ? { where: bare.position } : {}),
  });
}

/** apk's database from a file beside, where apko's recipes have it. */
async function withDatabase(files: InstalledFiles, folder: string, architecture: string): Promise<InstalledFiles> {
  const at = join(folder, architecture, "APKINDEX");
  const bytes = await readFile(at).catch((cause: NodeJS.ErrnoException) => {
    const state = cause.code === "ENOENT" ? "there is no such file" : cause.message;
    throw new DodaiError("FILE_UNREADABLE", `Cannot read "${at}" of the base image: ${state}`, { cause });
  });
  const place = "usr/lib/apk/db/installed";
  // The rest of the image's own database is not looked at either.
  const has = (path: string): boolean => path === place;
  return { ...files, has, read: (path) => (path === place ? bytes : files.read(path)) };
}

interface OsRelease {
  readonly id: string;
  /** What may be the release's name, the likeliest first. */
  readonly releases: readonly string[];
}

/** os-release(5). */
function readOsRelease(files: InstalledFiles): OsRelease | undefined {
  const place = ["etc/os-release", "usr/lib/os-release"].find((path) => files.has(path));
  if (place === undefined) return undefined;
  const text = Buffer.from(files.read(place)).toString("utf8");
  const value = (key: string): string => new RegExp(`^${key}=["']?([^"'\\n]*)["']?\\s*$`, "m").exec(text)?.[1] ?? "";
  const version = value("VERSION_ID");
  const [, short = ""] = /^(\d+\.\d+)(?:\.\d+)?$/.exec(version) ?? [];
  const [, major = ""] = /^(\d+)\.\d+$/.exec(version) ?? [];
  const isEdge = /_(?:alpha|git)/.test(version);
  const id = value("ID");
  // openSUSE's rolling release is told by its ID alone: its version is a day.
  const [, rolling = ""] = /-(\w+)$/.exec(id) ?? [];
  const names = [value("VERSION_CODENAME"), ...(isEdge ? ["edge"] : [version, short, major, rolling])];
  return { id, releases: names.filter((name) => name !== "") };
}

/** The recipe with the image's own distribution where it names none. What it names must not be another one. */
function withDistribution(recipe: Recipe, base: RecipeBase, { files }: BaseImage): Recipe {
  const found = readOsRelease(files);
  const { name } = recipe.distribution;
  if (name !== distributionOfBase) {
    const own = found && distributionOf(found);
    if (own && own.name !== name && name !== "scratch" && name !== "apko") {
      throw unusable(base, `it is of ${own.name}, and the recipe of ${name}`);
    }
    return withVariant(recipe, files);
  }
  const distribution = found && distributionOf(found);
  const release = distribution && releaseOf(distribution, found?.releases ?? []);
  if (!distribution || release === undefined) {
    const of = found ? `${found.id} ${found.releases.join(" or ")}`.trimEnd() : "no distribution that it names";
    throw new DodaiError("BASE_IMAGE_UNUSABLE", `Cannot build on "${base.image}": by its os-release it is of ${of}`, {
      fix: 'Say in the recipe which one it is, as in "distro: debian:trixie"; for files alone "distro: scratch".',
      ...(base.position ? { where: base.position } : {}),
    });
  }
  return withVariant({ ...recipe, distribution: { name: distribution.name, release } }, files);
}

const distributionOf = ({ id }: OsRelease): Distribution | undefined =>
  distributions.find(({ name, ids = [name] }) => ids.includes(id));

function releaseOf({ releases }: Distribution, names: readonly string[]): string | undefined {
  const [only, ...others] = releases;
  if (only && others.length === 0) return only.name;
  return releases.find((one) => names.some((name) => name === one.name || one.aliases.includes(name)))?.name;
}

/** What is added to a distroless image is added as there: without what only scripts need. */
function withVariant(recipe: Recipe, files: InstalledFiles): Recipe {
  const isDistroless = files.names("var/lib/dpkg/status.d").length > 0;
  const { variants } = findDistribution(recipe);
  const isSaid = recipe.variant !== "empty" || !variants.includes("distroless");
  return isDistroless && !isSaid ? { ...recipe, variant: "distroless" } : recipe;
}

/** What a variant starts an image with is in the image, or is not wanted there. */
function onBase(supply: Supply, { tree }: BaseImage): Supply {
  const whole = new Map(tree);
  const links = supply.mergedUsr.filter(
    (name) => tree.get(name)?.entry.kind === "symlink" && resolvePath(whole, name, { last: true }) === `usr/${name}`,
  );
  const mergedUsr =
    links.length === 0 ? [] : supply.mergedUsr.filter((name) => !tree.has(name) || links.includes(name));
  return {
    ...supply,
    requests: [],
    essential: false,
    priorities: [],
    users: [],
    groups: [],
    files: [],
    config: {},
    perPackageStatus: false,
    mergedUsr,
  };
}
