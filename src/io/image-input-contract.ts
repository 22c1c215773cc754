import type { Bytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import type { Platform } from "../core/platform.ts";
import type { ReadConfig } from "../image/read-documents.ts";

export interface ImageChoice {
  /** A tag or whole name, or a digest; needed only where there are several images. */
  readonly reference?: string | undefined;
  /** Must be there when it is given; else the host's is taken, or the only one. */
  readonly platform?: Platform | undefined;
  readonly hostPlatform: Platform;
}

export interface InputLayer {
  /** Of the layer as it is stored; `undefined` where nothing says it. */
  readonly digest: Digest | undefined;
  readonly sizeBytes: number;
  /** The uncompressed tar. The stream fails at its end with DIGEST_MISMATCH when it is not what the image says. */
  open(): Bytes;
}

export interface InputImage {
  /** Of the manifest; `undefined` where there is none. */
  readonly digest: Digest | undefined;
  /** `undefined` for a bare root file system. */
  readonly config: ReadConfig | undefined;
  /** Bottom first. */
  readonly layers: readonly InputLayer[];
}
