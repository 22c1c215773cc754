import { Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import type { Bytes } from "../../core/bytes.ts";

export function decompress(
  bytes: Bytes,
  { compression }: { readonly compression: string; readonly maxBytes: number; readonly what: string },
): Bytes {
  if (compression === "xz") return xz(bytes);
  const stream = Readable.from(bytes);
  const out =
    compression === "gzip" ? createGunzip({ chunkSize: 1 << 20 }) : createZstdDecompress({ chunkSize: 1 << 20 });
  stream.on("error", (error) => out.destroy(error));
  return stream.pipe(out);
}
async function* xz(bytes: Bytes): AsyncGenerator<Uint8Array> {
  const { XzDecompressor } = await import("@napi-rs/lzma");
  const decoder = new XzDecompressor();
  for await (const chunk of bytes) yield decoder.update(chunk);
  yield await decoder.finish();
}
