// PAX extended headers: "LENGTH KEY=VALUE\n" records (POSIX pax, "pax Extended Header"). Values are bytes: xattrs are binary.
import { compareBytes } from "../core/byte-order.ts";
import { decodeName, encodeName } from "./tar-name.ts";

/** One record. An empty value takes an earlier one back, except for extended attributes, which may be empty. */
export interface PaxRecord {
  readonly key: string;
  readonly value: Uint8Array;
}

/** The records of a PAX header in their order, which matters for `GNU.sparse.offset`; or what is wrong with it. */
export function parsePaxRecords(bytes: Uint8Array): readonly PaxRecord[] | string {
  const records: PaxRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const digits = space === -1 || space - at > 16 ? "" : latin1(bytes, at, space);
    if (!/^[1-9]\d*$/.test(digits)) {
      // Some writers pad the header with NULs to its declared size.
      if (bytes.subarray(at).every((byte) => byte === 0)) break;
      return "a record of its PAX header has no length";
    }
    const end = at + Number(digits);
    const equals = bytes.indexOf(0x3d, space);
    if (end > bytes.length || bytes[end - 1] !== 0x0a) return "the length of a record in its PAX header is wrong";
    if (equals === -1 || equals >= end || equals === space + 1) return "a record of its PAX header has no key";
    records.push({ key: decodeName(bytes.subarray(space + 1, equals)), value: bytes.subarray(equals + 1, end - 1) });
    at = end;
  }
  return records;
}

/** The body of a PAX header: records in byte order of their keys, so that one entry has one form. */
export function formatPaxRecords(records: ReadonlyMap<string, Uint8Array | string>): Uint8Array {
  const keys = [...records.keys()].sort(compareBytes);
  return Buffer.concat(keys.map((key) => formatRecord(key, records.get(key) ?? "")));
}

const SCHILY = "SCHILY.xattr.";
const LIBARCHIVE = "LIBARCHIVE.xattr.";

/** The extended attribute that a record is, if it is one. */
export function xattrOf({ key, value }: PaxRecord): { readonly name: string; readonly value: Uint8Array } | undefined {
  if (key.startsWith(SCHILY)) {
    // GNU tar since 1.29 writes "%" and "=" of names as "%25" and "%3D".
    const name = key.slice(SCHILY.length).replaceAll("%3D", "=").replaceAll("%25", "%");
    return { name, value };
  }
  if (!key.startsWith(LIBARCHIVE)) return undefined;
  const name = key.slice(LIBARCHIVE.length).replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => {
    return String.fromCharCode(Number.parseInt(hex, 16));
  });
  return { name, value: Buffer.from(latin1(value, 0, value.length), "base64") };
}

/** The key of an extended attribute in a PAX header, as GNU tar spells it. */
export function xattrKey(name: string): string {
  return SCHILY + name.replaceAll("%", "%25").replaceAll("=", "%3D");
}

function formatRecord(key: string, value: Uint8Array | string): Uint8Array {
  const head = encodeName(key);
  const body = typeof value === "string" ? encodeName(value) : value;
  const rest = head.length + body.length + 3;
  // The length counts its own digits: adding them may add one more.
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  return Buffer.concat([Buffer.from(`${length} `), head, Buffer.from("="), body, Buffer.from("\n")]);
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}
