// The database as files of Berkeley DB, as rpm of before 4.16 has it.
import { encodeName } from "../../archive/tar-name.ts";
import { compareBytes } from "../../core/byte-order.ts";
import { type BerkeleyRecord, formatBerkeleyBtree, formatBerkeleyHash } from "./berkeley.ts";
import { type IndexSpec, indexSpecs, keysOf, littleEndian } from "./database-index.ts";
import type { Header } from "./header.ts";

export interface DatabaseFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** One file for the headers by number, and one for each tag that they are looked up by. */
export function berkeleyFiles(blobs: readonly Uint8Array[], headers: readonly Header[]): readonly DatabaseFile[] {
  // Under the number 0 lies the highest that was given.
  const records = [littleEndian(blobs.length), ...blobs].map((value, at) => ({ key: littleEndian(at), value }));
  const indexes = indexSpecs
    .filter(({ isOld }) => isOld)
    .map((spec) => ({ name: spec.name, bytes: formatBerkeleyBtree(spec.name, entriesOf(spec, headers)) }));
  const files = [{ name: "Packages", bytes: formatBerkeleyHash("Packages", records) }, ...indexes];
  return files.sort((a, b) => compareBytes(a.name, b.name));
}

/** Each key with pairs of numbers: of the header, and of the value among the tag's. */
function entriesOf({ tag }: IndexSpec, headers: readonly Header[]): readonly BerkeleyRecord[] {
  const places = new Map<string, { readonly key: Uint8Array; readonly numbers: number[] }>();
  headers.forEach((header, at) => {
    for (const { key: value, index } of keysOf(header, tag)) {
      const key = typeof value === "string" ? encodeName(value) : (value as Uint8Array);
      const id = Buffer.from(key).toString("latin1");
      const place = places.get(id) ?? { key, numbers: [] as number[] };
      places.set(id, place);
      place.numbers.push(at + 1, index);
    }
  });
  return [...places.values()].map(({ key, numbers }) => ({
    key,
    value: Buffer.concat(numbers.map((one) => littleEndian(one))),
  }));
}
