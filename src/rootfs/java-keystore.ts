// Java's own keystore format ("JKS"), as far as its times go: magic, version, count; then entries, each a tag, an alias, a
// time in milliseconds and its content; then a SHA-1 that a password goes into. Numbers are big-endian.
import { createHash } from "node:crypto";

const MAGIC = 0xfeedfeed;
const KEY = 1;
const CERTIFICATE = 2;
const DIGEST_BYTES = 20;
/** The password of keystores that hold certificates which everybody may read, since the first Java. */
const usualPassword = "changeit";

/**
 * The keystore with every entry of the build's time. What is no keystore of the usual password stays as it is: its sum
 * could not be made anew.
 */
export function clampKeystoreDates(bytes: Uint8Array, epoch: number): Uint8Array {
  const store = Buffer.from(bytes);
  const end = store.length - DIGEST_BYTES;
  if (end < 12 || store.readUInt32BE(0) !== MAGIC || store.readUInt32BE(4) !== 2) return bytes;
  if (!store.subarray(end).equals(sumOf(store.subarray(0, end)))) return bytes;
  const reader = { store, at: 12, end };
  for (let left = store.readUInt32BE(8); left > 0; left -= 1) {
    const tag = take32(reader);
    skip(reader, take16(reader));
    const at = reader.at;
    skip(reader, 8);
    if (reader.at > end) return bytes;
    store.writeBigUInt64BE(BigInt(epoch) * 1000n, at);
    if (tag === CERTIFICATE) skipCertificate(reader);
    else if (tag === KEY) skipKey(reader);
    else return bytes;
  }
  if (reader.at !== end) return bytes;
  sumOf(store.subarray(0, end)).copy(store, end);
  return store;
}

interface Reader {
  readonly store: Buffer;
  at: number;
  readonly end: number;
}

/** Past the end everything is zero, so that a count that lies ends soon. */
function take32(reader: Reader): number {
  skip(reader, 4);
  return reader.at <= reader.end ? reader.store.readUInt32BE(reader.at - 4) : 0;
}

function take16(reader: Reader): number {
  skip(reader, 2);
  return reader.at <= reader.end ? reader.store.readUInt16BE(reader.at - 2) : 0;
}

function skip(reader: Reader, count: number): void {
  reader.at += count;
}

/** Its type, then its bytes. */
function skipCertificate(reader: Reader): void {
  skip(reader, take16(reader));
  skip(reader, take32(reader));
}

/** The protected key, then its chain. */
function skipKey(reader: Reader): void {
  skip(reader, take32(reader));
  for (let left = take32(reader); left > 0 && reader.at <= reader.end; left -= 1) skipCertificate(reader);
}

function sumOf(content: Uint8Array): Buffer {
  const password = Buffer.from(usualPassword, "utf16le").swap16();
  return createHash("sha1").update(password).update("Mighty Aphrodite").update(content).digest();
}
