// Reads a SQLite file that somebody else wrote (sqlite.org/fileformat2.html), with the write-ahead log that may lie beside it.
// Nothing in it is trusted: every page is used once, in the tree or chain that it is met in first, so that loops end and reading
// all of a file takes no more time than its size.
import { broken, concatenated, type DatabasePages, viewOf } from "./database-fault.ts";
import type { SqliteRow, SqliteValue } from "./sqlite.ts";
import { readWal } from "./sqlite-wal.ts";

export interface OpenSqliteOptions {
  /** For messages: `"var/lib/rpm/rpmdb.sqlite"`. */
  readonly what: string;
  /** The write-ahead log beside the file. */
  readonly wal?: Uint8Array;
}

export interface SqliteFile {
  /** Rows by ascending number; `undefined` without such a table. Throws DATABASE_BROKEN. */
  rows(table: string): readonly SqliteRow[] | undefined;
}

interface Pages extends DatabasePages {
  /** Of a page, without what is reserved at its end. */
  readonly usable: number;
}

const MAGIC = "SQLite format 3\0";

/** Throws DATABASE_BROKEN. */
export function openSqlite(bytes: Uint8Array, { what, wal }: OpenSqliteOptions): SqliteFile {
  const pages = openPages(bytes, { what, ...(wal ? { wal } : {}) });
  const schema = readTable(pages, 1);
  return {
    rows: (table) => {
      const [, , , root] = schema.find(({ values: [type, name] }) => type === "table" && name === table)?.values ?? [];
      if (root === undefined) return undefined;
      if (typeof root !== "number") throw broken(what, `table "${table}" has no root`);
      return readTable(pages, root);
    },
  };
}

/** The newest state of each page that was committed. */
function openPages(bytes: Uint8Array, { what, wal }: OpenSqliteOptions): Pages {
  const log = wal && readWal(wal);
  const first = log?.pages.get(1) ?? bytes;
  if (first.length < 100 || Buffer.from(first.subarray(0, 16)).toString("latin1") !== MAGIC) {
    throw broken(what, "it does not start as a SQLite file");
  }
  const header = viewOf(first);
  const stated = header.getUint16(16);
  const size = stated === 1 ? 65_536 : stated;
  if (size < 512 || (size & (size - 1)) !== 0) throw broken(what, `its pages have ${stated} bytes`);
  if (log && log.pageBytes !== size) throw broken(what, "its log has pages of another size");
  if (header.getUint32(56) > 1) throw broken(what, "its texts are not in UTF-8");
  const usable = size - (first[20] ?? 0);
  if (usable < 480) throw broken(what, "its pages have no room");
  const inFile = Math.floor(bytes.length / size);
  const count = log?.pageCount ?? inFile;
  const used = new Set<number>();
  return {
    what,
    usable,
    take: (number) => {
      const page =
        log?.pages.get(number) ?? (number <= inFile ? bytes.subarray((number - 1) * size, number * size) : undefined);
      if (number < 1 || number > count || page === undefined) throw broken(what, `it has no page ${number}`);
      // Page 1, the schema's, is read once for each file that is opened.
      if (used.has(number)) throw broken(what, `page ${number} is used twice`);
      used.add(number);
      return page;
    },
  };
}

const TABLE_LEAF = 0x0d;
const TABLE_INNER = 0x05;
/** Of trees of 2^32 rows in the smallest pages; SQLite's own bound is 20 (BTCURSOR_MAX_DEPTH). */
const MAX_DEPTH = 20;

/** "B-tree Pages": the rows below a page, left to right. */
function readTable(pages: Pages, root: number): readonly SqliteRow[] {
  const rows: SqliteRow[] = [];
  const walk = (number: number, depth: number): void => {
    if (depth > MAX_DEPTH) throw broken(pages.what, "a tree in it is too deep");
    const page = pages.take(number);
    const start = number === 1 ? 100 : 0;
    const view = viewOf(page);
    const type = page[start];
    if (type !== TABLE_LEAF && type !== TABLE_INNER) throw broken(pages.what, `page ${number} is no table's`);
    const cells = cellOffsets(view, { start, isLeaf: type === TABLE_LEAF, number, pages });
    if (type === TABLE_INNER) {
      for (const at of cells) walk(view.getUint32(at), depth + 1);
      walk(view.getUint32(start + 8), depth + 1);
      return;
    }
    let used = 0;
    for (const at of cells) {
      const { row, localBytes } = rowAt(page, at, { pages, number });
      used += localBytes;
      if (used > pages.usable) throw broken(pages.what, `rows of page ${number} overlap`);
      if (row.id <= (rows.at(-1)?.id ?? Number.NEGATIVE_INFINITY))
        throw broken(pages.what, "its rows are not in order");
      rows.push(row);
    }
  };
  walk(root, 0);
  return rows;
}

interface CellPlace {
  readonly start: number;
  readonly isLeaf: boolean;
  readonly number: number;
  readonly pages: Pages;
}

/** "Cell Pointer Array". */
function cellOffsets(view: DataView, { start, isLeaf, number, pages }: CellPlace): readonly number[] {
  const count = view.getUint16(start + 3);
  const pointers = start + (isLeaf ? 8 : 12);
  const content = pointers + 2 * count;
  if (content > pages.usable) throw broken(pages.what, `page ${number} has ${count} cells`);
  return Array.from({ length: count }, (_, at) => {
    const offset = view.getUint16(pointers + 2 * at);
    if (offset < content || offset + 4 > pages.usable) throw broken(pages.what, `page ${number} has a cell outside it`);
    return offset;
  });
}

interface RowPlace {
  readonly pages: Pages;
  readonly number: number;
}

/** "Table B-Tree Leaf Cell", and "Cell Payload Overflow Pages". */
function rowAt(
  page: Uint8Array,
  at: number,
  { pages, number }: RowPlace,
): { readonly row: SqliteRow; readonly localBytes: number } {
  const { usable, what } = pages;
  const size = readVarint(page, at);
  const id = readVarint(page, at + size.bytes);
  const start = at + size.bytes + id.bytes;
  if (!Number.isSafeInteger(size.value) || !Number.isSafeInteger(id.value) || size.value < 0) {
    throw broken(what, `a row of page ${number} has no size`);
  }
  const most = usable - 35;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const wanted = least + ((size.value - least) % (usable - 4));
  const local = size.value <= most ? size.value : wanted <= most ? wanted : least;
  const end = start + local + (local < size.value ? 4 : 0);
  if (end > usable) throw broken(what, `a row of page ${number} ends outside it`);
  const parts = [page.subarray(start, start + local)];
  let next = local < size.value ? viewOf(page).getUint32(start + local) : 0;
  for (let left = size.value - local; left > 0; left -= usable - 4) {
    const overflow = pages.take(next);
    next = viewOf(overflow).getUint32(0);
    parts.push(overflow.subarray(4, 4 + Math.min(left, usable - 4)));
  }
  return { row: { id: id.value, values: readRecord(concatenated(parts), what) }, localBytes: end - at };
}

/** "Record Format". */
function readRecord(payload: Uint8Array, what: string): readonly SqliteValue[] {
  const size = readVarint(payload, 0);
  const values: SqliteValue[] = [];
  let body = size.value;
  if (body > payload.length || body < size.bytes) throw broken(what, "a row's header is longer than it");
  for (let at = size.bytes; at < size.value; ) {
    const type = readVarint(payload, at);
    at += type.bytes;
    const length = type.value >= 12 ? Math.floor((type.value - 12) / 2) : fixedBytes[type.value];
    if (length === undefined || body + length > payload.length) throw broken(what, "a row's value ends outside it");
    values.push(decodeValue(type.value, payload.subarray(body, body + length)));
    body += length;
  }
  return values;
}

/** Bytes of values of the types below 12; 10 and 11 are SQLite's own. */
const fixedBytes: readonly number[] = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

function decodeValue(type: number, bytes: Uint8Array): SqliteValue {
  if (type >= 12) return type % 2 === 0 ? bytes : Buffer.from(bytes).toString("utf8");
  if (type === 8 || type === 9) return type - 8;
  if (type === 0) return null;
  const view = viewOf(bytes);
  if (type === 7) return view.getFloat64(0);
  if (type === 6) return Number(view.getBigInt64(0));
  return Buffer.from(bytes).readIntBE(0, bytes.length);
}

/** "A variable-length integer": of at most nine bytes; NaN where it is cut off. */
function readVarint(bytes: Uint8Array, at: number): { readonly value: number; readonly bytes: number } {
  let value = 0;
  for (let length = 1; length <= 9; length++) {
    const byte = bytes[at + length - 1];
    if (byte === undefined) return { value: Number.NaN, bytes: length };
    if (length === 9) return { value: value * 0x100 + byte, bytes: length };
    value = value * 0x80 + (byte & 0x7f);
    if (byte < 0x80) return { value, bytes: length };
  }
  return { value: Number.NaN, bytes: 9 };
}
