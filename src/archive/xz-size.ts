// What an .xz file will cost, told without decoding it. LZMA2 says in front of each chunk how many bytes come out of it, and
// the decoder stops there: so the sum cannot lie, unlike the sizes in block headers and in the index, and a file in memory may
// be decoded in one go, which is faster, without fear of a bomb. Block headers say how large the dictionary is, which the
// decoder makes at once: 4 GiB for a file of a hundred bytes, if it is let.
// The .xz file format 1.2, sections 2 to 5; the chunks of LZMA2 as in liblzma's lzma2_decoder.c.

const HEADER_BYTES = 12;
const FOOTER_BYTES = 12;
const LZMA2 = 0x21;
/** Bytes of the check behind each block, by its type (2.1.1.2). */
const checkBytes: readonly number[] = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];

/** The largest dictionary that is made, in bytes, as for zstd: twice that of `xz -9`. */
const MAX_DICTIONARY_BYTES = 1 << 27;

/** How many bytes come out of all streams of the file; `undefined` when it is not one that may be decoded in one go. */
export function plainSizeOfXz(bytes: Uint8Array): number | undefined {
  const scan = startXzScan();
  try {
    scan.update(bytes);
  } catch {
    return undefined;
  }
  return scan.isWhole() ? scan.plainBytes() : undefined;
}

/** Follows a file as it comes in. */
interface XzScan {
  /** Throws when the file is none, or when its dictionary is too large, before the decoder was given that part. */
  update(chunk: Uint8Array): void;
  /** Whether the file may end here. */
  isWhole(): boolean;
  plainBytes(): number;
}

export function startXzScan(): XzScan {
  const state: State = { plainBytes: 0, isWhole: false };
  const steps = passFile(state);
  let wanted = steps.next().value;
  let kept: Uint8Array = new Uint8Array(0);
  return {
    update(chunk) {
      for (let at = 0; at < chunk.length; ) {
        const part = chunk.subarray(at, at + wanted.bytes - kept.length);
        at += part.length;
        const isTaken = kept.length + part.length === wanted.bytes;
        if (isTaken) {
          const whole = kept.length === 0 ? part : Buffer.concat([kept, part]);
          kept = new Uint8Array(0);
          wanted = steps.next(whole).value;
        } else if (wanted.kind === "take") {
          kept = Buffer.concat([kept, part]);
        } else {
          wanted = { kind: "skip", bytes: wanted.bytes - part.length };
        }
      }
    },
    isWhole: () => state.isWhole && kept.length === 0,
    plainBytes: () => state.plainBytes,
  };
}

/** Throws unless the dictionary of an .lzma file is one that is made; its header has it in bytes 1 to 4. */
export function assertLzmaDictionary(header: Uint8Array): void {
  if (header.length >= 5) assertDictionary(Buffer.from(header.subarray(1, 5)).readUInt32LE());
}

interface State {
  plainBytes: number;
  /** At a place where the file may end. */
  isWhole: boolean;
}

/** What comes next, never nothing: at most 1024 bytes to look at, or many to pass over. */
interface Wanted {
  readonly kind: "take" | "skip";
  readonly bytes: number;
}

type Steps<Result> = Generator<Wanted, Result, Uint8Array>;

function* take(bytes: number): Steps<Uint8Array> {
  return yield { kind: "take", bytes };
}

function* skip(bytes: number): Steps<void> {
  if (bytes > 0) yield { kind: "skip", bytes };
}

function* passFile(state: State): Steps<never> {
  for (;;) {
    const start = yield* take(4);
    // Zeros may follow a stream, four at a time.
    if (state.isWhole && start.every((byte) => byte === 0)) continue;
    state.isWhole = false;
    const rest = yield* take(HEADER_BYTES - 4);
    if (start[0] !== 0xfd || start[1] !== 0x37 || rest[2] !== 0) throw broken();
    yield* passStream(state, checkBytes[rest[3] ?? 16]);
    state.isWhole = true;
  }
}

function* passStream(state: State, check: number | undefined): Steps<void> {
  if (check === undefined) throw broken();
  for (;;) {
    const size = byteOf(yield* take(1));
    if (size === 0) break;
    const header = yield* take((size + 1) * 4 - 1);
    assertDictionary(dictionaryOf(header));
    const chunkBytes = yield* passChunks(state);
    yield* skip(padding(chunkBytes) + check);
  }
  const indexBytes = 1 + (yield* passIndex());
  yield* skip(padding(indexBytes) + 4 + FOOTER_BYTES);
}

/** How large a dictionary the block wants, by its header without the first byte (3.1, 5.3.1). */
function dictionaryOf(header: Uint8Array): number {
  const cursor = { bytes: header, at: 1 };
  const flags = header[0] ?? 0;
  for (const bit of [0x40, 0x80]) if (flags & bit) readNumber(cursor);
  let filter: number | undefined;
  let properties = 0;
  for (let count = 0; count <= (flags & 3); count++) {
    filter = readNumber(cursor);
    const propertyBytes = readNumber(cursor);
    properties = (header[cursor.at] ?? 0) & 0x3f;
    cursor.at += propertyBytes;
  }
  // The other filters (delta and for machine code) give as many bytes as they take.
  if (filter !== LZMA2 || cursor.at > header.length - 4) throw broken();
  return (2 + (properties & 1)) * 2 ** ((properties >> 1) + 11);
}

/** Passes the block's chunks, and says how many bytes they have. */
function* passChunks(state: State): Steps<number> {
  for (let total = 1; ; ) {
    const control = byteOf(yield* take(1));
    if (control === 0) return total;
    if (control >= 0x80) {
      const sizes = yield* take(4);
      state.plainBytes += ((control & 0x1f) << 16) + number16(sizes, 0) + 1;
      const packedBytes = number16(sizes, 2) + 1 + (control >= 0xc0 ? 1 : 0);
      yield* skip(packedBytes);
      total += 5 + packedBytes;
    } else if (control <= 2) {
      const size = number16(yield* take(2), 0) + 1;
      state.plainBytes += size;
      yield* skip(size);
      total += 3 + size;
    } else {
      throw broken();
    }
  }
}

/** Passes the index (4) up to its padding, and says how many bytes that was. */
function* passIndex(): Steps<number> {
  let bytes = 0;
  let numbers = 1;
  for (let count = 0; count < numbers; count++) {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = byteOf(yield* take(1));
      bytes++;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      if (factor > 2 ** 56) throw broken();
    }
    if (count === 0) numbers = 1 + 2 * value;
  }
  return bytes;
}

/** A number of seven bits a byte (1.2), as far as 2^53. */
function readNumber(cursor: { readonly bytes: Uint8Array; at: number }): number {
  let value = 0;
  for (let factor = 1; factor < 2 ** 57; factor *= 128) {
    const byte = cursor.bytes[cursor.at++];
    if (byte === undefined) throw broken();
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
  }
  throw broken();
}

function assertDictionary(bytes: number): void {
  if (bytes <= MAX_DICTIONARY_BYTES) return;
  throw new Error(`its dictionary has ${bytes} bytes, wanted at most ${MAX_DICTIONARY_BYTES}`);
}

const broken = (): Error => new Error("its blocks do not follow each other as the format has it");
const byteOf = (bytes: Uint8Array): number => bytes[0] ?? 0;
const number16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
const padding = (length: number): number => (4 - (length % 4)) % 4;
