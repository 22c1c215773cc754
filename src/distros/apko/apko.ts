// What an apko recipe builds on: packages of repositories that it names, and the few files that apko makes by itself. It is
// no distribution of its own; which one the image is, its packages decide.

import { DodaiError } from "../../core/dodai-error.ts";
import { type Platform, parsePlatform } from "../../core/platform.ts";
import type { Recipe, RecipeFile } from "../../core/recipe.ts";
import { apk } from "../../packages/apk/format.ts";
import type { Repository } from "../../packages/contract.ts";
import { officialMirror, recipeRepositories } from "../alpine/repositories.ts";
import { empty } from "../alpine/variants.ts";
import type { Distribution, MirrorSettings, Supply } from "../contract.ts";

const platforms: readonly Platform[] = [
  "386",
  "amd64",
  "arm/v6",
  "arm/v7",
  "arm64",
  "loong64",
  "ppc64le",
  "riscv64",
  "s390x",
].map(parsePlatform);

/** The version of apko's recipes. */
const release = { name: "v1", aliases: [], platforms };
const variant = "apko";

export const apko: Distribution = {
  name: "apko",
  format: apk,
  releases: [release],
  variants: [variant],
  keys: [],
  mirrorsOf: "alpine",
  supply,
  recipes: new Map(),
};

function supply(recipe: Recipe, _platform: Platform, mirrors: MirrorSettings): Supply {
  if (recipe.distribution.release !== release.name || recipe.variant !== variant) {
    const wanted = `apko:${recipe.distribution.release}" with variant "${recipe.variant}`;
    throw new DodaiError("DISTRIBUTION_UNKNOWN", `Cannot use "${wanted}": there is apko:v1 with variant apko alone`);
  }
  return {
    ...empty,
    release: release.name,
    repositories: recipe.repositories.flatMap(recipeRepositories).map((one) => mirrored(one, mirrors)),
    effects: (recipe.base ? effectsOnBase : effects).map((name) => ({ name, always: true })),
    files: recipe.base ? [] : ownFiles,
    numericUser: true,
    createdLabel: true,
    apkDatabase: { folder: "usr/lib/apk", tools: 2 },
  };
}

/** In the order in which apko does them: accounts first, what depends on all files last. */
const effects: readonly string[] = ["apk-folder", "accounts-apko", "certificates-apko", "busybox-links", "ld.so.cache"];

/** An image to build on has its accounts and folders; only what new packages bring is done. */
const effectsOnBase: readonly string[] = ["apk-folder", "busybox-links", "ld.so.cache"];

/** Alpine's official address stands for its mirrors, as everywhere. */
function mirrored(repository: Repository, { archive }: MirrorSettings): Repository {
  const name = repository.name.replace(/\/\.\/$/, "");
  if (!archive) return { ...repository, name };
  const urls = repository.urls.flatMap((url) =>
    url.startsWith(`${officialMirror}/`)
      ? archive.map((root) => `${root.replace(/\/+$/, "")}${url.slice(officialMirror.length)}`)
      : [url],
  );
  return { ...repository, name, urls, knownAs: repository.urls };
}

const folder = (path: string, mode = 0o755): RecipeFile => ({ kind: "directory", path, mode });
const device = (path: string, mode: number, [major, minor]: readonly [number, number]): RecipeFile => ({
  kind: "character-device",
  path: `dev/${path}`,
  mode,
  major,
  minor,
});

/** What `apk add --initdb` and apko make before any package is there; what packages have of it stays theirs. */
const ownFiles: readonly RecipeFile[] = [
  folder("tmp", 0o1777),
  folder("proc", 0o555),
  ...["dev", "etc", "opt", "usr", "var", "etc/apk", "etc/apk/keys", "usr/lib", "usr/lib/apk", "usr/lib/apk/exec"].map(
    (path) => folder(path),
  ),
  ...["var/cache", "var/cache/apk", "var/cache/misc"].map((path) => folder(path)),
  device("zero", 0o666, [1, 5]),
  device("urandom", 0o666, [1, 9]),
  device("null", 0o666, [1, 3]),
  device("random", 0o666, [1, 8]),
  device("console", 0o620, [5, 1]),
];
