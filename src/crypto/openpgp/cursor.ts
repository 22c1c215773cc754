// Reads OpenPGP's numbers and byte strings. Every length is checked against what is left before anything is taken, so a
// packet that lies about its size ends in an error and never in an allocation.
import { DodaiError } from "../../core/dodai-error.ts";

/** Whose bytes are read, for messages: keys or a signature, and where they are from. */
export interface Subject {
  readonly code: "KEY_SYNTAX" | "SIGNATURE_INVALID";
  /** `the keys of "debian/trixie"`, `the signature of InRelease`. */
  readonly what: string;
}

export function malformed(subject: Subject, state: string, cause?: unknown): DodaiError {
  const verb = subject.code === "KEY_SYNTAX" ? "read" : "verify";
  return new DodaiError(subject.code, `Cannot ${verb} ${subject.what}: ${state}`, {
    fix:
      subject.code === "KEY_SYNTAX"
        ? "Export the public key again, armored: gpg --armor --export FINGERPRINT."
        : "The file may be damaged or may have been changed on the way. Try again, or use another mirror.",
    ...(cause === undefined ? {} : { cause }),
  });
}

export interface Cursor {
  /** How many bytes have not been taken yet. */
  left(): number;
  u8(): number;
  u16(): number;
  u32(): number;
  /** A view, not a copy. */
  take(length: number): Uint8Array;
  rest(): Uint8Array;
  /** A multiprecision integer's bytes without leading zeros. RFC 9580 3.2. The bit count is a hint for the length alone, as in GnuPG. */
  mpi(): Uint8Array;
}

export function openCursor(bytes: Uint8Array, subject: Subject): Cursor {
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (length > bytes.byteLength - at) {
      throw malformed(subject, `it ends where ${length - (bytes.byteLength - at)} more bytes are announced`);
    }
    at += length;
    return bytes.subarray(at - length, at);
  };
  const unsigned = (length: number): number => {
    let value = 0;
    for (const byte of take(length)) value = value * 256 + byte;
    return value;
  };
  return {
    left: () => bytes.byteLength - at,
    u8: () => unsigned(1),
    u16: () => unsigned(2),
    u32: () => unsigned(4),
    take,
    rest: () => take(bytes.byteLength - at),
    mpi: () => withoutLeadingZeros(take(Math.ceil(unsigned(2) / 8))),
  };
}

export function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? bytes.subarray(bytes.byteLength) : bytes.subarray(first);
}

/** Big-endian, 4 bytes. */
export function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex").toUpperCase();
}
