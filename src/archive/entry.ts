// What every archive format is read into and written from: one entry, and the bytes of its file.
import type { Bytes } from "../core/bytes.ts";

/** What all kinds of entries have. */
interface Metadata {
  /** As the archive spells it once `./` and trailing `/` are gone: relative, `/` between parts, never empty except for the root, `"."`. */
  readonly path: string;
  /** Permission bits with setuid, setgid and sticky: at most 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970, whole. */
  readonly mtime: number;
  /** Extended attributes by full name (`security.capability`), values as bytes. Most entries have none. */
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  /** The PAX record that the reader was asked to keep (`TarLimits.record`), where the entry has it. */
  readonly record?: string;
}

export type FileEntry = Metadata & { readonly kind: "file"; readonly sizeBytes: number };
export type DirectoryEntry = Metadata & { readonly kind: "directory" };
export type SymlinkEntry = Metadata & { readonly kind: "symlink"; readonly target: string };
/** `target` is the path of an earlier entry of the same archive, spelled as `path` is. */
export type HardlinkEntry = Metadata & { readonly kind: "hardlink"; readonly target: string };
export type DeviceEntry = Metadata & {
  readonly kind: "character-device" | "block-device";
  readonly major: number;
  readonly minor: number;
};
export type FifoEntry = Metadata & { readonly kind: "fifo" };

export type Entry = FileEntry | DirectoryEntry | SymlinkEntry | HardlinkEntry | DeviceEntry | FifoEntry;

/** An entry on its way past. Whoever iterates must consume `body` (empty unless a file) before asking for the next one. */
export interface ArchiveItem {
  readonly entry: Entry;
  readonly body: Bytes;
}

export const noXattrs: ReadonlyMap<string, Uint8Array> = new Map();
