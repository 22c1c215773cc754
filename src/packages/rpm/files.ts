// The files of a package, as its header tells them. Everything about a file is taken from here, since the header is what is
// signed; the payload gives contents alone.
import { cleanPath, printable } from "../../archive/tar-name.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { Header } from "./header.ts";
import { tags } from "./tags.ts";

export interface RpmFile {
  /** Place in the header's lists. */
  readonly index: number;
  /** Absolute, as the header spells it. */
  readonly path: string;
  /** As stat(2) gives it: type and permissions. */
  readonly mode: number;
  readonly sizeBytes: number;
  readonly mtime: number;
  /** Lower-case hex; "" for what is no file. */
  readonly digest: string;
  readonly target: string;
  readonly flags: number;
  readonly user: string;
  readonly group: string;
  readonly device: number;
  /** Device and inode when the package was built: files with the same one are hard links of each other. "" when unknown. */
  readonly inode: string;
  readonly capabilities: string;
  /** Languages, with `|` between them; "" for all. */
  readonly languages: string;
  /** Word size of a program: 1 is 32 bits, 2 is 64; 0 for what is none. */
  readonly color: number;
}

/** Of programs: for 64 bits (rpm's default %_prefer_color). */
const PREFERRED_COLOR = 2;
export const isPreferred = ({ color }: RpmFile): boolean => (color & PREFERRED_COLOR) !== 0;
/** A program that gives way to one for 64 bits. */
export const isNarrow = ({ color }: RpmFile): boolean => color !== 0 && (color & PREFERRED_COLOR) === 0;

/** `S_IFMT` and the types that packages have. */
export const FILE_TYPE = 0o170000;
export const fileType = {
  fifo: 0o010000,
  characterDevice: 0o020000,
  directory: 0o040000,
  blockDevice: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
} as const;

/** Digest algorithms by the numbers of OpenPGP (RFC 9580 9.5), which FILEDIGESTALGO uses; MD5 when it is absent. */
const algorithms: ReadonlyMap<number, string> = new Map([
  [1, "md5"],
  [2, "sha1"],
  [8, "sha256"],
  [9, "sha384"],
  [10, "sha512"],
  [11, "sha224"],
  [12, "sha3-256"],
  [14, "sha3-512"],
]);

/** Node's name of the algorithm of file digests. Throws PACKAGE_BROKEN. */
export function digestAlgorithm(header: Header, tag: number, what: string): string {
  const [number = 1] = header.numbers(tag);
  const name = algorithms.get(number);
  if (name === undefined) throw broken(what, `its digest algorithm ${number} is unknown`);
  return name;
}

/** Throws PACKAGE_BROKEN when lists differ in length, ARCHIVE_UNSAFE_PATH for paths that are no plain absolute ones. */
export function filesOf(header: Header, what: string): readonly RpmFile[] {
  const paths = pathsOf(header, what);
  const numbers = (tag: number): readonly number[] => sized(header.numbers(tag), paths.length, { tag, what });
  const texts = (tag: number): readonly string[] => sized(header.texts(tag), paths.length, { tag, what });
  const sizes = header.has(tags.longFileSizes) ? numbers(tags.longFileSizes) : numbers(tags.fileSizes);
  const [modes, times, flags] = [numbers(tags.fileModes), numbers(tags.fileTimes), numbers(tags.fileFlags)];
  const [digests, targets] = [texts(tags.fileDigests), texts(tags.fileLinks)];
  const [users, groups] = [texts(tags.fileUsers), texts(tags.fileGroups)];
  const [devices, inodes] = [numbers(tags.fileDevices), numbers(tags.fileInodes)];
  const colors = numbers(tags.fileColors);
  const inodeDevices = numbers(tags.fileInodeDevices);
  const [capabilities, languages] = [texts(tags.fileCapabilities), texts(tags.fileLangs)];
  const at = <Value>(list: readonly Value[], index: number, none: Value): Value => list[index] ?? none;
  return paths.map((path, index) => ({
    index,
    path,
    mode: at(modes, index, 0),
    sizeBytes: at(sizes, index, 0),
    mtime: at(times, index, 0),
    digest: at(digests, index, ""),
    target: at(targets, index, ""),
    flags: at(flags, index, 0),
    user: at(users, index, "root"),
    group: at(groups, index, "root"),
    device: at(devices, index, 0),
    inode: inodes[index] === undefined ? "" : `${inodeDevices[index] ?? 0}:${inodes[index]}`,
    capabilities: at(capabilities, index, ""),
    languages: at(languages, index, ""),
    color: at(colors, index, 0),
  }));
}

/** The path as entries have it: relative, without `.` parts. Throws ARCHIVE_UNSAFE_PATH. */
export function relativePath(path: string): string {
  return path === "/" ? "." : cleanPath(path.slice(1));
}

function pathsOf(header: Header, what: string): readonly string[] {
  const names = header.texts(tags.baseNames);
  const old = header.texts(tags.oldFileNames);
  const indexes = header.numbers(tags.dirIndexes);
  const folders = header.texts(tags.dirNames);
  if (names.length !== indexes.length) throw broken(what, "its files do not have a folder each");
  const paths =
    names.length === 0 ? old : names.map((name, index) => pathOf(folders[indexes[index] ?? -1], name, what));
  for (const path of paths) {
    if (!path.startsWith("/")) throw broken(what, `its file "${printable(path)}" has no absolute path`);
    relativePath(path);
  }
  if (new Set(paths).size !== paths.length) throw broken(what, "it has a file twice");
  return paths;
}

function pathOf(folder: string | undefined, name: string, what: string): string {
  if (folder === undefined || !folder.endsWith("/")) throw broken(what, `its file "${printable(name)}" has no folder`);
  if (name.includes("/")) throw broken(what, `its file "${printable(name)}" has "/" in its name`);
  return `${folder}${name}`;
}

/** A list that is as long as that of paths, or not there at all. */
function sized<Value>(
  list: readonly Value[],
  length: number,
  { tag, what }: { readonly tag: number; readonly what: string },
): readonly Value[] {
  if (list.length !== 0 && list.length !== length) {
    throw broken(what, `tag ${tag} has ${list.length} values for ${length} files`);
  }
  return list;
}

function broken(what: string, state: string): DodaiError {
  return new DodaiError("PACKAGE_BROKEN", `Cannot read ${what}: ${state}`);
}
