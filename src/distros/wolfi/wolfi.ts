// Wolfi: one rolling release in Alpine's package format, for containers only.
import { DodaiError } from "../../core/dodai-error.ts";
import { type Platform, parsePlatform } from "../../core/platform.ts";
import type { PackageRequest, Recipe } from "../../core/recipe.ts";
import { apk } from "../../packages/apk/format.ts";
import type { Repository } from "../../packages/contract.ts";
import { assertPlatform, packagesRecipe } from "../alpine/alpine.ts";
import { assertNoSnapshot, recipeRepositories } from "../alpine/repositories.ts";
import { alwaysDo, empty, type Variant } from "../alpine/variants.ts";
import type { Distribution, MirrorSettings, Supply } from "../contract.ts";
import { wolfiKeys } from "./keys.ts";

const officialMirror = "https://packages.wolfi.dev/os";
const platforms: readonly Platform[] = ["amd64", "arm64"].map(parsePlatform);
const release = { name: "latest", aliases: ["rolling"], platforms };

const ask = (...names: readonly string[]): readonly PackageRequest[] =>
  names.map((request) => ({ request, exclude: false }));

/** Wolfi's C library is glibc. */
const bare: Variant = { ...empty, effects: [...empty.effects, ...alwaysDo("ld.so.cache")] };

/** What Wolfi's own base image has. */
const packages: Variant = {
  ...bare,
  requests: ask(
    "apk-tools",
    "busybox",
    "ca-certificates-bundle",
    "glibc-locale-posix",
    "wolfi-baselayout",
    "wolfi-keys",
  ),
  config: {
    env: {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      SSL_CERT_FILE: "/etc/ssl/certs/ca-certificates.crt",
    },
    cmd: ["/bin/sh", "-l"],
  },
  sources: true,
};

const variants: ReadonlyMap<string, Variant> = new Map(Object.entries({ empty: bare, packages }));

export const wolfi: Distribution = {
  name: "wolfi",
  format: apk,
  releases: [release],
  variants: [...variants.keys()],
  keys: [],
  supply,
  recipes: new Map([
    [
      "wolfi:latest",
      {
        summary: "Wolfi with apk and BusyBox, from its packages",
        recipe: packagesRecipe({ name: "wolfi:latest", distribution: { name: "wolfi", release: "latest" } }),
      },
    ],
  ]),
};

function supply(recipe: Recipe, platform: Platform, mirrors: MirrorSettings): Supply {
  const { release: wanted, position } = recipe.distribution;
  if (![release.name, ...release.aliases].includes(wanted)) {
    throw new DodaiError("DISTRIBUTION_UNKNOWN", `Cannot use "wolfi:${wanted}": Wolfi has no such release`, {
      fix: "It has latest alone.",
      ...(position ? { where: position } : {}),
    });
  }
  assertPlatform(platform, { name: "Wolfi", platforms });
  const variant = variants.get(recipe.variant);
  if (!variant) {
    throw new DodaiError("DISTRIBUTION_UNKNOWN", `Cannot use variant "${recipe.variant}": Wolfi has no such variant`, {
      fix: `It has ${[...variants.keys()].join(", ")}.`,
    });
  }
  const { sources, ...implied } = variant;
  const isOwn = !recipe.repositories.some(({ only }) => only);
  return {
    ...implied,
    release: release.name,
    files: sources && isOwn ? [...implied.files, repositoriesFile] : implied.files,
    repositories: [
      ...(isOwn ? [ownRepository(recipe, mirrors)] : []),
      ...recipe.repositories.flatMap(recipeRepositories),
    ],
    apkDatabase: { folder: "usr/lib/apk", tools: 3 },
  };
}

function ownRepository(recipe: Recipe, mirrors: MirrorSettings): Repository {
  assertNoSnapshot(recipe, "Wolfi");
  return {
    name: "wolfi/os",
    urls: mirrors.archive ?? [officialMirror],
    suite: "",
    flat: true,
    components: [],
    keys: wolfiKeys,
    insecureUnsigned: false,
    archived: false,
    priority: 500,
  };
}

const repositoriesFile: Recipe["files"][number] = {
  kind: "file",
  path: "etc/apk/repositories",
  mode: 0o644,
  uid: 0,
  gid: 0,
  content: `${officialMirror}\n`,
};
