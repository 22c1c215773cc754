// rpm's database of an image that is there, in whichever of its three forms: the headers by their numbers.
import { DodaiError } from "../../core/dodai-error.ts";
import type { InstalledFiles, PresentRpmDatabase, RpmBackend } from "../contract.ts";
import { readBerkeleyHash } from "./berkeley-read.ts";
import { broken, viewOf } from "./database-fault.ts";
import { readNdb } from "./ndb.ts";
import { openSqlite } from "./sqlite-read.ts";

/** Where releases have it; `names` does not follow links, so that what is written lands where the files are. */
const folders: readonly string[] = ["usr/lib/sysimage/rpm", "var/lib/rpm"];

/** What the file with the headers is called; the newer forms first, which an older one may lie beside. */
export const databaseNames: Readonly<Record<RpmBackend, string>> = {
  sqlite: "rpmdb.sqlite",
  ndb: "Packages.db",
  berkeley: "Packages",
};

/** A full desktop's has some 500 MB. */
const MAX_BYTES = 1 << 30;
/** rpm numbers headers with 32 bits, of which it uses 31. */
const MAX_ID = 0x7fff_fff0;

/** `undefined` where there is none. Throws DATABASE_BROKEN. */
export function readDatabase(files: InstalledFiles): PresentRpmDatabase | undefined {
  for (const folder of folders) {
    const names = files.names(folder);
    for (const [backend, name] of Object.entries(databaseNames) as [RpmBackend, string][]) {
      if (names.includes(name) && files.has(`${folder}/${name}`)) return readForm(files, { folder, name, backend });
    }
  }
  return undefined;
}

type ReadFiles = Pick<InstalledFiles, "has" | "read">;

interface Form {
  readonly folder: string;
  readonly name: string;
  readonly backend: RpmBackend;
}

/** The database of one form at its place. Throws DATABASE_BROKEN. */
export function readForm(files: ReadFiles, { folder, name, backend }: Form): PresentRpmDatabase {
  const path = `${folder}/${name}`;
  const what = `"${path}" of the image`;
  const bytes = sized(files.read(path), what);
  const { headers, lastId, generation } = readers[backend](bytes, { files, path, what });
  for (const { id } of headers) if (id < 1 || id > MAX_ID) throw broken(what, `a header in it has the number ${id}`);
  const highest = Math.max(lastId, ...headers.map(({ id }) => id));
  if (highest > MAX_ID) throw broken(what, `the highest number in it is ${highest}`);
  return { folder, backend, headers: headers.toSorted((a, b) => a.id - b.id), lastId: highest, generation };
}

interface Place {
  readonly files: ReadFiles;
  readonly path: string;
  readonly what: string;
}

type Read = Pick<PresentRpmDatabase, "headers" | "lastId" | "generation">;

const readers: Readonly<Record<RpmBackend, (bytes: Uint8Array, place: Place) => Read>> = {
  sqlite: readSqliteForm,
  berkeley: readBerkeleyForm,
  ndb: (bytes, { what }) => {
    const { records, generation, next } = readNdb(bytes, what);
    return { headers: records, generation, lastId: Math.max(0, next - 1) };
  },
};

function readSqliteForm(bytes: Uint8Array, { files, path, what }: Place): Read {
  assertNoJournal(files, `${path}-journal`);
  const wal = files.has(`${path}-wal`) ? sized(files.read(`${path}-wal`), `"${path}-wal" of the image`) : undefined;
  const file = openSqlite(bytes, { what, ...(wal ? { wal } : {}) });
  const rows = file.rows("Packages");
  if (rows === undefined) throw broken(what, "it has no table of packages");
  const headers = rows.map(({ id, values: [, blob] }) => {
    if (!(blob instanceof Uint8Array)) throw broken(what, `package ${id} has no header`);
    return { id, bytes: blob };
  });
  const sequence = file.rows("sqlite_sequence")?.find(({ values: [table] }) => table === "Packages")?.values[1];
  return { headers, lastId: typeof sequence === "number" ? sequence : 0, generation: 0 };
}

/** A transaction that was not ended would have to be undone first ("The Rollback Journal"). */
function assertNoJournal(files: ReadFiles, path: string): void {
  if (!files.has(path)) return;
  const start = Buffer.from(files.read(path).subarray(0, 12));
  // Without its magic, or with no pages in it, it is what an ended transaction left.
  if (start.length < 12 || start.readUInt32BE(0) !== 0xd9d505f9 || start.readUInt32BE(8) === 0) return;
  throw new DodaiError(
    "DATABASE_BROKEN",
    `Cannot read the image's package database: "${path}" is of a transaction that was not ended`,
    {
      fix: 'Run "rpm -qa" in the image as root, which ends it, and make the image anew.',
    },
  );
}

function readBerkeleyForm(bytes: Uint8Array, { what }: Place): Read {
  const headers: { readonly id: number; readonly bytes: Uint8Array }[] = [];
  let lastId = 0;
  const seen = new Set<number>();
  for (const { key, value } of readBerkeleyHash(bytes, what)) {
    if (key.length !== 4) throw broken(what, "a key in it is no number");
    const id = viewOf(key).getUint32(0, true);
    if (seen.has(id)) throw broken(what, `header ${id} is there twice`);
    seen.add(id);
    // Under the number 0 lies the highest that was given.
    if (id === 0) lastId = value.length === 4 ? viewOf(value).getUint32(0, true) : 0;
    else headers.push({ id, bytes: value });
  }
  return { headers, lastId, generation: 0 };
}

function sized(bytes: Uint8Array, what: string): Uint8Array {
  if (bytes.length > MAX_BYTES) throw broken(what, `it has ${bytes.length} bytes, at most ${MAX_BYTES} are read`);
  return bytes;
}
