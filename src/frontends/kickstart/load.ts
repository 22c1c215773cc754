// A kickstart file with all that it includes → a recipe.
import { posix } from "node:path";
import type { Position } from "../../core/dodai-error.ts";
import { type Platform, parsePlatform } from "../../core/platform.ts";
import { plainRecipe, type Recipe, type RecipeConfig } from "../../core/recipe.ts";
import { centosLabels } from "../../distros/centos/labels.ts";
import { readAccounts } from "./accounts.ts";
import { findDistribution } from "./distribution.ts";
import { tellEffects } from "./effects.ts";
import { collectFaults } from "./faults.ts";
import { type KickstartWorld, readLines } from "./lines.ts";
import { readPackages } from "./packages.ts";
import { architectureOf, type FoundRepositories, readRepositories } from "./repositories.ts";
import { readSteps } from "./scripts.ts";
import { readSettings } from "./settings.ts";
import { parseStatements } from "./statements.ts";

export interface LoadKickstartOptions {
  /** Absolute path of the file. */
  readonly path: string;
  /** The file's name in messages, as the person wrote it; the path by default. */
  readonly file?: string;
  readonly world: KickstartWorld;
  /** Distribution and release, as in `centos:7`; found in the file when absent. */
  readonly distro?: string;
  /** What nobody knows is passed over, with a warning. */
  readonly allowUnknown?: boolean;
}

/** Throws KICKSTART_SYNTAX, with every fault as its cause when there are several, KICKSTART_UNSUPPORTED, FILE_UNREADABLE. */
export async function loadKickstart(options: LoadKickstartOptions): Promise<Recipe> {
  const { path, file = path, world, distro, allowUnknown = false } = options;
  const faults = collectFaults(file, { allowUnknown });
  const start: Position = { file, line: 1, column: 1 };
  const lines = await readLines({ path, file, world, faults });
  const isWhole = faults.isSound();
  const statements = parseStatements(lines, faults);
  const { commands, sections } = statements;
  tellEffects(statements, { file, faults });
  const chosen = readPackages(sections, faults);
  const found = readRepositories(commands, faults);
  const { accounts, files } = readAccounts(commands, faults);
  const steps = readSteps(sections, faults);
  const settings = readSettings(commands, faults);
  // What is missing may be in a file that is.
  if (!isWhole) faults.throw();
  const requests = chosen?.packages ?? [];
  const named = distro === undefined ? {} : { distro };
  const isSound = faults.isSound();
  const distribution = findDistribution({ statements, ...found, requests, faults, start, isSound, ...named });
  if (!chosen) faults.broken(start, "Cannot build kickstart: it has no %packages", noPackages);
  faults.throw();
  if (!distribution || !chosen) throw new Error("a kickstart without distribution or packages went through");
  return {
    name: nameOfFile(path),
    ...plainRecipe,
    distribution,
    variant: "empty",
    ...chosen,
    ...excludesOf(chosen, distribution),
    repositories: found.repositories,
    scripts: "run",
    platforms: platformsOf(found),
    accounts,
    files: [...files, ...found.files],
    config: configOf(distribution),
    ...settings,
    ...(steps.length === 0 ? {} : { steps }),
    ...(faults.warnings.length === 0 ? {} : { warnings: faults.warnings }),
  };
}

const noPackages = "Write what to install. A file that others include is built by building one of these.";

/** yum, and with it Anaconda of CentOS 7, keeps packages out of groups alone. */
function excludesOf(
  { packages }: Pick<Recipe, "packages">,
  { name, release }: Recipe["distribution"],
): Pick<Recipe, "softExcludes"> {
  const isYum = name === "centos" && Number(release.split(".")[0]) <= 7;
  return isYum && packages.some(({ exclude }) => exclude) ? { softExcludes: true } : {};
}

/** rpm's words for platforms, as addresses have them. */
const platformNames: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  aarch64: "arm64",
  ppc64le: "ppc64le",
  s390x: "s390x",
  i386: "386",
  i686: "386",
  armhfp: "arm/v7",
};

/** That of the addresses, where they name one. */
function platformsOf({ addresses }: FoundRepositories): readonly Platform[] {
  const platform = platformNames[architectureOf(addresses) ?? ""];
  return platform === undefined ? [] : [parsePlatform(`linux/${platform}`)];
}

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function configOf({ name, release }: Recipe["distribution"]): RecipeConfig {
  const labels = name === "centos" && release.split(".")[0] === "7" ? { labels: centosLabels } : {};
  return { env: { PATH: path }, cmd: ["/bin/bash"], ...labels };
}

/** `images/centos-7-x86_64.ks` → `centos-7-x86_64`. */
function nameOfFile(file: string): string {
  const name = posix.basename(file).replace(/\.(?:ks|cfg)$/, "");
  return name.replaceAll(/[^A-Za-z0-9._:-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "") || "kickstart";
}
