// Reads a hash of Berkeley DB that somebody else wrote (dbinc/db_page.h, versions 7 to 10): `Packages` of rpm before 4.16. All
// pages of the hash are walked in the file's order: those of buckets and those that follow them have the same form, and what is
// free has another type. Each overflow page is taken once, so that no chain loops.
import type { BerkeleyRecord } from "./berkeley.ts";
import { broken, concatenated, type DatabasePages, viewOf } from "./database-fault.ts";

const PAGE_HEADER_BYTES = 26;
const HASH_MAGIC = 0x061561;
const pageType = { hashUnsorted: 2, overflow: 7, hashMeta: 8, hash: 13 } as const;
const itemType = { keyData: 1, overflow: 3 } as const;

interface Pages extends DatabasePages {
  readonly pageBytes: number;
}

/** Every pair, in the file's order. Throws DATABASE_BROKEN. */
export function readBerkeleyHash(bytes: Uint8Array, what: string): readonly BerkeleyRecord[] {
  if (bytes.length < 512) throw broken(what, "it is cut off");
  const meta = viewOf(bytes);
  if (meta.getUint32(12, false) === HASH_MAGIC) throw broken(what, "it was written by a big-endian machine");
  if (meta.getUint32(12, true) !== HASH_MAGIC || bytes[25] !== pageType.hashMeta) {
    throw broken(what, "it does not start as a hash of Berkeley DB");
  }
  const version = meta.getUint32(16, true);
  if (version < 7 || version > 10) throw broken(what, `it is of version ${version}, wanted 7 to 10`);
  const pageBytes = meta.getUint32(20, true);
  const isSize = pageBytes >= 512 && pageBytes <= 65_536 && (pageBytes & (pageBytes - 1)) === 0;
  if (!isSize) throw broken(what, `its pages have ${pageBytes} bytes`);
  if (bytes[24] !== 0 || ((bytes[26] ?? 0) & 1) !== 0) throw broken(what, "it is encrypted or has checksums");
  const count = Math.floor(bytes.length / pageBytes);
  const last = meta.getUint32(32, true);
  if (last >= count) throw broken(what, `it has ${count} pages, and says ${last + 1}`);
  const page = (number: number): Uint8Array => bytes.subarray(number * pageBytes, (number + 1) * pageBytes);
  const used = new Set<number>();
  const take = (number: number): Uint8Array => {
    if (number < 1 || number > last) throw broken(what, `it has no page ${number}`);
    if (used.has(number)) throw broken(what, `page ${number} is used twice`);
    used.add(number);
    return page(number);
  };
  const records: BerkeleyRecord[] = [];
  for (let number = 1; number <= last; number++) {
    const type = page(number)[25];
    if (type === pageType.hash || type === pageType.hashUnsorted) {
      records.push(...recordsOf(take(number), number, { what, pageBytes, take }));
    }
  }
  return records;
}

/** Keys and values in turn, from the end of the page. */
function recordsOf(page: Uint8Array, number: number, pages: Pages): readonly BerkeleyRecord[] {
  const { what, pageBytes } = pages;
  const view = viewOf(page);
  const count = view.getUint16(20, true);
  const start = PAGE_HEADER_BYTES + 2 * count;
  if (count % 2 !== 0 || start > pageBytes) throw broken(what, `page ${number} has ${count} items`);
  const items: Uint8Array[] = [];
  let end = pageBytes;
  for (let at = 0; at < count; at++) {
    const offset = view.getUint16(PAGE_HEADER_BYTES + 2 * at, true);
    if (offset < start || offset >= end) throw broken(what, `items of page ${number} overlap`);
    items.push(itemOf(page.subarray(offset, end), pages));
    end = offset;
  }
  const records: BerkeleyRecord[] = [];
  for (let at = 0; at + 1 < items.length; at += 2) {
    records.push({ key: items[at] as Uint8Array, value: items[at + 1] as Uint8Array });
  }
  return records;
}

/** HKEYDATA, or HOFFPAGE and the pages that it starts. */
function itemOf(item: Uint8Array, pages: Pages): Uint8Array {
  const { what, pageBytes } = pages;
  if (item[0] === itemType.keyData) return item.subarray(1);
  if (item[0] !== itemType.overflow || item.length < 12) throw broken(what, `it has an item of type ${item[0] ?? 0}`);
  const view = viewOf(item);
  let next = view.getUint32(4, true);
  const parts: Uint8Array[] = [];
  for (let left = view.getUint32(8, true); left > 0; ) {
    const page = pages.take(next);
    const pageView = viewOf(page);
    const used = pageView.getUint16(22, true);
    const isWhole = page[25] === pageType.overflow && used > 0 && used <= pageBytes - PAGE_HEADER_BYTES && used <= left;
    if (!isWhole) throw broken(what, `page ${next} does not go on with a value`);
    parts.push(page.subarray(PAGE_HEADER_BYTES, PAGE_HEADER_BYTES + used));
    left -= used;
    next = pageView.getUint32(16, true);
  }
  return concatenated(parts);
}
