// Writes a SQLite database file (sqlite.org/fileformat2.html) whose bytes follow from its rows alone: SQLite's own would
// depend on its version and on the order of what was done. Tables and indexes are written once, from sorted rows, and full.
import { compareBytes } from "../../core/byte-order.ts";
import { type Cell, formatVarint, treePages } from "./sqlite-pages.ts";

export type SqliteValue = number | string | Uint8Array | null;

export interface SqliteTable {
  readonly name: string;
  /** As `sqlite_schema` has it. */
  readonly sql: string;
  /** By ascending row number. */
  readonly rows: readonly SqliteRow[];
  readonly indexes: readonly SqliteIndex[];
}

export interface SqliteRow {
  readonly id: number;
  readonly values: readonly SqliteValue[];
}

export interface SqliteIndex {
  readonly name: string;
  readonly sql: string;
  /** Place of the one column that is indexed. */
  readonly column: number;
}

const PAGE_BYTES = 4096;
const FILE_HEADER_BYTES = 100;
/** What the header says wrote the file: any release that knows schema format 4 does. */
const SQLITE_VERSION = 3_046_000;

export function formatSqlite(tables: readonly SqliteTable[]): Uint8Array {
  /** By page number less 1; the first page, the schema's root, is made last. */
  const pages: Uint8Array[] = [new Uint8Array(PAGE_BYTES)];
  const schema: SqliteRow[] = [];
  const state = (type: string, name: string, table: string, root: number, sql: string): void => {
    schema.push({ id: schema.length + 1, values: [type, name, table, root, sql] });
  };
  for (const { name, sql, rows, indexes } of tables) {
    state("table", name, name, addTree(pages, "table", rows.map(tableCell)), sql);
    for (const index of indexes) {
      state("index", index.name, name, addTree(pages, "index", indexCells(rows, index.column)), index.sql);
    }
  }
  const { root } = treePages("table", schema.map(tableCell), { pages, rootOffset: FILE_HEADER_BYTES });
  root.set(fileHeader(pages.length, schema.length), 0);
  pages[0] = root;
  return Buffer.concat(pages);
}

/** The number of the root's page. */
function addTree(pages: Uint8Array[], kind: "table" | "index", cells: readonly Cell[]): number {
  const { root } = treePages(kind, cells, { pages, rootOffset: 0 });
  return pages.push(root);
}

const tableCell = ({ id, values }: SqliteRow): Cell => ({ id, payload: formatRecord(values) });

/** Sorted by value, then by row. */
function indexCells(rows: readonly SqliteRow[], column: number): readonly Cell[] {
  const keys = rows.map(({ id, values }) => ({ id, value: values[column] ?? null }));
  keys.sort((a, b) => compareValues(a.value, b.value) || a.id - b.id);
  return keys.map(({ id, value }) => ({ id, payload: formatRecord([value, id]) }));
}

function compareValues(a: SqliteValue, b: SqliteValue): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return compareBytes(a, b);
  return 0;
}

/** "Record Format": the types of the values, then the values. */
function formatRecord(values: readonly SqliteValue[]): Uint8Array {
  const types = values.map(typeOf);
  const bodies = values.map(bodyOf);
  const codes = Buffer.concat(types.map((type) => formatVarint(type)));
  // The size counts itself, and never needs more than two bytes here.
  const size = codes.length + 1 < 0x80 ? codes.length + 1 : codes.length + 2;
  return Buffer.concat([formatVarint(size), codes, ...bodies]);
}

function typeOf(value: SqliteValue): number {
  if (value === null) return 0;
  if (typeof value === "number") {
    if (value === 0 || value === 1) return 8 + value;
    return integerTypes.findIndex((bytes, type) => type > 0 && fits(value, bytes));
  }
  return typeof value === "string" ? 13 + 2 * Buffer.byteLength(value) : 12 + 2 * value.length;
}

/** Bytes of the integer of each type. */
const integerTypes: readonly number[] = [0, 1, 2, 3, 4, 6];
const fits = (value: number, bytes: number): boolean => Math.abs(value) < 2 ** (8 * bytes - 1);

function bodyOf(value: SqliteValue): Uint8Array {
  if (value === null || value === 0 || value === 1) return new Uint8Array();
  if (typeof value === "string") return Buffer.from(value);
  if (typeof value !== "number") return value;
  const bytes = Buffer.alloc(integerTypes[typeOf(value)] ?? 0);
  bytes.writeIntBE(value, 0, bytes.length);
  return bytes;
}

/** "The Database Header": rollback journal, so that nothing is written beside the file when somebody reads it. */
function fileHeader(pageCount: number, cookie: number): Uint8Array {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  header.write("SQLite format 3\0", 0, "latin1");
  header.writeUInt16BE(PAGE_BYTES, 16);
  header.set([1, 1, 0, 64, 32, 32], 18);
  const numbers: readonly (readonly [offset: number, value: number])[] = [
    [24, 1], // file change counter
    [28, pageCount],
    [40, cookie],
    [44, 4], // schema format
    [56, 1], // UTF-8
    [92, 1], // change counter that the next number is valid for
    [96, SQLITE_VERSION],
  ];
  for (const [offset, value] of numbers) header.writeUInt32BE(value, offset);
  return header;
}
