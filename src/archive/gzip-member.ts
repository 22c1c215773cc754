// One complete gzip member (RFC 1952). Members one after another are a gzip file again, which is how layers are put together.
import { crc32 } from "node:zlib";
import { createDeflater, type Deflater } from "./deflate.ts";

/** Names the exact output of `gzipMember`. The same input and identity give the same bytes, forever, everywhere. */
export const gzipIdentity = "dodai-deflate-1";

/** RFC 1952 section 2.3: magic, method DEFLATE, no flags, no time, no extra flags, operating system unknown. */
const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
const trailerBytes = 8;

/** Pass the same deflater to compress many pieces with one scratch memory; the bytes do not depend on it. */
export function gzipMember(bytes: Uint8Array, deflater: Deflater = createDeflater()): Uint8Array {
  const body = deflater.deflate(bytes);
  const member = new Uint8Array(header.length + body.length + trailerBytes);
  member.set(header);
  member.set(body, header.length);
  const trailer = new DataView(member.buffer, header.length + body.length);
  trailer.setUint32(0, crc32(bytes), true);
  // ISIZE is the length modulo 2^32, which is what setUint32 keeps.
  trailer.setUint32(4, bytes.length, true);
  return member;
}
