// Databases that others wrote: SQLite's own files with and without its log, real ones of Berkeley DB and SUSE's, and damaged ones.
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it, type TestContext } from "node:test";
import { DodaiError } from "../../../src/core/dodai-error.ts";
import type { InstalledFiles, PresentPackage } from "../../../src/packages/contract.ts";
import { formatBerkeleyHash } from "../../../src/packages/rpm/berkeley.ts";
import { readBerkeleyHash } from "../../../src/packages/rpm/berkeley-read.ts";
import { rpm } from "../../../src/packages/rpm/format.ts";
import { formatNdb, readNdb } from "../../../src/packages/rpm/ndb.ts";
import { formatSqlite, type SqliteTable } from "../../../src/packages/rpm/sqlite.ts";
import { openSqlite } from "../../../src/packages/rpm/sqlite-read.ts";
import { fixture, needs } from "../../kit/oracle.ts";
import { temporaryFolder } from "../../kit/temporary.ts";

const testdata = fixture("rpm/go-rpmdb/knqyf263+go-rpmdb/pkg/testdata");
const libuuid = join(testdata, "libuuid/Packages");
const sle15 = join(testdata, "sle15-bci/Packages.db");
const upstream = fixture("rpm/upstream-rpm-tests/rpm-software-management+rpm/tests/data/misc/rpmdb.sqlite");

/** An image of these files alone. */
function imageOf(contents: Readonly<Record<string, Uint8Array>>): InstalledFiles {
  return {
    has: (path) => path in contents,
    read: (path) => contents[path] ?? assert.fail(`${path} is not there`),
    names: (folder) =>
      Object.keys(contents)
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1))
        .toSorted(),
  };
}

const packagesIn = (contents: Readonly<Record<string, Uint8Array>>): readonly PresentPackage[] =>
  rpm.readInstalled?.(imageOf(contents), "x86_64")?.packages ?? [];

describe("real databases", () => {
  it("of SQLite are read", needs(upstream), () => {
    const found = packagesIn({ "var/lib/rpm/rpmdb.sqlite": readFileSync(upstream) });
    assert.deepEqual(
      found.map(({ name, version }) => `${name}-${version}`),
      ["foo-1.0-1", "hlinktest-1.0-1"],
    );
  });
  it("of Berkeley DB are read", needs(libuuid), () => {
    const found = packagesIn({ "var/lib/rpm/Packages": readFileSync(libuuid) });
    assert.deepEqual(
      found.map(({ name }) => name),
      ["libuuid"],
    );
  });
  it("of SUSE's rpm are read, where they lie", needs(sle15), () => {
    const image = imageOf({
      "usr/lib/sysimage/rpm/Packages.db": readFileSync(sle15),
      "usr/lib/sysimage/rpm/Index.db": new Uint8Array(1),
    });
    const database = rpm.readInstalled?.(image, "x86_64");
    assert.equal(database?.rpm?.folder, "usr/lib/sysimage/rpm");
    assert.ok(database.packages.some(({ name, version }) => name === "glibc" && version.startsWith("2.31-")));
    assert.deepEqual(database.leftovers, ["usr/lib/sysimage/rpm/Index.db"]);
    const [glibc] = database.index.named("glibc");
    assert.ok(glibc?.provides.some(({ name }) => name === "libc.so.6()(64bit)"));
    assert.ok(
      database.index.providing("/etc/nsswitch.conf").length > 0 ||
        database.index.providing("/sbin/ldconfig").length > 0,
    );
  });
  it("are not there in an image without one", () => {
    assert.equal(rpm.readInstalled?.(imageOf({}), "x86_64"), undefined);
  });
});

/** A database as SQLite itself leaves it; the log is that of a program that was ended. */
async function written(t: TestContext, mode: "wal" | "delete"): Promise<Record<string, Uint8Array>> {
  const folder = await temporaryFolder(t);
  const path = join(folder, "x.sqlite");
  const database = new DatabaseSync(path);
  database.exec(
    `PRAGMA synchronous = OFF; PRAGMA journal_mode = ${mode}; CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB)`,
  );
  const add = database.prepare("INSERT INTO Packages (blob) VALUES (?)");
  for (let at = 0; at < 300; at++) add.run(Buffer.alloc((at * 379) % 30_000, at));
  database.exec("DELETE FROM Packages WHERE hnum % 3 = 0");
  if (mode === "wal") {
    database.exec("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA wal_autocheckpoint = 0");
    for (let at = 300; at < 340; at++) add.run(Buffer.alloc(50 * at, at));
    // What was not committed does not count.
    database.exec("BEGIN; DELETE FROM Packages");
  }
  mkdirSync(join(folder, "copy"));
  const files: Record<string, Uint8Array> = {};
  for (const ending of ["", "-wal"]) {
    if (!existsSync(path + ending)) continue;
    copyFileSync(path + ending, join(folder, "copy", `x.sqlite${ending}`));
    files[ending] = readFileSync(join(folder, "copy", `x.sqlite${ending}`));
  }
  database.close();
  return files;
}

describe("openSqlite", () => {
  for (const mode of ["delete", "wal"] as const) {
    it(`reads what SQLite has in the mode "${mode}"`, async (t) => {
      const { "": bytes = new Uint8Array(), "-wal": wal } = await written(t, mode);
      assert.equal(wal !== undefined, mode === "wal");
      const rows = openSqlite(bytes, { what: "x", ...(wal ? { wal } : {}) }).rows("Packages") ?? [];
      const all = Array.from({ length: mode === "wal" ? 340 : 300 }, (_, at) => at).filter(
        (at) => at >= 300 || (at + 1) % 3 !== 0,
      );
      assert.deepEqual(
        rows.map(({ id }) => id),
        all.map((at) => at + 1),
      );
      for (const { id, values } of rows) {
        const at = id - 1;
        const size = at < 300 ? (at * 379) % 30_000 : 50 * at;
        assert.ok(Buffer.alloc(size, at).equals(values[1] as Uint8Array), `row ${id}`);
      }
    });
  }
  it("passes over frames of a log behind one that is damaged", async (t) => {
    const { "": bytes = new Uint8Array(), "-wal": wal = new Uint8Array() } = await written(t, "wal");
    const cut = Uint8Array.from(wal);
    cut[60] = (cut[60] ?? 0) ^ 1;
    assert.equal(openSqlite(bytes, { what: "x", wal: cut }).rows("Packages")?.length, 200);
  });
});

const big = Buffer.alloc(20_000, 7);
const table: SqliteTable = {
  name: "Packages",
  sql: "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)",
  rows: Array.from({ length: 300 }, (_, at) => ({
    id: at + 1,
    values: [null, at % 9 === 0 ? big : Buffer.alloc(90)] as const,
  })),
  indexes: [],
};
const number = (id: number): Uint8Array => Buffer.from(Uint32Array.of(id).buffer);

const forms: readonly {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly read: (bytes: Uint8Array) => unknown;
}[] = [
  {
    name: "SQLite",
    bytes: formatSqlite([table]),
    read: (bytes) => openSqlite(bytes, { what: "x" }).rows("Packages"),
  },
  {
    name: "Berkeley DB",
    bytes: formatBerkeleyHash(
      "Packages",
      table.rows.map(({ id, values: [, value] }) => ({ key: number(id), value: value as Uint8Array })),
    ),
    read: (bytes) => readBerkeleyHash(bytes, "x"),
  },
  {
    name: "ndb",
    bytes: formatNdb({
      records: table.rows.map(({ id, values: [, bytes] }) => ({ id, bytes: bytes as Uint8Array })),
      generation: 3,
      next: 301,
    }),
    read: (bytes) => readNdb(bytes, "x"),
  },
];

/** The same numbers each time. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    yield state >>> 8;
  }
}

describe("a damaged database", () => {
  for (const { name, bytes, read } of forms) {
    it(`of ${name} is read or refused, whatever is changed in it`, () => {
      read(bytes);
      const random = numbers(7);
      const next = (): number => random.next().value as number;
      let refused = 0;
      for (let round = 0; round < 400; round++) {
        const spoiled = Uint8Array.from(round % 5 === 0 ? bytes.subarray(0, next() % bytes.length) : bytes);
        for (let change = 0; change < 8; change++) {
          // Mostly where pages have their numbers and sizes.
          const at = change % 2 === 0 ? next() : (next() % 70) * 4096 + (next() % 64);
          if (at % bytes.length < spoiled.length) spoiled[at % bytes.length] = next();
        }
        try {
          read(spoiled);
        } catch (error) {
          assert.ok(error instanceof DodaiError && error.code === "DATABASE_BROKEN", String(error));
          refused++;
        }
      }
      assert.ok(refused > 40, `${refused} were refused`);
    });
  }

  const page = (bytes: Uint8Array, at: number): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset + 4096 * at, 4096);
  const loops: readonly {
    readonly name: string;
    readonly form: number;
    readonly spoil: (bytes: Uint8Array) => void;
  }[] = [
    {
      name: "of SQLite whose overflow chain comes back",
      form: 0,
      spoil: (bytes) => page(bytes, 2).writeUInt32BE(2, 0),
    },
    {
      name: "of SQLite whose schema is below itself",
      form: 0,
      spoil: (bytes) => {
        page(bytes, 0)[100] = 5;
        page(bytes, 0).writeUInt16BE(0, 103);
        page(bytes, 0).writeUInt32BE(1, 108);
      },
    },
    {
      name: "of Berkeley DB whose overflow chain comes back",
      form: 1,
      spoil: (bytes) => page(bytes, 3).writeUInt32LE(2, 16),
    },
    {
      name: "of ndb with one header in two slots",
      form: 2,
      spoil: (bytes) => page(bytes, 0).copy(bytes, 48, 32, 48),
    },
  ];
  for (const { name, form, spoil } of loops) {
    it(`${name} is refused`, () => {
      const { bytes, read } = forms[form] ?? assert.fail();
      const spoiled = Uint8Array.from(bytes);
      spoil(spoiled);
      assert.throws(() => read(spoiled), { code: "DATABASE_BROKEN" });
    });
  }

  it("with a transaction that was not ended is refused", () => {
    const journal = Buffer.from("d9d505f920a163d700000001000000000000000000000000", "hex");
    const contents = { "var/lib/rpm/rpmdb.sqlite": formatSqlite([table]), "var/lib/rpm/rpmdb.sqlite-journal": journal };
    assert.throws(() => packagesIn(contents), { code: "DATABASE_BROKEN", message: /not ended/ });
  });
  it("whose headers are none is refused", () => {
    assert.throws(() => packagesIn({ "var/lib/rpm/rpmdb.sqlite": formatSqlite([table]) }), { code: "DATABASE_BROKEN" });
  });
});
