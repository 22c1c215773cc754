// Java's own keystore (JKS, version 2; there is no specification but OpenJDK's sun.security.provider.JavaKeyStore): entries
// under aliases, and behind them the SHA-1 of the password, "Mighty Aphrodite" and all that comes before.
import { createHash } from "node:crypto";
import { compareBytes } from "../../core/byte-order.ts";
import { DodaiError } from "../../core/dodai-error.ts";

/** What truststores are protected by, everywhere. */
const password = Buffer.from("changeit", "utf16le").swap16();
const magic = 0xfeedfeed;
const trustedCertificate = 2;
const hashBytes = 20;

export interface TrustedCertificate {
  readonly alias: string;
  readonly der: Uint8Array;
}

/** The same store with more certificates, sorted by alias; one of an alias that is there takes its place. Throws EFFECT_FAILED. */
export function addToTruststore(
  store: Uint8Array,
  certificates: readonly TrustedCertificate[],
  epoch: number,
): Uint8Array {
  const bytes = Buffer.from(store.buffer, store.byteOffset, store.byteLength);
  const entries = readEntries(bytes);
  for (const { alias, der } of certificates)
    entries.set(alias.toLowerCase(), formatEntry(Buffer.from(alias.toLowerCase()), der, epoch));
  const sorted = [...entries].sort(([a], [b]) => compareBytes(a, b)).map(([, entry]) => entry);
  const body = Buffer.concat([u32(magic), u32(2), u32(sorted.length), ...sorted]);
  return Buffer.concat([body, hashOf(body)]);
}

/** A store of its own, its entries in the order in which they are given; aliases are bytes. */
export function formatTruststore(
  certificates: readonly { readonly alias: Uint8Array; readonly der: Uint8Array }[],
  epoch: number,
): Uint8Array {
  const entries = certificates.map(({ alias, der }) => formatEntry(alias, der, epoch));
  const body = Buffer.concat([u32(magic), u32(2), u32(entries.length), ...entries]);
  return Buffer.concat([body, hashOf(body)]);
}

const hashOf = (body: Uint8Array): Buffer =>
  createHash("sha1").update(password).update("Mighty Aphrodite").update(body).digest();

/** Each entry's bytes by its alias. */
function readEntries(bytes: Buffer): Map<string, Buffer> {
  const end = bytes.length - hashBytes;
  if (end < 12 || bytes.readUInt32BE(0) !== magic || bytes.readUInt32BE(4) !== 2)
    throw broken("it is no JKS of version 2");
  if (!hashOf(bytes.subarray(0, end)).equals(bytes.subarray(end))) throw broken('its password is not "changeit"');
  const entries = new Map<string, Buffer>();
  const cursor = cursorOf(bytes, end);
  cursor.skip(8);
  for (let count = cursor.u32(); count > 0; count--) {
    const start = cursor.at();
    const tag = cursor.u32();
    const alias = cursor.take(cursor.u16()).toString();
    cursor.skip(8);
    if (tag === trustedCertificate) skipCertificate(cursor);
    else {
      cursor.skip(cursor.u32());
      for (let chain = cursor.u32(); chain > 0; chain--) skipCertificate(cursor);
    }
    entries.set(alias, bytes.subarray(start, cursor.at()));
  }
  if (cursor.at() !== end) throw broken("there is more behind its entries");
  return entries;
}

function skipCertificate(cursor: Cursor): void {
  cursor.skip(cursor.u16());
  cursor.skip(cursor.u32());
}

interface Cursor {
  at(): number;
  u16(): number;
  u32(): number;
  take(length: number): Buffer;
  skip(length: number): void;
}

function cursorOf(bytes: Buffer, end: number): Cursor {
  let place = 0;
  const take = (length: number): Buffer => {
    if (place + length > end) throw broken("it ends early");
    place += length;
    return bytes.subarray(place - length, place);
  };
  return {
    at: () => place,
    u16: () => take(2).readUInt16BE(0),
    u32: () => take(4).readUInt32BE(0),
    take,
    skip: (length) => void take(length),
  };
}

function formatEntry(alias: Uint8Array, der: Uint8Array, epoch: number): Buffer {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(epoch) * 1000n);
  return Buffer.concat([
    u32(trustedCertificate),
    text(alias),
    time,
    text(Buffer.from("X.509")),
    u32(der.byteLength),
    der,
  ]);
}

function text(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function broken(state: string): DodaiError {
  return new DodaiError("EFFECT_FAILED", `Cannot add certificates to Java's truststore: ${state}`);
}
