// The file format of ld.so.cache, "glibc-ld.so.cache1.1" (glibc sysdeps/generic/dl-cache.h, elf/cache.c): header, entries
// sorted for binary search, strings that share their ends, and an extension that names the writer.
import { encodeName } from "../../archive/tar-name.ts";
import { compareBytes } from "../../core/byte-order.ts";

export interface CacheEntry {
  readonly soname: string;
  readonly path: string;
  readonly flags: number;
  /** The oldest kernel, where the C library still asks (before glibc 2.36). */
  readonly kernel?: number;
}

export interface CacheFacts {
  /** What the C library calls itself: `Debian GLIBC 2.41-12`. */
  readonly writer: string;
  /** Its release: `2.41`. */
  readonly release: string;
  readonly littleEndian: boolean;
}

const magic = "glibc-ld.so.cache1.1";
const headerBytes = 48;
const entryBytes = 24;
const extensionMagic = 0xeaa42174;

/** glibc's _dl_cache_libcmp: runs of digits by their value, a digit before none, all else by bytes. */
export function compareLibraries(a: string, b: string): number {
  const parts = /\d+|\D/g;
  const left = a.match(parts) ?? [];
  const right = b.match(parts) ?? [];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const x = left[at] ?? "";
    const y = right[at] ?? "";
    const order = compareParts(x, y);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareParts(x: string, y: string): number {
  const xDigits = /^\d/.test(x);
  const yDigits = /^\d/.test(y);
  if (xDigits && yDigits) return Number(x) - Number(y);
  if (xDigits !== yDigits) return xDigits ? 1 : -1;
  return compareBytes(x, y);
}

export function formatCache(entries: readonly CacheEntry[], { writer, release, littleEndian }: CacheFacts): Uint8Array {
  const sorted = entries.toSorted((a, b) => compareLibraries(b.soname, a.soname) || b.flags - a.flags);
  if (isBefore(release, 32)) return formatOldCache(sorted, littleEndian);
  const start = headerBytes + entryBytes * sorted.length;
  const strings = layStrings(sorted.flatMap(({ soname, path }) => [soname, path]));
  const extensionAt = Math.ceil((start + strings.bytes.byteLength) / 4) * 4;
  const generator = Buffer.from(`ldconfig (${writer}) stable release version ${release}`);
  const cache = Buffer.alloc(extensionAt + 24 + generator.byteLength);
  const word = (value: number, at: number): void => {
    if (littleEndian) cache.writeUInt32LE(value, at);
    else cache.writeUInt32BE(value, at);
  };
  cache.write(magic, 0, "latin1");
  word(sorted.length, 20);
  word(strings.bytes.byteLength, 24);
  cache[28] = littleEndian ? 2 : 3;
  word(extensionAt, 32);
  for (const [index, { soname, path, flags }] of sorted.entries()) {
    const at = headerBytes + index * entryBytes;
    word(flags, at);
    word(start + strings.offsetOf(soname), at + 4);
    word(start + strings.offsetOf(path), at + 8);
    if (isBefore(release, 36)) word(sorted[index]?.kernel ?? 0, at + 12);
  }
  strings.bytes.copy(cache, start);
  word(extensionMagic, extensionAt);
  word(1, extensionAt + 4);
  word(extensionAt + 24, extensionAt + 16);
  word(generator.byteLength, extensionAt + 20);
  generator.copy(cache, extensionAt + 24);
  return cache;
}

/** Whether a release of glibc is older than 2.MINOR. */
const isBefore = (release: string, minor: number): boolean => Number(/^2\.(\d+)/.exec(release)?.[1] ?? minor) < minor;

const oldMagic = "ld.so-1.7.0";
const oldHeaderBytes = 16;
const oldEntryBytes = 12;

/** Before glibc 2.32: the form of libc5 with the new one behind it, and strings one after another that both point to. */
function formatOldCache(sorted: readonly CacheEntry[], littleEndian: boolean): Uint8Array {
  // An even number of entries ends where the new form may begin: the last is there twice.
  const oldCount = sorted.length + (sorted.length % 2);
  const newStart = oldHeaderBytes + oldEntryBytes * oldCount;
  const stringsAt = headerBytes + entryBytes * sorted.length;
  const texts = sorted.map(({ soname, path }) => [byteString(soname), byteString(path)] as const);
  const strings = Buffer.from(
    texts
      .flat()
      .map((text) => `${text}\0`)
      .join(""),
    "latin1",
  );
  const cache = Buffer.alloc(newStart + stringsAt + strings.byteLength);
  const word = (value: number, at: number): void => {
    if (littleEndian) cache.writeUInt32LE(value, at);
    else cache.writeUInt32BE(value, at);
  };
  cache.write(oldMagic, 0, "latin1");
  word(oldCount, 12);
  cache.write(magic, newStart, "latin1");
  word(sorted.length, newStart + 20);
  word(strings.byteLength, newStart + 24);
  let place = stringsAt;
  for (const [index, { flags, kernel = 0 }] of sorted.entries()) {
    const [soname = "", path = ""] = texts[index] ?? [];
    const pathPlace = place + soname.length + 1;
    const newAt = newStart + headerBytes + entryBytes * index;
    for (let old = index; old < (index === sorted.length - 1 ? oldCount : index + 1); old++)
      [flags, place, pathPlace].forEach((value, at) => {
        word(value, oldHeaderBytes + oldEntryBytes * old + 4 * at);
      });
    [flags, place, pathPlace, kernel].forEach((value, at) => {
      word(value, newAt + 4 * at);
    });
    place = pathPlace + path.length + 1;
  }
  strings.copy(cache, newStart + stringsAt);
  return cache;
}

interface Strings {
  readonly bytes: Buffer;
  offsetOf(text: string): number;
}

/** Sorted from their ends, last first: a string that ends another one follows it and lies inside it. */
function layStrings(texts: readonly string[]): Strings {
  const reversed = (text: string): string => [...text].reverse().join("");
  const sorted = [...new Set(texts.map(byteString))].sort((a, b) => compareBytes(reversed(b), reversed(a)));
  const offsets = new Map<string, number>();
  const chunks: string[] = [];
  let end = 0;
  let last = "";
  for (const text of sorted) {
    if (last.endsWith(text)) {
      offsets.set(text, end - 1 - text.length);
      continue;
    }
    offsets.set(text, end);
    chunks.push(`${text}\0`);
    end += text.length + 1;
    last = text;
  }
  return { bytes: Buffer.from(chunks.join(""), "latin1"), offsetOf: (text) => offsets.get(byteString(text)) ?? 0 };
}

/** One character for each byte of the path, so that offsets are in bytes. */
const byteString = (text: string): string => encodeName(text).toString("latin1");
