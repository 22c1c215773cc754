// How large an .xz file unfolds, told without decoding it: LZMA2 says in front of each chunk how many bytes come out of it,
// and the decoder stops there. So the sum cannot lie, unlike the sizes in block headers and in the index; and a file in memory
// may be decoded in one go, which is faster, without fear of a bomb.
// The .xz file format 1.2, sections 2 to 4; the chunks of LZMA2 as in liblzma's lzma2_decoder.c.

const HEADER_BYTES = 12;
const FOOTER_BYTES = 12;
const LZMA2 = 0x21;
/** Bytes of the check behind each block, by its type (2.1.1.2). */
const checkBytes: readonly number[] = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];

/** How many bytes come out of all streams of the file; `undefined` when it is not one that this understands. */
export function plainSizeOfXz(bytes: Uint8Array): number | undefined {
  const scan: Scan = { bytes, at: 0, plainBytes: 0 };
  while (scan.at < bytes.length) {
    if (!passStream(scan)) return undefined;
    // Zeros may follow a stream, four at a time.
    while (scan.at + 4 <= bytes.length && bytes[scan.at] === 0) scan.at += 4;
  }
  return scan.at === bytes.length && bytes.length > 0 ? scan.plainBytes : undefined;
}

interface Scan {
  readonly bytes: Uint8Array;
  at: number;
  plainBytes: number;
}

/** Each of these moves behind what it names; false when that is not there. */
function passStream(scan: Scan): boolean {
  const { bytes, at } = scan;
  if (bytes[at] !== 0xfd || bytes[at + 1] !== 0x37 || bytes[at + 6] !== 0) return false;
  const check = checkBytes[bytes[at + 7] ?? 16];
  if (check === undefined) return false;
  scan.at += HEADER_BYTES;
  while (scan.at < bytes.length && bytes[scan.at] !== 0) {
    if (!passBlock(scan, check)) return false;
  }
  return passIndex(scan);
}

function passBlock(scan: Scan, check: number): boolean {
  const start = scan.at;
  const headerEnd = start + ((scan.bytes[start] ?? 0) + 1) * 4;
  const flags = scan.bytes[start + 1] ?? 0;
  scan.at += 2;
  const sizes = (flags & 0x40 ? 1 : 0) + (flags & 0x80 ? 1 : 0);
  for (let count = 0; count < sizes; count++) if (readNumber(scan) === undefined) return false;
  let filter: number | undefined;
  for (let count = 0; count <= (flags & 3); count++) {
    filter = readNumber(scan);
    const propertyBytes = readNumber(scan);
    if (propertyBytes === undefined) return false;
    scan.at += propertyBytes;
  }
  // The other filters (delta and for machine code) give as many bytes as they take.
  if (filter !== LZMA2 || scan.at > headerEnd) return false;
  scan.at = headerEnd;
  if (!passChunks(scan)) return false;
  scan.at += padding(scan.at - start) + check;
  return true;
}

function passChunks(scan: Scan): boolean {
  const { bytes } = scan;
  for (let control = bytes[scan.at]; control !== undefined; control = bytes[scan.at]) {
    const size = number16(bytes, scan.at + 1) + 1;
    if (control === 0) {
      scan.at += 1;
      return true;
    }
    if (control >= 0x80) {
      scan.plainBytes += ((control & 0x1f) << 16) + size;
      scan.at += (control >= 0xc0 ? 6 : 5) + number16(bytes, scan.at + 3) + 1;
    } else if (control <= 2) {
      scan.plainBytes += size;
      scan.at += 3 + size;
    } else {
      return false;
    }
  }
  return false;
}

function passIndex(scan: Scan): boolean {
  const start = scan.at;
  scan.at += 1;
  const records = readNumber(scan);
  if (records === undefined) return false;
  for (let count = 0; count < 2 * records; count++) if (readNumber(scan) === undefined) return false;
  scan.at += padding(scan.at - start) + 4 + FOOTER_BYTES;
  return scan.at <= scan.bytes.length;
}

/** A number of seven bits a byte (1.2), as far as 2^53. */
function readNumber(scan: Scan): number | undefined {
  let value = 0;
  for (let factor = 1; factor < 2 ** 49; factor *= 128) {
    const byte = scan.bytes[scan.at++];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
  }
  return undefined;
}

const number16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
const padding = (length: number): number => (4 - (length % 4)) % 4;
