// CentOS: 7 from the vault, where it ended, and the streams.
import { parsePlatform } from "../../core/platform.ts";
import type { BuiltInRecipe, Distribution } from "../contract.ts";
import { containerInfra, maskedUnits } from "../rpm-conventions.ts";
import { baseRecipe, type RpmRelease, rpmDistribution } from "../rpm-family.ts";
import { centosKeys } from "./keys.ts";
import { centosLabels } from "./labels.ts";

const keysOf = (...names: readonly string[]): RpmRelease["keys"] =>
  names.flatMap((name) => {
    const key = centosKeys[name];
    return key === undefined ? [] : [key];
  });

const streamPlatforms = ["amd64", "arm64", "ppc64le", "s390x"].map(parsePlatform);

/** As CentOS's container images have it. */
const streamPackages: RpmRelease["variants"] = {
  micro: ["bash", "centos-stream-release", "coreutils-single", "glibc-minimal-langpack"],
  minimal: ["bash", "centos-stream-release", "coreutils-single", "glibc-minimal-langpack", "microdnf", "rpm", "tar"],
  full: [
    "bash",
    "centos-stream-release",
    "coreutils-single",
    "crypto-policies-scripts",
    "curl-minimal",
    "findutils",
    "gdb-gdbserver",
    "glibc-minimal-langpack",
    "gzip",
    "hostname",
    "iputils",
    "less",
    "libcurl-minimal",
    "rootfiles",
    "rpm",
    "tar",
    "usermode",
    "vim-minimal",
    "dnf",
  ],
};

const stream = (number: string, folder: string): RpmRelease => ({
  name: `stream${number}`,
  aliases: [number, `stream-${number}`],
  platforms: streamPlatforms,
  keys: keysOf(number),
  root: "https://mirror.stream.centos.org",
  repositories: {
    baseos: `${number}-stream/BaseOS/$basearch/os`,
    appstream: `${number}-stream/AppStream/$basearch/os`,
  },
  database: { folder, backend: "sqlite" },
  modulePlatform: `el${number}`,
  variables: { stream: `${number}-stream` },
  mergedUsr: ["bin", "lib", "lib64", "sbin"],
  variants: streamPackages,
  conventions: { managed: containerInfra("dnf"), full: maskedUnits },
});

const releases: readonly RpmRelease[] = [
  stream("10", "usr/lib/sysimage/rpm"),
  stream("9", "var/lib/rpm"),
  {
    name: "7",
    aliases: ["7.9.2009"],
    platforms: [parsePlatform("amd64")],
    keys: keysOf("7"),
    root: "http://vault.centos.org",
    repositories: {
      base: "7.9.2009/os/$basearch",
      updates: "7.9.2009/updates/$basearch",
      extras: "7.9.2009/extras/$basearch",
    },
    // rpm 4.11 has Berkeley DB alone.
    database: { folder: "var/lib/rpm", backend: "berkeley" },
    mergedUsr: ["bin", "lib", "lib64", "sbin"],
    variants: {
      minimal: ["bash", "centos-release", "coreutils", "rpm", "tar"],
      // centos-7-x86_64.ks of the image's makers.
      full: [
        "bind-utils",
        "bash",
        "yum",
        "vim-minimal",
        "centos-release",
        "less",
        "iputils",
        "iproute",
        "systemd",
        "rootfiles",
        "tar",
        "passwd",
        "yum-utils",
        "yum-plugin-ovl",
      ],
    },
    archived: true,
    labels: centosLabels,
    conventions: { full: containerInfra("yum") },
  },
];

const recipes: ReadonlyMap<string, BuiltInRecipe> = new Map(
  releases.flatMap(({ name }) => [
    recipeOf(`centos:${name}`, name, "full"),
    recipeOf(`centos:${name}-minimal`, name, "minimal"),
  ]),
);

function recipeOf(name: string, release: string, variant: string): readonly [string, BuiltInRecipe] {
  const what = variant === "full" ? "with its package manager" : "small, with rpm";
  const recipe = baseRecipe(name, { name: "centos", release }, variant);
  return [name, { summary: `CentOS ${release} ${what}`, recipe }];
}

export const centos: Distribution = rpmDistribution({ name: "centos", title: "CentOS", releases, recipes });
