// SQLite's write-ahead log ("The Write-Ahead Log", sqlite.org/fileformat2.html): pages that were committed after the file was
// last brought up to date. A reader takes frames as long as salts and checksums go on from the header, up to the last commit.
import { viewOf } from "./database-fault.ts";

export interface WalPages {
  readonly pageBytes: number;
  /** Of the database after the last commit. */
  readonly pageCount: number;
  /** The newest state of each page, by number. */
  readonly pages: ReadonlyMap<number, Uint8Array>;
}

const MAGIC = 0x377f0682;
const VERSION = 3_007_000;
const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

type Sum = readonly [number, number];

/** `undefined` where nothing in it counts, as SQLite has it. */
export function readWal(bytes: Uint8Array): WalPages | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = viewOf(bytes);
  const magic = view.getUint32(0);
  const pageBytes = view.getUint32(8);
  const isSize = pageBytes >= 512 && pageBytes <= 65_536 && (pageBytes & (pageBytes - 1)) === 0;
  if ((magic & ~1) >>> 0 !== MAGIC || view.getUint32(4) !== VERSION || !isSize) return undefined;
  // The magic's last bit says in which order the checksums' words are.
  const isLittle = (magic & 1) === 0;
  let sum = addWords([0, 0], bytes.subarray(0, 24), isLittle);
  if (!isSame(sum, view, 24)) return undefined;
  const pages = new Map<number, Uint8Array>();
  let pending = new Map<number, Uint8Array>();
  let pageCount = 0;
  const frameBytes = FRAME_HEADER_BYTES + pageBytes;
  for (let at = HEADER_BYTES; at + frameBytes <= bytes.length; at += frameBytes) {
    const isOfLog = view.getUint32(at + 8) === view.getUint32(16) && view.getUint32(at + 12) === view.getUint32(20);
    const page = bytes.subarray(at + FRAME_HEADER_BYTES, at + frameBytes);
    sum = addWords(addWords(sum, bytes.subarray(at, at + 8), isLittle), page, isLittle);
    if (!isOfLog || !isSame(sum, view, at + 16)) break;
    pending.set(view.getUint32(at), page);
    const size = view.getUint32(at + 4);
    if (size === 0) continue;
    // A commit: what was written since the last one counts.
    for (const [number, one] of pending) pages.set(number, one);
    pending = new Map();
    pageCount = size;
  }
  return pageCount === 0 ? undefined : { pageBytes, pageCount, pages };
}

/** "Checksum Algorithm". */
function addWords([first, second]: Sum, bytes: Uint8Array, isLittle: boolean): Sum {
  const view = viewOf(bytes);
  let [a, b] = [first, second];
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    a = (a + view.getUint32(at, isLittle) + b) >>> 0;
    b = (b + view.getUint32(at + 4, isLittle) + a) >>> 0;
  }
  return [a, b];
}

const isSame = ([a, b]: Sum, view: DataView, at: number): boolean =>
  view.getUint32(at) === a && view.getUint32(at + 4) === b;
