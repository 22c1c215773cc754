import { DodaiError } from "../core/dodai-error.ts";
import type { RandomAccess } from "./contract.ts";

/** Bytes that are in memory, read as a file is. */
export function memoryAccess(bytes: Uint8Array): RandomAccess {
  return {
    sizeBytes: bytes.byteLength,
    read: (offset, length) => {
      if (offset < 0 || length < 0 || offset + length > bytes.byteLength) {
        throw new DodaiError("CACHE_BROKEN", "Cannot read what was kept: it is cut off", {
          fix: "Run the command again; what is damaged is made anew.",
        });
      }
      return bytes.subarray(offset, offset + length);
    },
  };
}
