// rpm's header structure (rpm's docs/manual/format_header.md): a count of entries, a count of data bytes, the entries (tag,
// type, offset, count), the data. Everything about an entry is checked when the header is read, so that reading values later
// cannot leave the data; rpm's hdrblobVerifyInfo refuses the same.
import { decodeName } from "../../archive/tar-name.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import { tags } from "./tags.ts";

/** Magic, version 1, four reserved bytes. */
export const HEADER_MAGIC: Uint8Array = Uint8Array.of(0x8e, 0xad, 0xe8, 0x01, 0, 0, 0, 0);
/** Magic and the two counts. */
export const HEADER_INTRO_BYTES = 16;
export const ENTRY_BYTES = 16;
/** rpm's HEADER_TAGS_MAX and HEADER_DATA_MAX. */
const MAX_ENTRIES = 0xffff;
const MAX_DATA_BYTES = 0x0fff_ffff;

/** The types of values. Strings end with a NUL; numbers are big-endian and aligned to their size. */
export const valueType = {
  null: 0,
  char: 1,
  int8: 2,
  int16: 3,
  int32: 4,
  int64: 5,
  string: 6,
  bin: 7,
  stringArray: 8,
  i18nString: 9,
} as const;

export interface HeaderEntry {
  readonly tag: number;
  readonly type: number;
  readonly offset: number;
  readonly count: number;
  /** Bytes of data that the value takes. */
  readonly length: number;
}

export interface Header {
  /** The two counts, the entries and the data, as they lie in the file. */
  readonly bytes: Uint8Array;
  /** In file order, the region's own entry left out. */
  readonly entries: readonly HeaderEntry[];
  has(tag: number): boolean;
  /** First string of a string, a string array or a translated string. */
  text(tag: number): string | undefined;
  /** All strings; `[]` without the tag. */
  texts(tag: number): readonly string[];
  /** All numbers; `[]` without the tag. */
  numbers(tag: number): readonly number[];
  bin(tag: number): Uint8Array | undefined;
}

export interface HeaderOptions {
  /** Whose header, for messages: `the header of "bash"`. */
  readonly what: string;
  /** Tag of the region that all entries must belong to; signature headers may have entries beside theirs. */
  readonly region: number;
}

/** The sizes that a header's first 16 bytes state. Throws PACKAGE_BROKEN. */
export function headerSize(
  intro: Uint8Array,
  what: string,
): { readonly entryCount: number; readonly dataBytes: number } {
  if (!HEADER_MAGIC.every((byte, at) => intro[at] === byte)) throw broken(what, "it does not start as a header");
  return countsOf(intro.subarray(8), what);
}

function countsOf(bytes: Uint8Array, what: string): { readonly entryCount: number; readonly dataBytes: number } {
  const view = viewOf(bytes);
  const [entryCount, dataBytes] = [view.getUint32(0), view.getUint32(4)];
  if (entryCount === 0 || entryCount > MAX_ENTRIES) throw broken(what, `it has ${entryCount} entries`);
  if (dataBytes > MAX_DATA_BYTES) throw broken(what, `it has ${dataBytes} bytes of data`);
  return { entryCount, dataBytes };
}

/** Reads the bytes that follow magic and reserved bytes: counts, entries, data. Throws PACKAGE_BROKEN. */
export function parseHeader(bytes: Uint8Array, options: HeaderOptions): Header {
  const { what } = options;
  if (bytes.length < 8) throw broken(what, "it is cut off");
  const { entryCount, dataBytes } = countsOf(bytes, what);
  const dataStart = 8 + ENTRY_BYTES * entryCount;
  if (bytes.length !== dataStart + dataBytes) throw broken(what, "its size is not what it says");
  const data = bytes.subarray(dataStart);
  const view = viewOf(bytes);
  const entries: HeaderEntry[] = [];
  const region = regionOf(view, data, options);
  let end = 0;
  for (let index = region.skipped; index < entryCount; index++) {
    const entry = entryAt(view, data, { index, after: end, what });
    entries.push(entry);
    end = entry.offset + entry.length;
  }
  if (options.region === tags.headerImmutable && end > region.end) throw broken(what, "a value lies in its trailer");
  return openHeader(bytes, data, entries);
}

interface Region {
  /** Entries that stand for the region. */
  readonly skipped: 0 | 1;
  /** Where the region's trailer starts. */
  readonly end: number;
}

/** The first entry says where a copy of itself ends the data that belong together (and that were signed). */
function regionOf(view: DataView, data: Uint8Array, { what, region }: HeaderOptions): Region {
  const tag = view.getInt32(8);
  const isRegion = tag >= 61 && tag <= 63;
  if (!isRegion) {
    // Packages of before rpm 4.0 have none.
    if (tag < tags.i18nTable) throw broken(what, `its first entry has the tag ${tag}`);
    return { skipped: 0, end: data.length };
  }
  const [type, offset, count] = [view.getUint32(12), view.getInt32(16), view.getUint32(20)];
  if (type !== valueType.bin || count !== ENTRY_BYTES) throw broken(what, "its region's entry is not one");
  if (offset < 0 || offset + ENTRY_BYTES > data.length) throw broken(what, "its region ends outside it");
  const trailer = viewOf(data.subarray(offset, offset + ENTRY_BYTES));
  const trailerTag = trailer.getInt32(0);
  // Old signature headers say 61 in their trailer.
  const isSame = trailerTag === tag || (region === tags.headerSignatures && trailerTag === 61);
  const length = -trailer.getInt32(8);
  const isWhole = trailer.getUint32(4) === valueType.bin && trailer.getUint32(12) === ENTRY_BYTES;
  if (!isSame || !isWhole || length <= 0 || length % ENTRY_BYTES !== 0)
    throw broken(what, "its region's trailer is damaged");
  const entryCount = view.getUint32(0);
  const inRegion = length / ENTRY_BYTES;
  if (inRegion > entryCount) throw broken(what, "its region has more entries than it has");
  if (region === tags.headerImmutable && (inRegion !== entryCount || tag === tags.headerSignatures)) {
    throw broken(what, "entries lie outside its region");
  }
  if (region === tags.headerImmutable && offset + ENTRY_BYTES !== data.length) {
    throw broken(what, "data lie outside its region");
  }
  return { skipped: 1, end: offset };
}

/** Values lie one after another, so that no byte is two values and reading them all takes linear time. */
function entryAt(
  view: DataView,
  data: Uint8Array,
  { index, after, what }: { readonly index: number; readonly after: number; readonly what: string },
): HeaderEntry {
  const at = 8 + ENTRY_BYTES * index;
  const [tag, type, offset, count] = [
    view.getInt32(at),
    view.getUint32(at + 4),
    view.getInt32(at + 8),
    view.getUint32(at + 12),
  ];
  const fault = (state: string): DodaiError => broken(what, `entry ${index} (tag ${tag}) ${state}`);
  if (tag < tags.i18nTable) throw fault("is of a region");
  if (type < valueType.char || type > valueType.i18nString) throw fault(`has the unknown type ${type}`);
  const size = sizes[type] ?? 1;
  if (offset < 0 || offset >= data.length || offset % size !== 0) throw fault("starts outside the data");
  if (offset < after) throw fault("lies in the value before it");
  if (count === 0 || count > data.length) throw fault(`has ${count} values`);
  if (type === valueType.string && count !== 1) throw fault("has more than one string");
  const length = isText(type) ? textLength(data, offset, count) : count * size;
  if (length < 0 || offset + length > data.length) throw fault("ends outside the data");
  return { tag, type, offset, count, length };
}

/** Bytes of one value, where it has a fixed size. */
const sizes: readonly number[] = [0, 1, 1, 2, 4, 8];
const isText = (type: number): boolean =>
  type === valueType.string || type === valueType.stringArray || type === valueType.i18nString;

/** Bytes up to the NUL of the last of `count` strings; -1 when there are fewer. */
function textLength(data: Uint8Array, offset: number, count: number): number {
  let at = offset;
  for (let seen = 0; seen < count; seen++) {
    const end = data.indexOf(0, at);
    if (end < 0) return -1;
    at = end + 1;
  }
  return at - offset;
}

function openHeader(bytes: Uint8Array, data: Uint8Array, entries: readonly HeaderEntry[]): Header {
  // rpm takes the first of a tag that is there twice.
  const byTag = new Map(entries.toReversed().map((entry) => [entry.tag, entry]));
  const texts = (tag: number): readonly string[] => {
    const entry = byTag.get(tag);
    return entry && isText(entry.type) ? stringsOf(data, entry) : [];
  };
  return {
    bytes,
    entries,
    has: (tag) => byTag.has(tag),
    text: (tag) => texts(tag)[0],
    texts,
    numbers: (tag) => {
      const entry = byTag.get(tag);
      return entry ? numbersOf(data, entry) : [];
    },
    bin: (tag) => {
      const entry = byTag.get(tag);
      return entry?.type === valueType.bin ? data.subarray(entry.offset, entry.offset + entry.length) : undefined;
    },
  };
}

function stringsOf(data: Uint8Array, { offset, count }: HeaderEntry): readonly string[] {
  const found: string[] = [];
  for (let at = offset, seen = 0; seen < count; seen++) {
    const end = data.indexOf(0, at);
    found.push(decodeName(data.subarray(at, end)));
    at = end + 1;
  }
  return found;
}

function numbersOf(data: Uint8Array, { type, offset, count, length }: HeaderEntry): readonly number[] {
  const view = viewOf(data.subarray(offset, offset + length));
  const read = readers[type];
  return read === undefined ? [] : Array.from({ length: count }, (_, index) => read(view, index));
}

const readers: readonly (((view: DataView, index: number) => number) | undefined)[] = [
  undefined,
  (view, index) => view.getUint8(index),
  (view, index) => view.getUint8(index),
  (view, index) => view.getUint16(2 * index),
  (view, index) => view.getUint32(4 * index),
  (view, index) => Number(view.getBigUint64(8 * index)),
];

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function broken(what: string, state: string): DodaiError {
  return new DodaiError("PACKAGE_BROKEN", `Cannot read ${what}: ${state}`, {
    fix: "The file is damaged or was not made by rpmbuild. Fetch it again, or ask who made it.",
  });
}
