// Makes OpenPGP keys and signatures of any shape for tests, right or wrong, on node:crypto: what GnuPG would not make.
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { type PublicKey, parseKeyring } from "../../src/crypto/openpgp/public-key.ts";

export type Algorithm = "rsa" | "ed25519" | "ed25519-legacy" | "ed448";
const ids = { rsa: 1, ed25519: 27, "ed25519-legacy": 22, ed448: 28 } as const;
const hashIds = { md5: 1, sha1: 2, ripemd160: 3, sha256: 8, sha384: 9, sha512: 10, "sha3-256": 12 } as const;

/** 2025-01-01, in seconds. */
export const epoch = 1735689600;
export const day = 86400;

/** One key packet with the secret to sign with. */
export interface SecretPart {
  readonly version: 4 | 6;
  readonly algorithm: Algorithm;
  readonly secret: KeyObject;
  readonly body: Buffer;
  readonly fingerprint: Buffer;
}

export interface SignOptions {
  readonly version?: 3 | 4 | 6;
  readonly type?: number;
  readonly hash?: keyof typeof hashIds;
  readonly created?: number;
  /** Further subpackets of the hashed area. */
  readonly hashed?: readonly Buffer[];
  readonly unhashed?: readonly Buffer[];
  readonly salt?: Buffer;
  /** Spoils the signature's numbers. */
  readonly broken?: boolean;
}

export function makePart(
  algorithm: Algorithm,
  { version = 4, bits = 2048, created = epoch }: { version?: 4 | 6; bits?: number; created?: number } = {},
): SecretPart {
  const { publicKey, secret } = keyPair(algorithm, bits);
  const jwk = publicKey.export({ format: "jwk" });
  const bytes = (field: "n" | "e" | "x"): Buffer => Buffer.from(jwk[field] ?? "", "base64url");
  const material =
    algorithm === "rsa"
      ? Buffer.concat([mpi(bytes("n")), mpi(bytes("e"))])
      : algorithm === "ed25519-legacy"
        ? Buffer.concat([Buffer.from("092b06010401da470f01", "hex"), mpi(Buffer.concat([Buffer.of(0x40), bytes("x")]))])
        : bytes("x");
  const head = Buffer.concat([Buffer.of(version), u32(created), Buffer.of(ids[algorithm])]);
  const body = Buffer.concat([head, version === 6 ? u32(material.length) : Buffer.of(), material]);
  const fingerprint = createHash(version === 6 ? "sha256" : "sha1")
    .update(framedKey(version, body))
    .digest();
  return { version, algorithm, secret, body, fingerprint };
}

function keyPair(algorithm: Algorithm, bits: number): { publicKey: KeyObject; secret: KeyObject } {
  const { publicKey, privateKey } =
    algorithm === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: bits })
      : algorithm === "ed448"
        ? generateKeyPairSync("ed448")
        : generateKeyPairSync("ed25519");
  return { publicKey, secret: privateKey };
}

/** A signature packet's body over `parts`. */
export function signParts(by: SecretPart, parts: readonly Uint8Array[], options: SignOptions = {}): Buffer {
  const { version = by.version, type = 0, hash = "sha256", created = epoch + day, broken = false } = options;
  const salt =
    options.salt ?? Buffer.alloc(version === 6 ? ({ sha384: 24, sha512: 32 }[hash as "sha384"] ?? 16) : 0, 7);
  const keyId = by.version === 6 ? by.fingerprint.subarray(0, 8) : by.fingerprint.subarray(-8);
  const ids3 = Buffer.of(ids[by.algorithm], hashIds[hash]);
  const area = (packets: readonly Buffer[]): Buffer => {
    const all = Buffer.concat(packets);
    return Buffer.concat([version === 6 ? u32(all.length) : u16(all.length), all]);
  };
  const issuer = subpacket(33, Buffer.concat([Buffer.of(by.version), by.fingerprint]));
  const hashed =
    version === 3
      ? Buffer.concat([Buffer.of(type), u32(created)])
      : Buffer.concat([
          Buffer.of(version, type),
          ids3,
          area([...(created < 0 ? [] : [subpacket(2, u32(created))]), issuer, ...(options.hashed ?? [])]),
        ]);
  const trailer = version === 3 ? hashed : Buffer.concat([hashed, Buffer.of(version, 0xff), u32(hashed.length)]);
  const data = Buffer.concat([salt, ...parts, trailer]);
  const digest = createHash(hash).update(data).digest();
  const value = signatureValue(by, { data, digest, hash });
  if (broken) value[value.length - 1] = (value.at(-1) ?? 0) ^ 1;
  const tail = [digest.subarray(0, 2), ...(version === 6 ? [Buffer.of(salt.length), salt] : []), value];
  return version === 3
    ? Buffer.concat([Buffer.of(3, 5), hashed, keyId, ids3, ...tail])
    : Buffer.concat([hashed, area(options.unhashed ?? [subpacket(16, keyId)]), ...tail]);
}

function signatureValue(
  { algorithm, secret }: SecretPart,
  { data, digest, hash }: { data: Buffer; digest: Buffer; hash: string },
): Buffer {
  if (algorithm === "rsa") return mpi(sign(hash, data, secret));
  const raw = sign(null, digest, secret);
  return algorithm === "ed25519-legacy" ? Buffer.concat([mpi(raw.subarray(0, 32)), mpi(raw.subarray(32))]) : raw;
}

export interface MadeKey {
  readonly part: SecretPart;
  readonly publicKey: PublicKey;
}

export const userId = "Test <test@example.org>";

/** A key with one user ID that it certified itself, and whatever packets are put after these. */
export function makeKey(
  algorithm: Algorithm,
  {
    part = makePart(algorithm),
    certification = {},
    direct,
    more = () => [],
  }: {
    readonly part?: SecretPart;
    readonly certification?: SignOptions | "none";
    readonly direct?: SignOptions;
    readonly more?: (primary: SecretPart) => readonly Buffer[];
  } = {},
): MadeKey {
  const packets = [
    packet(6, part.body),
    ...(direct ? [packet(2, signParts(part, [keyInput(part)], { type: 0x1f, created: epoch, ...direct }))] : []),
    packet(13, Buffer.from(userId)),
    ...(certification === "none" ? [] : [packet(2, certify(part, certification))]),
    ...more(part),
  ];
  const [publicKey] = parseKeyring(Buffer.concat(packets));
  if (publicKey === undefined) throw new Error("the key was not read");
  return { part, publicKey };
}

export function certify(by: SecretPart, options: SignOptions & { readonly userId?: string } = {}): Buffer {
  const text = Buffer.from(options.userId ?? userId);
  const id = options.version === 3 ? text : Buffer.concat([Buffer.of(0xb4), u32(text.length), text]);
  return signParts(by, [keyInput(by), id], { type: 0x13, created: epoch, ...options });
}

/** A subkey packet with its binding signature; `back` false leaves the back signature out. */
export function bindSubkey(
  primary: SecretPart,
  subkey: SecretPart,
  { binding = {}, back = {}, flags = 2 }: { binding?: SignOptions; back?: SignOptions | false; flags?: number } = {},
): readonly Buffer[] {
  const input = [keyInput(primary), keyInput(subkey)];
  const embedded =
    back === false ? [] : [subpacket(32, signParts(subkey, input, { type: 0x19, created: epoch, ...back }))];
  const hashed = [subpacket(27, Buffer.of(flags)), ...embedded, ...(binding.hashed ?? [])];
  const body = signParts(primary, input, { type: 0x18, created: epoch, ...binding, hashed });
  return [packet(14, subkey.body), packet(2, body)];
}

export function signDocument(
  { part }: { readonly part: SecretPart },
  text: string | Uint8Array,
  options: SignOptions = {},
): { readonly binary: Buffer; readonly armored: string } {
  const binary = packet(2, signParts(part, [Buffer.from(text)], options));
  return { binary, armored: armor("PGP SIGNATURE", binary) };
}

/** Without a checksum, as RFC 9580 6.1 advises. */
export function armor(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** A new-form packet with a five-byte length. */
export function packet(tag: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0xc0 | tag, 0xff), u32(body.length), body]);
}

export function subpacket(type: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0xff), u32(content.length + 1), Buffer.of(type), content]);
}

export function keyInput({ version, body }: SecretPart): Buffer {
  return framedKey(version, body);
}

const framedKey = (version: 4 | 6, body: Buffer): Buffer =>
  Buffer.concat([
    version === 6
      ? Buffer.concat([Buffer.of(0x9b), u32(body.length)])
      : Buffer.concat([Buffer.of(0x99), u16(body.length)]),
    body,
  ]);

export const u32 = (value: number): Buffer => Buffer.of(value >>> 24, value >>> 16, value >>> 8, value);
const u16 = (value: number): Buffer => Buffer.of(value >>> 8, value);

function mpi(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const number = bytes.subarray(start);
  return Buffer.concat([u16(number.length * 8 - Math.clz32(number[0] ?? 0) + 24), number]);
}
