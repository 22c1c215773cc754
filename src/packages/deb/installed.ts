// dpkg's database as it lies in an image that is there: `status`, or for images of Google's distroless kind a stanza a file
// in `status.d`. Read so that packages can be added and the stanzas of the others stay as they are, byte for byte.
import { decodeName } from "../../archive/tar-name.ts";
import type { InstalledDatabase, InstalledFiles, PackageFormat, PresentPackage } from "../contract.ts";
import { asInstalled } from "../installed-index.ts";
import { fieldLines, fieldOf, formatStanza, parseStanzas, type Stanza } from "./deb822.ts";
import { memoryIndex } from "./index.ts";
import { readPathFilters } from "./path-filters.ts";

const root = "var/lib/dpkg";

/** Where a database keeps stanzas: one file for all, or one for each. */
export type StatusForm = "status" | "status.d";

/** A stanza of the database with its own text, which ends with a newline. */
export interface StatusStanza {
  readonly text: string;
  readonly fields: Stanza;
}

/** Bound on a package database, in bytes; a desktop's has some 5 MB. */
const maxStatusBytes = 256 << 20;

/** `undefined` when neither form is there. */
export function statusForm(files: InstalledFiles): StatusForm | undefined {
  if (files.has(`${root}/status`)) return "status";
  return stanzaFiles(files).length > 0 ? "status.d" : undefined;
}

/** Whether the image has a stanza a file, maybe beside `status`. */
export const hasStanzaFiles = (files: InstalledFiles): boolean => stanzaFiles(files).length > 0;

/** Every stanza, in the database's order. Throws CONTROL_SYNTAX. */
export function readStatus(files: InstalledFiles): readonly StatusStanza[] {
  switch (statusForm(files)) {
    case "status":
      return stanzasIn(textOf(files, `${root}/status`));
    case "status.d":
      return stanzaFiles(files).flatMap((name) => stanzasIn(textOf(files, `${root}/status.d/${name}`)));
    default:
      return [];
  }
}

/** Packages are called by `Package` and `Architecture`; whoever is known only by its configuration files is not installed. */
export function readInstalled(
  format: Pick<PackageFormat, "satisfies">,
  files: InstalledFiles,
  architecture: string,
): InstalledDatabase | undefined {
  if (statusForm(files) === undefined) return undefined;
  const stanzas = readStatus(files).map(({ fields }) => fields);
  const present = stanzas.filter(isPresent);
  const own = present.filter((one) => ["all", architecture].includes(fieldOf(one, "Architecture") ?? ""));
  const index = memoryIndex(own.map(indexStanza).join("\n"));
  const isExcluded = readPathFilters(files);
  return {
    packages: present.map(identityOf),
    ...(isExcluded ? { isExcluded } : {}),
    index: asInstalled(index, { format, architecture }),
    files,
    pathsOf: (one) => pathsOf(one, present, files),
  };
}

export function identityOf(stanza: Stanza): PresentPackage {
  const value = (name: string): string => fieldOf(stanza, name) ?? "";
  return { name: value("Package"), version: value("Version"), architecture: value("Architecture") };
}

function stanzaFiles(files: InstalledFiles): readonly string[] {
  return files.names(`${root}/status.d`).filter((name) => !name.endsWith(".md5sums"));
}

function textOf(files: InstalledFiles, path: string): string {
  return Buffer.from(files.read(path)).toString("latin1");
}

function stanzasIn(text: string): readonly StatusStanza[] {
  if (text.length > maxStatusBytes) throw new RangeError("the package database is too large");
  return text
    .split(/\n(?:[ \t]*\n)+/)
    .map((one) => one.replace(/^\n+|\n+$/g, ""))
    .filter((one) => one !== "")
    .flatMap((one) =>
      [...parseStanzas(`${one}\n`, { what: "the package database of the base image" })].map((fields) => ({
        text: `${one}\n`,
        fields,
      })),
    );
}

const presentStates = /^(?:unpacked|half-configured|triggers-awaited|triggers-pending|installed)$/;

/** A stanza without a status is of `status.d`, where all are installed. */
function isPresent(stanza: Stanza): boolean {
  const status = fieldOf(stanza, "Status");
  return status === undefined || presentStates.test(status.split(/\s+/)[2] ?? "");
}

/** Of what an index tells beside: a file that nobody will ask for. */
const notInIndex: ReadonlySet<string> = new Set([
  "status",
  "conffiles",
  "config-version",
  "filename",
  "size",
  "sha256",
]);

function indexStanza(stanza: Stanza): string {
  const fields = [...stanza].filter(([key]) => !notInIndex.has(key)).map(([, field]) => field);
  return formatStanza([
    ...fields,
    { name: "Filename", value: "installed" },
    { name: "Size", value: "0" },
    { name: "SHA256", value: "0".repeat(64) },
  ]);
}

/** By its list where there is one, else by its checksums. */
function pathsOf(
  { name, architecture }: PresentPackage,
  stanzas: readonly Stanza[],
  files: InstalledFiles,
): readonly string[] {
  const stem = [name, `${name}:${architecture}`].find((one) => files.has(`${root}/info/${one}.list`));
  const stanza = stanzas.find(
    (one) => fieldOf(one, "Package") === name && fieldOf(one, "Architecture") === architecture,
  );
  const kept = new Set(stanza ? fieldLines(stanza, "Conffiles").map((line) => line.split(" ")[0] ?? "") : []);
  const about = files.names(`${root}/info`).filter((one) => stem !== undefined && one.startsWith(`${stem}.`));
  const stanzaFile = [name, `${name}.md5sums`].map((one) => `${root}/status.d/${one}`).filter((one) => files.has(one));
  return [
    ...listed(stem, name, files).filter((path) => !kept.has(`/${path}`)),
    ...about.map((one) => `${root}/info/${one}`),
    ...stanzaFile,
  ];
}

function listed(stem: string | undefined, name: string, files: InstalledFiles): readonly string[] {
  const lines = (path: string): readonly string[] => decodeName(files.read(path)).split("\n");
  if (stem !== undefined)
    return lines(`${root}/info/${stem}.list`)
      .map((line) => line.slice(1))
      .filter(isPath);
  const sums = `${root}/status.d/${name}.md5sums`;
  if (!files.has(sums)) return [];
  return lines(sums)
    .map((line) => line.replace(/^[0-9a-f]{32} [ *]?/, ""))
    .filter(isPath);
}

const isPath = (path: string): boolean => path !== "" && path !== ".";
