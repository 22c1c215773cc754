// rpm's database, with the tables, rows and headers that rpm itself writes, in a fixed order: the same packages give the same
// bytes. One SQLite file since rpm 4.16; files of Berkeley DB before.
import { compareBytes } from "../../core/byte-order.ts";
import type { DatabaseOptions, GeneratedFile, InstalledPackage, RpmDatabase } from "../contract.ts";
import { berkeleyFiles } from "./database-berkeley.ts";
import { tablesOf } from "./database-sqlite.ts";
import { filesOf } from "./files.ts";
import { type Header, type HeaderEntry, parseHeader } from "./header.ts";
import { charsValue, type HeaderValue, numberValue, withValues } from "./header-write.ts";
import { headersOf } from "./installed.ts";
import { pubkeyHeaders } from "./pubkey.ts";
import { formatSqlite } from "./sqlite.ts";
import { fileFlag, signatureTags, tags } from "./tags.ts";

/** FILESTATES of a file that is there, and of one that was left out (rpm's rpmfiles.h). */
const FILE_NORMAL = 0;
const FILE_NOT_INSTALLED = 2;
/** Architectures whose packages may be of two word sizes; files of either colour are taken (rpm's %_transaction_color). */
const coloured: ReadonlySet<string> = new Set(["x86_64", "s390x", "ppc64", "sparc64"]);

/** The database files for these packages, sorted by path. */
export function formatDatabase(
  installed: readonly InstalledPackage[],
  options: DatabaseOptions,
): readonly GeneratedFile[] {
  const { keys = [] } = options.rpmDatabase ?? {};
  const blobs = [
    ...keys
      .flatMap(pubkeyHeaders)
      .map(({ bytes, added }) => withValues({ bytes }, [...added, ...transaction(options)])),
    ...[...installed].sort((a, b) => compareBytes(a.name, b.name)).map((one) => blobOf(one, options)),
  ];
  return databaseFiles(blobs, options.rpmDatabase);
}

/** The files for headers as rpm keeps them, in the order in which they get their numbers. */
export function databaseFiles(
  blobs: readonly Uint8Array[],
  { folder = "var/lib/rpm", backend = "sqlite" }: Partial<RpmDatabase> = {},
): readonly GeneratedFile[] {
  const headers = blobs.map((bytes) => parseHeader(bytes, { what: "a header", region: tags.headerSignatures }));
  const files =
    backend === "sqlite"
      ? [{ name: "rpmdb.sqlite", bytes: formatSqlite(tablesOf(blobs, headers)) }]
      : berkeleyFiles(blobs, headers);
  return [
    { kind: "directory", path: folder, mode: 0o755 },
    ...files.map(({ name, bytes }): GeneratedFile => ({ kind: "file", path: `${folder}/${name}`, mode: 0o644, bytes })),
  ];
}

/** The header as rpm keeps it: what the package brought, its signatures under their own tags, and how it was installed. */
function blobOf(installed: InstalledPackage, options: DatabaseOptions): Uint8Array {
  const { header, signature } = headersOf(installed.control, installed.name);
  const there = new Set(installed.paths);
  const states = filesOf(header, `"${installed.name}"`).map(({ path, flags }) =>
    there.has(path === "/" ? "/." : path.replace(/\/$/, "")) || (flags & fileFlag.ghost) !== 0
      ? FILE_NORMAL
      : FILE_NOT_INSTALLED,
  );
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
