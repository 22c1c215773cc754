// The packages of one repository, from its compiled index: opened in milliseconds, each stanza parsed when it is asked for.
import { crc32 } from "node:zlib";
import { compareBytes } from "../../core/byte-order.ts";
import type { PackageIndex, PackageRecord, RandomAccess } from "../contract.ts";
import { broken, hashName, type IndexTables, itemsOf, readTables } from "../index-layout.ts";
import { memoryAccess } from "../memory-access.ts";
import { formatStanza } from "./deb822.ts";
import { compileText, ESSENTIAL_FLAG, PRIORITY_MASK, priorities } from "./index-compile.ts";
import { parseRecord } from "./record.ts";
import { compareVersions } from "./version.ts";

/** Opens what `compileIndex` wrote. Throws CACHE_BROKEN, at once or when a damaged stanza is read. */
export function openIndex(file: RandomAccess): PackageIndex {
  const tables = readTables(file);
  const records: (PackageRecord | undefined)[] = new Array(tables.flags.length);
  const stanzas = new Map<PackageRecord, number>();
  const namedBefore = new Map<string, readonly PackageRecord[]>();
  const providingBefore = new Map<string, readonly PackageRecord[]>();
  const record = (stanza: number): PackageRecord => {
    const known = records[stanza];
    if (known !== undefined) return known;
    const parsed = parseRecord(stanzaText(file, tables, stanza));
    records[stanza] = parsed;
    stanzas.set(parsed, stanza);
    return parsed;
  };
  return {
    size: tables.names.items.length,
    named: (name) =>
      remembered(namedBefore, name, () =>
        itemsOf(tables.names, hashName(name))
          .map(record)
          .filter((one) => one.name === name)
          .sort((a, b) => compareVersions(b.version, a.version)),
      ),
    providing: (name) =>
      remembered(providingBefore, name, () =>
        [...new Set(itemsOf(tables.provides, hashName(name)))]
          .map(record)
          .filter((one) => one.provides.some((provide) => provide.name === name)),
      ),
    flagged: (flag) => flaggedStanzas(tables, flag, record).map(record),
    names: () => sortedNames(file, tables),
    mentioned(name) {
      for (const stanza of itemsOf(tables.names, hashName(name))) {
        if (record(stanza).name === name) return tables.mentions[stanza] ?? -1;
      }
      return -1;
    },
    stanza(one) {
      const stanza = stanzas.get(one);
      if (stanza === undefined) throw new Error(`Package "${one.name}" is not of this index`);
      return stanzaText(file, tables, stanza);
    },
  };
}

/** An index in memory, from the text of `Packages` or from records; for tests and for single package files. */
export function memoryIndex(packages: string | readonly PackageRecord[]): PackageIndex {
  if (typeof packages === "string") return openIndex(memoryAccess(compileText(packages)));
  const newestFirst = [...packages].sort((a, b) => compareVersions(b.version, a.version));
  return {
    size: packages.length,
    named: (name) => newestFirst.filter((one) => one.name === name),
    providing: (name) => packages.filter((one) => one.provides.some((provide) => provide.name === name)),
    flagged: (flag) =>
      packages.filter((one) => one.essential || (flag !== "essential" && flag.priorities.includes(one.priority))),
    names: () => [...new Set(packages.map((one) => one.name))].sort(compareBytes),
    stanza: ({ name, version, architecture }) =>
      formatStanza([
        { name: "Package", value: name },
        { name: "Version", value: version },
        { name: "Architecture", value: architecture },
      ]),
  };
}

function remembered(
  before: Map<string, readonly PackageRecord[]>,
  name: string,
  find: () => readonly PackageRecord[],
): readonly PackageRecord[] {
  const known = before.get(name);
  if (known !== undefined) return known;
  const found = find();
  before.set(name, found);
  return found;
}

function stanzaBytes(file: RandomAccess, { offsets, checks }: IndexTables, stanza: number): Buffer {
  const start = offsets[stanza] ?? 0;
  const bytes = file.read(start, (offsets[stanza + 1] ?? start) - start);
  if (crc32(bytes) !== checks[stanza]) throw broken("a package's text is damaged");
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const stanzaText = (file: RandomAccess, tables: IndexTables, stanza: number): string =>
  stanzaBytes(file, tables, stanza).toString("utf8");

function flaggedStanzas(
  { flags }: IndexTables,
  wanted: Parameters<PackageIndex["flagged"]>[0],
  record: (stanza: number) => PackageRecord,
): readonly number[] {
  const isWanted = Array.from({ length: 256 }, (_, flag) => {
    if (flag & ESSENTIAL_FLAG) return true;
    const priority = priorities[flag & PRIORITY_MASK] ?? "";
    return wanted !== "essential" && priority !== "" && wanted.priorities.includes(priority);
  });
  // Priorities that have no code of their own are looked up in the stanza.
  const others = wanted === "essential" ? [] : wanted.priorities.filter((one) => !priorities.slice(1).includes(one));
  const found: number[] = [];
  for (let stanza = 0; stanza < flags.length; stanza++) {
    const flag = flags[stanza] ?? 0;
    if (isWanted[flag] || (others.length > 0 && flag === 0 && others.includes(record(stanza).priority)))
      found.push(stanza);
  }
  return found;
}

/** Reads the names alone, in pieces of the file. */
function sortedNames(file: RandomAccess, tables: IndexTables): readonly string[] {
  const names = new Set<string>();
  for (const stanza of tables.names.items) {
    const text = stanzaBytes(file, tables, stanza).toString("latin1");
    names.add(/(?:^|\n)package:[ \t\n\r]*([^ \t\n\r]+)/i.exec(text)?.[1] ?? "");
  }
  return [...names].sort(compareBytes);
}
