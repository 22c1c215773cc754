// Packet framing, RFC 9580 section 4.2: both header forms, and partial lengths where the standard allows them.
import { type Cursor, malformed, openCursor, type Subject } from "./cursor.ts";

export interface Packet {
  readonly tag: number;
  readonly body: Uint8Array;
}

/** RFC 9580 5, table 3: the packets that matter here. */
export const packetTag = {
  signature: 2,
  secretKey: 5,
  publicKey: 6,
  secretSubkey: 7,
  marker: 10,
  trust: 12,
  userId: 13,
  publicSubkey: 14,
  userAttribute: 17,
  padding: 21,
} as const;

/** More packets than any real keyring or signature file has. */
const maxPackets = 100_000;

/** RFC 9580 4.2.1.4: only data packets (compressed, encrypted, literal) may have partial lengths or, in the old form, none. */
const dataTags: ReadonlySet<number> = new Set([8, 9, 11, 18, 20]);

export function readPackets(bytes: Uint8Array, subject: Subject): readonly Packet[] {
  const cursor = openCursor(bytes, subject);
  const packets: Packet[] = [];
  while (cursor.left() > 0) {
    if (packets.length === maxPackets) throw malformed(subject, `it has more than ${maxPackets} packets`);
    const first = cursor.u8();
    if ((first & 0x80) === 0) throw malformed(subject, "it is not made of OpenPGP packets");
    packets.push(first & 0x40 ? readNewForm(first & 0x3f, cursor, subject) : readOldForm(first, cursor, subject));
  }
  return packets;
}

function readOldForm(first: number, cursor: Cursor, subject: Subject): Packet {
  const tag = (first >> 2) & 0x0f;
  switch (first & 3) {
    case 0:
      return { tag, body: cursor.take(cursor.u8()) };
    case 1:
      return { tag, body: cursor.take(cursor.u16()) };
    case 2:
      return { tag, body: cursor.take(cursor.u32()) };
    default:
      if (!dataTags.has(tag)) throw malformed(subject, `a packet of type ${tag} has no length`);
      return { tag, body: cursor.rest() };
  }
}

function readNewForm(tag: number, cursor: Cursor, subject: Subject): Packet {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const first = cursor.u8();
    if (first < 224 || first === 255) {
      chunks.push(cursor.take(lengthFrom(first, cursor)));
      return { tag, body: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) };
    }
    if (!dataTags.has(tag)) throw malformed(subject, `a packet of type ${tag} comes in parts`);
    chunks.push(cursor.take(2 ** (first & 0x1f)));
  }
}

/** RFC 9580 4.2.1: one, two or five bytes. */
function lengthFrom(first: number, cursor: Cursor): number {
  if (first < 192) return first;
  return first === 255 ? cursor.u32() : ((first - 192) << 8) + cursor.u8() + 192;
}

/** RFC 9580 5.2.3.7: subpacket lengths are like packet lengths, but 224 to 254 start a two-byte length as well. */
export function readSubpacketLength(cursor: Cursor): number {
  return lengthFrom(cursor.u8(), cursor);
}
