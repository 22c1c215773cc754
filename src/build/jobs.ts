// The two kinds of work that run off the main thread. Each writes its file aside and renames it, and is done once, ever:
// the file's name says everything that its bytes depend on.
import type { Digest } from "../core/digest.ts";
import type { PathRules, Range } from "../image/piece.ts";
import type { ControlChecksum, PackageTrust } from "../packages/contract.ts";

/** Reads a package file, verifies it, and writes its piece: records and description. */
export interface UnpackJob {
  readonly kind: "unpack";
  /** Name of the package format, or `rootTarball`. */
  readonly format: string;
  readonly packagePath: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Who must have signed it, where package files are signed one by one. */
  readonly trust?: PackageTrust;
  /** By which the lock knows the package, when that is not the digest of the file. */
  readonly checksum?: ControlChecksum;
  /** Whose package, for messages: `libc6 2.41-12`. */
  readonly what: string;
  readonly key: string;
  readonly rules: PathRules;
  /** Files to write; `temporary` is a prefix for files of the job's own. */
  readonly recordsPath: string;
  readonly descriptionPath: string;
  readonly temporary: string;
}

/** Compresses stretches of a piece's records into one gzip member or zstd frame. */
export interface CompressJob {
  readonly kind: "compress";
  readonly compression: "gzip" | "zstd";
  readonly recordsPath: string;
  readonly ranges: readonly Range[];
  readonly targetPath: string;
  readonly temporary: string;
}

export type Job = UnpackJob | CompressJob;

/** Bytes that were written to `targetPath`, or the length of the records. */
export interface JobResult {
  readonly writtenBytes: number;
}
