// What a header block and the extended headers in front of it mean together: one entry, and how its bytes are stored.
import { DodaiError } from "../core/dodai-error.ts";
import { type Entry, noXattrs } from "./entry.ts";
import type { TarHeader } from "./tar-header.ts";
import { cleanPath, decodeName, printable } from "./tar-name.ts";
import { parseDecimal, parsePaxTime, parseTarNumber } from "./tar-number.ts";
import { type PaxRecord, xattrOf } from "./tar-pax.ts";

/** What PAX ("x", "g") and GNU ("L", "K") headers said about the entry that follows them. */
export interface TarExtras {
  /** In their order, global ones first. */
  readonly records: readonly PaxRecord[];
  readonly longName?: Uint8Array;
  readonly longLink?: Uint8Array;
}

/** The largest id that Linux takes: (uid_t) -1 means "leave it". */
const MAX_ID = 0xffff_fffe;

/** The largest device number that the seven digits of ustar say; Linux has 12 bits of major and 20 of minor. */
const MAX_DEVICE = 0o7777777;

export interface TarMember {
  /** With `sizeBytes` as the archive stores it; of a sparse file the caller knows better. */
  readonly entry: Entry;
  /** How many bytes of this member follow, without padding. */
  readonly storedBytes: number;
}

export interface MemberOptions {
  readonly what: string;
  /** Key of a PAX record to keep. */
  readonly record: string | undefined;
}

/** Throws ARCHIVE_BROKEN or ARCHIVE_UNSAFE_PATH. */
export function readTarMember(header: TarHeader, extras: TarExtras, { what, record }: MemberOptions): TarMember {
  const pax = lastOfEach(extras.records);
  const name = textOf(pax, "GNU.sparse.name") ?? textOf(pax, "path") ?? decodeName(extras.longName ?? header.name);
  const path = cleanPath(name);
  const context: Context = { header, extras, pax, what, path, record };
  const size = numberOf(context, "size", header.sizeBytes, Number.MAX_SAFE_INTEGER);
  const kind = kindOf(header.typeflag, name);
  if (kind === undefined) {
    throw broken(context, `its type "${printable(header.typeflag)}" is not one that dodai reads`);
  }
  const storedBytes = storedBytesOf(context, kind, size);
  return { entry: entryOf(context, kind, storedBytes), storedBytes };
}

interface Context {
  readonly header: TarHeader;
  readonly extras: TarExtras;
  readonly pax: ReadonlyMap<string, Uint8Array>;
  readonly what: string;
  readonly path: string;
  readonly record: string | undefined;
}

function entryOf(context: Context, kind: Entry["kind"], sizeBytes: number): Entry {
  const { header, path, pax } = context;
  const record = context.record === undefined ? undefined : textOf(pax, context.record);
  const metadata = {
    path,
    mode: numberOf(context, "mode", header.mode, Number.MAX_SAFE_INTEGER) % 0o10000,
    uid: numberOf(context, "uid", header.uid, MAX_ID),
    gid: numberOf(context, "gid", header.gid, MAX_ID),
    mtime: mtimeOf(context),
    xattrs: xattrsOf(pax),
    ...(record === undefined ? {} : { record }),
  };
  switch (kind) {
    case "file":
      return { kind, ...metadata, sizeBytes };
    case "symlink":
      return { kind, ...metadata, target: symlinkTarget(context) };
    case "hardlink":
      return { kind, ...metadata, target: cleanPath(linkOf(context), "target") };
    case "character-device":
    case "block-device":
      return {
        kind,
        ...metadata,
        major: deviceNumber(context, "major", 329),
        minor: deviceNumber(context, "minor", 337),
      };
    default:
      return { kind, ...metadata };
  }
}

/** POSIX ustar typeflags; "S" is a sparse file and "D" a directory of an incremental backup, both GNU. */
function kindOf(typeflag: string, name: string): Entry["kind"] | undefined {
  switch (typeflag) {
    case "0":
    case "\0":
    case "7": // contiguous file
    case "S":
      // v7 has no directories, only names that end with "/".
      return name.endsWith("/") && typeflag !== "S" ? "directory" : "file";
    case "1":
      return "hardlink";
    case "2":
      return "symlink";
    case "3":
      return "character-device";
    case "4":
      return "block-device";
    case "5":
    case "D":
      return "directory";
    case "6":
      return "fifo";
    default:
      return undefined;
  }
}

/**
 * Bytes after the header. Readers disagree about directories, symlinks and devices that claim a size (GNU tar passes over
 * that much, Python and libarchive do not), so one archive could show different entries to different readers: refused.
 * A hard link may repeat the size of its file, as old tars have it, and has no bytes.
 */
function storedBytesOf(context: Context, kind: Entry["kind"], size: number): number {
  if (kind === "file" || context.header.typeflag === "D") return size;
  if (size !== 0 && kind !== "hardlink") {
    throw broken(context, `it is a ${kind} and claims to have ${size} bytes`);
  }
  return 0;
}

function numberOf(context: Context, key: string, inHeader: number | undefined, max: number): number {
  const record = textOf(context.pax, key);
  const value = record === undefined ? inHeader : parseDecimal(record);
  if (value === undefined || value < 0 || value > max) throw broken(context, `its ${key} is not a number in range`);
  return value;
}

function mtimeOf(context: Context): number {
  const record = textOf(context.pax, "mtime");
  const value = record === undefined ? context.header.mtime : parsePaxTime(record);
  if (value === undefined) throw broken(context, "its mtime is not a number in range");
  return value;
}

function deviceNumber(context: Context, part: "major" | "minor", at: 329 | 337): number {
  // v7 headers end before the device numbers.
  const inHeader = context.header.format === "v7" ? 0 : parseTarNumber(context.header.block, at, 8);
  return numberOf(context, `SCHILY.dev${part}`, inHeader, MAX_DEVICE);
}

function linkOf({ header, extras, pax }: Context): string {
  return textOf(pax, "linkpath") ?? decodeName(extras.longLink ?? header.link);
}

function symlinkTarget(context: Context): string {
  const target = linkOf(context);
  if (target === "") throw broken(context, "it is a symlink without a target");
  if (target.includes("\0")) throw broken(context, "its target contains a NUL");
  return target;
}

function lastOfEach(records: readonly PaxRecord[]): ReadonlyMap<string, Uint8Array> {
  if (records.length === 0) return noXattrs;
  const last = new Map<string, Uint8Array>();
  for (const record of records) {
    // POSIX pax: an empty value takes an earlier one back.
    if (record.value.length === 0 && xattrOf(record) === undefined) last.delete(record.key);
    else last.set(record.key, record.value);
  }
  return last;
}

function xattrsOf(pax: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  let xattrs: Map<string, Uint8Array> | undefined;
  for (const [key, value] of pax) {
    const xattr = xattrOf({ key, value });
    if (xattr === undefined || xattr.name === "") continue;
    xattrs ??= new Map();
    // Copied, so that a few bytes do not keep a whole chunk alive.
    xattrs.set(xattr.name, Uint8Array.from(xattr.value));
  }
  return xattrs ?? noXattrs;
}

function textOf(pax: ReadonlyMap<string, Uint8Array>, key: string): string | undefined {
  const value = pax.get(key);
  return value === undefined ? undefined : decodeName(value);
}

function broken({ what, path }: Context, reason: string): DodaiError {
  return new DodaiError("ARCHIVE_BROKEN", `Cannot read "${printable(path)}" of ${what}: ${reason}`);
}
