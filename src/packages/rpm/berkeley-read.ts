// Reads a hash of Berkeley DB (5.3, dbinc/db_page.h), as rpm of before 4.16 keeps headers in: every record on every page of
// the hash, whatever its bucket.
import { DodaiError } from "../../core/dodai-error.ts";
import type { BerkeleyRecord } from "./berkeley.ts";

const PAGE_HEADER_BYTES = 26;
const HASH_MAGIC = 0x061561;
const pageTypes = { hashUnsorted: 2, overflow: 7, hash: 13 } as const;
const itemTypes = { keyData: 1, offPage: 3 } as const;

interface Pages {
  readonly bytes: Buffer;
  readonly size: number;
  /** Bytes of values on pages of their own that may still come: each page belongs to one value. */
  left: number;
}

/** In no order. Throws PACKAGE_BROKEN. */
export function readBerkeleyHash(file: Uint8Array, what: string): readonly BerkeleyRecord[] {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.length < 512 || bytes.readUInt32LE(12) !== HASH_MAGIC)
    throw broken(what, "it is not a hash of Berkeley DB");
  const size = bytes.readUInt32LE(20);
  if (size < 512 || size > 65536 || (size & (size - 1)) !== 0) throw broken(what, `its pages have ${size} bytes`);
  const records: BerkeleyRecord[] = [];
  const pages: Pages = { bytes, size, left: bytes.length };
  for (let page = 1; (page + 1) * size <= bytes.length; page++) {
    const type = bytes[page * size + 25];
    if (type === pageTypes.hash || type === pageTypes.hashUnsorted) records.push(...recordsOn(pages, page, what));
  }
  return records;
}

/** Keys and values take turns; each item ends where the one before it starts. */
function recordsOn(pages: Pages, page: number, what: string): readonly BerkeleyRecord[] {
  const { bytes, size } = pages;
  const here = bytes.subarray(page * size, (page + 1) * size);
  const count = here.readUInt16LE(20);
  if (PAGE_HEADER_BYTES + 2 * count > size) throw broken(what, `page ${page} has ${count} items`);
  const items: Uint8Array[] = [];
  let end = size;
  for (let at = 0; at < count; at++) {
    const start = here.readUInt16LE(PAGE_HEADER_BYTES + 2 * at);
    if (start < PAGE_HEADER_BYTES || start >= end) throw broken(what, `page ${page} has items that overlap`);
    items.push(itemOf(pages, here.subarray(start, end), what));
    end = start;
  }
  return items.flatMap((key, at) => {
    const value = items[at + 1];
    return at % 2 === 0 && value !== undefined ? [{ key, value }] : [];
  });
}

function itemOf(pages: Pages, item: Buffer, what: string): Uint8Array {
  if (item[0] === itemTypes.keyData) return item.subarray(1);
  if (item[0] !== itemTypes.offPage || item.length < 12) throw broken(what, `it has an item of type ${item[0]}`);
  return overflowOf(pages, { first: item.readUInt32LE(4), length: item.readUInt32LE(8) }, what);
}

/** A value on pages of its own, each of which names the next. */
function overflowOf(
  pages: Pages,
  { first, length }: { readonly first: number; readonly length: number },
  what: string,
): Uint8Array {
  const { bytes, size } = pages;
  if (length > pages.left) throw broken(what, "its values are larger than the file");
  pages.left -= length;
  const parts: Uint8Array[] = [];
  let left = length;
  for (let page = first; left > 0; ) {
    const here = bytes.subarray(page * size, (page + 1) * size);
    const used = here.length === size && here[25] === pageTypes.overflow ? here.readUInt16LE(22) : 0;
    if (used === 0 || used > left || PAGE_HEADER_BYTES + used > size) throw broken(what, `page ${page} does not go on`);
    parts.push(here.subarray(PAGE_HEADER_BYTES, PAGE_HEADER_BYTES + used));
    left -= used;
    page = here.readUInt32LE(16);
  }
  return Buffer.concat(parts);
}

const broken = (what: string, state: string): DodaiError =>
  new DodaiError("PACKAGE_BROKEN", `Cannot read ${what}: ${state}`);
