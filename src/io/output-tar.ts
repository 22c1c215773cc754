// The `tar` output: the root file system as one tarball, for `ADD`, `docker import`, LXC, WSL and `machinectl`.
import type { BundleImage, BundleLayer } from "../image/bundle.ts";
import { type LayerMediaType, ociTypes } from "../image/media-types.ts";
import { openVerified } from "./output-archive.ts";
import { compressionOfName, compressTar, type TarCompression } from "./output-compress.ts";
import type { OutputOptions } from "./output-contract.ts";
import { replaceFile } from "./output-file.ts";
import { onlyImage } from "./output-only-image.ts";
import { rootfsBytes, rootfsTar } from "./output-rootfs.ts";
import { watched } from "./output-stream.ts";

/** One platform's root tarball, compressed as the destination's ending says. Throws USAGE for several platforms. */
export async function writeRootfsTar(options: OutputOptions): Promise<void> {
  const { bundle, destination, signal } = options;
  const image = onlyImage(bundle, "tar");
  const compression = compressionOfName(destination);
  const ready = storedLayer(image, compression);
  const bytes = ready
    ? watched(openVerified(ready), { ...options, totalBytes: ready.sizeBytes })
    : compressTar(watched(rootfsTar(image), { ...options, totalBytes: rootfsBytes(image) }), compression);
  await replaceFile(bytes, destination, signal);
}

const storedAs: Readonly<Record<LayerMediaType, TarCompression>> = {
  [ociTypes.layer]: "none",
  [ociTypes.layerGzip]: "gzip",
  [ociTypes.layerZstd]: "zstd",
};

/** An image of one layer, stored in the wanted compression, is its own tarball. */
function storedLayer({ layers }: BundleImage, compression: TarCompression): BundleLayer | undefined {
  const [first, ...others] = layers;
  return first && others.length === 0 && storedAs[first.mediaType] === compression ? first : undefined;
}
