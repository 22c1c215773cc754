// `installed`, where apk keeps each package's description and files (apk-db(5)): lines of a letter, a colon and a value.
import { hash } from "node:crypto";
import type { Entry } from "../../archive/entry.ts";
import { encodeName } from "../../archive/tar-name.ts";
import { compareBytes } from "../../core/byte-order.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { InstalledPackage } from "../contract.ts";
import { firstOf, type PackageInfo, packageInfoOf, wordsOf } from "./package-info.ts";

/** The lines of one package, and an empty one. */
export function formatInstalled(installed: InstalledPackage): Uint8Array {
  const info = packageInfoOf(installed.control);
  assertIdentity(installed, info);
  return encodeName(`${[...describe(installed, info), ...listFiles(installed)].join("\n")}\n\n`);
}

/** An index or a lock may give a package's bytes under a name or version that is not its own. */
function assertIdentity({ name, version }: InstalledPackage, info: PackageInfo): void {
  const own = `${firstOf(info, "pkgname")} ${firstOf(info, "pkgver")}`;
  if (own === `${name} ${version}`) return;
  throw new DodaiError("PACKAGE_BROKEN", `Cannot install ${name} ${version}: the package file says that it is ${own}`, {
    fix: "The repository's index or the lock is wrong or hostile. Tell whoever runs the repository, or lock anew.",
  });
}

/** As in the index, in apk's order. What has no value is left out. */
function describe({ architecture, apk }: InstalledPackage, info: PackageInfo): readonly string[] {
  const one = (key: string): string => firstOf(info, key);
  const many = (key: string): string => wordsOf(info, key).join(" ");
  const fields: readonly (readonly [letter: string, value: string])[] = [
    ["C", apk?.checksum ?? ""],
    ["P", one("pkgname")],
    ["V", one("pkgver")],
    ["A", architecture],
    ["S", String(apk?.sizeBytes ?? 0)],
    ["I", one("size") === "" ? "0" : one("size")],
    ["T", one("pkgdesc")],
    ["U", one("url")],
    ["L", one("license")],
    ["o", one("origin")],
    ["m", one("maintainer")],
    ["t", one("builddate")],
    ["c", one("commit")],
    ["k", one("provider_priority")],
    ["D", many("depend")],
    ["p", many("provides")],
    ["i", many("install_if")],
    ["r", many("replaces")],
    ["q", one("replaces_priority")],
    ["s", apk?.tag ?? ""],
  ];
  // apk writes some whatever they say, and the commit where the package has the word.
  const always = info.has("commit") ? "SITULc" : "SITUL";
  return fields.filter(([letter, value]) => value !== "" || always.includes(letter)).map((field) => field.join(":"));
}

/** Folder by folder, and in each its files. */
function listFiles({ apk }: InstalledPackage): readonly string[] {
  const folders = new Map<string, { readonly entry: Entry | undefined; readonly files: Entry[] }>();
  for (const entry of apk?.entries ?? []) {
    if (entry.kind === "directory") folders.set(entry.path, { entry, files: folders.get(entry.path)?.files ?? [] });
    else {
      const folder = entry.path.slice(0, Math.max(0, entry.path.lastIndexOf("/")));
      const known = folders.get(folder) ?? { entry: undefined, files: [] };
      known.files.push(entry);
      folders.set(folder, known);
    }
  }
  return [...folders]
    .sort(([a], [b]) => compareBytes(a, b))
    .flatMap(([path, { entry, files }]) => [
      `F:${path}`,
      ...(entry === undefined ? [] : ownerLine("M", entry, 0o755)),
      ...files.sort((a, b) => compareBytes(a.path, b.path)).flatMap((one) => fileLines(one, apk?.sha1 ?? new Map())),
    ]);
}

function fileLines(entry: Entry, sums: ReadonlyMap<string, string>): readonly string[] {
  const name = entry.path.slice(entry.path.lastIndexOf("/") + 1);
  const sum = entry.kind === "symlink" ? hash("sha1", encodeName(entry.target)) : sums.get(entry.path);
  return [
    `R:${name}`,
    ...ownerLine("a", entry, 0o644),
    ...(sum === undefined || sum === "" ? [] : [`Z:Q1${Buffer.from(sum, "hex").toString("base64")}`]),
  ];
}

/** Only where it is not root's and of the usual mode. */
function ownerLine(letter: "M" | "a", { uid, gid, mode, xattrs }: Entry, usual: number): readonly string[] {
  if (uid === 0 && gid === 0 && mode === usual && xattrs.size === 0) return [];
  return [`${letter}:${uid}:${gid}:${mode.toString(8)}`];
}
