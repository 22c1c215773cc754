// Transferable public keys, RFC 9580 section 10.1: packets in, a key with its parts out. Nothing is verified here; what a
// key's own signatures say of it is judged when one of its signatures is, under the policy of that moment.
import { createHash } from "node:crypto";
import { type KeyMaterial, materialKind, readMaterial } from "./algorithms.ts";
import { parseArmor } from "./armor.ts";
import { hexOf, malformed, openCursor, type Subject, uint32 } from "./cursor.ts";
import { packetTag, readPackets } from "./packets.ts";
import { readSignature, type Signature } from "./signature.ts";
import { textOf } from "./text.ts";

/** A key packet: a primary key or a subkey. */
export interface KeyPart {
  readonly version: 4 | 6;
  /** Upper-case hex, 40 (v4) or 64 (v6) digits. */
  readonly fingerprint: string;
  /** Upper-case hex, 16 digits. */
  readonly keyId: string;
  readonly created: Date;
  readonly material: KeyMaterial;
  /** The packet as signatures hash it, length prefix and all. RFC 9580 5.2.4. */
  readonly hashed: Uint8Array;
}

export interface Subkey extends KeyPart {
  readonly signatures: readonly Signature[];
}

export interface UserId {
  readonly text: string;
  /** As version 4 and later hash it, prefix and all, and as version 3 does. */
  readonly hashed: { readonly framed: Uint8Array; readonly bare: Uint8Array };
  readonly signatures: readonly Signature[];
}

/** A primary key with everything that came with it. */
export interface PublicKey extends KeyPart {
  /** Direct-key signatures and revocations. */
  readonly signatures: readonly Signature[];
  /** User IDs and attributes (whose text is empty). */
  readonly userIds: readonly UserId[];
  readonly subkeys: readonly Subkey[];
}

/**
 * Every key of a keyring, armored or binary. Keys of versions and algorithms that cannot verify anything here are left
 * out. Throws KEY_SYNTAX for anything broken, for private keys, and when no key is left. `what` names it in messages.
 */
export function parseKeyring(keyring: Uint8Array | string, what = "an OpenPGP key"): readonly PublicKey[] {
  const subject: Subject = { code: "KEY_SYNTAX", what };
  const keys = keyBlocks(keyring, subject).flatMap((bytes) => readKeys(bytes, subject));
  if (keys.length === 0) throw malformed(subject, "it holds no OpenPGP public key of version 4 or 6 that can sign");
  return keys;
}

function keyBlocks(keyring: Uint8Array | string, subject: Subject): readonly Uint8Array[] {
  if (typeof keyring !== "string" && ((keyring[0] ?? 0) & 0x80) !== 0) return [keyring];
  const text = typeof keyring === "string" ? keyring : textOf(keyring);
  return parseArmor(text, { subject, around: "ignored" }).map(({ label, bytes }) => {
    if (label !== "PGP PUBLIC KEY BLOCK")
      throw malformed(subject, `it is a "${label}", wanted a "PGP PUBLIC KEY BLOCK"`);
    return bytes;
  });
}

interface Growing<Part> {
  readonly part: Part;
  readonly signatures: Signature[];
}

interface GrowingKey {
  readonly primary: Growing<KeyPart>;
  readonly userIds: Growing<Omit<UserId, "signatures">>[];
  readonly subkeys: Growing<KeyPart>[];
}

/**
 * Signatures belong to the part before them; those after a part that is left out are left out with it, and so is
 * everything of a primary key that is left out.
 */
function readKeys(bytes: Uint8Array, subject: Subject): readonly PublicKey[] {
  const keys: GrowingKey[] = [];
  let key: GrowingKey | undefined;
  let signatures: Signature[] | undefined;
  for (const { tag, body } of readPackets(bytes, subject)) {
    switch (tag) {
      case packetTag.publicKey: {
        const part = readKeyPart(body, subject);
        key = part && { primary: { part, signatures: [] }, userIds: [], subkeys: [] };
        if (key) keys.push(key);
        signatures = key?.primary.signatures;
        break;
      }
      case packetTag.publicSubkey: {
        const part = key && readKeyPart(body, subject);
        signatures = part && add(key?.subkeys, part);
        break;
      }
      case packetTag.userId:
      case packetTag.userAttribute:
        signatures = add(key?.userIds, userIdOf(tag, body));
        break;
      case packetTag.signature: {
        const signature = signatures && readSignature(body);
        if (signature?.kind === "signature") signatures?.push(signature);
        break;
      }
      case packetTag.secretKey:
      case packetTag.secretSubkey:
        throw malformed(subject, "it is a private key, wanted a public one");
      case packetTag.trust:
      case packetTag.marker:
      case packetTag.padding:
        break;
      default:
        signatures = undefined;
    }
  }
  return keys.map(finished);
}

function add<Part>(list: Growing<Part>[] | undefined, part: Part): Signature[] {
  const growing: Growing<Part> = { part, signatures: [] };
  list?.push(growing);
  return growing.signatures;
}

function finished({ primary, userIds, subkeys }: GrowingKey): PublicKey {
  return {
    ...primary.part,
    signatures: primary.signatures,
    userIds: userIds.map(({ part, signatures }) => ({ ...part, signatures })),
    subkeys: subkeys.map(({ part, signatures }) => ({ ...part, signatures })),
  };
}

function userIdOf(tag: number, body: Uint8Array): Omit<UserId, "signatures"> {
  const isText = tag === packetTag.userId;
  const framed = Buffer.concat([Uint8Array.of(isText ? 0xb4 : 0xd1), uint32(body.byteLength), body]);
  return { text: isText ? new TextDecoder().decode(body) : "", hashed: { framed, bare: body } };
}

/** RFC 9580 5.5.2. `undefined` for versions and algorithms that are not used here. */
function readKeyPart(body: Uint8Array, subject: Subject): KeyPart | undefined {
  const cursor = openCursor(body, subject);
  const version = cursor.u8();
  if (version !== 4 && version !== 6) return undefined;
  if (version === 4 && body.byteLength > 0xffff) throw malformed(subject, "a key packet has more than 65535 bytes");
  const created = new Date(cursor.u32() * 1000);
  const kind = materialKind(cursor.u8());
  // RFC 9580 11.2: the legacy form of Ed25519 is for version 4 alone.
  if (kind === undefined || (version === 6 && kind === "ed25519-legacy")) return undefined;
  const numbers = version === 6 ? openCursor(cursor.take(cursor.u32()), subject) : cursor;
  const material = readMaterial(kind, numbers);
  if (material === undefined) return undefined;
  if (numbers.left() + cursor.left() > 0) throw malformed(subject, "bytes follow the numbers of a key");
  return { version, created, material, ...identify(version, body) };
}

/** RFC 9580 5.5.4: fingerprint and key ID. */
function identify(version: 4 | 6, body: Uint8Array): Pick<KeyPart, "fingerprint" | "keyId" | "hashed"> {
  if (version === 6) {
    const hashed = Buffer.concat([Uint8Array.of(0x9b), uint32(body.byteLength), body]);
    const fingerprint = hexOf(createHash("sha256").update(hashed).digest());
    return { hashed, fingerprint, keyId: fingerprint.slice(0, 16) };
  }
  // The prefix has two bytes for the length: readKeyPart refuses longer packets.
  const hashed = Buffer.concat([Uint8Array.of(0x99, body.byteLength >> 8, body.byteLength), body]);
  const fingerprint = hexOf(createHash("sha1").update(hashed).digest());
  return { hashed, fingerprint, keyId: fingerprint.slice(-16) };
}
