// The package format of Red Hat's family, the whole of it as one value.
import type { PackageFormat } from "../contract.ts";
import { compatibleArchitectures } from "./architectures.ts";
import { formatDatabase } from "./database.ts";
import { restoreDatabase } from "./database-restore.ts";
import { readingsOf } from "./package-spec.ts";
import { readInstalled } from "./present.ts";
import { parseRequest, satisfies } from "./relation.ts";
import { scriptRunner } from "./script-runner.ts";
import { scriptKinds } from "./scripts.ts";
import { meeting, owners, unwanted } from "./shared-files.ts";
import { compareVersions } from "./version.ts";

/** OCI platforms by rpm's word for them. */
const architectures: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "linux/386": "i686",
    "linux/amd64": "x86_64",
    "linux/arm/v7": "armv7hl",
    "linux/arm64": "aarch64",
    "linux/loong64": "loongarch64",
    "linux/ppc64le": "ppc64le",
    "linux/riscv64": "riscv64",
    "linux/s390x": "s390x",
  }),
);

export const rpm: PackageFormat = {
  name: "rpm",
  policy: "dnf",
  compareVersions,
  satisfies,
  parseRequest,
  architectures: compatibleArchitectures,
  readings: readingsOf,
  architectureOf: (platform) => architectures.get(platform),
  openRepository: async (...all) => (await import("./repository.ts")).openRpmRepository(...all),
  openPackage: async (bytes, limits, _, trust) => (await import("./package-file.ts")).openPackage(bytes, limits, trust),
  digestedPaths: () => new Set(),
  replaces: () => false,
  signedPackages: true,
  ownsRoot: true,
  meeting,
  owners,
  unwanted,
  readInstalled: (files, architecture) => readInstalled({ satisfies }, files, architecture),
  formatDatabase,
  restoreDatabase,
  scripts: scriptKinds,
  runner: scriptRunner,
};
