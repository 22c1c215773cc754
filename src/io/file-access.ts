// Bytes of an open file at any place, read at once: what a compiled index is read through.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { DodaiError } from "../core/dodai-error.ts";
import type { RandomAccess } from "../packages/contract.ts";

export interface FileAccess extends RandomAccess {
  /** The file stays readable until then, even when somebody removes its name. */
  close(): void;
}

/** Opens a file; with `sizeBytes` only so much from its start is there. Throws what `node:fs` throws when it cannot. */
export function openFileAccess(path: string, sizeBytes?: number): FileAccess {
  let descriptor: number | undefined = openSync(path, "r");
  const size = sizeBytes ?? fstatSync(descriptor).size;
  const broken = (state: string): DodaiError =>
    new DodaiError("CACHE_BROKEN", `Cannot read "${path}": ${state}`, {
      fix: "Run the command again; if it fails the same way, remove the file.",
    });

  return {
    sizeBytes: size,
    read: (offset, length) => {
      if (descriptor === undefined) throw broken("it was closed");
      if (offset < 0 || length < 0 || offset + length > size) throw broken("it ends before what was looked for");
      const bytes = Buffer.allocUnsafeSlow(length);
      for (let done = 0; done < length; ) {
        const count = readSync(descriptor, bytes, done, length - done, offset + done);
        if (count === 0) throw broken("it became shorter while it was read");
        done += count;
      }
      return bytes;
    },
    close: () => {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}
