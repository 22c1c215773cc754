// A whole root file system as one archive, read as if it were one package without control files.
import { DETECT_BYTES, detectCompression } from "../archive/compression.ts";
import { decompress } from "../archive/decompress.ts";
import type { ArchiveItem, Entry } from "../archive/entry.ts";
import { readTar } from "../archive/tar.ts";
import { printable } from "../archive/tar-name.ts";
import { type Bytes, concatBytes } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { PackageFormat, PackageLimits } from "../packages/contract.ts";

/** What jobs call it. */
export const rootTarball = "root tarball";

/** Real ones have some 20 in /dev; each costs an inode and no bytes. */
const maxDevices = 4096;
/** Extended headers of one entry. */
const maxHeaderBytes = 1 << 20;

export const rootTarballFormat: Pick<PackageFormat, "openPackage" | "digestedPaths" | "ownsRoot"> = {
  openPackage: async (bytes, limits) => ({ control: [], items: await openRootTarball(bytes, limits) }),
  digestedPaths: () => new Set(),
  ownsRoot: true,
};

/**
 * The entries, whatever the archive is compressed with. Throws ARCHIVE_BROKEN, ARCHIVE_TOO_LARGE, ARCHIVE_UNSAFE_PATH,
 * COMPRESSION_BROKEN.
 */
async function openRootTarball(bytes: Bytes, limits: PackageLimits): Promise<AsyncIterable<ArchiveItem>> {
  const { first, all } = await peek(bytes);
  const compression = detectCompression(first);
  const tar = decompress(all, { compression, maxBytes: limits.maxTreeBytes, what: "the root tarball" });
  return checkedRoot(
    readTar(tar, {
      maxEntries: limits.maxEntries,
      maxTotalBytes: limits.maxTreeBytes,
      maxHeaderBytes,
      what: "the root tarball",
    }),
  );
}

/** The first bytes, and the stream as if nobody had looked. */
async function peek(bytes: Bytes): Promise<{ readonly first: Uint8Array; readonly all: Bytes }> {
  const iterator = bytes[Symbol.asyncIterator]();
  let first: Uint8Array = new Uint8Array(0);
  for (let ended = false; first.byteLength < DETECT_BYTES && !ended; ) {
    const next = await iterator.next();
    ended = next.done === true;
    if (!next.done) first = concatBytes([first, next.value]);
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    yield first;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { first, all: all() };
}

/** The same entries, bounded and without what is of a machine or an overlay. Throws ARCHIVE_UNSAFE_PATH for whiteouts. */
export async function* checkedRoot(items: AsyncIterable<ArchiveItem>): AsyncGenerator<ArchiveItem> {
  let devices = 0;
  let entries = 0;
  for await (const item of items) {
    entries++;
    if (item.entry.kind === "character-device" || item.entry.kind === "block-device") devices++;
    if (devices > maxDevices) {
      throw new DodaiError(
        "ARCHIVE_TOO_LARGE",
        `Cannot read the root tarball: it has more than ${maxDevices} devices`,
        {
          fix: "The archive may be a bomb. Do not use it.",
        },
      );
    }
    assertNoWhiteout(item.entry);
    yield { ...item, entry: withoutLabels(item.entry) };
  }
  if (entries === 0) {
    throw new DodaiError("ARCHIVE_BROKEN", "Cannot read the root tarball: nothing is in it, or it is no tar archive");
  }
}

/**
 * What a file is allowed, and what its users noted on it, are part of it. Labels of a machine's security modules and notes
 * of an overlay (`trusted.overlay.opaque` hides what is below) are not, and rootless engines cannot write them.
 */
const keptAttribute = /^(?:security\.capability$|system\.posix_acl_|user\.(?!overlay\.))/;

export function withoutLabels(entry: Entry): Entry {
  if (entry.xattrs.size === 0) return entry;
  return { ...entry, xattrs: new Map([...entry.xattrs].filter(([name]) => keptAttribute.test(name))) };
}

/** What stands for a deletion would take files out of the image instead of being in it: OCI layer.md, and overlayfs. */
export const isWhiteout = (entry: Entry): boolean => isOverlayWhiteout(entry) || /(?:^|\/)\.wh\./.test(entry.path);

function assertNoWhiteout(entry: Entry): void {
  if (!isWhiteout(entry)) return;
  throw new DodaiError(
    "ARCHIVE_UNSAFE_PATH",
    `Cannot read the root tarball: "${printable(entry.path)}" is a whiteout, which a layer takes for a deletion`,
    { fix: "Make the tarball from a mounted root file system, not from an overlay's upper folder or a layer." },
  );
}

/** How overlayfs itself notes a deletion: a layer that has one takes a file away where it is unpacked. */
export function isOverlayWhiteout(entry: Entry): boolean {
  return entry.kind === "character-device" && entry.major === 0 && entry.minor === 0;
}
