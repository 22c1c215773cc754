// Whether a file is an archive that ADD takes apart: by what is in it, whatever it is called.
import { type Compression, DETECT_BYTES, detectCompression } from "../../archive/compression.ts";
import { decompress } from "../../archive/decompress.ts";
import type { ArchiveItem } from "../../archive/entry.ts";
import { readTar, type TarLimits } from "../../archive/tar.ts";
import type { Bytes } from "../../core/bytes.ts";
import { DodaiError } from "../../core/dodai-error.ts";

export interface ArchiveFile {
  /** For messages. */
  readonly name: string;
  readonly compression: Compression;
  /** As it is stored. */
  readonly sizeBytes: number;
  open(): Bytes;
}

/** What of a build is an archive only when one looks into it. */
export type MaybeArchive = Omit<ArchiveFile, "compression">;

/** What an archive may hold. */
const archiveLimits: TarLimits = {
  maxEntries: 2_000_000,
  maxTotalBytes: 2 ** 40,
  maxHeaderBytes: 1 << 20,
  what: "archive",
};

/**
 * What so many stored bytes may unfold to. Real roots and layers unfold less than a hundredfold, apart from files of zeros, for
 * which 1 GiB is left to all; bombs unfold several thousandfold.
 */
export const maxUnfoldedBytes = (sizeBytes: number): number => Math.max(2 ** 30, 300 * sizeBytes);

/** `undefined` for what is no tar, plain or compressed. */
export async function findArchive({ name, sizeBytes, open }: MaybeArchive): Promise<ArchiveFile | undefined> {
  const compression = detectCompression(await firstBytes(open(), DETECT_BYTES));
  if (compression === "lzma") return undefined;
  try {
    const plain = decompress(open(), { compression, maxBytes: archiveLimits.maxTotalBytes, what: `"${name}"` });
    return isTarHeader(await firstBytes(plain, blockBytes)) ? { name, compression, sizeBytes, open } : undefined;
  } catch (error) {
    // Something that only begins like an archive is copied as it is.
    if (error instanceof DodaiError && error.code === "COMPRESSION_BROKEN") return undefined;
    throw error;
  }
}

/** Throws what decompressing and reading throw. */
export function readArchive({ name, compression, sizeBytes, open }: ArchiveFile): AsyncGenerator<ArchiveItem> {
  const what = `"${name}"`;
  // Files with holes unfold, too.
  const maxTotalBytes = maxUnfoldedBytes(sizeBytes);
  const plain = decompress(open(), { compression, maxBytes: maxTotalBytes, what });
  return readTar(plain, { ...archiveLimits, maxTotalBytes, what });
}

async function firstBytes(bytes: Bytes, count: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let seen = 0;
  for await (const chunk of bytes) {
    chunks.push(chunk);
    seen += chunk.byteLength;
    if (seen >= count) break;
  }
  return Buffer.concat(chunks).subarray(0, count);
}

const blockBytes = 512;
/** Where the sum of a header's bytes stands in it, as octal digits. */
const sumField = { start: 148, end: 156 } as const;

/** POSIX pax, "ustar Interchange Format": the sum of a header's bytes, its own field as spaces. */
function isTarHeader(block: Uint8Array): boolean {
  if (block.byteLength < blockBytes) return false;
  const { start, end } = sumField;
  const text = Buffer.from(block.subarray(start, end))
    .toString("latin1")
    .replace(/[\0 ]+$/, "")
    .trim();
  if (!/^[0-7]+$/.test(text)) return false;
  const sum = block.reduce((total, byte, at) => total + (at >= start && at < end ? 0x20 : byte), 0);
  return sum === Number.parseInt(text, 8);
}
