// How a compiled index lies in a file: a header, the stanzas' text, then tables. Opening reads the header and the tables
// alone; a stanza is read when somebody asks for it.
//
//   header    magic, a byte-order mark, counts, where the tables start, their CRC-32; at the end where the text is written
//             while it is made
//   text      the stanzas one after another, without the fields that nobody needs
//   tables    offsets    where each stanza starts, and where the last one ends
//             checks     CRC-32 of each stanza's text
//             mentions   when each stanza's name first came up (index-mentions.ts)
//             names      hash table: name → stanzas
//             provides   hash table: provided name → stanzas
//             flags      one byte a stanza: priority and Essential
import { crc32 } from "node:zlib";
import { DodaiError } from "../core/dodai-error.ts";
import type { RandomAccess } from "./contract.ts";

/** Part of the magic: another layout must never be read as this one. */
const MAGIC = "dodai deb 2\n";
/** Tables are in the byte order of the machine that compiled; on another one this number reads differently. */
const BYTE_ORDER = 0x01020304;
export const HEADER_BYTES = 40;

/** From the hash of a name to stanza numbers: those of bucket `b` are `items` from `starts[b]` to `starts[b + 1]`. */
export interface HashTable {
  /** A power of two of buckets, and one end. */
  readonly starts: Uint32Array;
  readonly items: Uint32Array;
  /** The whole hash that each item was put in for. */
  readonly hashes: Uint32Array;
}

export interface IndexTables {
  readonly offsets: Uint32Array;
  readonly checks: Uint32Array;
  readonly mentions: Uint32Array;
  readonly names: HashTable;
  readonly provides: HashTable;
  readonly flags: Uint8Array;
}

/** FNV-1a of a name's bytes, of which only ASCII ones occur. */
export const HASH_START = 0x811c9dc5;
export const hashByte = (hash: number, byte: number): number => Math.imul(hash ^ byte, 0x01000193);

export function hashName(name: string): number {
  let hash: number = HASH_START;
  for (let at = 0; at < name.length; at++) hash = hashByte(hash, name.charCodeAt(at));
  return hash >>> 0;
}

/** Puts stanza numbers in buckets by their hashes; within a bucket they keep their order. */
export function buildHashTable(hashesByItem: Uint32Array, itemNumbers: Uint32Array): HashTable {
  const count = itemNumbers.length;
  const buckets = bucketsFor(count);
  const starts = new Uint32Array(buckets + 1);
  const items = new Uint32Array(count);
  const hashes = new Uint32Array(count);
  // A counting sort from the back: `starts` first has each bucket's size, then its end, and in the end its start.
  for (let at = 0; at < count; at++) {
    const bucket = (hashesByItem[at] ?? 0) & (buckets - 1);
    starts[bucket] = (starts[bucket] ?? 0) + 1;
  }
  let end = 0;
  for (let bucket = 0; bucket <= buckets; bucket++) {
    end += starts[bucket] ?? 0;
    starts[bucket] = end;
  }
  for (let at = count - 1; at >= 0; at--) {
    const hash = hashesByItem[at] ?? 0;
    const bucket = hash & (buckets - 1);
    const place = (starts[bucket] ?? 0) - 1;
    starts[bucket] = place;
    items[place] = itemNumbers[at] ?? 0;
    hashes[place] = hash;
  }
  return { starts, items, hashes };
}

/** Stanza numbers that were put in for this hash, in their order; names may collide. */
export function itemsOf({ starts, items, hashes }: HashTable, hash: number): readonly number[] {
  const bucket = hash & (starts.length - 2);
  const end = starts[bucket + 1] ?? 0;
  const found: number[] = [];
  for (let at = starts[bucket] ?? 0; at < end; at++) {
    if (hashes[at] === hash) found.push(items[at] ?? 0);
  }
  return found;
}

/** The tables' bytes, which follow the text, and the header that stands before it. */
export function formatTables(tables: IndexTables, textBytes: number): { header: Uint8Array; tables: Uint8Array } {
  const { offsets, checks, mentions, names, provides, flags } = tables;
  const arrays = [offsets, checks, mentions, names.starts, names.items, names.hashes];
  arrays.push(provides.starts, provides.items, provides.hashes);
  const bytes = Buffer.concat(
    [...arrays, flags].map((one) => new Uint8Array(one.buffer, one.byteOffset, one.byteLength)),
  );
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 0, "latin1");
  const counts = [BYTE_ORDER, flags.length, names.items.length, provides.items.length, textBytes, crc32(bytes)];
  new Uint32Array(header.buffer, header.byteOffset + MAGIC.length, counts.length).set(counts);
  return { header, tables: bytes };
}

/** Reads header and tables. Throws CACHE_BROKEN when anything about them is not as `formatTables` left it. */
export function readTables(file: RandomAccess, place: "at the start" | "at the end" = "at the start"): IndexTables {
  if (file.sizeBytes < HEADER_BYTES) throw broken("it is cut off");
  const isAtStart = place === "at the start";
  const header = Buffer.from(file.read(isAtStart ? 0 : file.sizeBytes - HEADER_BYTES, HEADER_BYTES));
  if (header.toString("latin1", 0, MAGIC.length) !== MAGIC) throw broken("it was not written by this version of dodai");
  const counts = new Uint32Array(
    header.buffer.slice(header.byteOffset + MAGIC.length, header.byteOffset + HEADER_BYTES),
  );
  const [order, count = 0, named = 0, provided = 0, textBytes = 0, check] = counts;
  if (order !== BYTE_ORDER) throw broken("it was written on a machine of another byte order");
  const lengths = [
    count + 1,
    count,
    count,
    bucketsFor(named) + 1,
    named,
    named,
    bucketsFor(provided) + 1,
    provided,
    provided,
  ];
  const tableBytes = lengths.reduce((sum, length) => sum + 4 * length, count);
  if (HEADER_BYTES + textBytes + tableBytes !== file.sizeBytes) throw broken("its size is not what its header says");
  // A copy of its own, so that the tables are aligned whatever the reader gave.
  const bytes = new Uint8Array(file.read((isAtStart ? HEADER_BYTES : 0) + textBytes, tableBytes));
  if (crc32(bytes) !== check) throw broken("its tables are damaged");
  let at = 0;
  const [offsets, checks, mentions, ...rest] = lengths.map((length) => {
    const table = new Uint32Array(bytes.buffer, at, length);
    at += table.byteLength;
    return table;
  });
  const [nameStarts, nameItems, nameHashes, provideStarts, provideItems, provideHashes] = rest;
  const empty = new Uint32Array();
  return {
    offsets: offsets ?? empty,
    checks: checks ?? empty,
    mentions: mentions ?? empty,
    names: { starts: nameStarts ?? empty, items: nameItems ?? empty, hashes: nameHashes ?? empty },
    provides: { starts: provideStarts ?? empty, items: provideItems ?? empty, hashes: provideHashes ?? empty },
    flags: bytes.subarray(at),
  };
}

export function broken(state: string, cause?: unknown): DodaiError {
  return new DodaiError("CACHE_BROKEN", `Cannot open a compiled package index: ${state}`, {
    fix: "Remove it from the cache; it is made again from the repository's index.",
    cause,
  });
}

function bucketsFor(items: number): number {
  let buckets = 1;
  while (buckets < items) buckets *= 2;
  return buckets;
}
