import type { DiffId, Digest } from "../core/digest.ts";
import type { LayerMediaType } from "./media-types.ts";

/** One layer of an image, without its bytes. */
export interface Layer {
  readonly mediaType: LayerMediaType;
  /** Of the bytes as they are stored and sent. */
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Of the uncompressed tar. */
  readonly diffId: DiffId;
  /** Of the uncompressed tar with its trailer. A Docker archive's header needs it before the bytes. */
  readonly uncompressedBytes: number;
  /** What the layer holds, for people: the history entry of it. Never empty. */
  readonly createdBy: string;
}

/** Most layers that Docker's storage drivers mount. */
export const maxLayers = 127;
