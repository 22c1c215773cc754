// What readers of the three forms of rpm's database share.
import { DodaiError } from "../../core/dodai-error.ts";

/** Pages of a file, each of which may be taken once. */
export interface DatabasePages {
  /** For messages. */
  readonly what: string;
  /** Throws DATABASE_BROKEN for a page that is not there or was taken before. */
  take(number: number): Uint8Array;
}

export function broken(what: string, state: string): DodaiError {
  return new DodaiError("DATABASE_BROKEN", `Cannot read ${what}: ${state}`, {
    fix: 'The image\'s package database is damaged. "rpm --rebuilddb" in the image may mend it; else use another image.',
  });
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Without a copy where there is one part. */
export const concatenated = (parts: readonly Uint8Array[]): Uint8Array =>
  parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
