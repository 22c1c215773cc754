// Writes Berkeley DB files as rpm of before 4.16 reads them: a hash for the headers, b-trees for what they are looked up by
// (Berkeley DB 5.3, dbinc/db_page.h: versions 9, little-endian). Written once, from sorted records, and never logged, so that
// the bytes follow from the records alone.
import { createHash } from "node:crypto";

const PAGE_BYTES = 4096;
const PAGE_HEADER_BYTES = 26;
const ROOM_BYTES = PAGE_BYTES - PAGE_HEADER_BYTES;
const HASH_MAGIC = 0x061561;
const BTREE_MAGIC = 0x053162;
const VERSION = 9;
/** The hash of "%$sniglet^&", by which a reader knows the hash function. */
const HASH_CHARKEY = 0x5e688dd1;

const pageType = { innerBtree: 3, leafBtree: 5, overflow: 7, hashMeta: 8, btreeMeta: 9, hash: 13 } as const;
const itemType = { keyData: 1, overflow: 3 } as const;

export interface BerkeleyRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** A hash of one bucket: it is walked page by page, and there are few hundred records in it. `name` makes the file's id. */
export function formatBerkeleyHash(name: string, records: readonly BerkeleyRecord[]): Uint8Array {
  const pages: Buffer[] = [Buffer.alloc(PAGE_BYTES), Buffer.alloc(PAGE_BYTES)];
  const chain = [1];
  let items: Buffer[] = [];
  let used = 0;
  const flush = (): void => {
    const page = chain.at(-1) ?? 1;
    const previous = chain.at(-2) ?? 0;
    pages[page] = pageOf(items, { page, previous, next: 0, level: 0, type: pageType.hash });
    pages[previous]?.writeUInt32LE(previous === 0 ? 0 : page, 16);
    items = [];
    used = 0;
  };
  for (const { key, value } of records.toSorted((a, b) => Buffer.compare(a.key, b.key))) {
    const pair = [Buffer.concat([Buffer.of(itemType.keyData), key]), hashValue(value, pages)];
    const size = pair.reduce((sum, one) => sum + one.length + 2, 0);
    if (used + size > ROOM_BYTES) {
      flush();
      chain.push(pages.push(Buffer.alloc(PAGE_BYTES)) - 1);
    }
    items.push(...pair);
    used += size;
  }
  flush();
  const meta = metaPage(name, { magic: HASH_MAGIC, type: pageType.hashMeta, last: pages.length - 1 });
  // One bucket: masks 1 and 0, its first page right behind this one.
  for (const [offset, value] of [
    [76, 1],
    [88, records.length],
    [92, HASH_CHARKEY],
    [96, 1],
  ] as const) {
    meta.writeUInt32LE(value, offset);
  }
  pages[0] = meta;
  return Buffer.concat(pages);
}

/** Values beyond this lie on pages of their own. */
const LARGE_VALUE_BYTES = 256;

function hashValue(value: Uint8Array, pages: Buffer[]): Buffer {
  if (value.length <= LARGE_VALUE_BYTES) return Buffer.concat([Buffer.of(itemType.keyData), value]);
  const item = Buffer.alloc(12);
  item[0] = itemType.overflow;
  item.writeUInt32LE(addOverflow(value, pages), 4);
  item.writeUInt32LE(value.length, 8);
  return item;
}

interface Placed {
  readonly page: number;
  readonly firstKey: Uint8Array;
}

/** A b-tree of records whose keys are unique. */
export function formatBerkeleyBtree(name: string, records: readonly BerkeleyRecord[]): Uint8Array {
  const pages: Buffer[] = [Buffer.alloc(PAGE_BYTES)];
  const sorted = records.toSorted((a, b) => Buffer.compare(a.key, b.key));
  const pairs = sorted.map(({ key, value }) => ({ key, items: [leafItem(key, pages), leafItem(value, pages)] }));
  let level = addLevel(pairs, { pages, level: 1, type: pageType.leafBtree });
  for (let depth = 2; level.length > 1; depth++) {
    const inner = level.map(({ page, firstKey }, at) => ({
      key: firstKey,
      // What is before the second key is on the first page, whatever it is.
      items: [innerItem(at === 0 ? new Uint8Array() : firstKey, page)],
    }));
    level = addLevel(inner, { pages, level: depth, type: pageType.innerBtree });
  }
  const meta = metaPage(name, { magic: BTREE_MAGIC, type: pageType.btreeMeta, last: pages.length - 1 });
  for (const [offset, value] of [
    [76, 2],
    [84, 32],
    [88, level[0]?.page ?? 1],
  ] as const)
    meta.writeUInt32LE(value, offset);
  pages[0] = meta;
  return Buffer.concat(pages);
}

interface Level {
  readonly pages: Buffer[];
  readonly level: number;
  readonly type: number;
}

/** The entries over as few pages as they need; a tree of none has one empty leaf. */
function addLevel(
  entries: readonly { readonly key: Uint8Array; readonly items: readonly Buffer[] }[],
  { pages, level, type }: Level,
): readonly Placed[] {
  const groups: { firstKey: Uint8Array; items: Buffer[] }[] = [{ firstKey: new Uint8Array(), items: [] }];
  let used = 0;
  for (const { key, items } of entries) {
    const size = items.reduce((sum, one) => sum + one.length + 2, 0);
    if (used + size > ROOM_BYTES) {
      groups.push({ firstKey: key, items: [] });
      used = 0;
    }
    groups.at(-1)?.items.push(...items);
    used += size;
  }
  const first = pages.length;
  // Leaves are linked; pages above them are not.
  const isLeaf = type === pageType.leafBtree;
  return groups.map(({ firstKey, items }, at) => {
    const page = first + at;
    const previous = isLeaf && at > 0 ? page - 1 : 0;
    const next = isLeaf && at + 1 < groups.length ? page + 1 : 0;
    pages.push(pageOf(items, { page, previous, next, level, type }));
    return { page, firstKey };
  });
}

/** B_MINKEY_TO_OVFLSIZE for two keys a page. */
const LARGE_ITEM_BYTES = 1007;

/** BKEYDATA or BOVERFLOW. */
function leafItem(bytes: Uint8Array, pages: Buffer[]): Buffer {
  if (bytes.length > LARGE_ITEM_BYTES) {
    const item = Buffer.alloc(12);
    item[2] = itemType.overflow;
    item.writeUInt32LE(addOverflow(bytes, pages), 4);
    item.writeUInt32LE(bytes.length, 8);
    return item;
  }
  const item = Buffer.alloc(aligned(3 + bytes.length));
  item.writeUInt16LE(bytes.length, 0);
  item[2] = itemType.keyData;
  item.set(bytes, 3);
  return item;
}

/** BINTERNAL. */
function innerItem(key: Uint8Array, page: number): Buffer {
  const item = Buffer.alloc(aligned(12 + key.length));
  item.writeUInt16LE(key.length, 0);
  item[2] = itemType.keyData;
  item.writeUInt32LE(page, 4);
  item.set(key, 12);
  return item;
}

const aligned = (bytes: number): number => Math.ceil(bytes / 4) * 4;

/** Pages that hold one value; the number of the first. */
function addOverflow(bytes: Uint8Array, pages: Buffer[]): number {
  const first = pages.length;
  for (let at = 0; at < bytes.length; at += ROOM_BYTES) {
    const part = bytes.subarray(at, at + ROOM_BYTES);
    const page = pages.length;
    const isLast = at + ROOM_BYTES >= bytes.length;
    const made = headerOf({
      page,
      previous: at === 0 ? 0 : page - 1,
      next: isLast ? 0 : page + 1,
      level: 0,
      type: pageType.overflow,
    });
    // One reference, and how much of the page is used.
    made.writeUInt16LE(1, 20);
    made.writeUInt16LE(part.length, 22);
    made.set(part, PAGE_HEADER_BYTES);
    pages.push(made);
  }
  return first;
}

interface PageSpec {
  readonly page: number;
  readonly previous: number;
  readonly next: number;
  readonly level: number;
  readonly type: number;
}

/** A log sequence number that says: never logged. */
function headerOf({ page, previous, next, level, type }: PageSpec): Buffer {
  const made = Buffer.alloc(PAGE_BYTES);
  for (const [offset, value] of [
    [4, 1],
    [8, page],
    [12, previous],
    [16, next],
  ] as const)
    made.writeUInt32LE(value, offset);
  made[24] = level;
  made[25] = type;
  return made;
}

/** Items from the end of the page, and where each lies from its start. */
function pageOf(items: readonly Buffer[], spec: PageSpec): Buffer {
  const made = headerOf(spec);
  let end = PAGE_BYTES;
  items.forEach((item, at) => {
    end -= item.length;
    made.set(item, end);
    made.writeUInt16LE(end, PAGE_HEADER_BYTES + 2 * at);
  });
  made.writeUInt16LE(items.length, 20);
  made.writeUInt16LE(end, 22);
  return made;
}

interface MetaSpec {
  readonly magic: number;
  readonly type: number;
  readonly last: number;
}

function metaPage(name: string, { magic, type, last }: MetaSpec): Buffer {
  const meta = Buffer.alloc(PAGE_BYTES);
  for (const [offset, value] of [
    [4, 1],
    [12, magic],
    [16, VERSION],
    [20, PAGE_BYTES],
    [32, last],
  ] as const) {
    meta.writeUInt32LE(value, offset);
  }
  meta[25] = type;
  // Files of one environment are told apart by their id.
  meta.set(createHash("sha1").update(`rpm ${name}`).digest(), 52);
  return meta;
}
