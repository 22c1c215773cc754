// Writing tar archives: POSIX ustar, with a PAX header in front only where ustar cannot say what an entry is.
//
// One entry has one form, whoever builds it: no user or group names, keys of PAX records in byte order, the PAX header's own
// fields constant or derived from the path. Names that are not ASCII stand in the header as their UTF-8 bytes, without a PAX
// record, as GNU tar writes them: every reader in use takes them so, and a record for each would cost 1 KiB.
import { DodaiError } from "../core/dodai-error.ts";
import type { Entry } from "./entry.ts";
import { BLOCK_BYTES } from "./tar-header.ts";
import { paddingOf } from "./tar-input.ts";
import { encodeName, printable } from "./tar-name.ts";
import { formatPaxRecords, xattrKey } from "./tar-pax.ts";

/** The largest value of the 7 digits that ustar has for ids and device numbers. */
const MAX_SEVEN_DIGITS = 0o7777777;
/** The largest size (8 GiB - 1) and time of the 11 digits that ustar has for them. */
const MAX_ELEVEN_DIGITS = 0o77777777777;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;

/** The two zero blocks that end an archive. */
export const tarTrailer: Uint8Array = new Uint8Array(2 * BLOCK_BYTES);

/** How many zero bytes follow a body of `sizeBytes`. */
export function tarPadding(sizeBytes: number): number {
  return paddingOf(sizeBytes);
}

/** All header blocks of an entry; its body and padding come after them. Throws ARCHIVE_UNSAFE_PATH and ARCHIVE_BROKEN. */
export function formatTarHeader(entry: Entry): Uint8Array {
  const name = nameOf(entry);
  const link = "target" in entry ? encodeName(entry.target) : noBytes;
  const split = splitName(name);
  const records = paxRecordsOf(entry, { name: split === undefined ? name : undefined, link });
  const sizeBytes = entry.kind === "file" ? entry.sizeBytes : 0;
  const header = formatBlock({
    name: split?.name ?? cut(name),
    prefix: split?.prefix ?? noBytes,
    link: link.length <= NAME_BYTES ? link : cut(link),
    typeflag: typeflags[entry.kind],
    mode: entry.mode,
    uid: entry.uid <= MAX_SEVEN_DIGITS ? entry.uid : 0,
    gid: entry.gid <= MAX_SEVEN_DIGITS ? entry.gid : 0,
    sizeBytes: sizeBytes <= MAX_ELEVEN_DIGITS ? sizeBytes : 0,
    mtime: isUstarTime(entry.mtime) ? entry.mtime : 0,
    ...devicesOf(entry),
  });
  if (records.size === 0) return header;
  return Buffer.concat([formatPaxHeader(formatPaxRecords(records), name), header]);
}

const noBytes = Buffer.alloc(0);

const typeflags: Readonly<Record<Entry["kind"], string>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  "character-device": "3",
  "block-device": "4",
  directory: "5",
  fifo: "6",
};

/** Directories end with "/", as GNU tar and Go write them; the root is "./". */
function nameOf(entry: Entry): Buffer {
  return encodeName(entry.kind === "directory" ? `${entry.path}/` : entry.path);
}

function paxRecordsOf(
  entry: Entry,
  { name, link }: { readonly name: Uint8Array | undefined; readonly link: Uint8Array },
): ReadonlyMap<string, Uint8Array | string> {
  const records = new Map<string, Uint8Array | string>();
  for (const [key, value] of entry.xattrs) records.set(xattrKey(key), value);
  if (name !== undefined) records.set("path", name);
  if (link.length > NAME_BYTES) records.set("linkpath", link);
  if (entry.uid > MAX_SEVEN_DIGITS) records.set("uid", String(entry.uid));
  if (entry.gid > MAX_SEVEN_DIGITS) records.set("gid", String(entry.gid));
  if (!isUstarTime(entry.mtime)) records.set("mtime", String(entry.mtime));
  if (entry.kind === "file" && entry.sizeBytes > MAX_ELEVEN_DIGITS) records.set("size", String(entry.sizeBytes));
  return records;
}

function devicesOf(entry: Entry): { readonly major: number; readonly minor: number } {
  if (entry.kind !== "character-device" && entry.kind !== "block-device") return { major: 0, minor: 0 };
  const { major, minor, path } = entry;
  if (major > MAX_SEVEN_DIGITS || minor > MAX_SEVEN_DIGITS) {
    throw new DodaiError(
      "ARCHIVE_BROKEN",
      `Cannot write "${printable(path)}" to a tar archive: its device number ${major},${minor} is too large`,
    );
  }
  return { major, minor };
}

/** Where a name stands in a ustar header; `undefined` when it does not fit. The prefix is as long as it can be. */
function splitName(name: Buffer): { readonly name: Buffer; readonly prefix: Buffer } | undefined {
  if (name.length <= NAME_BYTES) return { name, prefix: noBytes };
  // The last slash that leaves a name: the one that ends a directory does not.
  const slash = name.lastIndexOf(0x2f, Math.min(PREFIX_BYTES, name.length - 2));
  if (slash <= 0 || name.length - slash - 1 > NAME_BYTES) return undefined;
  return { name: name.subarray(slash + 1), prefix: name.subarray(0, slash) };
}

/** What stands in the header where a PAX record has the whole: as many characters as fit, for readers without PAX. */
function cut(name: Buffer): Buffer {
  let end = NAME_BYTES;
  while (end > 0 && ((name[end] ?? 0) & 0xc0) === 0x80) end--;
  return name.subarray(0, end);
}

function formatPaxHeader(body: Uint8Array, name: Buffer): Uint8Array {
  const base = name.subarray(name.lastIndexOf(0x2f, name.length - 2) + 1);
  const header = formatBlock({
    name: cut(Buffer.concat([Buffer.from("PaxHeaders/"), base])),
    prefix: noBytes,
    link: noBytes,
    typeflag: "x",
    mode: 0o644,
    uid: 0,
    gid: 0,
    sizeBytes: body.length,
    mtime: 0,
    major: 0,
    minor: 0,
  });
  return Buffer.concat([header, body], BLOCK_BYTES + body.length + paddingOf(body.length));
}

interface Fields {
  readonly name: Uint8Array;
  readonly prefix: Uint8Array;
  readonly link: Uint8Array;
  readonly typeflag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtime: number;
  readonly major: number;
  readonly minor: number;
}

/** One ustar block (POSIX.1-1988, also in pax, "ustar Interchange Format"). */
function formatBlock(fields: Fields): Uint8Array {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.set(fields.name, 0);
  octal(block, fields.mode, { at: 100, digits: 7 });
  octal(block, fields.uid, { at: 108, digits: 7 });
  octal(block, fields.gid, { at: 116, digits: 7 });
  octal(block, fields.sizeBytes, { at: 124, digits: 11 });
  octal(block, fields.mtime, { at: 136, digits: 11 });
  block.write("        ", 148, "latin1");
  block.write(fields.typeflag, 156, "latin1");
  block.set(fields.link, 157);
  block.write("ustar\x0000", 257, "latin1");
  octal(block, fields.major, { at: 329, digits: 7 });
  octal(block, fields.minor, { at: 337, digits: 7 });
  block.set(fields.prefix, 345);
  let sum = 0;
  for (const byte of block) sum += byte;
  octal(block, sum, { at: 148, digits: 6 });
  block[154] = 0;
  return block;
}

function octal(block: Buffer, value: number, { at, digits }: { readonly at: number; readonly digits: number }): void {
  block.write(value.toString(8).padStart(digits, "0"), at, "latin1");
}

const isUstarTime = (mtime: number): boolean => mtime >= 0 && mtime <= MAX_ELEVEN_DIGITS;
