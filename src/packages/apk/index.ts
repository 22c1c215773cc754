// The packages of one APKINDEX: its text is scanned once for names, and a package is parsed when it is asked for. An index of
// 25,000 packages is open in some 100 ms.
import { compareBytes } from "../../core/byte-order.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { PackageIndex, PackageRecord } from "../contract.ts";
import { type KnownWords, parseRecord, type RecordPlace } from "./record.ts";
import { compareVersions } from "./version.ts";

/** Where each package's lines start and end, by the names that lead to it. */
interface Tables {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly names: ReadonlyMap<string, readonly number[]>;
  readonly provides: ReadonlyMap<string, readonly number[]>;
  readonly conditions: ReadonlyMap<string, readonly number[]>;
}

/** Opens the text of an APKINDEX. Throws INDEX_SYNTAX, now or when a package that cannot be read is asked for. */
export function openIndex(bytes: Uint8Array, place: RecordPlace): PackageIndex {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  const tables = scan(text);
  const records = new Map<number, PackageRecord>();
  const stanzas = new Map<PackageRecord, number>();
  const stanza = (at: number): string => text.slice(tables.starts[at], tables.ends[at]);
  const record = (at: number): PackageRecord => {
    const known = records.get(at) ?? parseRecord(stanza(at), place, words);
    records.set(at, known);
    stanzas.set(known, at);
    return known;
  };
  const words: KnownWords = new Map();
  const named = new Map<string, readonly PackageRecord[]>();
  return {
    size: tables.starts.length,
    named: (name) => {
      const known = named.get(name) ?? distinct((tables.names.get(name) ?? []).map(record));
      named.set(name, known);
      return known;
    },
    providing: (name) => (tables.provides.get(name) ?? []).map(record),
    conditional: (name) => (tables.conditions.get(name) ?? []).map(record),
    flagged: () => [],
    names: () => [...tables.names.keys()].sort(compareBytes),
    stanza: (one) => stanza(stanzas.get(one) ?? -1),
  };
}

/** The newest build of a package in the text, in seconds since 1970: how old an index is that has no date of its own. Ten digits last until 2286. */
export function newestBuild(text: Uint8Array): number {
  let newest = 0;
  for (const [, seconds] of Buffer.from(text)
    .toString("latin1")
    .matchAll(/^t:(\d{1,10})$/gm)) {
    newest = Math.max(newest, Number(seconds));
  }
  return newest;
}

function scan(text: string): Tables {
  const starts: number[] = [];
  const ends: number[] = [];
  const [names, provides, conditions] = [new Map(), new Map(), new Map()] as Map<string, number[]>[];
  const note = (table: Map<string, number[]> | undefined, name: string): void => {
    const known = table?.get(name);
    if (known === undefined) table?.set(name, [starts.length]);
    else if (known.at(-1) !== starts.length) known.push(starts.length);
  };
  for (let start = 0; start < text.length; ) {
    if (text[start] === "\n") {
      start++;
      continue;
    }
    let end = start;
    while (end < text.length && text[end] !== "\n") {
      const line = end;
      const found = text.indexOf("\n", end);
      end = found < 0 ? text.length : found + 1;
      const key = text[line];
      if (text[line + 1] !== ":" || (key !== "P" && key !== "p" && key !== "i")) continue;
      const value = text.slice(line + 2, found < 0 ? end : found);
      if (key === "P") note(names, value);
      else for (const word of value.split(" ")) note(key === "p" ? provides : conditions, nameIn(word));
    }
    starts.push(start);
    ends.push(end);
    start = end;
  }
  return {
    starts,
    ends,
    names: names ?? new Map(),
    provides: provides ?? new Map(),
    conditions: conditions ?? new Map(),
  };
}

/** Up to what may follow a name. */
function nameIn(word: string): string {
  for (let at = 0; at < word.length; at++) {
    const code = word.charCodeAt(at);
    // "<", "=", ">", "~" and "@"
    if ((code >= 0x3c && code <= 0x3e) || code === 0x7e || code === 0x40) return word.slice(0, at);
  }
  return word;
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
