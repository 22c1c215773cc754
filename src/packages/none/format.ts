// Where there are no packages at all: an image of a recipe's own files, or of a ready root file system.
import { DodaiError } from "../../core/dodai-error.ts";
import { machineOf, parsePlatform } from "../../core/platform.ts";
import type { PackageFormat } from "../contract.ts";

export const none: PackageFormat = {
  name: "none",
  compareVersions: () => 0,
  satisfies: () => false,
  parseRequest: (text) => {
    throw new DodaiError("PACKAGE_MISSING", `Cannot install "${text}": without a distribution there are no packages`, {
      fix: 'Name a distribution, as in "distro: debian:trixie".',
    });
  },
  architectureOf: (platform) => machineOf(parsePlatform(platform)),
  openRepository: () => Promise.reject(noPackages("open a repository")),
  openPackage: () => Promise.reject(noPackages("open a package")),
  digestedPaths: () => new Set(),
  replaces: () => false,
  formatDatabase: () => [],
  scripts: [],
};

const noPackages = (verb: string): DodaiError =>
  new DodaiError("DISTRIBUTION_UNKNOWN", `Cannot ${verb}: without a distribution there are no packages`, {
    fix: 'Name a distribution, as in "distro: debian:trixie".',
  });
