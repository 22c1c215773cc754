// The root file system of an image that was not built here, whose layers hide one another's files: as a tarball or a folder.
import type { ArchiveItem } from "../archive/entry.ts";
import { writeTar } from "../archive/tar-stream.ts";
import { compressionOfName, compressTar } from "./output-compress.ts";
import type { OutputOptions } from "./output-contract.ts";
import { replaceFile } from "./output-file.ts";
import { replaceFolder } from "./output-folder.ts";
import { writeTree } from "./output-tree.ts";

export interface WriteMerged extends Pick<OutputOptions, "destination" | "signal" | "onWarning"> {
  /** What `mergeLayers` gives; it has checked all layers when it ends. */
  readonly items: AsyncIterable<ArchiveItem>;
}

export async function writeMergedTar({ items, destination, signal }: WriteMerged): Promise<void> {
  await replaceFile(compressTar(writeTar(items), compressionOfName(destination)), destination, signal);
}

export async function writeMergedFolder({ items, destination, signal, onWarning }: WriteMerged): Promise<void> {
  await replaceFolder({
    destination,
    guarded: [],
    signal,
    write: async (folder) => {
      for (const warning of await writeTree(items, { folder, epoch: 0 })) onWarning?.(warning);
    },
  });
}
