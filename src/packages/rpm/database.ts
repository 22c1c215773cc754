// rpm's database as one SQLite file, with the tables, rows and headers that rpm itself writes (rpm 4.16 and later, "sqlite"
// backend), in a fixed order: the same packages give the same bytes.
import { compareBytes } from "../../core/byte-order.ts";
import type { DatabaseOptions, GeneratedFile, InstalledPackage, RichRelation } from "../contract.ts";
import { filesOf } from "./files.ts";
import { type Header, type HeaderEntry, parseHeader, valueType } from "./header.ts";
import { charsValue, type HeaderValue, numberValue, withValues } from "./header-write.ts";
import { headersOf } from "./installed.ts";
import { pubkeyHeaders } from "./pubkey.ts";
import { parseRelation } from "./relation.ts";
import { formatSqlite, type SqliteRow, type SqliteTable, type SqliteValue } from "./sqlite.ts";
import { fileFlag, sense, signatureTags, tags } from "./tags.ts";

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
  const { folder = "var/lib/rpm", keys = [], backend = "sqlite" } = options.rpmDatabase ?? {};
  if (backend !== "sqlite") return [{ kind: "directory", path: folder, mode: 0o755 }];
  const blobs = [
    ...keys
      .flatMap(pubkeyHeaders)
      .map(({ bytes, added }) => withValues({ bytes }, [...added, ...transaction(options)])),
    ...[...installed].sort((a, b) => compareBytes(a.name, b.name)).map((one) => blobOf(one, options)),
  ];
  return [
    { kind: "directory", path: folder, mode: 0o755 },
    { kind: "file", path: `${folder}/rpmdb.sqlite`, mode: 0o644, bytes: formatSqlite(tablesOf(blobs)) },
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

interface IndexSpec {
  readonly name: string;
  readonly tag: number;
  /** Of the column that is looked up: rpm gives some tables fewer indexes. */
  readonly by: readonly ("key" | "hnum")[];
  readonly type?: "BLOB";
}

const byBoth = ["key", "hnum"] as const;

/** In the order in which rpm makes them. */
const indexSpecs: readonly IndexSpec[] = [
  { name: "Name", tag: tags.name, by: ["key"] },
  { name: "Basenames", tag: tags.baseNames, by: byBoth },
  { name: "Group", tag: tags.group, by: ["key"] },
  { name: "Requirename", tag: tags.requireNames, by: byBoth },
  { name: "Providename", tag: tags.provideNames, by: byBoth },
  { name: "Conflictname", tag: tags.conflictNames, by: byBoth },
  { name: "Obsoletename", tag: tags.obsoleteNames, by: byBoth },
  { name: "Triggername", tag: tags.triggerNames, by: byBoth },
  { name: "Dirnames", tag: tags.dirNames, by: byBoth },
  { name: "Installtid", tag: tags.installTransaction, by: [], type: "BLOB" },
  { name: "Sigmd5", tag: 261, by: [], type: "BLOB" },
  { name: "Sha1header", tag: signatureTags.sha1, by: ["key"] },
  { name: "Filetriggername", tag: tags.fileTriggerNames, by: byBoth },
  { name: "Transfiletriggername", tag: tags.transactionTriggerNames, by: byBoth },
  { name: "Recommendname", tag: tags.recommendNames, by: byBoth },
  { name: "Suggestname", tag: tags.suggestNames, by: byBoth },
  { name: "Supplementname", tag: tags.supplementNames, by: byBoth },
  { name: "Enhancename", tag: tags.enhanceNames, by: byBoth },
];

function tablesOf(blobs: readonly Uint8Array[]): readonly SqliteTable[] {
  const headers = blobs.map((bytes) => parseHeader(bytes, { what: "a header", region: tags.headerSignatures }));
  const packages: SqliteTable = {
    name: "Packages",
    sql: "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)",
    rows: blobs.map((bytes, at) => ({ id: at + 1, values: [null, bytes] })),
    indexes: [],
  };
  const sequence: SqliteTable = {
    name: "sqlite_sequence",
    sql: "CREATE TABLE sqlite_sequence(name,seq)",
    rows: blobs.length > 0 ? [{ id: 1, values: ["Packages", blobs.length] }] : [],
    indexes: [],
  };
  return [packages, sequence, ...indexSpecs.map((spec) => indexTable(spec, headers))];
}

function indexTable({ name, tag, by, type = undefined }: IndexSpec, headers: readonly Header[]): SqliteTable {
  const rows: SqliteRow[] = [];
  headers.forEach((header, at) => {
    for (const { key, index } of keysOf(header, tag)) rows.push({ id: rows.length + 1, values: [key, at + 1, index] });
  });
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

interface IndexKey {
  readonly key: SqliteValue;
  readonly index: number;
}

/** What rpm looks up of a tag (rpm's rpmdbIndexAdd and tag2index). */
function keysOf(header: Header, tag: number): readonly IndexKey[] {
  const entry = header.entries.find((one) => one.tag === tag);
  if (entry === undefined) return [];
  if (entry.type === valueType.bin) return [{ key: header.bin(tag) ?? null, index: 0 }];
  if (entry.type === valueType.int32)
    return header.numbers(tag).map((one, index) => ({ key: littleEndian(one), index }));
  const texts = entry.type === valueType.i18nString ? header.texts(tag).slice(0, 1) : header.texts(tag);
  const keys = texts.map((key, index) => ({ key, index }));
  switch (tag) {
    case tags.requireNames: {
      const flags = header.numbers(tags.requireFlags);
      return withRich(keys.filter(({ index }) => !isForInstallOnly(flags[index] ?? 0)));
    }
    case tags.triggerNames:
      return keys.filter(({ key }, at) => texts.indexOf(key) === at);
    default:
      return withRich(keys);
  }
}

/** What is only needed while the package is installed is not looked up when others are removed. */
function isForInstallOnly(flags: number): boolean {
  const { scriptPre, scriptPost, rpmlib, keyring, preTrans, postTrans, scriptPreUn, scriptPostUn } = sense;
  const install = flags & (scriptPre | scriptPost | rpmlib | keyring | preTrans | postTrans);
  return install !== 0 && (flags & (scriptPreUn | scriptPostUn)) === 0;
}

/** Names in boolean relations are looked up too, after all others; those of conditions with "!" in front. */
function withRich(keys: readonly { readonly key: string; readonly index: number }[]): readonly IndexKey[] {
  const inner = keys.flatMap(({ key, index }) => {
    const { rich } = key.startsWith("(") ? parseRelation(key, "depends") : {};
    return [...new Set(rich ? namesIn(rich, "") : [])].map((name) => ({ key: name, index }));
  });
  return [...keys, ...inner];
}

function namesIn(rich: RichRelation, sign: "" | "!"): readonly string[] {
  const other = sign === "" ? "!" : "";
  switch (rich.kind) {
    case "name":
      return [`${sign}${rich.requirement.name}`];
    case "if":
    case "unless":
      return [
        ...namesIn(rich.wanted, sign),
        ...namesIn(rich.condition, other),
        // With an else the condition counts both ways.
        ...(rich.otherwise ? [...namesIn(rich.condition, sign), ...namesIn(rich.otherwise, sign)] : []),
      ];
    default:
      return rich.parts.flatMap((part) => namesIn(part, sign));
  }
}

function littleEndian(number: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
}
