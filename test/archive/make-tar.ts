// Tar blocks for tests, also such as no writer would make.
import { type Entry, noXattrs } from "../../src/archive/entry.ts";
import { formatTarHeader, tarPadding, tarTrailer } from "../../src/archive/tar-write.ts";

const metadata = { mode: 0o644, uid: 0, gid: 0, mtime: 0, xattrs: noXattrs };

export interface Field {
  readonly at: number;
  readonly text: string | Uint8Array;
}

/** A ustar header with these fields over those of an empty file "file", and a right checksum. */
export function header(...fields: readonly Field[]): Uint8Array {
  const block = Buffer.from(formatTarHeader({ kind: "file", path: "file", ...metadata, sizeBytes: 0 }));
  for (const { at, text } of fields) block.set(bytesFrom(text), at);
  return withChecksum(block);
}

export const named = (text: string): Field => ({ at: 0, text: `${text}\0` });
export const typed = (text: string): Field => ({ at: 156, text });
export const sized = (bytes: number): Field => ({ at: 124, text: bytes.toString(8).padStart(11, "0") });
export const linked = (text: string): Field => ({ at: 157, text: `${text}\0` });

function withChecksum(block: Uint8Array): Uint8Array {
  const bytes = Buffer.from(block);
  bytes.write("        ", 148, "latin1");
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
}

/** A member with its body, padded. */
export function member(head: Uint8Array, body: string | Uint8Array): Uint8Array {
  const bytes = bytesFrom(body);
  return Buffer.concat([head, bytes, Buffer.alloc(tarPadding(bytes.length))]);
}

/** An extended header of this type in front of the next entry. */
export function extended(type: string, body: string | Uint8Array): Uint8Array {
  return member(header(named("extended"), typed(type), sized(bytesFrom(body).length)), body);
}

export const pax = (...records: readonly string[]): Uint8Array => extended("x", records.map(paxRecord).join(""));

export function paxRecord(text: string): string {
  const rest = Buffer.byteLength(text) + 2;
  const length = rest + String(rest).length;
  return `${rest + String(length).length} ${text}\n`;
}

export interface WithBody {
  readonly entry: Entry;
  readonly body?: Uint8Array;
}

export function tarOf(items: readonly WithBody[]): Uint8Array {
  const parts = items.flatMap(({ entry, body = new Uint8Array(0) }) => [
    formatTarHeader(entry),
    body,
    new Uint8Array(tarPadding(body.length)),
  ]);
  return Buffer.concat([...parts, tarTrailer]);
}

const bytesFrom = (value: string | Uint8Array): Buffer =>
  typeof value === "string" ? Buffer.from(value) : Buffer.from(value);
