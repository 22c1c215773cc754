// The text of an APKINDEX becomes a compiled index (../index-layout.ts): its stanzas as they are, found by name, by what they
// provide, and by the conditions on which they come by themselves. One row more, the last, is the index's age.
import { crc32 } from "node:zlib";
import { buildHashTable, formatTables, HEADER_BYTES, hashName } from "../index-layout.ts";

/** What a condition (`i:`) is looked up by, among what is provided. */
export const conditionHash = (name: string): number => (hashName(name) ^ 0x69) >>> 0;

/** Scans lines for names alone; what else they say is read when a package is asked for. */
export function compileText(bytes: Uint8Array): Uint8Array {
  // One character a byte: names that are not ASCII are none.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const offsets: number[] = [];
  const names = new Lookup();
  const provides = new Lookup();
  let newestBuild = 0;
  for (let start = 0; start < text.length; ) {
    if (text[start] === "\n") {
      start++;
      continue;
    }
    const item = offsets.length;
    offsets.push(HEADER_BYTES + start);
    while (start < text.length && text[start] !== "\n") {
      const found = text.indexOf("\n", start);
      const end = found < 0 ? text.length : found;
      if (text[start + 1] === ":") {
        const value = text.slice(start + 2, end);
        switch (text[start]) {
          case "P":
            names.add(hashName(value), item);
            break;
          case "p":
            for (const word of value.split(" ")) provides.add(hashName(nameIn(word)), item);
            break;
          case "i":
            for (const word of value.split(" ")) provides.add(conditionHash(nameIn(word)), item);
            break;
          case "t":
            // Ten digits last until 2286.
            if (/^\d{1,10}$/.test(value)) newestBuild = Math.max(newestBuild, Number(value));
        }
      }
      start = found < 0 ? end : end + 1;
    }
  }
  offsets.push(HEADER_BYTES + text.length);
  return format(bytes, { offsets, names, provides, age: Buffer.from(`${newestBuild}`) });
}

interface Scanned {
  readonly offsets: number[];
  readonly names: Lookup;
  readonly provides: Lookup;
  readonly age: Buffer;
}

function format(bytes: Uint8Array, { offsets, names, provides, age }: Scanned): Uint8Array {
  const textBytes = bytes.length + age.length;
  const rows = Buffer.concat([bytes, age]);
  const ends = Uint32Array.from([...offsets, HEADER_BYTES + textBytes]);
  const count = offsets.length;
  const checks = Uint32Array.from({ length: count }, (_, at) =>
    crc32(rows.subarray((ends[at] ?? 0) - HEADER_BYTES, (ends[at + 1] ?? 0) - HEADER_BYTES)),
  );
  const { header, tables } = formatTables(
    {
      offsets: ends,
      checks,
      mentions: new Uint32Array(count),
      names: names.table(),
      provides: provides.table(),
      flags: new Uint8Array(count),
    },
    textBytes,
  );
  return Buffer.concat([header, rows, tables]);
}

/** Which stanzas the hash of a name leads to. */
class Lookup {
  readonly #hashes: number[] = [];
  readonly #items: number[] = [];

  add(hash: number, item: number): void {
    this.#hashes.push(hash);
    this.#items.push(item);
  }

  table(): ReturnType<typeof buildHashTable> {
    return buildHashTable(Uint32Array.from(this.#hashes), Uint32Array.from(this.#items));
  }
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
