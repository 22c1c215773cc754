// Debian's package format, the whole of it as one value.
import type { PackageFormat } from "../contract.ts";
import { configurePlan } from "./configure.ts";
import { failedScript, isOwnRecord, runningPackage } from "./configure-output.ts";
import { formatDatabase } from "./database.ts";
import { readInstalled } from "./installed.ts";
import { parseRequest, satisfies } from "./relation.ts";
import { conffilesOf, replaces } from "./status.ts";
import { compareVersions } from "./version.ts";

/** OCI platforms by Debian's word for them (dpkg-architecture(1), "cputable" and "tupletable"). */
const architectures: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "linux/386": "i386",
    "linux/amd64": "amd64",
    "linux/arm/v5": "armel",
    "linux/arm/v7": "armhf",
    "linux/arm64": "arm64",
    "linux/loong64": "loong64",
    "linux/mips64le": "mips64el",
    "linux/ppc64le": "ppc64el",
    "linux/riscv64": "riscv64",
    "linux/s390x": "s390x",
  }),
);

export const deb: PackageFormat = {
  name: "deb",
  compareVersions,
  satisfies,
  parseRequest,
  architectureOf: (platform) => architectures.get(platform),
  // Loaded when they are called: a build that has everything needs neither.
  openRepository: async (...all) => (await import("./repository.ts")).openDebRepository(...all),
  openPackage: async (bytes, limits) => (await import("./package-file.ts")).openPackage(bytes, limits),
  digestedPaths: (control) =>
    new Set(conffilesOf(control).flatMap(({ path, removeOnUpgrade }) => (removeOnUpgrade ? [] : [path]))),
  replaces,
  readInstalled: (files, architecture) => readInstalled({ satisfies }, files, architecture),
  formatDatabase,
  // What runs when a package is installed: prerm and postrm belong to removals, config to debconf's questions.
  scripts: ["preinst", "postinst"],
  runner: { plan: configurePlan, failed: failedScript, running: runningPackage, isOwnRecord },
};
