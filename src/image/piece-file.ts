// The description of a piece that lies beside its records in the store: written once, read by every build that uses it.
import { type DirectoryEntry, type Entry, noXattrs } from "../archive/entry.ts";
import { cleanPath } from "../archive/tar-name.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { ControlMember } from "../packages/contract.ts";
import { type PieceEntry, pieceVersion } from "./piece.ts";

export interface Piece {
  readonly key: string;
  /** The folder that all else is in, where it says how that is to be: root tarballs, and rpm's filesystem. */
  readonly root?: DirectoryEntry;
  /** In tree order, directories included. */
  readonly entries: readonly PieceEntry[];
  /** Length of the records. */
  readonly recordsBytes: number;
  readonly control: readonly ControlMember[];
  /** Every path as the package spells it, absolute, in its order. */
  readonly paths: readonly string[];
  /** Hex MD5 of files that the package database wants one of, by absolute path as the package spells it. */
  readonly md5: ReadonlyMap<string, string>;
  /** Hex SHA-1 of each file by its path, where the format has one (apk). */
  readonly sha1: ReadonlyMap<string, string>;
  /** Why the signature of the package is no good one, where it was taken all the same. */
  readonly unsigned?: string;
}

const kinds = ["file", "directory", "symlink", "character-device", "block-device", "fifo"] as const;

/** kind, path, mode, uid, gid, mtime, record offset, record bytes, body offset, size | target | [major, minor], xattrs. */
type EntryRow = readonly [
  number,
  string,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  (number | string | readonly [number, number])?,
  (readonly (readonly [string, string])[])?,
];

interface PieceJson {
  readonly version: number;
  readonly recordsBytes: number;
  /** mode, uid, gid, mtime. */
  readonly root?: readonly [number, number, number, number];
  readonly entries: readonly EntryRow[];
  readonly control: readonly (readonly [name: string, mode: number, bytes: string, mtime?: number])[];
  /** Left out when they follow from the entries. */
  readonly paths?: readonly string[];
  readonly md5: Readonly<Record<string, string>>;
  readonly sha1?: Readonly<Record<string, string>>;
  readonly unsigned?: string;
}

export function formatPiece({ root, entries, recordsBytes, control, paths, md5, sha1, unsigned }: Piece): string {
  const json: PieceJson = {
    version: pieceVersion,
    recordsBytes,
    ...(root ? { root: [root.mode, root.uid, root.gid, root.mtime] } : {}),
    entries: entries.map(formatRow),
    control: control.map(({ name, mode, bytes, mtime }) => {
      const start = [name, mode, Buffer.from(bytes).toString("latin1")] as const;
      return mtime === undefined ? start : [...start, mtime];
    }),
    ...(isSame(paths, pathsOf(entries)) ? {} : { paths }),
    md5: Object.fromEntries(md5),
    ...(sha1.size === 0 ? {} : { sha1: Object.fromEntries(sha1) }),
    ...(unsigned === undefined ? {} : { unsigned }),
  };
  return JSON.stringify(json);
}

/** Reads what `formatPiece` wrote. Throws CACHE_BROKEN for anything else. */
export function parsePiece(key: string, description: string): Piece {
  try {
    const json = JSON.parse(description) as PieceJson;
    if (json.version !== pieceVersion) throw new Error(`version ${json.version}`);
    const entries = json.entries.map(parseRow);
    const paths = json.paths ?? pathsOf(entries);
    if (!Array.isArray(paths)) throw new Error("no list of paths");
    return {
      key,
      recordsBytes: whole(json.recordsBytes),
      ...(json.root ? { root: parseRoot(json.root) } : {}),
      entries,
      control: json.control.map(([name, mode, bytes, mtime]) => ({
        name: text(name),
        mode: whole(mode),
        bytes: Buffer.from(text(bytes), "latin1"),
        ...(mtime === undefined ? {} : { mtime: whole(mtime) }),
      })),
      paths: paths.map(text),
      md5: textsOf(json.md5),
      sha1: textsOf(json.sha1 ?? {}),
      ...(json.unsigned === undefined ? {} : { unsigned: text(json.unsigned) }),
    };
  } catch (cause) {
    throw new DodaiError("CACHE_BROKEN", `Cannot read piece ${key} of the store: its description is damaged`, {
      cause,
    });
  }
}

const textsOf = (members: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(members).map(([path, value]) => [path, text(value)]));

/** How dpkg-deb lists what a package holds: the root, all else in tree order, and symbolic links last. */
function pathsOf(entries: readonly PieceEntry[]): readonly string[] {
  const links = entries.filter(({ entry }) => entry.kind === "symlink");
  const others = entries.filter(({ entry }) => entry.kind !== "symlink");
  return ["/.", ...[...others, ...links].map(({ entry }) => `/${entry.path}`)];
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((path, index) => path === b[index]);
}

function formatRow({ entry, recordOffset, recordBytes, bodyOffset }: PieceEntry): EntryRow {
  const { path, mode, uid, gid, mtime, xattrs } = entry;
  if (entry.kind === "hardlink") throw new Error(`A piece keeps files, not hard links: ${path}`);
  const start = [
    kinds.indexOf(entry.kind),
    path,
    mode,
    uid,
    gid,
    mtime,
    recordOffset,
    recordBytes,
    bodyOffset,
  ] as const;
  const extra = extraOf(entry);
  if (xattrs.size === 0) return extra === undefined ? start : [...start, extra];
  return [
    ...start,
    extra ?? 0,
    [...xattrs].map(([name, value]) => [name, Buffer.from(value).toString("latin1")] as const),
  ];
}

function extraOf(entry: Entry): number | string | readonly [number, number] | undefined {
  if (entry.kind === "file") return entry.sizeBytes;
  if (entry.kind === "symlink") return entry.target;
  if (entry.kind === "character-device" || entry.kind === "block-device") return [entry.major, entry.minor];
  return undefined;
}

function parseRow(row: EntryRow): PieceEntry {
  const [kindNumber, path, mode, uid, gid, mtime, recordOffset, recordBytes, bodyOffset, extra, attributes] = row;
  const xattrs = attributes
    ? new Map(attributes.map(([name, value]) => [text(name), Buffer.from(text(value), "latin1")]))
    : noXattrs;
  if (cleanPath(text(path)) !== path || path === ".") throw new Error("no path below the root");
  if (!Number.isSafeInteger(mtime)) throw new Error("no time");
  const common = { path, mode: whole(mode), uid: whole(uid), gid: whole(gid), mtime, xattrs };
  return {
    entry: entryOf(kinds[kindNumber], common, extra),
    recordOffset: whole(recordOffset),
    recordBytes: whole(recordBytes),
    bodyOffset: whole(bodyOffset),
  };
}

function parseRoot([mode, uid, gid, mtime]: NonNullable<PieceJson["root"]>): DirectoryEntry {
  if (!Number.isSafeInteger(mtime)) throw new Error("no time");
  return { kind: "directory", path: ".", mode: whole(mode), uid: whole(uid), gid: whole(gid), mtime, xattrs: noXattrs };
}

function text(value: unknown): string {
  if (typeof value !== "string") throw new Error("no text");
  return value;
}

function whole(value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw new Error("no whole number");
  return value;
}

function entryOf(
  kind: (typeof kinds)[number] | undefined,
  common: Omit<Entry & { kind: "fifo" }, "kind">,
  extra: EntryRow[9],
): Entry {
  switch (kind) {
    case "file":
      return { ...common, kind, sizeBytes: whole(extra) };
    case "symlink":
      return { ...common, kind, target: text(extra) };
    case "character-device":
    case "block-device": {
      const [major, minor] = extra as readonly [number, number];
      return { ...common, kind, major: whole(major), minor: whole(minor) };
    }
    case "directory":
    case "fifo":
      return { ...common, kind };
    default:
      throw new Error("unknown kind of entry");
  }
}
