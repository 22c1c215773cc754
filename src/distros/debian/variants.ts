// What can be asked of Debian by one word: variants as mmdebstrap names them, `full` and `slim` as images are named, `empty`
// and `distroless` beside.
import type { PackageRequest, RecipeConfig } from "../../core/recipe.ts";
import type { Exclusion, Supply } from "../contract.ts";
import { distrolessFiles, distrolessGroups, distrolessUsers, distrolessWaived } from "./distroless.ts";
import { dockerFiles } from "./docker.ts";
import { slimExclusion, slimFiles } from "./slim.ts";

/** What a variant asks for and implies, whatever the release. */
export interface Variant extends Omit<Supply, "release" | "repositories" | "mergedUsr"> {
  /** Whether apt is told where Debian's packages are. */
  readonly sources: boolean;
}

/** What scripts do in any image, in the order in which it is done: accounts first, caches of what lies there last. */
const usualEffects: readonly string[] = [
  "nothing-to-do",
  "accounts",
  "base-files",
  "subordinate-ids",
  "shadow",
  "pam-modules",
  "pam-profiles",
  "debconf",
  "alternatives",
  "shells",
  "netbase",
  "nsswitch",
  "ca-certificates",
  "localtime",
  "systemd-units",
  "init-scripts",
  "diversions",
  "dpkg-state",
  "ld.so.cache",
];

/** A distroless image has all of them whatever its packages, and rules of its own. */
const distrolessEffects: readonly string[] = [
  "nothing-to-do",
  "accounts",
  "netbase",
  "nsswitch",
  "os-release-distroless",
  "ca-certificates",
  "localtime",
  "busybox-folder",
  "ld.so.cache",
];

const noExclusion: Exclusion = { paths: [], kept: [], folders: [] };

const empty: Variant = {
  requests: [],
  essential: false,
  priorities: [],
  waived: [],
  effects: usualEffects.map((name) => ({ name, always: name === "accounts" })),
  users: [],
  groups: [],
  config: {},
  perPackageStatus: false,
  files: [],
  excluded: noExclusion,
  sources: false,
};

export const ask = (...names: readonly string[]): readonly PackageRequest[] =>
  names.map((request) => ({ request, exclude: false }));

const distroless: Variant = {
  ...empty,
  waived: distrolessWaived,
  effects: distrolessEffects.map((name) => ({ name, always: true })),
  users: distrolessUsers,
  groups: distrolessGroups,
  perPackageStatus: true,
  files: distrolessFiles,
};

const shellConfig: RecipeConfig = {
  env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
  cmd: ["bash"],
};

const essential: Variant = { ...empty, essential: true, config: shellConfig };
const apt: Variant = { ...essential, requests: ask("apt"), sources: true };
const minbase: Variant = { ...apt, priorities: ["required"] };
const buildd: Variant = { ...minbase, requests: ask("apt", "build-essential") };
const important: Variant = { ...apt, priorities: ["required", "important"] };
const standard: Variant = { ...apt, priorities: ["required", "important", "standard"] };
export const full: Variant = { ...minbase, files: dockerFiles };
export const slim: Variant = { ...full, files: [...dockerFiles, ...slimFiles], excluded: slimExclusion };

/** What the summary of an image says of its variant. */
export const whatIsIn = (variant: string): string =>
  variant === "slim" || variant === "minimized" ? ", without manuals, documentation and translations" : "";

export const variants: ReadonlyMap<string, Variant> = new Map(
  Object.entries({ empty, distroless, essential, apt, minbase, buildd, important, standard, full, slim }),
);
