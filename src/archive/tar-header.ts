// One 512-byte tar header block, as it stands. POSIX.1-1988 ustar (pax, "ustar Interchange Format"), v7 before it, and GNU.
import { parseTarNumber } from "./tar-number.ts";

export const BLOCK_BYTES = 512;

/** The fields of a header block; what they mean together is for `tar-entry.ts`. */
export interface TarHeader {
  /** The block itself, for what only some types have. */
  readonly block: Uint8Array;
  readonly typeflag: string;
  /** With the ustar prefix, without cleaning. */
  readonly name: Uint8Array;
  readonly link: Uint8Array;
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly sizeBytes: number | undefined;
  readonly mtime: number | undefined;
  readonly format: "v7" | "ustar" | "gnu";
}

/** Reads a block of 512 bytes, or says why it is none. */
export function parseTarHeader(block: Uint8Array): TarHeader | "bad checksum" {
  if (!hasChecksum(block)) return "bad checksum";
  const format = formatOf(block);
  const name = field(block, 0, 100);
  return {
    block,
    typeflag: String.fromCharCode(block[156] ?? 0),
    name: format === "ustar" && block[345] !== 0 ? withPrefix(block, name) : name,
    link: field(block, 157, 100),
    mode: parseTarNumber(block, 100, 8),
    uid: parseTarNumber(block, 108, 8),
    gid: parseTarNumber(block, 116, 8),
    sizeBytes: parseTarNumber(block, 124, 12),
    mtime: parseTarNumber(block, 136, 12),
    format,
  };
}

export function isZeroBlock(block: Uint8Array): boolean {
  for (let at = 0; at < BLOCK_BYTES; at++) if (block[at] !== 0) return false;
  return true;
}

/** The sum of all bytes with the checksum field as spaces: of unsigned bytes (POSIX), or signed ones (old SunOS). */
function hasChecksum(block: Uint8Array): boolean {
  const wanted = parseTarNumber(block, 148, 8);
  let sum = 8 * 0x20;
  let high = 0;
  for (let at = 0; at < BLOCK_BYTES; at++) {
    if (at === 148) at = 156;
    const byte = block[at] ?? 0;
    sum += byte;
    high += byte >> 7;
  }
  return wanted === sum || wanted === sum - 256 * high;
}

function formatOf(block: Uint8Array): TarHeader["format"] {
  // "ustar\0" and "ustar  \0"; the five letters decide, the sixth byte tells GNU.
  const magic =
    block[257] === 0x75 && block[258] === 0x73 && block[259] === 0x74 && block[260] === 0x61 && block[261] === 0x72;
  if (!magic) return "v7";
  return block[262] === 0x20 ? "gnu" : "ustar";
}

/** A text field up to its first NUL, or whole. */
function field(block: Uint8Array, start: number, length: number): Uint8Array {
  const end = block.indexOf(0, start);
  return block.subarray(start, end === -1 ? start + length : Math.min(end, start + length));
}

function withPrefix(block: Uint8Array, name: Uint8Array): Uint8Array {
  // star leaves "tar\0" at the end of the block and keeps times in the last 24 bytes of the prefix.
  const star = block[508] === 0x74 && block[509] === 0x61 && block[510] === 0x72 && block[511] === 0;
  const prefix = field(block, 345, star ? 131 : 155);
  return prefix.length === 0 ? name : Buffer.concat([prefix, slash, name]);
}

const slash = Buffer.from("/");
