// The database of what is installed, as an index of what is on offer: the same lines without those about files. apko's base
// images come with theirs under the name APKINDEX.

import type { PackageIndex } from "../contract.ts";
import { openIndex } from "./index.ts";

/** Letters of an index (apk-index(5)); `q` and `s` are the database's own. */
const indexLetters = "CPVASITULomtcDpirk";

export interface InstalledIndex {
  readonly index: PackageIndex;
  /** In the order of the database. */
  readonly packages: readonly { readonly name: string; readonly version: string }[];
}

/** Throws INDEX_SYNTAX, now or when a package that cannot be read is asked for. */
export function indexOfInstalled(text: string, architecture: string): InstalledIndex {
  const stanzas = text.split("\n\n").map((stanza) => stanza.split("\n").filter(isIndexLine));
  const index = openIndex(Buffer.from(stanzas.map((lines) => `${lines.join("\n")}\n`).join("\n")), {
    folder: `${architecture}/`,
    architecture,
  });
  const fieldOf = (lines: readonly string[], letter: string): string =>
    lines.find((line) => line.startsWith(`${letter}:`))?.slice(2) ?? "";
  const packages = stanzas
    .map((lines) => ({ name: fieldOf(lines, "P"), version: fieldOf(lines, "V") }))
    .filter(({ name }) => name !== "");
  return { index, packages };
}

/** apko writes an empty install_if as `i:[]`. */
const isIndexLine = (line: string): boolean =>
  indexLetters.includes(line[0] ?? " ") && line[1] === ":" && line !== "i:[]";
