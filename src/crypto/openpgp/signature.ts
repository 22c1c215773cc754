// Signature packets, versions 3, 4 and 6: RFC 9580 section 5.2 (version 3: RFC 4880 5.2.2). What a signature claims is
// taken from its hashed area; only hints that prove themselves (issuer, embedded signature) may come from the other one.
import { DodaiError } from "../../core/dodai-error.ts";
import { type HashAlgorithm, hashAlgorithm, type KeyMaterial, materialKind, type RawSignature } from "./algorithms.ts";
import { type Cursor, hexOf, malformed, openCursor, type Subject, uint32 } from "./cursor.ts";
import { readSubpacketLength } from "./packets.ts";

/** RFC 9580 5.2.1. */
export const signatureType = {
  binary: 0x00,
  text: 0x01,
  certification: [0x10, 0x11, 0x12, 0x13],
  subkeyBinding: 0x18,
  primaryKeyBinding: 0x19,
  directKey: 0x1f,
  keyRevocation: 0x20,
  subkeyRevocation: 0x28,
  certificationRevocation: 0x30,
} as const;

export interface Signature extends RawSignature {
  readonly kind: "signature";
  readonly version: 3 | 4 | 6;
  readonly type: number;
  readonly keyKind: KeyMaterial["kind"];
  readonly salt: Uint8Array;
  /** What is hashed after the signed data. RFC 9580 5.2.4. */
  readonly trailer: Uint8Array;
  readonly created: Date;
  /** Whom to ask first; whether they signed is for the numbers to say. Upper-case hex. */
  readonly issuerKeyIds: readonly string[];
  readonly issuerFingerprints: readonly string[];
  /** Seconds after `created` at which the signature ends. */
  readonly expiresAfter?: number;
  /** Seconds after the key's creation at which the key ends. */
  readonly keyExpiresAfter?: number;
  /** First byte of the key flags. RFC 9580 5.2.3.29. */
  readonly keyFlags?: number;
  /** RFC 9580 5.2.3.31; absent: no reason was given. */
  readonly revocationReason?: number;
  readonly embedded: readonly Signature[];
  /** Something that the signer marked critical and that is not understood here. Such a signature must not be used. */
  readonly criticalUnknown?: string;
}

/** A signature packet that cannot be read: another version or algorithm, or broken. */
export interface UnreadableSignature {
  readonly kind: "unreadable";
  readonly reason: "unsupported" | "malformed";
  readonly problem: string;
}

const subject: Subject = { code: "SIGNATURE_INVALID", what: "a signature packet" };

/** Never throws: what is wrong with one signature says nothing of the next. `depth` counts embedded signatures. */
export function readSignature(body: Uint8Array, depth = 0): Signature | UnreadableSignature {
  try {
    const cursor = openCursor(body, subject);
    const version = cursor.u8();
    switch (version) {
      case 3:
        return readVersion3(cursor);
      case 4:
      case 6:
        return readVersion4Or6({ body, cursor, version, depth });
      default:
        return { kind: "unreadable", reason: "unsupported", problem: `its version is ${version}` };
    }
  } catch (error) {
    if (error instanceof DodaiError) return { kind: "unreadable", reason: "malformed", problem: error.message };
    throw error;
  }
}

function readVersion3(cursor: Cursor): Signature | UnreadableSignature {
  if (cursor.u8() !== 5) throw malformed(subject, "its hashed part has not 5 bytes");
  const trailer = cursor.take(5);
  const issuer = hexOf(cursor.take(8));
  const algorithms = readAlgorithms(cursor);
  if ("problem" in algorithms) return algorithms;
  return {
    kind: "signature",
    version: 3,
    type: trailer[0] ?? 0,
    ...algorithms,
    digestStart: cursor.take(2),
    value: cursor.rest(),
    salt: trailer.subarray(5),
    trailer,
    created: dateAt(openCursor(trailer.subarray(1), subject).u32()),
    issuerKeyIds: [issuer],
    issuerFingerprints: [],
    embedded: [],
  };
}

interface Body {
  readonly body: Uint8Array;
  readonly cursor: Cursor;
  readonly version: 4 | 6;
  readonly depth: number;
}

function readVersion4Or6({ body, cursor, version, depth }: Body): Signature | UnreadableSignature {
  const type = cursor.u8();
  const algorithms = readAlgorithms(cursor);
  if ("problem" in algorithms) return algorithms;
  const area = (): Uint8Array => cursor.take(version === 6 ? cursor.u32() : cursor.u16());
  const hashedArea = area();
  const hashed = body.subarray(0, body.byteLength - cursor.left());
  const claims = readSubpackets(hashedArea, depth);
  const hints = readSubpackets(area(), depth);
  const digestStart = cursor.take(2);
  const salt = version === 6 ? cursor.take(cursor.u8()) : new Uint8Array();
  if (version === 6 && (salt.byteLength === 0 || salt.byteLength !== algorithms.hash.saltBytes)) {
    throw malformed(subject, `its salt has ${salt.byteLength} bytes`);
  }
  if (claims.created === undefined) throw malformed(subject, "its hashed area does not say when it was made");
  const { created, expiresAfter, keyExpiresAfter, keyFlags, revocationReason } = claims;
  const criticalUnknown = claims.criticalUnknown ?? hints.criticalUnknown;
  return {
    kind: "signature",
    version,
    type,
    ...algorithms,
    digestStart,
    value: cursor.rest(),
    salt,
    trailer: Buffer.concat([hashed, Uint8Array.of(version, 0xff), uint32(hashed.byteLength)]),
    created,
    issuerKeyIds: [...claims.issuerKeyIds, ...hints.issuerKeyIds],
    issuerFingerprints: [...claims.issuerFingerprints, ...hints.issuerFingerprints],
    ...(expiresAfter === undefined ? {} : { expiresAfter }),
    ...(keyExpiresAfter === undefined ? {} : { keyExpiresAfter }),
    ...(keyFlags === undefined ? {} : { keyFlags }),
    ...(revocationReason === undefined ? {} : { revocationReason }),
    embedded: [...claims.embedded, ...hints.embedded],
    ...(criticalUnknown === undefined ? {} : { criticalUnknown }),
  };
}

function readAlgorithms(
  cursor: Cursor,
): { readonly keyKind: KeyMaterial["kind"]; readonly hash: HashAlgorithm } | UnreadableSignature {
  const key = cursor.u8();
  const keyKind = materialKind(key);
  const id = cursor.u8();
  const hash = hashAlgorithm(id);
  if (keyKind && hash) return { keyKind, hash };
  const problem = keyKind ? `its hash algorithm is ${id}` : `its public-key algorithm is ${key}`;
  return { kind: "unreadable", reason: "unsupported", problem };
}

interface Subpackets {
  created?: Date;
  expiresAfter?: number;
  keyExpiresAfter?: number;
  keyFlags?: number;
  revocationReason?: number;
  criticalUnknown?: string;
  readonly issuerKeyIds: string[];
  readonly issuerFingerprints: string[];
  readonly embedded: Signature[];
}

/** Known to the standard and without meaning for "does this key sign these bytes". RFC 9580 table 5. */
const ignored: ReadonlySet<number> = new Set([4, 5, 7, 11, 12, 21, 22, 23, 24, 25, 26, 28, 30, 31, 34, 39]);

/** More subpackets than any real signature has, in each of its areas. */
const maxSubpackets = 1000;

/** Of a subpacket that comes more than once the last counts. RFC 9580 5.2.3.9. */
function readSubpackets(area: Uint8Array, depth: number): Subpackets {
  const found: Subpackets = { issuerKeyIds: [], issuerFingerprints: [], embedded: [] };
  const cursor = openCursor(area, subject);
  for (let count = 0; cursor.left() > 0; count++) {
    if (count === maxSubpackets) throw malformed(subject, `it has more than ${maxSubpackets} subpackets`);
    const content = openCursor(cursor.take(readSubpacketLength(cursor)), subject);
    const type = content.u8();
    readSubpacket({ type: type & 0x7f, critical: (type & 0x80) !== 0, content, depth }, found);
  }
  return found;
}

interface Subpacket {
  readonly type: number;
  readonly critical: boolean;
  readonly content: Cursor;
  readonly depth: number;
}

function readSubpacket({ type, critical, content, depth }: Subpacket, found: Subpackets): void {
  switch (type) {
    case 2:
      found.created = dateAt(content.u32());
      break;
    case 3:
      found.expiresAfter = content.u32();
      break;
    case 9:
      found.keyExpiresAfter = content.u32();
      break;
    case 16:
      found.issuerKeyIds.push(hexOf(content.take(8)));
      break;
    case 20:
      if (critical) found.criticalUnknown = "a notation";
      break;
    case 27:
      found.keyFlags = content.left() === 0 ? 0 : content.u8();
      break;
    case 29:
      found.revocationReason = content.u8();
      break;
    case 32:
      readEmbedded(content, depth, found);
      break;
    case 33:
      found.issuerFingerprints.push(hexOf(content.take(content.u8() === 6 ? 32 : 20)));
      break;
    default:
      if (critical && !ignored.has(type)) found.criticalUnknown = `a subpacket of type ${type}`;
  }
}

/** Signatures nest once: a back signature in a binding. Deeper ones are never looked at. */
function readEmbedded(content: Cursor, depth: number, found: Subpackets): void {
  if (depth > 0) return;
  const embedded = readSignature(content.rest(), depth + 1);
  if (embedded.kind === "signature") found.embedded.push(embedded);
}

function dateAt(seconds: number): Date {
  return new Date(seconds * 1000);
}
