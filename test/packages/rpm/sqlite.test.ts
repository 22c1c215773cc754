import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it, type TestContext } from "node:test";
import { formatSqlite, type SqliteTable } from "../../../src/packages/rpm/sqlite.ts";
import { temporaryFolder } from "../../kit/temporary.ts";

async function opened(t: TestContext, tables: readonly SqliteTable[]): Promise<DatabaseSync> {
  const path = join(await temporaryFolder(t), "x.sqlite");
  writeFileSync(path, formatSqlite(tables));
  const database = new DatabaseSync(path, { readOnly: true });
  t.after(() => database.close());
  return database;
}

const table = (rows: SqliteTable["rows"]): SqliteTable => ({
  name: "t",
  sql: "CREATE TABLE t (key TEXT, number INTEGER)",
  rows,
  indexes: [
    { name: "t_key", sql: "CREATE INDEX t_key ON t(key ASC)", column: 0 },
    { name: "t_number", sql: "CREATE INDEX t_number ON t(number ASC)", column: 1 },
  ],
});

describe("formatSqlite", () => {
  for (const count of [0, 1, 2, 70, 75, 80, 100, 150, 500, 5_000, 50_000]) {
    it(`writes ${count} rows so that SQLite finds nothing wrong`, async (t) => {
      const rows = Array.from({ length: count }, (_, at) => ({
        id: at + 1,
        values: [`key ${"x".repeat(at % 40)} ${(at * 7919) % 1000}`, (at * 31) % 977] as const,
      }));
      const database = await opened(t, [table(rows)]);
      assert.deepEqual(database.prepare("PRAGMA integrity_check").all().map(Object.values), [["ok"]]);
      const got = database.prepare("SELECT rowid AS id, key, number FROM t ORDER BY rowid").all();
      assert.deepEqual(
        got.map(({ id, key, number }) => ({ id, values: [key, number] })),
        rows,
      );
    });
  }
  for (const length of [0, 1, 488, 489, 490, 4060, 4061, 4062, 4063, 8151, 8152, 8153, 100_000]) {
    it(`writes values of ${length} bytes`, async (t) => {
      const long = "x".repeat(length);
      const sql = "CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT, blob BLOB NOT NULL)";
      const blob = Buffer.alloc(length, 7);
      const index = { name: "b_key", sql: "CREATE INDEX b_key ON b(key)", column: 1 };
      const rows = [1, 2, 3].map((id) => ({ id, values: [null, `${long}${id}`, blob] }));
      const sequence = { name: "sqlite_sequence", sql: "CREATE TABLE sqlite_sequence(name,seq)", indexes: [] };
      const database = await opened(t, [
        { name: "b", sql, rows, indexes: [index] },
        { ...sequence, rows: [{ id: 1, values: ["b", 3] }] },
      ]);
      assert.deepEqual(database.prepare("PRAGMA integrity_check").all().map(Object.values), [["ok"]]);
      const got = database.prepare("SELECT id, key, blob FROM b WHERE key = ?").all(`${long}2`);
      assert.deepEqual(
        got.map(({ id, key, blob }) => [id, key, Buffer.from(blob as Uint8Array).equals(Buffer.alloc(length, 7))]),
        [[2, `${long}2`, true]],
      );
    });
  }
  it("writes numbers of every size", async (t) => {
    const numbers = [0, 1, 2, -1, 127, 128, -128, 32767, 32768, 8388607, 8388608, 2147483647, 2147483648, -2147483648];
    const database = await opened(t, [table(numbers.map((number, at) => ({ id: at + 1, values: ["k", number] })))]);
    assert.deepEqual(database.prepare("PRAGMA integrity_check").all().map(Object.values), [["ok"]]);
    assert.deepEqual(database.prepare("SELECT number FROM t ORDER BY rowid").all().flatMap(Object.values), numbers);
  });
});
