import { readTar } from "../archive/tar.ts";
import type { OutputOptions } from "./output-contract.ts";
import { replaceFolder } from "./output-folder.ts";
import { onlyImage } from "./output-only-image.ts";
import { rootfsBytes, rootfsTar } from "./output-rootfs.ts";
import { watched } from "./output-stream.ts";
import { writeTree } from "./output-tree.ts";

/** What one tree may be; the bytes are those of the image. */
const maxEntries = 10_000_000;
const maxHeaderBytes = 16 << 20;

/** One platform's root file system as a folder. Throws USAGE for several platforms, ARCHIVE_UNSAFE_PATH. */
export async function writeDirectory(options: OutputOptions): Promise<void> {
  const { bundle, destination, signal, onWarning } = options;
  const image = onlyImage(bundle, "dir");
  const totalBytes = rootfsBytes(image);
  const limits = { maxEntries, maxHeaderBytes, maxTotalBytes: totalBytes, what: "the image" };
  await replaceFolder({
    destination,
    guarded: [],
    signal,
    write: async (folder) => {
      const items = readTar(watched(rootfsTar(image), { ...options, totalBytes }), limits);
      const left = await writeTree(items, { folder, epoch: image.epoch });
      for (const warning of left) onWarning?.(warning);
    },
  });
}
