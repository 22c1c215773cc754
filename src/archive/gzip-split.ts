// One member of a gzip file at a time (RFC 1952): apk packages and indexes are members whose bounds mean something, because one
// signs or hashes another.
import { crc32, inflateRawSync } from "node:zlib";
import { type Bytes, concatBytes } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";

export interface GzipMember {
  /** As it is in the file, header and trailer included. */
  readonly raw: Uint8Array;
  readonly plain: Uint8Array;
}

export interface MemberLimits {
  /** How many bytes may come out, and how many may go in. */
  readonly maxBytes: number;
  readonly what: string;
}

/** A file whose first members are taken whole, and whose rest flows. */
export interface GzipSource {
  /** The next member; `undefined` at the end of the file. Throws COMPRESSION_BROKEN, ARCHIVE_TOO_LARGE. */
  member(limits: MemberLimits): Promise<GzipMember | undefined>;
  /** The first bytes of what comes next, at most `length` of them, which stay there. */
  peek(length: number): Promise<Uint8Array>;
  /** What was not taken, as it is in the file. */
  rest(): Bytes;
}

export function splitGzip(bytes: Bytes): GzipSource {
  const chunks = bytes[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array();
  /** Takes more in: as much again as there is, so that a long member is not looked at for each chunk. */
  const more = async (): Promise<boolean> => {
    const parts = [held];
    const wanted = Math.max(2 * held.length, 1);
    for (let length = held.length; length < wanted; ) {
      const { done, value } = await chunks.next();
      if (done) break;
      parts.push(value);
      length += value.length;
    }
    const length = held.length;
    held = concatBytes(parts);
    return held.length > length;
  };
  return {
    async member(limits) {
      if (held.length === 0 && !(await more())) return undefined;
      for (;;) {
        const found = takeMember(held, limits);
        if (found !== undefined) {
          held = held.subarray(found.raw.length);
          return found;
        }
        if (held.length > limits.maxBytes) throw tooLarge(limits);
        if (!(await more())) throw broken(limits, "it is cut off");
      }
    },
    async peek(length) {
      while (held.length < length && (await more()));
      return held.subarray(0, length);
    },
    async *rest() {
      if (held.length > 0) yield held;
      held = new Uint8Array();
      for (;;) {
        const { done, value } = await chunks.next();
        if (done) return;
        yield value;
      }
    },
  };
}

const trailerBytes = 8;

/** The member at the start of these bytes; `undefined` when they end before it does. */
function takeMember(bytes: Uint8Array, limits: MemberLimits): GzipMember | undefined {
  const start = headerEnd(bytes, limits);
  if (start === undefined) return undefined;
  const inflated = inflate(bytes.subarray(start), limits);
  if (inflated === undefined) return undefined;
  const end = start + inflated.usedBytes;
  if (bytes.length < end + trailerBytes) return undefined;
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + end, trailerBytes);
  const { plain } = inflated;
  if (trailer.getUint32(0, true) !== crc32(plain) || trailer.getUint32(4, true) !== plain.length) {
    throw broken(limits, "its sum is wrong");
  }
  return { raw: bytes.subarray(0, end + trailerBytes), plain };
}

function inflate(
  bytes: Uint8Array,
  limits: MemberLimits,
): { readonly plain: Uint8Array; readonly usedBytes: number } | undefined {
  try {
    const options = { info: true, maxOutputLength: limits.maxBytes } as const;
    // With `info` the answer has the decoder too, which the types do not know.
    const { buffer, engine } = inflateRawSync(bytes, options) as unknown as {
      readonly buffer: Uint8Array;
      readonly engine: { readonly bytesWritten: number };
    };
    return { plain: buffer, usedBytes: engine.bytesWritten };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "Z_BUF_ERROR") return undefined;
    if (code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(limits);
    throw broken(limits, (error as Error).message);
  }
}

/** RFC 1952, 2.3: where the compressed data start. */
function headerEnd(bytes: Uint8Array, limits: MemberLimits): number | undefined {
  const [first = 0x1f, second = 0x8b, method = 8, flags] = bytes;
  if (first !== 0x1f || second !== 0x8b || method !== 8) throw broken(limits, "it does not start as gzip");
  if (flags === undefined || bytes.length < 10) return undefined;
  if ((flags & 0xe0) !== 0) throw broken(limits, "its header has unknown flags");
  let at: number | undefined = 10;
  if ((flags & 4) !== 0) at = bytes.length < 12 ? undefined : 12 + (bytes[10] ?? 0) + 256 * (bytes[11] ?? 0);
  for (const text of [8, 16]) {
    if (at === undefined || (flags & text) === 0) continue;
    const end: number = bytes.indexOf(0, at);
    at = end < 0 ? undefined : end + 1;
  }
  if (at !== undefined && (flags & 2) !== 0) at += 2;
  return at === undefined || at > bytes.length ? undefined : at;
}

function broken({ what }: MemberLimits, reason: string): DodaiError {
  return new DodaiError("COMPRESSION_BROKEN", `Cannot decompress ${what}: it is not intact gzip (${reason})`, {
    fix: "The file is damaged or was cut off. Remove it from the cache and fetch it again.",
  });
}

function tooLarge({ what, maxBytes }: MemberLimits): DodaiError {
  return new DodaiError("ARCHIVE_TOO_LARGE", `Cannot decompress ${what}: it is larger than ${maxBytes} bytes`, {
    fix: "The file may be a decompression bomb. Do not use it.",
  });
}
