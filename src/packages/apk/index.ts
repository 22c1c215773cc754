// The packages of one APKINDEX, from its compiled index: opened in milliseconds, each stanza parsed when it is asked for.
import { crc32 } from "node:zlib";
import { compareBytes } from "../../core/byte-order.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { PackageIndex, PackageRecord, RandomAccess } from "../contract.ts";
import { broken, hashName, type IndexTables, itemsOf, readTables } from "../index-layout.ts";
import { memoryAccess } from "../memory-access.ts";
import { compileText, conditionHash } from "./index-compile.ts";
import { type KnownWords, parseRecord, type RecordPlace } from "./record.ts";
import { compareVersions } from "./version.ts";

export interface OpenIndex {
  readonly index: PackageIndex;
  /** When its newest package was built, in seconds since 1970: how old an index is that has no date of its own. */
  readonly newestBuild: number;
}

/** Opens what `compileText` wrote. Throws CACHE_BROKEN or INDEX_SYNTAX, at once or when a package that cannot be read is asked for. */
export function openIndex(file: RandomAccess, place: RecordPlace): OpenIndex {
  const tables = readTables(file);
  const last = tables.flags.length - 1;
  const records: (PackageRecord | undefined)[] = new Array(last);
  const stanzas = new Map<PackageRecord, number>();
  const words: KnownWords = new Map();
  const record = (at: number): PackageRecord => {
    const known = records[at];
    if (known !== undefined) return known;
    const parsed = parseRecord(stanzaText(file, tables, at), place, words);
    records[at] = parsed;
    stanzas.set(parsed, at);
    return parsed;
  };
  const named = remembered((name) =>
    distinct(
      itemsOf(tables.names, hashName(name))
        .map(record)
        .filter((one) => one.name === name),
    ),
  );
  const looked = (hash: number): readonly PackageRecord[] => distinctItems(itemsOf(tables.provides, hash)).map(record);
  const index: PackageIndex = {
    size: last,
    named,
    providing: remembered((name) =>
      looked(hashName(name)).filter(({ provides }) => provides.some((provide) => provide.name === name)),
    ),
    conditional: remembered((name) =>
      looked(conditionHash(name)).filter(({ installIf }) => installIf?.some((condition) => condition.name === name)),
    ),
    flagged: () => [],
    names: () => [...new Set(allNames(file, tables))].sort(compareBytes),
    stanza: (one) => stanzaText(file, tables, stanzas.get(one) ?? -1).replace(/\n{2,}$/, "\n"),
  };
  return { index, newestBuild: Number(stanzaText(file, tables, last)) };
}

/** An index of a text that nobody keeps. */
export const memoryIndex = (text: Uint8Array, place: RecordPlace): PackageIndex =>
  openIndex(memoryAccess(compileText(text)), place).index;

/** Asks once for each name. */
function remembered(find: (name: string) => readonly PackageRecord[]): (name: string) => readonly PackageRecord[] {
  const before = new Map<string, readonly PackageRecord[]>();
  return (name) => {
    const known = before.get(name) ?? find(name);
    before.set(name, known);
    return known;
  };
}

const distinctItems = (items: readonly number[]): readonly number[] => (items.length < 2 ? items : [...new Set(items)]);

function stanzaText(file: RandomAccess, { offsets, checks }: IndexTables, at: number): string {
  const start = offsets[at] ?? 0;
  const bytes = file.read(start, (offsets[at + 1] ?? start) - start);
  if (crc32(bytes) !== (checks[at] ?? 0)) throw broken("a package's text is damaged");
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

function* allNames(file: RandomAccess, tables: IndexTables): Generator<string> {
  for (const at of tables.names.items) yield /^P:(.*)$/m.exec(stanzaText(file, tables, at))?.[1] ?? "";
}

/** Newest first, each once. The same version with another file is refused: which is installed would be nobody's decision. */
function distinct(records: readonly PackageRecord[]): readonly PackageRecord[] {
  const byVersion = new Map<string, PackageRecord>();
  for (const record of records) {
    const before = byVersion.get(record.version);
    if (before === undefined) byVersion.set(record.version, record);
    else if (before.digest !== record.digest) {
      throw new DodaiError(
        "INDEX_SYNTAX",
        `Cannot read the package index: package "${record.name}" has version "${record.version}" twice, with different files`,
      );
    }
  }
  return [...byVersion.values()].sort((a, b) => compareVersions(b.version, a.version));
}
