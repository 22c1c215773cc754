// Distroless images: the packages of a runtime and nothing that only maintainer scripts need. Contents and file rules
// follow the images of that name that people know; the effects add what those lack.
import {
  type PackageRequest,
  plainRecipe,
  type Recipe,
  type RecipeConfig,
  type RecipeGroup,
  type RecipeUser,
} from "../../core/recipe.ts";
import type { BuiltInRecipe, WaivedRelation } from "../contract.ts";
import type { DebianRelease } from "./releases.ts";

const sbin = "/sbin/nologin";

export const distrolessUsers: readonly RecipeUser[] = [
  { name: "root", uid: 0, gid: 0, comment: "root", home: "/root", shell: sbin },
  { name: "nobody", uid: 65534, gid: 65534, comment: "nobody", home: "/nonexistent", shell: sbin },
  { name: "nonroot", uid: 65532, gid: 65532, comment: "nonroot", home: "/home/nonroot", shell: sbin },
];

export const distrolessGroups: readonly RecipeGroup[] = [
  { name: "root", gid: 0, members: [] },
  { name: "nobody", gid: 65534, members: [] },
  { name: "tty", gid: 5, members: [] },
  { name: "staff", gid: 50, members: [] },
  { name: "nonroot", gid: 65532, members: [] },
];

export const distrolessFiles: Recipe["files"] = [
  { kind: "directory", path: "root", mode: 0o700, uid: 0, gid: 0 },
  { kind: "directory", path: "home", mode: 0o755, uid: 0, gid: 0 },
  { kind: "directory", path: "home/nonroot", mode: 0o700, uid: 65532, gid: 65532 },
  { kind: "directory", path: "tmp", mode: 0o1777, uid: 0, gid: 0 },
];

/** A script reads debconf, awk builds base-files' motd, openssl hashes certificates: effects need none of them. */
export const distrolessWaived: readonly WaivedRelation[] = [
  { package: "base-files", requirements: ["awk"], reason: "used by the postinst only" },
  { package: "ca-certificates", requirements: ["openssl"], reason: "used by the postinst only" },
  { package: "ca-certificates", requirements: ["debconf", "debconf-2.0"], reason: "used by the postinst only" },
  { package: "tzdata", requirements: ["debconf", "debconf-2.0"], reason: "used by the postinst only" },
  { package: "libssl3", requirements: ["debconf", "debconf-2.0"], reason: "used by the postinst only" },
  {
    package: "libssl3t64",
    requirements: ["openssl-provider-legacy"],
    reason: "loaded on request only, for old ciphers",
  },
  { package: "libc6", requirements: ["libgcc-s1"], reason: "loaded by thread cancellation only; cc has it" },
];

const staticPackages = ["base-files", "ca-certificates", "media-types", "netbase", "tzdata"];

/** What each image adds to the one before it. */
const images: readonly {
  readonly name: string;
  readonly summary: string;
  readonly packages: (release: DebianRelease) => readonly string[];
}[] = [
  {
    name: "static",
    summary: "for programs that are linked statically: CA certificates, time zones, accounts",
    packages: ({ name }) => (name === "bookworm" ? staticPackages : [...staticPackages, "tzdata-legacy"]),
  },
  {
    name: "base",
    summary: "static, with the C library and OpenSSL",
    packages: ({ name }) => ["libc6", name === "bookworm" ? "libssl3" : "libssl3t64"],
  },
  {
    name: "cc",
    summary: "base, with the C++ runtime",
    packages: () => ["libgcc-s1", "libgomp1", "libstdc++6"],
  },
];

/** What a tag changes. */
const tags: readonly { readonly tag: string; readonly nonroot: boolean; readonly debug: boolean }[] = [
  { tag: "latest", nonroot: false, debug: false },
  { tag: "nonroot", nonroot: true, debug: false },
  { tag: "debug", nonroot: false, debug: true },
  { tag: "debug-nonroot", nonroot: true, debug: true },
];

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** `distroless/NAME[:TAG]` for the first release given, `distroless/NAME-debianNUMBER[:TAG]` for each. */
export function distrolessRecipes(releases: readonly DebianRelease[]): ReadonlyMap<string, BuiltInRecipe> {
  const recipes = new Map<string, BuiltInRecipe>();
  for (const [order, release] of releases.entries()) {
    let packages: readonly string[] = [];
    for (const image of images) {
      packages = [...packages, ...image.packages(release)];
      for (const tag of tags) {
        const suffix = tag.tag === "latest" ? "" : `:${tag.tag}`;
        const names = [`distroless/${image.name}-debian${release.number}${suffix}`];
        if (order === 0) names.unshift(`distroless/${image.name}${suffix}`);
        for (const name of names) {
          recipes.set(name, {
            summary: `${image.summary} (Debian ${release.name}${describeTag(tag)})`,
            recipe: recipeOf(name, release, packages, tag),
          });
        }
      }
    }
  }
  return recipes;
}

function describeTag({ nonroot, debug }: { readonly nonroot: boolean; readonly debug: boolean }): string {
  return `${nonroot ? ", as user 65532" : ""}${debug ? ", with a BusyBox shell" : ""}`;
}

function recipeOf(
  name: string,
  release: DebianRelease,
  packages: readonly string[],
  { nonroot, debug }: { readonly nonroot: boolean; readonly debug: boolean },
): Recipe {
  const requests = debug ? [...packages, "busybox-static"] : packages;
  const config: RecipeConfig = {
    env: {
      PATH: debug ? `${path}:/busybox` : path,
      SSL_CERT_FILE: "/etc/ssl/certs/ca-certificates.crt",
    },
    user: nonroot ? "65532" : "0",
    workdir: nonroot ? "/home/nonroot" : "/",
    ...(debug ? { entrypoint: ["/busybox/sh"] } : {}),
  };
  return {
    name,
    distribution: { name: "debian", release: release.name },
    variant: "distroless",
    ...plainRecipe,
    packages: requests.map((request): PackageRequest => ({ request, exclude: false })),
    config,
  };
}
