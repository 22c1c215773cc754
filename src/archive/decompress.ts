// Decompression of bytes from outside: bounded, checked to the end, the same for all formats. Decoders are loaded when they
// are needed: together they cost more to load than a small package costs to read.
import { type Bytes, collect } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { unreachable } from "../core/unreachable.ts";
import type { Compression } from "./compression.ts";
import { plainSizeOfXz } from "./xz-size.ts";

export interface DecompressOptions {
  readonly compression: Compression;
  /** How many bytes may come out. */
  readonly maxBytes: number;
  /** Whose bytes, for messages: `data.tar.xz of "libc6"`. */
  readonly what: string;
  /**
   * Of the pieces that gzip and zstd come out in; large ones by default, which is fast. What works long on a piece asks for
   * small ones: memory of those that it has done with is only slowly given back.
   */
  readonly pieceBytes?: number;
}

/**
 * The plain bytes. They are checked as far as the format allows only once the stream has ended: who acts on them drains it
 * first. Throws ARCHIVE_TOO_LARGE past `maxBytes`, before handing on what is too much; COMPRESSION_BROKEN when the input is
 * damaged, cut off, or followed by anything else; and what `bytes` throws.
 */
export async function* decompress(bytes: Bytes, options: DecompressOptions): AsyncGenerator<Uint8Array> {
  const input = watch(bytes);
  let seen = 0;
  try {
    for await (const chunk of await decoded(input.bytes, options)) {
      seen += chunk.length;
      if (seen > options.maxBytes) throw tooLarge(options);
      if (chunk.length > 0) yield chunk;
    }
  } catch (error) {
    if (input.failure !== undefined) throw input.failure.error;
    throw error instanceof DodaiError ? error : brokenCompression(error, options);
  }
}

/** All plain bytes of bytes that are here, as one piece of memory. Throws what `decompress` throws. */
export async function decompressAll(bytes: Uint8Array, options: DecompressOptions): Promise<Uint8Array> {
  const { compression, maxBytes } = options;
  if (compression === "none" && bytes.length <= maxBytes) return bytes;
  const plainBytes = compression === "xz" ? plainSizeOfXz(bytes) : undefined;
  if (plainBytes === undefined) return collect(decompress(inSlices(bytes), options), options);
  if (plainBytes > maxBytes) throw tooLarge(options);
  const { unxzAll } = await import("./decompress-xz.ts");
  try {
    return await unxzAll(bytes);
  } catch (error) {
    throw brokenCompression(error, options);
  }
}

async function decoded(bytes: Bytes, { compression, maxBytes, pieceBytes }: DecompressOptions): Promise<Bytes> {
  switch (compression) {
    case "none":
      return bytes;
    case "gzip":
      return (await import("./decompress-zlib.ts")).gunzip(bytes, pieceBytes);
    case "zstd":
      return (await import("./decompress-zlib.ts")).unzstd(bytes, pieceBytes);
    case "xz":
      return (await import("./decompress-xz.ts")).unxz(bytes);
    case "lzma":
      return (await import("./decompress-xz.ts")).unlzma(bytes);
    case "bzip2":
      return (await import("./decompress-bzip2.ts")).bunzip2(bytes, maxBytes);
    default:
      return unreachable(compression);
  }
}

/** The input, and what it failed with: a lost connection is not a damaged file. */
function watch(bytes: Bytes): { readonly bytes: Bytes; readonly failure: { readonly error: unknown } | undefined } {
  let failure: { readonly error: unknown } | undefined;
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      yield* bytes;
    } catch (error) {
      failure = { error };
      throw error;
    }
  }
  return {
    bytes: watched(),
    get failure() {
      return failure;
    },
  };
}

/** Slices, so that a decoder neither copies the whole nor runs ahead by all of it. */
async function* inSlices(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES);
}

const SLICE_BYTES = 256 << 10;

function brokenCompression(cause: unknown, { compression, what }: DecompressOptions): DodaiError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DodaiError(
    "COMPRESSION_BROKEN",
    `Cannot decompress ${what}: it is not intact ${compression} (${reason})`,
    {
      fix: "The file is damaged or was cut off. Remove it from the cache and fetch it again.",
      cause,
    },
  );
}

function tooLarge({ what, maxBytes }: DecompressOptions): DodaiError {
  return new DodaiError("ARCHIVE_TOO_LARGE", `Cannot decompress ${what}: it is larger than ${maxBytes} bytes`, {
    fix: "The file may be a decompression bomb. Do not use it.",
  });
}
