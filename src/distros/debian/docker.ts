// What makes a Debian root file system a good start for container builds: no services started by installs, no caches kept
// in layers, no syncing. The same files with the same settings are in the official images of Debian and Ubuntu, where
// people and scripts rely on their names; the comments in them are ours.
import type { Recipe } from "../../core/recipe.ts";

type RecipeFiles = Recipe["files"];

const clean =
  '"rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"';

const settings: readonly { readonly path: string; readonly mode?: number; readonly lines: readonly string[] }[] = [
  {
    path: "usr/sbin/policy-rc.d",
    mode: 0o755,
    lines: [
      "#!/bin/sh",
      "# Packages are installed while an image is built, when no service can or should run:",
      "# 101 forbids every start (policy-rc.d(8)).",
      "exit 101",
    ],
  },
  {
    path: "etc/dpkg/dpkg.cfg.d/docker-apt-speedup",
    lines: [
      "# An image that is being built does not have to survive a loss of power: a step that",
      "# fails is run anew from the start. Without syncing installs are much faster.",
      "force-unsafe-io",
    ],
  },
  {
    path: "etc/apt/apt.conf.d/docker-autoremove-suggests",
    lines: [
      '# By default "apt-get autoremove" keeps what another package merely suggests. Build steps',
      "# that install, use and purge packages want to get back to where they started.",
      'Apt::AutoRemove::SuggestsImportant "false";',
    ],
  },
  {
    path: "etc/apt/apt.conf.d/docker-clean",
    lines: [
      "# What apt caches would only make layers larger, as it is not used again. Running",
      '# "apt-get clean" here would wait for the lock that its own caller holds.',
      `DPkg::Post-Invoke { ${clean}; };`,
      `APT::Update::Post-Invoke { ${clean}; };`,
      "",
      'Dir::Cache::pkgcache "";',
      'Dir::Cache::srcpkgcache "";',
    ],
  },
  {
    path: "etc/apt/apt.conf.d/docker-gzip-indexes",
    lines: [
      '# Package lists stay compressed on disk: "apt-get update" often ends up in a layer.',
      'Acquire::GzipIndexes "true";',
    ],
  },
  {
    path: "etc/apt/apt.conf.d/docker-no-languages",
    lines: [
      "# Translated descriptions are seldom read in a container. Remove this file and run",
      '# "apt-get update" to have them.',
      'Acquire::Languages "none";',
    ],
  },
];

export const dockerFiles: RecipeFiles = settings.map(({ path, mode = 0o644, lines }) => ({
  kind: "file",
  path,
  mode,
  uid: 0,
  gid: 0,
  content: lines.map((line) => `${line}\n`).join(""),
}));
