// Reading the maps of sparse files that are not in the entry's own headers.
import { DodaiError } from "../core/dodai-error.ts";
import { BLOCK_BYTES } from "./tar-header.ts";
import { type TarInput, type TarSteps, takePromised } from "./tar-input.ts";
import { parseDecimal, parseTarNumber } from "./tar-number.ts";
import { hasMoreSegments, parseGnuSegments, type SparseMap, type SparseSegment, segmentsOf } from "./tar-sparse.ts";

/** Old GNU: four segments and the real size in the header, then blocks of 21 more. `room` bounds those blocks, in bytes. */
export function* readGnuSegments(input: TarInput, header: Uint8Array, room: number): TarSteps<SparseMap> {
  const first = parseGnuSegments(header, 386, 4);
  const realBytes = parseTarNumber(header, 483, 12);
  if (first === undefined || realBytes === undefined || realBytes < 0) throw broken(input);
  const segments = [...first];
  let used = 0;
  for (let more = hasMoreSegments(header, 482); more; ) {
    used += BLOCK_BYTES;
    if (used > room) throw tooLarge(input);
    const block = yield* takePromised(input, BLOCK_BYTES);
    const next = parseGnuSegments(block, 0, 21);
    if (next === undefined) throw broken(input);
    segments.push(...next);
    more = hasMoreSegments(block, 504);
  }
  return { segments, realBytes };
}

export interface MapInData {
  readonly segments: readonly SparseSegment[];
  /** Bytes of the member's data that were the map, whole blocks. */
  readonly usedBytes: number;
}

/** PAX 1.0: decimal lines in front of the data, "COUNT\nOFFSET\nSIZE\n...", padded to a block. */
export function* readMapInData(
  input: TarInput,
  { storedBytes, room }: { readonly storedBytes: number; readonly room: number },
): TarSteps<MapInData> {
  const blocks: Uint8Array[] = [];
  let usedBytes = 0;
  let lines = 0;
  for (let wanted = 1; lines < wanted; ) {
    usedBytes += BLOCK_BYTES;
    if (usedBytes > storedBytes) throw broken(input);
    if (usedBytes > room) throw tooLarge(input);
    const block = yield* takePromised(input, BLOCK_BYTES);
    blocks.push(block);
    for (const byte of block) if (byte === 0x0a) lines++;
    if (blocks.length === 1) wanted = 1 + 2 * pairsOf(input, block);
  }
  const numbers = Buffer.concat(blocks).toString("latin1").split("\n");
  const segments = segmentsOf(numbers.slice(1, 1 + 2 * Number(numbers[0])));
  if (segments === undefined) throw broken(input);
  return { segments, usedBytes };
}

/** How many segments the map has, which its first line says. */
function pairsOf(input: TarInput, firstBlock: Uint8Array): number {
  const pairs = parseDecimal(Buffer.from(firstBlock).toString("latin1").split("\n", 1)[0] ?? "");
  if (pairs === undefined) throw broken(input);
  return pairs;
}

function broken({ what }: TarInput): DodaiError {
  return new DodaiError("ARCHIVE_BROKEN", `Cannot read ${what}: the map of a sparse file is broken`);
}

function tooLarge({ what }: TarInput): DodaiError {
  return new DodaiError("ARCHIVE_TOO_LARGE", `Cannot read ${what}: the map of a sparse file is larger than its limit`);
}
