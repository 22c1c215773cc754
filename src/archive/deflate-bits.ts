// Bits on their way into bytes, lowest bit first (RFC 1951 section 3.1.1).
// Up to 31 bits wait in a number. `bytes`, `offset`, `pending` and `count` are open so that the one hot loop, which writes
// symbols, can keep them in local variables.

export interface BitWriter {
  bytes: Uint8Array;
  view: DataView;
  /** Where the next whole byte goes. */
  offset: number;
  /** Bits that do not fill a byte yet, and how many: at most 7 between calls. */
  pending: number;
  count: number;
}

/** Room past the end that a write of four bytes may touch. */
const slackBytes = 16;

export function createBitWriter(): BitWriter {
  const bytes = new Uint8Array(1 << 20);
  return { bytes, view: new DataView(bytes.buffer), offset: 0, pending: 0, count: 0 };
}

/** Makes room for `more` bytes. Every write below counts on it. */
export function reserve(writer: BitWriter, more: number): void {
  const wanted = writer.offset + more + slackBytes;
  if (wanted <= writer.bytes.length) return;
  const grown = new Uint8Array(Math.max(2 * writer.bytes.length, wanted));
  grown.set(writer.bytes.subarray(0, writer.offset));
  writer.bytes = grown;
  writer.view = new DataView(grown.buffer);
}

/** Appends the low `width` bits of a value, at most 16; bits above them must be zero. */
export function putBits(writer: BitWriter, value: number, width: number): void {
  const bits = writer.pending | (value << writer.count);
  const count = writer.count + width;
  writer.view.setUint32(writer.offset, bits, true);
  writer.offset += count >> 3;
  writer.pending = bits >>> (count & 24);
  writer.count = count & 7;
}

/** Fills the last byte with zero bits. */
export function alignToByte(writer: BitWriter): void {
  if (writer.count > 0) putBits(writer, 0, 8 - writer.count);
}

/** Appends whole bytes; the writer must be aligned. */
export function putBytes(writer: BitWriter, bytes: Uint8Array): void {
  writer.bytes.set(bytes, writer.offset);
  writer.offset += bytes.length;
}

/** A copy of what was written, and the writer empty again. */
export function takeBytes(writer: BitWriter): Uint8Array {
  alignToByte(writer);
  const taken = writer.bytes.slice(0, writer.offset);
  writer.offset = 0;
  return taken;
}
