// Sparse files: where the data of a file with holes belongs. Formats as in GNU tar's manual, "Storing Sparse Files":
// old GNU (in the header), PAX 0.0 and 0.1 (in records), 1.0 (in front of the data).
import { BLOCK_BYTES } from "./tar-header.ts";
import { parseDecimal, parseTarNumber } from "./tar-number.ts";
import type { PaxRecord } from "./tar-pax.ts";

/** `sizeBytes` of data at `offset` of the file; between segments there are holes. */
export interface SparseSegment {
  readonly offset: number;
  readonly sizeBytes: number;
}

/** The map of a file that has `realBytes` bytes, holes included. */
export interface SparseMap {
  readonly segments: readonly SparseSegment[];
  readonly realBytes: number;
}

/** Segments in order, none reaching over the next or the end, with as much data as the archive stores. */
export function isSparseMap({ segments, realBytes }: SparseMap, storedBytes: number): boolean {
  let end = 0;
  let data = 0;
  for (const { offset, sizeBytes } of segments) {
    if (offset < end) return false;
    end = offset + sizeBytes;
    data += sizeBytes;
  }
  return end <= realBytes && data === storedBytes;
}

/** Old GNU: `count` pairs of 12-byte numbers from `start`; a blank pair ends them. `undefined` when one is broken. */
export function parseGnuSegments(block: Uint8Array, start: number, count: number): SparseSegment[] | undefined {
  const segments: SparseSegment[] = [];
  for (let at = start; at < start + count * 24; at += 24) {
    if (block[at] === 0) break;
    const segment = segmentOf(parseTarNumber(block, at, 12), parseTarNumber(block, at + 12, 12));
    if (segment === undefined) return undefined;
    segments.push(segment);
  }
  return segments;
}

/** How the PAX records of an entry say that it is sparse. */
export type PaxSparse =
  | { readonly kind: "none" }
  | { readonly kind: "map"; readonly map: SparseMap }
  | { readonly kind: "map-in-data"; readonly realBytes: number }
  | { readonly kind: "broken"; readonly reason: string };

export function paxSparseOf(records: readonly PaxRecord[]): PaxSparse {
  const last = new Map<string, string>();
  const numbers: string[] = [];
  for (const { key, value } of records) {
    if (key === "SUN.holesdata") return broken("it is a sparse file of Solaris, which dodai does not read");
    if (!key.startsWith("GNU.sparse.")) continue;
    const text = Buffer.from(value).toString("latin1");
    last.set(key, text);
    if (key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes") numbers.push(text);
    // One by one: a map may be longer than a call can have arguments.
    if (key === "GNU.sparse.map") for (const one of text.split(",")) if (one !== "") numbers.push(one);
  }
  if (last.size === 0) return { kind: "none" };
  const realBytes = parseDecimal(last.get("GNU.sparse.realsize") ?? last.get("GNU.sparse.size") ?? "");
  if (realBytes === undefined) return broken("it is sparse and does not say its size");
  if (last.get("GNU.sparse.major") === "1") return { kind: "map-in-data", realBytes };
  const segments = segmentsOf(numbers);
  if (segments === undefined) return broken("its sparse map is broken");
  return { kind: "map", map: { segments, realBytes } };
}

export function segmentsOf(numbers: readonly string[]): readonly SparseSegment[] | undefined {
  if (numbers.length % 2 !== 0) return undefined;
  const segments: SparseSegment[] = [];
  for (let at = 0; at < numbers.length; at += 2) {
    const segment = segmentOf(parseDecimal(numbers[at] ?? ""), parseDecimal(numbers[at + 1] ?? ""));
    if (segment === undefined) return undefined;
    segments.push(segment);
  }
  return segments;
}

/** Whether this block of old GNU sparse data says that another follows: byte 482 of a header, 504 of what follows it. */
export function hasMoreSegments(block: Uint8Array, at: 482 | 504): boolean {
  return block.length === BLOCK_BYTES && block[at] !== 0 && block[at] !== 0x30;
}

function segmentOf(offset: number | undefined, sizeBytes: number | undefined): SparseSegment | undefined {
  if (offset === undefined || sizeBytes === undefined || offset < 0 || sizeBytes < 0) return undefined;
  return { offset, sizeBytes };
}

const broken = (reason: string): PaxSparse => ({ kind: "broken", reason });
