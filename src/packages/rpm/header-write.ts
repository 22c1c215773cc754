// Writes headers as rpm's database has them: a region that is never changed, and the tags that were added when the package
// was installed behind it (rpm's headerExport).
import { encodeName } from "../../archive/tar-name.ts";
import { ENTRY_BYTES, type Header, valueType } from "./header.ts";
import { tags } from "./tags.ts";

export interface HeaderValue {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

export const textValue = (tag: number, text: string): HeaderValue => ({
  tag,
  type: valueType.string,
  count: 1,
  bytes: encodeName(`${text}\0`),
});

export const translatedValue = (tag: number, text: string): HeaderValue => ({
  ...textValue(tag, text),
  type: valueType.i18nString,
});

export const textsValue = (tag: number, texts: readonly string[]): HeaderValue => ({
  tag,
  type: valueType.stringArray,
  count: texts.length,
  bytes: encodeName(texts.map((text) => `${text}\0`).join("")),
});

export function numberValue(tag: number, ...numbers: readonly number[]): HeaderValue {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, at) => void bytes.writeUInt32BE(number, 4 * at));
  return { tag, type: valueType.int32, count: numbers.length, bytes };
}

export const charsValue = (tag: number, bytes: Uint8Array): HeaderValue => ({
  tag,
  type: valueType.char,
  count: bytes.length,
  bytes,
});

/** Counts, entries and data of a header whose values are all in its region. */
export function formatHeader(values: readonly HeaderValue[]): Uint8Array {
  const { entries, data } = laidOut(values, 0);
  const trailer = numbersOf(tags.headerImmutable, valueType.bin, -ENTRY_BYTES * (values.length + 1), ENTRY_BYTES);
  const region = numbersOf(tags.headerImmutable, valueType.bin, data.length, ENTRY_BYTES);
  const counts = numbersOf(values.length + 1, data.length + ENTRY_BYTES);
  return Buffer.concat([counts, region, entries, data, trailer]);
}

/** The header with more values behind its region. */
export function withValues({ bytes }: Pick<Header, "bytes">, values: readonly HeaderValue[]): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [entryCount, dataBytes] = [view.getUint32(0), view.getUint32(4)];
  const dataStart = 8 + ENTRY_BYTES * entryCount;
  const { entries, data } = laidOut(values, dataBytes);
  const counts = numbersOf(entryCount + values.length, dataBytes + data.length);
  return Buffer.concat([counts, bytes.subarray(8, dataStart), entries, bytes.subarray(dataStart), data]);
}

/** Sorted by tag, each value at a multiple of its size, counted from `start`. */
function laidOut(values: readonly HeaderValue[], start: number): { readonly entries: Buffer; readonly data: Buffer } {
  const entries: Buffer[] = [];
  const data: Uint8Array[] = [];
  let at = start;
  for (const { tag, type, count, bytes } of values.toSorted((a, b) => a.tag - b.tag)) {
    const size = type === valueType.int32 ? 4 : type === valueType.int16 ? 2 : type === valueType.int64 ? 8 : 1;
    const padding = (size - (at % size)) % size;
    data.push(new Uint8Array(padding), bytes);
    at += padding;
    entries.push(numbersOf(tag, type, at, count));
    at += bytes.length;
  }
  return { entries: Buffer.concat(entries), data: Buffer.concat(data) };
}

function numbersOf(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, at) => void bytes.writeInt32BE(number, 4 * at));
  return bytes;
}
