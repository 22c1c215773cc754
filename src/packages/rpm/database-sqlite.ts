// The database as tables of one SQLite file, in the order in which rpm makes them.
import { type IndexSpec, indexSpecs, keysOf } from "./database-index.ts";
import type { DatabaseRows } from "./database-rows.ts";
import type { SqliteRow, SqliteTable } from "./sqlite.ts";

export function tablesOf({ rows, lastId }: DatabaseRows): readonly SqliteTable[] {
  const packages: SqliteTable = {
    name: "Packages",
    sql: "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)",
    rows: rows.map(({ id, bytes }) => ({ id, values: [null, bytes] })),
    indexes: [],
  };
  const sequence: SqliteTable = {
    name: "sqlite_sequence",
    sql: "CREATE TABLE sqlite_sequence(name,seq)",
    rows: lastId > 0 ? [{ id: 1, values: ["Packages", lastId] }] : [],
    indexes: [],
  };
  return [packages, sequence, ...indexSpecs.map((spec) => indexTable(spec, rows))];
}

function indexTable({ name, tag, by, type = undefined }: IndexSpec, headers: DatabaseRows["rows"]): SqliteTable {
  const rows: SqliteRow[] = [];
  for (const { id, header } of headers) {
    for (const { key, index } of keysOf(header, tag)) rows.push({ id: rows.length + 1, values: [key, id, index] });
  }
  const columns = "hnum INTEGER NOT NULL, idx INTEGER NOT NULL, FOREIGN KEY (hnum) REFERENCES 'Packages'(hnum)";
  return {
    name,
    sql: `CREATE TABLE '${name}' (key '${type ?? "TEXT"}' NOT NULL, ${columns})`,
    rows,
    indexes: by.map((column) => ({
      name: `${name}_${column}_idx`,
      sql: `CREATE INDEX '${name}_${column}_idx' ON '${name}'(${column} ASC)`,
      column: column === "key" ? 0 : 1,
    })),
  };
}
