// One complete .xz stream, as for `rootfs.tar.xz`, by @napi-rs/lzma: Rust's lzma-rust2 in whole numbers, pinned exactly in
// package.json. Its output depends on neither the processor nor Node, nor on how the input is cut into chunks.
import type { Bytes } from "../core/bytes.ts";

/** Names the exact output of `encodeXz`: encoder with its version, and preset. A test holds it to the installed version. */
export const xzIdentity = "napi-rs-lzma-1.5.1-preset-6";

/** xz's own default: an 8 MiB dictionary, so readers need 9 MiB. The encoder always uses CRC64 and one block. */
const preset = 6;
/** What is handed to the encoder at once. It works on the calling thread meanwhile: about 3 MB take a second. */
const chunkBytes = 64 * 1024;

/** Memory is the encoder's own, about 100 MB, whatever the size of the input. */
export async function* encodeXz(bytes: Bytes): AsyncGenerator<Uint8Array> {
  // Imported here because a native library takes time to load and most builds need none.
  const { XzCompressor } = await import("@napi-rs/lzma");
  const encoder = new XzCompressor({ preset });
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; at += chunkBytes) {
      const packed = encoder.update(chunk.subarray(at, at + chunkBytes));
      if (packed.length > 0) yield packed;
    }
  }
  yield await encoder.finish();
}
