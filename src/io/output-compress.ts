// How a root tarball is compressed, by the ending of its name. All codecs are pinned: their output is the same everywhere.
import { createDeflater } from "../archive/deflate.ts";
import { gzipMember } from "../archive/gzip-member.ts";
import { encodeXz } from "../archive/xz-encode.ts";
import { zstdFrame } from "../archive/zstd-frame.ts";
import type { Bytes } from "../core/bytes.ts";
import { unreachable } from "../core/unreachable.ts";

export type TarCompression = "none" | "gzip" | "xz" | "zstd";

const endings: Readonly<Record<string, TarCompression>> = {
  ".gz": "gzip",
  ".tgz": "gzip",
  ".txz": "xz",
  ".tzst": "zstd",
  ".xz": "xz",
  ".zst": "zstd",
};

/** `rootfs.tar.xz` is compressed with xz; a name with another ending is a plain tar. */
export function compressionOfName(fileName: string): TarCompression {
  const ending = /\.[^./]+$/.exec(fileName.toLowerCase())?.[0] ?? "";
  return endings[ending] ?? "none";
}

/** Bytes that are compressed at once. Gzip looks back 32 KiB, so little is lost; memory stays bounded. */
const gzipBlockBytes = 1 << 20;
const zstdBlockBytes = 8 << 20;

export function compressTar(bytes: Bytes, compression: TarCompression): Bytes {
  switch (compression) {
    case "none":
      return bytes;
    case "gzip": {
      const deflater = createDeflater();
      return inBlocks(bytes, gzipBlockBytes, (block) => gzipMember(block, deflater));
    }
    case "zstd":
      return inBlocks(bytes, zstdBlockBytes, zstdFrame);
    case "xz":
      return encodeXz(bytes);
    default:
      return unreachable(compression);
  }
}

/** Members of gzip and frames of zstd may follow one another in a file; blocks do not depend on how chunks came in. */
async function* inBlocks(
  bytes: Bytes,
  blockBytes: number,
  compress: (block: Uint8Array) => Uint8Array,
): AsyncGenerator<Uint8Array> {
  const block = Buffer.allocUnsafe(blockBytes);
  let used = 0;
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.byteLength; ) {
      const taken = Math.min(blockBytes - used, chunk.byteLength - at);
      block.set(chunk.subarray(at, at + taken), used);
      used += taken;
      at += taken;
      if (used === blockBytes) {
        yield compress(block);
        used = 0;
      }
    }
  }
  if (used > 0) yield compress(block.subarray(0, used));
}
