// Alpine's package format, the whole of it as one value.
import type { PackageFormat } from "../contract.ts";
import { formatDatabase } from "./database.ts";
import { factsOf } from "./facts.ts";
import { installOrder } from "./install-order.ts";
import { readInstalled } from "./installed-index.ts";
import { parseRequest, satisfies } from "./relation.ts";
import { replaces } from "./replaces.ts";
import { apkRunner } from "./run-scripts.ts";
import { compareVersions } from "./version.ts";

/** OCI platforms by Alpine's word for them. Wolfi has the first two. */
const architectures: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "linux/amd64": "x86_64",
    "linux/arm64": "aarch64",
    "linux/386": "x86",
    "linux/arm/v6": "armhf",
    "linux/arm/v7": "armv7",
    "linux/loong64": "loongarch64",
    "linux/ppc64le": "ppc64le",
    "linux/riscv64": "riscv64",
    "linux/s390x": "s390x",
  }),
);

export const apk: PackageFormat = {
  name: "apk",
  policy: "apk",
  compareVersions,
  satisfies,
  parseRequest,
  architectureOf: (platform) => architectures.get(platform),
  openRepository: async (...all) => (await import("./repository.ts")).openApkRepository(...all),
  openPackage: async (bytes, limits, digest) => (await import("./package-file.ts")).openPackage(bytes, limits, digest),
  digestedPaths: () => new Set(),
  replaces,
  factsOf,
  unpackOrder: (packages, world) => installOrder(packages, world).map(({ name }) => name),
  readInstalled,
  formatDatabase,
  // What runs when a package is installed; triggers too, once all packages are there.
  scripts: [".pre-install", ".post-install", ".trigger"],
  runner: apkRunner,
};
