// Public-key algorithms and hashes: from OpenPGP's material to node:crypto's keys and back. Nothing here judges strength.
import { createHash, createPublicKey, createVerify, type KeyObject, verify } from "node:crypto";
import { type Cursor, openCursor, type Subject, withoutLeadingZeros } from "./cursor.ts";

export interface HashAlgorithm {
  /** As node:crypto calls it. */
  readonly name: "md5" | "sha1" | "ripemd160" | "sha224" | "sha256" | "sha384" | "sha512" | "sha3-256" | "sha3-512";
  /** RFC 9580 table 23: length of a v6 signature's salt. 0: not allowed there. */
  readonly saltBytes: number;
}

/** RFC 9580 9.5. */
const hashes: ReadonlyMap<number, HashAlgorithm> = new Map<number, HashAlgorithm>([
  [1, { name: "md5", saltBytes: 0 }],
  [2, { name: "sha1", saltBytes: 0 }],
  [3, { name: "ripemd160", saltBytes: 0 }],
  [8, { name: "sha256", saltBytes: 16 }],
  [9, { name: "sha384", saltBytes: 24 }],
  [10, { name: "sha512", saltBytes: 32 }],
  [11, { name: "sha224", saltBytes: 16 }],
  [12, { name: "sha3-256", saltBytes: 16 }],
  [14, { name: "sha3-512", saltBytes: 32 }],
]);

export function hashAlgorithm(id: number): HashAlgorithm | undefined {
  return hashes.get(id);
}

/** A public key's numbers, as its packet has them. */
export type KeyMaterial =
  | { readonly kind: "rsa"; readonly n: Uint8Array; readonly e: Uint8Array }
  | {
      readonly kind: "dsa";
      readonly p: Uint8Array;
      readonly q: Uint8Array;
      readonly g: Uint8Array;
      readonly y: Uint8Array;
    }
  | { readonly kind: "ecdsa"; readonly curve: Curve; readonly point: Uint8Array }
  /** `ed25519-legacy` has MPIs where `ed25519` has plain bytes; the numbers are the same. */
  | { readonly kind: "ed25519" | "ed25519-legacy" | "ed448"; readonly point: Uint8Array };

interface Curve {
  /** DER content of the object identifier, in hex. RFC 9580 table 19. */
  readonly oid: string;
  readonly fieldBytes: number;
}

const curves: readonly Curve[] = [
  { oid: "2a8648ce3d030107", fieldBytes: 32 }, // NIST P-256
  { oid: "2b81040022", fieldBytes: 48 }, // NIST P-384
  { oid: "2b81040023", fieldBytes: 66 }, // NIST P-521
  { oid: "2b8104000a", fieldBytes: 32 }, // secp256k1
  { oid: "2b2403030208010107", fieldBytes: 32 }, // brainpoolP256r1
  { oid: "2b240303020801010b", fieldBytes: 48 }, // brainpoolP384r1
  { oid: "2b240303020801010d", fieldBytes: 64 }, // brainpoolP512r1
];

/** RFC 9580 9.1. `undefined`: an algorithm that does not sign, or that is not known here. */
export function materialKind(algorithm: number): KeyMaterial["kind"] | undefined {
  switch (algorithm) {
    case 1:
    case 3:
      return "rsa";
    case 17:
      return "dsa";
    case 19:
      return "ecdsa";
    case 22:
      return "ed25519-legacy";
    case 27:
      return "ed25519";
    case 28:
      return "ed448";
    default:
      return undefined;
  }
}

/** RFC 9580 5.5.5. `undefined` when the algorithm or curve is not known here. Throws what the cursor throws. */
export function readMaterial(kind: KeyMaterial["kind"], cursor: Cursor): KeyMaterial | undefined {
  switch (kind) {
    case "rsa":
      return { kind, n: cursor.mpi(), e: cursor.mpi() };
    case "dsa":
      return { kind, p: cursor.mpi(), q: cursor.mpi(), g: cursor.mpi(), y: cursor.mpi() };
    case "ecdsa": {
      const oid = Buffer.from(cursor.take(cursor.u8())).toString("hex");
      const curve = curves.find((one) => one.oid === oid);
      const point = cursor.mpi();
      // RFC 9580 11.2.1: 0x04, x, y.
      return curve && point[0] === 0x04 && point.byteLength === 1 + 2 * curve.fieldBytes
        ? { kind, curve, point }
        : undefined;
    }
    case "ed25519-legacy": {
      const oid = Buffer.from(cursor.take(cursor.u8())).toString("hex");
      const point = cursor.mpi();
      // RFC 9580 11.2.2: 0x40 and the native point.
      return oid === "2b06010401da470f01" && point[0] === 0x40 && point.byteLength === 33
        ? { kind, point: point.subarray(1) }
        : undefined;
    }
    default:
      return { kind, point: cursor.take(kind === "ed25519" ? 32 : 57) };
  }
}

/** Bits of the modulus that RSA and DSA rest on; `undefined` for the elliptic curves, whose size is fixed. */
export function modulusBits(material: KeyMaterial): number | undefined {
  const modulus = material.kind === "rsa" ? material.n : material.kind === "dsa" ? material.p : undefined;
  return modulus && (modulus.byteLength === 0 ? 0 : modulus.byteLength * 8 - Math.clz32(modulus[0] ?? 0) + 24);
}

export interface RawSignature {
  readonly hash: HashAlgorithm;
  /** The signature packet's tail: MPIs, or plain bytes for Ed25519 and Ed448. */
  readonly value: Uint8Array;
  /** First two bytes of the digest that was signed. */
  readonly digestStart: Uint8Array;
}

/** Whether `raw` signs the concatenation of `parts` with this key. Never throws. */
export function verifyRaw(material: KeyMaterial, raw: RawSignature, parts: readonly Uint8Array[]): boolean {
  try {
    const hash = createHash(raw.hash.name);
    for (const part of parts) hash.update(part);
    const digest = hash.digest();
    if (Buffer.compare(digest.subarray(0, 2), raw.digestStart) !== 0) return false;
    const signature = signatureBytes(material, raw.value);
    const key = publicKey(material);
    if (material.kind.startsWith("ed")) return verify(null, digest, key, signature);
    const verifier = createVerify(raw.hash.name);
    for (const part of parts) verifier.update(part);
    return verifier.verify({ key, dsaEncoding: "ieee-p1363" }, signature);
  } catch {
    // Numbers that are no key or no signature: OpenSSL's and the cursor's refusals alike mean "does not verify".
    return false;
  }
}

const value: Subject = { code: "SIGNATURE_INVALID", what: "a signature value" };

/** What node:crypto wants: fixed-length numbers one after the other. RFC 9580 5.2.3, 13.2 (short RSA values). */
function signatureBytes(material: KeyMaterial, bytes: Uint8Array): Uint8Array {
  const cursor = openCursor(bytes, value);
  const numbers = (count: number, length: number): Uint8Array =>
    Buffer.concat(Array.from({ length: count }, () => padded(cursor.mpi(), length)));
  const signature = ((): Uint8Array => {
    switch (material.kind) {
      case "rsa":
        return numbers(1, material.n.byteLength);
      case "dsa":
        return numbers(2, material.q.byteLength);
      case "ecdsa":
        return numbers(2, material.curve.fieldBytes);
      case "ed25519-legacy":
        return numbers(2, 32);
      default:
        return cursor.take(material.kind === "ed25519" ? 64 : 114);
    }
  })();
  if (cursor.left() > 0) throw new RangeError("bytes follow the signature value");
  return signature;
}

function padded(number: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(number, length - number.byteLength);
  return bytes;
}

/** SubjectPublicKeyInfo of RFC 5280, 3279 (RSA, DSA), 5480 (curves) and 8410 (Ed25519, Ed448). */
function publicKey(material: KeyMaterial): KeyObject {
  const der = ((): Uint8Array => {
    switch (material.kind) {
      case "rsa":
        return keyInfo([oid("2a864886f70d010101"), tlv(0x05)], tlv(0x30, integer(material.n), integer(material.e)));
      case "dsa": {
        const domain = tlv(0x30, integer(material.p), integer(material.q), integer(material.g));
        return keyInfo([oid("2a8648ce380401"), domain], integer(material.y));
      }
      case "ecdsa":
        return keyInfo([oid("2a8648ce3d0201"), oid(material.curve.oid)], material.point);
      default:
        return keyInfo([oid(material.kind === "ed448" ? "2b6571" : "2b6570")], material.point);
    }
  })();
  return createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" });
}

function keyInfo(algorithm: readonly Uint8Array[], bits: Uint8Array): Uint8Array {
  return tlv(0x30, tlv(0x30, ...algorithm), tlv(0x03, Uint8Array.of(0), bits));
}

const oid = (hex: string): Uint8Array => tlv(0x06, Buffer.from(hex, "hex"));

function integer(number: Uint8Array): Uint8Array {
  const bytes = withoutLeadingZeros(number);
  return (bytes[0] ?? 0x80) & 0x80 ? tlv(0x02, Uint8Array.of(0), bytes) : tlv(0x02, bytes);
}

/** One DER value: tag, length, content. */
function tlv(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(content);
  const size = body.byteLength;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Uint8Array.of(tag, ...length), body]);
}
