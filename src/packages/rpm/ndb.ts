// `Packages.db`, the database of SUSE's rpm (the form is told by rpm's lib/backend/ndb/rpmpkg.c): pages of slots, each with the
// place of one header, then the headers in blocks of 16 bytes with a checksum behind each. All numbers are little-endian.
import type { BerkeleyRecord } from "./berkeley.ts";
import { broken, viewOf } from "./database-fault.ts";

export interface NdbFile {
  /** Headers by ascending number. */
  readonly records: readonly NdbRecord[];
  /** Counts changes of the file; indexes of another generation are made anew. */
  readonly generation: number;
  /** The number that the next header gets. */
  readonly next: number;
}

export interface NdbRecord {
  readonly id: number;
  readonly bytes: BerkeleyRecord["value"];
}

const HEADER_BYTES = 32;
const PAGE_BYTES = 4096;
const SLOT_BYTES = 16;
const BLOCK_BYTES = 16;
const BLOB_HEAD_BYTES = 16;
const BLOB_TAIL_BYTES = 12;
const magic = { file: 0x506d7052, slot: 0x746f6c53, head: 0x53626c42, tail: 0x45626c42 } as const;

/** Throws DATABASE_BROKEN. */
export function readNdb(bytes: Uint8Array, what: string): NdbFile {
  if (bytes.length < PAGE_BYTES) throw broken(what, "it is cut off");
  const view = viewOf(bytes);
  const at = (offset: number): number => view.getUint32(offset, true);
  if (at(0) !== magic.file) throw broken(what, "it does not start as a database of rpm's");
  if (at(4) !== 0) throw broken(what, `it is of version ${at(4)}, wanted 0`);
  const slotPages = at(12);
  const slotsEnd = slotPages * PAGE_BYTES;
  if (slotPages === 0 || slotsEnd > bytes.length) throw broken(what, `it has ${slotPages} pages of slots`);
  const found: (Slot & { readonly bytes: Uint8Array })[] = [];
  for (let offset = HEADER_BYTES; offset < slotsEnd; offset += SLOT_BYTES) {
    if (at(offset) !== magic.slot) throw broken(what, "a slot in it is none");
    const slot = { id: at(offset + 4), start: BLOCK_BYTES * at(offset + 8), length: BLOCK_BYTES * at(offset + 12) };
    if (slot.start === 0) continue;
    if (slot.start < slotsEnd || slot.start + slot.length > bytes.length) {
      throw broken(what, `header ${slot.id} lies outside it`);
    }
    found.push({ ...slot, bytes: blobOf(bytes.subarray(slot.start, slot.start + slot.length), slot, what) });
  }
  assertApart(found, what);
  const records = found.map(({ id, bytes: blob }): NdbRecord => ({ id, bytes: blob })).sort((a, b) => a.id - b.id);
  return { records, generation: at(8), next: at(16) };
}

interface Slot {
  readonly id: number;
  /** In bytes, as `length`. */
  readonly start: number;
  readonly length: number;
}

function blobOf(blob: Uint8Array, { id }: Slot, what: string): Uint8Array {
  const view = viewOf(blob);
  const fault = (state: string): Error => broken(what, `header ${id} ${state}`);
  if (blob.length < BLOB_HEAD_BYTES + BLOCK_BYTES) throw fault("has no room");
  if (view.getUint32(0, true) !== magic.head || view.getUint32(4, true) !== id)
    throw fault("is not where its slot says");
  const size = view.getUint32(12, true);
  const tail = blob.length - BLOB_TAIL_BYTES;
  const isWhole = view.getUint32(tail + 4, true) === size && view.getUint32(tail + 8, true) === magic.tail;
  if (!isWhole || blocksOf(size) * BLOCK_BYTES !== blob.length) throw fault("has no end");
  if (view.getUint32(tail, true) !== adler32(blob.subarray(0, tail))) throw fault("has another checksum");
  return blob.subarray(BLOB_HEAD_BYTES, BLOB_HEAD_BYTES + size);
}

/** Two slots have neither a number nor a byte in common. */
function assertApart(slots: readonly Slot[], what: string): void {
  const sorted = slots.toSorted((a, b) => a.start - b.start);
  const overlap = sorted.some(({ start }, at) => at > 0 && start < endOf(sorted[at - 1]));
  if (overlap || new Set(slots.map(({ id }) => id)).size !== slots.length) throw broken(what, "headers in it overlap");
}

const endOf = (slot: Slot | undefined): number => (slot ? slot.start + slot.length : 0);
const blocksOf = (size: number): number => Math.ceil((BLOB_HEAD_BYTES + size + BLOB_TAIL_BYTES) / BLOCK_BYTES);

/** The file without room between headers, in the order of their numbers. */
export function formatNdb({ records, generation, next }: NdbFile): Uint8Array {
  const slotPages = Math.max(1, Math.ceil((HEADER_BYTES + SLOT_BYTES * records.length) / PAGE_BYTES));
  const slots = Buffer.alloc(slotPages * PAGE_BYTES);
  writeNumbers(slots, 0, [magic.file, 0, generation, slotPages, next]);
  for (let offset = HEADER_BYTES; offset < slots.length; offset += SLOT_BYTES)
    writeNumbers(slots, offset, [magic.slot]);
  let block = slots.length / BLOCK_BYTES;
  const blobs = records.map(({ id, bytes }, at) => {
    const count = blocksOf(bytes.length);
    writeNumbers(slots, HEADER_BYTES + SLOT_BYTES * at, [magic.slot, id, block, count]);
    block += count;
    const blob = Buffer.alloc(count * BLOCK_BYTES);
    const tail = blob.length - BLOB_TAIL_BYTES;
    writeNumbers(blob, 0, [magic.head, id, generation, bytes.length]);
    blob.set(bytes, BLOB_HEAD_BYTES);
    writeNumbers(blob, tail, [adler32(blob.subarray(0, tail)), bytes.length, magic.tail]);
    return blob;
  });
  return Buffer.concat([slots, ...blobs]);
}

function writeNumbers(bytes: Buffer, offset: number, numbers: readonly number[]): void {
  numbers.forEach((number, at) => void bytes.writeUInt32LE(number, offset + 4 * at));
}

/** RFC 1950 8.2. */
function adler32(bytes: Uint8Array): number {
  let [a, b] = [1, 0];
  for (let at = 0; at < bytes.length; ) {
    // So many bytes can be added before 32 bits are full.
    const end = Math.min(bytes.length, at + 5552);
    for (; at < end; at++) {
      a += bytes[at] ?? 0;
      b += a;
    }
    a %= 65_521;
    b %= 65_521;
  }
  return ((b << 16) | a) >>> 0;
}
