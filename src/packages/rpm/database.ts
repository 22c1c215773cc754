// rpm's database, with the tables, rows and headers that rpm itself writes, in a fixed order: the same packages give the same
// bytes. One SQLite file since rpm 4.16; files of Berkeley DB before; SUSE's rpm has a form of its own.
import { compareBytes } from "../../core/byte-order.ts";
import { unreachable } from "../../core/unreachable.ts";
import type { DatabaseOptions, GeneratedFile, InstalledPackage, RpmBackend, RpmDatabase } from "../contract.ts";
import { berkeleyFiles, type DatabaseFile } from "./database-berkeley.ts";
import { type DatabaseRows, mergedRows } from "./database-rows.ts";
import { tablesOf } from "./database-sqlite.ts";
import { filesOf, isNarrow } from "./files.ts";
import type { Header, HeaderEntry } from "./header.ts";
import { charsValue, type HeaderValue, numberValue, withValues } from "./header-write.ts";
import { installOrder } from "./install-order.ts";
import { headersOf } from "./installed.ts";
import { formatNdb } from "./ndb.ts";
import { pubkeyHeaders } from "./pubkey.ts";
import { formatSqlite } from "./sqlite.ts";
import { fileFlag, signatureTags, tags } from "./tags.ts";

/** FILESTATES of a file that is there, of one that was left out, and of one in whose place is a program for another word size (rpm's rpmfiles.h). */
const FILE_NORMAL = 0;
const FILE_NOT_INSTALLED = 2;
const FILE_WRONG_COLOR = 4;
/** Architectures whose packages may be of two word sizes; files of either colour are taken (rpm's %_transaction_color). */
const coloured: ReadonlySet<string> = new Set(["x86_64", "s390x", "ppc64", "sparc64"]);

/** The database files for these packages, sorted by path: with what the image below has, in its place and form. */
export function formatDatabase(
  installed: readonly InstalledPackage[],
  options: DatabaseOptions,
): readonly GeneratedFile[] {
  const { rpmDatabase, below } = options;
  const keys = below ? [] : (rpmDatabase?.keys ?? []);
  const added = [
    ...keys
      .flatMap(pubkeyHeaders)
      .map(({ bytes, added: more }) => withValues({ bytes }, [...more, ...transaction(options)])),
    ...numbered(installed, options).map((one) => blobOf(one, options)),
  ];
  return databaseFiles(mergedRows(below?.rpm, { added, installed: installed.map(identified) }), options);
}

const realNameOf = ({ name, realName = name }: InstalledPackage): string => realName;
const identified = (one: InstalledPackage): Pick<InstalledPackage, "architecture" | "name"> => ({
  name: realNameOf(one),
  architecture: one.architecture,
});

/** By name, the platform's own before its like; behind those of an image below in the order in which rpm would add them. */
function numbered(
  installed: readonly InstalledPackage[],
  { below, architecture }: DatabaseOptions,
): readonly InstalledPackage[] {
  if (below) return installOrder(installed);
  const isOther = (one: InstalledPackage): number => (one.architecture === architecture ? 0 : 1);
  return installed.toSorted((a, b) => compareBytes(realNameOf(a), realNameOf(b)) || isOther(a) - isOther(b));
}

/** The files for headers as rpm keeps them. */
export function databaseFiles(rows: DatabaseRows, options: DatabaseOptions): readonly GeneratedFile[] {
  const { below } = options;
  const { folder, backend } = placeOf(options);
  const more = new Set(below?.rpm ? below.files.names(folder) : []);
  return [
    ...(below?.rpm ? [] : [{ kind: "directory", path: folder, mode: 0o755 } as const]),
    ...filesIn(backend, rows, more).map(
      ({ name, bytes }): GeneratedFile => ({ kind: "file", path: `${folder}/${name}`, mode: 0o644, bytes }),
    ),
  ];
}

/** Where the database is, and in which form: that of the image below counts. */
export function placeOf({ below, rpmDatabase }: DatabaseOptions): Pick<RpmDatabase, "folder" | "backend"> {
  const { folder = "var/lib/rpm", backend = "sqlite" } = below?.rpm ?? rpmDatabase ?? {};
  return { folder, backend };
}

/** `more` are files that are there already. */
function filesIn(backend: RpmBackend, rows: DatabaseRows, more: ReadonlySet<string>): readonly DatabaseFile[] {
  switch (backend) {
    case "sqlite":
      return [{ name: "rpmdb.sqlite", bytes: formatSqlite(tablesOf(rows)) }];
    case "berkeley":
      return berkeleyFiles(rows, more);
    case "ndb":
      return [
        {
          name: "Packages.db",
          bytes: formatNdb({ records: rows.rows, generation: rows.generation, next: rows.lastId + 1 }),
        },
      ];
    default:
      return unreachable(backend);
  }
}

/** The header as rpm keeps it: what the package brought, its signatures under their own tags, and how it was installed. */
function blobOf(installed: InstalledPackage, options: DatabaseOptions): Uint8Array {
  const { header, signature } = headersOf(installed.control, installed.name);
  const there = new Set(installed.paths);
  const states = filesOf(header, `"${installed.name}"`).map((file) => {
    const { path, flags } = file;
    if (there.has(path === "/" ? "/." : path.replace(/\/$/, "")) || (flags & fileFlag.ghost) !== 0) return FILE_NORMAL;
    return isNarrow(file) && (flags & fileFlag.doc) === 0 ? FILE_WRONG_COLOR : FILE_NOT_INSTALLED;
  });
  return withValues(header, [
    ...signatureValues(signature, header),
    ...transaction(options),
    ...(states.length > 0 ? [charsValue(tags.fileStates, Uint8Array.from(states))] : []),
    numberValue(tags.installColor, coloured.has(options.architecture) ? 3 : 0),
  ]);
}

const transaction = ({ epoch = 0 }: DatabaseOptions): readonly HeaderValue[] => [
  numberValue(tags.installTime, epoch),
  numberValue(tags.installTransaction, epoch),
];

/** Tags of signature headers that mean something else in a header, and those that take their place (rpm's headerMergeLegacySigs). */
const renamed: ReadonlyMap<number, number> = new Map([
  [signatureTags.size, 257],
  [signatureTags.pgp, 259],
  [signatureTags.md5, 261],
  [signatureTags.gpg, 262],
  [signatureTags.payloadSize, tags.archiveSize],
]);

function signatureValues(signature: Header, header: Header): readonly HeaderValue[] {
  return signature.entries.flatMap((entry) => {
    const tag = renamed.get(entry.tag) ?? entry.tag;
    const isPlain = entry.tag >= 1000 ? renamed.has(entry.tag) : entry.tag >= 256 && entry.tag < 999;
    return isPlain && !header.has(tag) ? [valueAs(signature, entry, tag)] : [];
  });
}

function valueAs({ bytes }: Header, { type, offset, length, count }: HeaderEntry, tag: number): HeaderValue {
  const dataStart = 8 + 16 * new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
  return { tag, type, count, bytes: bytes.subarray(dataStart + offset, dataStart + offset + length) };
}
