// Slim images: without manuals, documentation and translations, and with the same rules given to dpkg, so that packages
// which are installed later leave them out too. The list is that of the official slim images.
import type { Recipe } from "../../core/recipe.ts";
import type { Exclusion } from "../contract.ts";

/** As dpkg writes patterns (dpkg.cfg(5)): `*` stands for `/` too. */
const excluded: readonly string[] = [
  "/usr/share/doc/*",
  "/usr/share/doc/kde/HTML/*/*",
  "/usr/share/gnome/help/*/*",
  "/usr/share/info/*",
  "/usr/share/linda/*",
  "/usr/share/lintian/overrides/*",
  "/usr/share/locale/*",
  "/usr/share/man/*",
  "/usr/share/omf/*/*-*.emf",
];

const included: readonly string[] = [
  "/usr/share/doc/*/copyright",
  "/usr/share/doc/kde/HTML/C/*",
  "/usr/share/gnome/help/*/C/*",
  "/usr/share/locale/all_languages",
  "/usr/share/locale/currency/*",
  "/usr/share/locale/l10n/*",
  "/usr/share/locale/languages",
  "/usr/share/locale/locale.alias",
  "/usr/share/omf/*/*-C.emf",
];

const anyDepth = (pattern: string): string => pattern.replaceAll("*", "**");

export const slimExclusion: Exclusion = {
  paths: excluded.map(anyDepth),
  kept: included.map(anyDepth),
  // update-alternatives(1) of packages such as OpenJDK's fails where they are missing.
  folders: ["/usr/share/man/man[0-9]"],
};

const lines: readonly string[] = [
  "# This is a slim image: what people read, rather than programs, is left out,",
  "# and dpkg leaves it out of packages that are installed later.",
  "",
  ...excluded.map((pattern) => `path-exclude ${pattern}`),
  "",
  ...included.map((pattern) => `path-include ${pattern}`),
];

export const slimFiles: Recipe["files"] = [
  {
    kind: "file",
    path: "etc/dpkg/dpkg.cfg.d/docker",
    mode: 0o644,
    uid: 0,
    gid: 0,
    content: lines.map((line) => `${line}\n`).join(""),
  },
];
