// What can be asked of Alpine by one word.
import type { PackageRequest } from "../../core/recipe.ts";
import type { Exclusion, Supply } from "../contract.ts";

/** What a variant asks for and implies, whatever the release. */
export interface Variant extends Omit<Supply, "release" | "repositories" | "root"> {
  /** Whether apk is told where packages are. */
  readonly sources: boolean;
  /** Whether it is a root tarball of Alpine's own. */
  readonly ready?: true;
}

const ask = (...names: readonly string[]): readonly PackageRequest[] =>
  names.map((request) => ({ request, exclude: false }));

/** Effects that look for themselves whether there is something to do. */
export const alwaysDo = (...names: readonly string[]): Supply["effects"] =>
  names.map((name) => ({ name, always: true }));

const noExclusion: Exclusion = { paths: [], kept: [], folders: [] };

/** The packages that the recipe names and what they need. */
export const empty: Variant = {
  requests: [],
  essential: false,
  priorities: [],
  waived: [],
  effects: alwaysDo("nothing-to-do", "accounts", "apk-scripts", "busybox-links", "ca-certificates-alpine"),
  mergedUsr: [],
  users: [],
  groups: [],
  config: {},
  perPackageStatus: false,
  files: [],
  excluded: noExclusion,
  sources: false,
};

const shell: Supply["config"] = {
  env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
  cmd: ["/bin/sh"],
};

/** What Alpine's own root has: aports, scripts/mkimg.minirootfs.sh. */
const packages: Variant = {
  ...empty,
  requests: ask("alpine-baselayout", "alpine-keys", "apk-tools", "busybox", "libc-utils"),
  config: shell,
  sources: true,
};

/** The root that Alpine releases, as it is: docker-alpine, fetch-latest-releases.lua. */
const minirootfs: Variant = { ...empty, effects: [], config: shell, ready: true };

export const variants: ReadonlyMap<string, Variant> = new Map(Object.entries({ empty, minirootfs, packages }));
