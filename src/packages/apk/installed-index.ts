// The database of what is installed, as an index of what is on offer: the same lines without those about files.
import type { ApkDatabase, InstalledDatabase, InstalledFiles, PackageIndex, PresentPackage } from "../contract.ts";
import { memoryIndex } from "./index.ts";

/** Letters of an index (apk-index(5)); `q` and `s` are the database's own. */
const indexLetters = "CPVASITULomtcDpirk";

/** In the order in which they are looked for: where lib is merged into usr, both names lead to one. */
const folders: readonly ApkDatabase["folder"][] = ["usr/lib/apk", "lib/apk"];

/** apk's database of an image. Throws INDEX_SYNTAX, now or when a package that cannot be read is asked for. */
export function readInstalled(files: InstalledFiles, architecture: string): InstalledDatabase | undefined {
  const apkFolder = folders.find((folder) => files.has(`${folder}/db/installed`));
  if (apkFolder === undefined) return undefined;
  const stanzas = stanzasIn(Buffer.from(files.read(`${apkFolder}/db/installed`)).toString("utf8"));
  return {
    packages: stanzas.map(identityOf).filter(({ name }) => name !== ""),
    index: indexOf(stanzas, architecture),
    files,
    apkFolder,
    pathsOf: (one) => pathsIn(stanzas.find((lines) => identityOf(lines).name === one.name) ?? []),
  };
}

type Lines = readonly string[];

export const stanzasIn = (text: string): readonly Lines[] =>
  text
    .split(/\n{2,}/)
    .map((stanza) => stanza.split("\n").filter((line) => line !== ""))
    .filter((lines) => lines.length > 0);

export function identityOf(lines: Lines): PresentPackage {
  const value = (letter: string): string => lines.find((line) => line.startsWith(`${letter}:`))?.slice(2) ?? "";
  return { name: value("P"), version: value("V"), architecture: value("A") };
}

function indexOf(stanzas: readonly Lines[], architecture: string): PackageIndex {
  const text = stanzas.map((lines) => `${lines.filter(isIndexLine).join("\n")}\n`).join("\n");
  return memoryIndex(Buffer.from(text), { folder: `${architecture}/`, architecture });
}

/** apko writes an empty install_if as `i:[]`. */
const isIndexLine = (line: string): boolean =>
  indexLetters.includes(line[0] ?? " ") && line[1] === ":" && line !== "i:[]";

/** `F:` is a folder, and each `R:` behind it a file there. What is configuration stays, as apk leaves it. */
function pathsIn(lines: Lines): readonly string[] {
  let folder = "";
  const paths: string[] = [];
  for (const line of lines) {
    if (line.startsWith("F:")) folder = line.slice(2);
    if (line.startsWith("R:")) paths.push(folder === "" ? line.slice(2) : `${folder}/${line.slice(2)}`);
  }
  return paths.filter((path) => !path.startsWith("etc/"));
}
