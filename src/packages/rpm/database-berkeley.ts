// The database as files of Berkeley DB, as rpm of before 4.16 has it.
import { encodeName } from "../../archive/tar-name.ts";
import { compareBytes } from "../../core/byte-order.ts";
import { type BerkeleyRecord, formatBerkeleyBtree, formatBerkeleyHash } from "./berkeley.ts";
import { type IndexSpec, indexSpecs, keysOf, littleEndian } from "./database-index.ts";
import type { DatabaseRows } from "./database-rows.ts";

export interface DatabaseFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** One file for the headers by number, and one for each tag that they are looked up by; `more` are those of later rpms. */
export function berkeleyFiles({ rows, lastId }: DatabaseRows, more: ReadonlySet<string>): readonly DatabaseFile[] {
  // Under the number 0 lies the highest that was given.
  const records = [{ id: 0, bytes: littleEndian(lastId) }, ...rows].map(({ id, bytes }) => ({
    key: littleEndian(id),
    value: bytes,
  }));
  const indexes = indexSpecs
    .filter(({ isOld, name }) => isOld || more.has(name))
    .map((spec) => ({ name: spec.name, bytes: formatBerkeleyBtree(spec.name, entriesOf(spec, rows)) }));
  const files = [{ name: "Packages", bytes: formatBerkeleyHash("Packages", records) }, ...indexes];
  return files.sort((a, b) => compareBytes(a.name, b.name));
}

/** Each key with pairs of numbers: of the header, and of the value among the tag's. */
function entriesOf({ tag }: IndexSpec, rows: DatabaseRows["rows"]): readonly BerkeleyRecord[] {
  const places = new Map<string, { readonly key: Uint8Array; readonly numbers: number[] }>();
  for (const { id: number, header } of rows) {
    for (const { key: value, index } of keysOf(header, tag)) {
      const key = typeof value === "string" ? encodeName(value) : (value as Uint8Array);
      const id = Buffer.from(key).toString("latin1");
      const place = places.get(id) ?? { key, numbers: [] as number[] };
      places.set(id, place);
      place.numbers.push(number, index);
    }
  }
  return [...places.values()].map(({ key, numbers }) => ({
    key,
    value: Buffer.concat(numbers.map((one) => littleEndian(one))),
  }));
}
