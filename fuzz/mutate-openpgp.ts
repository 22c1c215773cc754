// Changes inside OpenPGP packets, with the lengths around them made right again (RFC 9580 section 4.2).
import { mutateBytes } from "./mutate.ts";
import type { Random } from "./random.ts";

interface RawPacket {
  readonly tag: number;
  readonly body: Uint8Array;
}

/** Takes a stream of packets apart; stops in front of what it does not know. */
export function packetsOf(bytes: Uint8Array): RawPacket[] {
  const packets: RawPacket[] = [];
  for (let at = 0; at + 2 < bytes.length; ) {
    const first = bytes[at] ?? 0;
    const view = Buffer.from(bytes.subarray(at + 1, at + 6));
    let head = 2;
    let length = view[0] ?? 0;
    if ((first & 0x40) === 0) {
      const lengthBytes = [1, 2, 4][first & 3];
      if (lengthBytes === undefined || view.length < lengthBytes) break;
      head = 1 + lengthBytes;
      length = view.readUIntBE(0, lengthBytes);
    } else if (length >= 192 && length < 224) {
      head = 3;
      length = ((length - 192) << 8) + (view[1] ?? 0) + 192;
    } else if (length === 255 && view.length === 5) {
      head = 6;
      length = view.readUInt32BE(1);
    } else if (length >= 224) break;
    const tag = first & 0x40 ? first & 0x3f : (first >> 2) & 0x0f;
    packets.push({ tag, body: bytes.subarray(at + head, at + head + length) });
    at += head + length;
  }
  return packets;
}

export function formatPackets(packets: readonly RawPacket[]): Uint8Array {
  return Buffer.concat(
    packets.flatMap(({ tag, body }) => {
      const head = Buffer.alloc(6, 0xff);
      head[0] = 0xc0 | tag;
      head.writeUInt32BE(body.length, 2);
      return [head, body];
    }),
  );
}

/** Changes one packet's body, tag or place. Armored input is changed inside, and armored again without a checksum. */
export function mutatePackets(input: Uint8Array, random: Random): Uint8Array {
  const armor = armorOf(input);
  if (armor) return armored(armor.label, mutatePackets(armor.bytes, random));
  const packets = packetsOf(input);
  if (packets.length === 0) return input;
  for (let count = 1 + random.below(2); count > 0; count--) {
    const at = random.below(packets.length);
    const packet = packets[at];
    if (packet === undefined) break;
    const other = packets[random.below(packets.length)] ?? packet;
    switch (random.below(6)) {
      case 0:
        packets.splice(at, 1);
        break;
      case 1:
        packets.splice(at, 0, other);
        break;
      case 2:
        packets[at] = { ...packet, tag: random.below(64) };
        break;
      default:
        packets[at] = { ...packet, body: mutateBytes(packet.body, random, { other: other.body, words: [] }) };
    }
  }
  return formatPackets(packets);
}

export function armorOf(input: Uint8Array): { readonly label: string; readonly bytes: Uint8Array } | undefined {
  const text = Buffer.from(input).toString("latin1");
  const [, label, body] = /-----BEGIN ([A-Z ]+)-----\r?\n(?:[^\n]*:[^\n]*\n)*\r?\n([^-]*)\n=/.exec(text) ?? [];
  return label === undefined || body === undefined ? undefined : { label, bytes: Buffer.from(body, "base64") };
}

export function armored(label: string, bytes: Uint8Array): Uint8Array {
  const body = Buffer.from(bytes).toString("base64").replace(/.{64}/g, "$&\n");
  return Buffer.from(`-----BEGIN ${label}-----\n\n${body}\n-----END ${label}-----\n`);
}
