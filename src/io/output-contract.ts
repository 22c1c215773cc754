import type { ImageBundle } from "../image/bundle.ts";

export type OutputName = "context" | "dir" | "docker" | "oci" | "oci-layout" | "tar";

/** What every output takes. */
export interface OutputOptions {
  readonly bundle: ImageBundle;
  /** File or folder to write. */
  readonly destination: string;
  /** What files inside a folder are called after: `distroless-base`. See `fileNameOf`. */
  readonly baseName: string;
  readonly signal?: AbortSignal | undefined;
  /** `doneBytes` of what is written so far; both count bytes before the output's own compression. */
  readonly onProgress?: ((progress: OutputProgress) => void) | undefined;
  /** What could not be written as the image says, once for each reason. */
  readonly onWarning?: ((text: string) => void) | undefined;
}

export interface OutputProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/**
 * One way to write a bundle. The destination is replaced only by something whole; nothing is left behind otherwise.
 * Throws DISK_FULL, OUTPUT_UNWRITABLE, CANCELLED, DIGEST_MISMATCH.
 */
export type WriteOutput = (options: OutputOptions) => Promise<void>;

/** A recipe's or image's name as a file name: `distroless/base` is `distroless-base`, `debian:trixie` `debian-trixie`. */
export function fileNameOf(name: string): string {
  return name.replace(/[^\w.+-]+/g, "-").replace(/^[-.]+|[-.]+$/g, "") || "image";
}
