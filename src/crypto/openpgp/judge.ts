// Whether a key may sign, by its own word: self-signatures say until when it lives and which subkeys sign for it,
// revocations that it is over. The newest valid statement counts, whenever the signature in question was made.
// RFC 9580 5.2.3.10 (self-signatures), 5.2.3.29 (flags), 5.2.3.31 (reasons), 10.1.5 (subkeys and back signatures).
import { type HashAlgorithm, modulusBits, verifyRaw } from "./algorithms.ts";
import type { Policy } from "./policy.ts";
import type { KeyPart, PublicKey, Subkey, UserId } from "./public-key.ts";
import { type Signature, signatureType } from "./signature.ts";
import { type Refusal, refusal } from "./verdict.ts";

/** What is judged: a key, the part of it that signed, and when it did. */
export interface Signer {
  readonly key: PublicKey;
  /** Absent when the primary key itself signed. */
  readonly subkey?: Subkey | undefined;
  readonly signedAt: Date;
}

/** `undefined`: it may. For a subkey to sign its primary key must be as strong and alive: it vouches for it. */
export function refuseSigner({ key, subkey, signedAt }: Signer, policy: Policy): Refusal | undefined {
  const context: Context = { key, signedAt, policy };
  return (
    refuseWeak(key, policy) ??
    (subkey && refuseWeak(subkey, policy)) ??
    refuseRevoked(context, keyRevocations(context)) ??
    refusePrimary(context, subkey === undefined) ??
    (subkey && refuseSubkey(context, subkey))
  );
}

interface Context {
  readonly key: PublicKey;
  readonly signedAt: Date;
  readonly policy: Policy;
}

function refuseWeak(part: KeyPart, { minModulusBits }: Policy): Refusal | undefined {
  const bits = modulusBits(part.material);
  if (bits === undefined || bits >= minModulusBits) return undefined;
  return refusal("weak-key", `the key has ${bits} bits, wanted at least ${minModulusBits}`);
}

/**
 * A direct-key signature goes before certifications of user IDs; of these the newest that speaks of a matter counts, so
 * a user ID without an end does not undo the end that another one states. As in GnuPG.
 */
function refusePrimary(context: Context, mustSign: boolean): Refusal | undefined {
  const { key } = context;
  const direct = newestValid(context, statements(key.signatures, [signatureType.directKey], [key.hashed]));
  const certifications = key.userIds
    .flatMap((userId) => certificationOf(context, userId) ?? [])
    .toSorted((a, b) => b.created.getTime() - a.created.getTime());
  if (!direct && certifications.length === 0) return refusal("unusable-key", "the key has no valid self-signature");
  const expiresAfter = direct?.keyExpiresAfter ?? certifications.find((one) => one.keyExpiresAfter)?.keyExpiresAfter;
  const flags = direct?.keyFlags ?? certifications.find((one) => one.keyFlags !== undefined)?.keyFlags;
  return (
    refuseLifetime(context, key, expiresAfter) ??
    (mustSign && flags !== undefined && !maySign(flags)
      ? refusal("not-a-signing-key", "the key's flags do not let it sign")
      : undefined)
  );
}

/** What the key says last of a user ID; nothing when that is that it is revoked. */
function certificationOf(context: Context, { signatures, hashed }: UserId): Signature | undefined {
  const { key } = context;
  const types = [...signatureType.certification, signatureType.certificationRevocation];
  const newest = newestValid(
    context,
    statements(signatures, types, [key.hashed, hashed.framed], [key.hashed, hashed.bare]),
  );
  return newest?.type === signatureType.certificationRevocation ? undefined : newest;
}

/** A signing subkey must be bound by the primary key, say that it signs, and agree in a back signature. */
function refuseSubkey(context: Context, subkey: Subkey): Refusal | undefined {
  const input = [context.key.hashed, subkey.hashed];
  const revoked = refuseRevoked(context, subkeyRevocations(context, subkey));
  if (revoked) return revoked;
  const binding = newestValid(context, statements(subkey.signatures, [signatureType.subkeyBinding], input));
  if (!binding) return refusal("unusable-key", "the subkey has no valid binding signature");
  if (!maySign(binding.keyFlags ?? 0)) return refusal("not-a-signing-key", "the subkey's flags do not let it sign");
  const agrees = binding.embedded.some(
    (back) =>
      back.type === signatureType.primaryKeyBinding &&
      isUsable(back, context) &&
      signs(subkey, { signature: back, input }),
  );
  if (!agrees) return refusal("unusable-key", "the subkey has no valid back signature");
  return refuseLifetime(context, subkey, binding.keyExpiresAfter);
}

function refuseLifetime({ signedAt, policy }: Context, part: KeyPart, expiresAfter = 0): Refusal | undefined {
  if (signedAt < part.created) {
    return refusal(
      "older-than-key",
      `the signature is older than the key, which was made ${part.created.toISOString()}`,
    );
  }
  // RFC 9580 5.2.3.13: zero means never.
  if (expiresAfter === 0) return undefined;
  const end = after(part.created, expiresAfter);
  return end <= endingMoment({ signedAt, policy })
    ? refusal("key-expired", `the key expired on ${end.toISOString()}`)
    : undefined;
}

/** RFC 9580 5.2.3.31: only "superseded" and "retired" leave earlier signatures standing. No reason counts as the worst. */
function refuseRevoked({ signedAt, policy }: Context, revocations: readonly Signature[]): Refusal | undefined {
  for (const { created, revocationReason = 0 } of revocations) {
    const isSoft = revocationReason === 1 || revocationReason === 3;
    if (!isSoft) return refusal("key-revoked", `the key was revoked on ${created.toISOString()}`);
    if (!policy.archived || signedAt >= created) {
      return refusal("key-revoked", `the key was retired or replaced on ${created.toISOString()}`);
    }
  }
  return undefined;
}

/**
 * Revocations count with any hash, any unknown part and any date: whoever could make one speaks for the key. One of the
 * key counts wherever it stands, since it is over the primary key alone.
 */
function keyRevocations({ key }: Context): readonly Signature[] {
  const signatures = [key, ...key.userIds, ...key.subkeys].flatMap((part) => part.signatures);
  return madeBy(key, statements(signatures, [signatureType.keyRevocation], [key.hashed]));
}

function subkeyRevocations({ key }: Context, { signatures, hashed }: Subkey): readonly Signature[] {
  return madeBy(key, statements(signatures, [signatureType.subkeyRevocation], [key.hashed, hashed]));
}

function madeBy(key: PublicKey, statements: readonly Statement[]): readonly Signature[] {
  return statements.filter((statement) => signs(key, statement)).map(({ signature }) => signature);
}

/** A signature and what it is over. */
interface Statement {
  readonly signature: Signature;
  readonly input: readonly Uint8Array[];
}

function statements(
  signatures: readonly Signature[],
  types: readonly number[],
  input: readonly Uint8Array[],
  inputOfVersion3: readonly Uint8Array[] = input,
): readonly Statement[] {
  return signatures
    .filter(({ type }) => types.includes(type))
    .map((signature) => ({ signature, input: signature.version === 3 ? inputOfVersion3 : input }));
}

function newestValid(context: Context, statements: readonly Statement[]): Signature | undefined {
  return statements
    .filter(({ signature }) => isUsable(signature, context))
    .toSorted((a, b) => b.signature.created.getTime() - a.signature.created.getTime())
    .find((statement) => signs(context.key, statement))?.signature;
}

function isUsable(signature: Signature, { policy, signedAt }: Pick<Context, "policy" | "signedAt">): boolean {
  const { hash, criticalUnknown } = signature;
  if (criticalUnknown !== undefined || isBroken(hash)) return false;
  if (hash.name === "sha1" && policy.sha1 === "never") return false;
  return !isFromFuture(signature, policy) && !hasExpired(signature, endingMoment({ policy, signedAt }));
}

/** Hashes that no policy takes. */
export function isBroken({ name }: HashAlgorithm): boolean {
  return name === "md5" || name === "ripemd160";
}

/** Whether the part made this statement. Signatures by others, which say that they are, cost nothing. */
function signs(part: KeyPart, { signature, input }: Statement): boolean {
  return mayHaveSigned(part, signature) && verifyStatement(part, signature, input);
}

export function mayHaveSigned(part: KeyPart, { issuerKeyIds, issuerFingerprints }: Signature): boolean {
  if (issuerKeyIds.length + issuerFingerprints.length === 0) return true;
  return issuerFingerprints.includes(part.fingerprint) || issuerKeyIds.includes(part.keyId);
}

/** Whether the part's numbers sign `input`. RFC 9580 5.2: version 6 keys make version 6 signatures and others never do. */
export function verifyStatement(part: KeyPart, signature: Signature, input: readonly Uint8Array[]): boolean {
  if (part.material.kind !== signature.keyKind || (part.version === 6) !== (signature.version === 6)) return false;
  return verifyRaw(part.material, signature, [signature.salt, ...input, signature.trailer]);
}

export function isFromFuture({ created }: Signature, { now, futureSkewSeconds }: Policy): boolean {
  return created > after(now, futureSkewSeconds);
}

export function hasExpired({ created, expiresAfter = 0 }: Signature, moment: Date): boolean {
  return expiresAfter !== 0 && after(created, expiresAfter) <= moment;
}

/** The moment that something must not have ended by: now, or for an archive when the signature was made. */
function endingMoment({ policy, signedAt }: Pick<Context, "policy" | "signedAt">): Date {
  return policy.archived ? signedAt : policy.now;
}

const maySign = (flags: number): boolean => (flags & 0x02) !== 0;

const after = (date: Date, seconds: number): Date => new Date(date.getTime() + seconds * 1000);
