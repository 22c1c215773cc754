// Detached signatures: which of them are good for these bytes, under these keys and this policy.
import { parseArmor } from "./armor.ts";
import { malformed, type Subject } from "./cursor.ts";
import {
  hasExpired,
  isBroken,
  isFromFuture,
  mayHaveSigned,
  refuseSigner,
  type Signer,
  verifyStatement,
} from "./judge.ts";
import { mergeKeys } from "./merge-keys.ts";
import { packetTag, readPackets } from "./packets.ts";
import type { Policy } from "./policy.ts";
import type { PublicKey } from "./public-key.ts";
import { readSignature, type Signature, signatureType, type UnreadableSignature } from "./signature.ts";
import { canonicalText, textOf } from "./text.ts";
import { type GoodSignature, type Refusal, type RefusedSignature, refusal, type SignatureVerdicts } from "./verdict.ts";

export interface VerifyOptions {
  /** The keys to trust; one of them signed or nobody did. */
  readonly keyring: readonly PublicKey[];
  readonly policy: Policy;
}

export interface DetachedOptions extends VerifyOptions {
  /** Armored or binary. An empty file has no signatures; anything beside signatures is refused. */
  readonly signature: Uint8Array | string;
  /** Names the signature in messages. */
  readonly what?: string;
}

/** Throws SIGNATURE_INVALID when the signature file as a whole cannot be read; else a verdict for each signature. */
export function verifyDetached(data: Uint8Array, options: DetachedOptions): SignatureVerdicts {
  const { signature, keyring, policy, what = "a detached signature" } = options;
  let text: Uint8Array | undefined;
  const canonical = (): Uint8Array => {
    text ??= canonicalText(data);
    return text;
  };
  return verifySignatures(readSignatures(signature, what), {
    keyring,
    policy,
    bytesFor: (type) => (type === signatureType.text ? canonical() : data),
  });
}

/** More signatures than any real file has; each costs at most a hash of the data for every key with its ID. */
const maxSignatures = 64;

export type ReadSignature = Signature | UnreadableSignature;

/**
 * The signature packets of a file that holds nothing else. Text around or between armor blocks is refused, as apt does
 * since CVE-2019-3462, and so is every other packet.
 */
export function readSignatures(signature: Uint8Array | string, what: string): readonly ReadSignature[] {
  const subject: Subject = { code: "SIGNATURE_INVALID", what };
  const signatures = signatureBlocks(signature, subject)
    .flatMap((bytes) => readPackets(bytes, subject))
    .filter(({ tag }) => tag !== packetTag.marker && tag !== packetTag.padding)
    .map(({ tag, body }) => {
      if (tag !== packetTag.signature) throw malformed(subject, `it holds a packet of type ${tag} beside signatures`);
      return readSignature(body);
    });
  if (signatures.length > maxSignatures) throw malformed(subject, `it has more than ${maxSignatures} signatures`);
  return signatures;
}

function signatureBlocks(signature: Uint8Array | string, subject: Subject): readonly Uint8Array[] {
  if (typeof signature !== "string" && ((signature[0] ?? 0) & 0x80) !== 0) return [signature];
  const text = typeof signature === "string" ? signature : textOf(signature);
  return parseArmor(text, { subject, around: "refused" }).map(({ label, bytes }) => {
    if (label !== "PGP SIGNATURE") throw malformed(subject, `it is a "${label}", wanted a "PGP SIGNATURE"`);
    return bytes;
  });
}

export interface SignedBytes extends VerifyOptions {
  /** What a signature of this type is over. */
  bytesFor(type: number): Uint8Array;
}

export function verifySignatures(signatures: readonly ReadSignature[], options: SignedBytes): SignatureVerdicts {
  const keyring = mergeKeys(options.keyring);
  return {
    signatures: signatures.map((signature) => verdictOf(signature, { ...options, keyring })),
    wanted: keyring.map(({ fingerprint }) => fingerprint),
  };
}

function verdictOf(signature: ReadSignature, options: SignedBytes): GoodSignature | RefusedSignature {
  if (signature.kind === "unreadable") {
    const { reason, problem: detail } = signature;
    return { kind: "refused", issuer: undefined, madeAt: undefined, reason, detail };
  }
  const result = refuseForm(signature, options.policy) ?? findSigner(signature, options);
  if ("kind" in result) return result;
  const issuer = signature.issuerFingerprints[0] ?? signature.issuerKeyIds[0];
  return { kind: "refused", issuer, madeAt: signature.created, ...result };
}

/** What can be said of a signature without any key. */
function refuseForm(signature: Signature, policy: Policy): Refusal | undefined {
  const { type, hash, criticalUnknown } = signature;
  if (type !== signatureType.binary && type !== signatureType.text) {
    return refusal("wrong-type", `it is of type ${type} and signs no document`);
  }
  if (criticalUnknown !== undefined) {
    return refusal("unknown-critical", `it depends on ${criticalUnknown} that is not understood`);
  }
  if (isBroken(hash) || (hash.name === "sha1" && policy.sha1 !== "always")) {
    return refusal("weak-hash", `it rests on ${hash.name.toUpperCase().replace("SHA1", "SHA-1")}`);
  }
  return undefined;
}

/** The first key that signed and may sign; else what the one that signed was refused for. */
function findSigner(signature: Signature, { keyring, policy, bytesFor }: SignedBytes): GoodSignature | Refusal {
  let refused: Refusal = refusal("unknown-key", "the key is not among the trusted ones");
  for (const { key, subkey } of keyring.flatMap(possibleSigners)) {
    const part = subkey ?? key;
    if (!mayHaveSigned(part, signature)) continue;
    if (!verifyStatement(part, signature, [bytesFor(signature.type)])) {
      if (refused.reason === "unknown-key") refused = refusal("bad-signature", "it is not over these bytes");
      continue;
    }
    const problem =
      refuseSigner({ key, subkey, signedAt: signature.created }, policy) ?? refuseMoment(signature, policy);
    if (!problem) return goodSignature(signature, key, part.fingerprint);
    refused = problem;
  }
  return refused;
}

function possibleSigners(key: PublicKey): readonly Omit<Signer, "signedAt">[] {
  return [{ key, subkey: undefined }, ...key.subkeys.map((subkey) => ({ key, subkey }))];
}

function refuseMoment(signature: Signature, policy: Policy): Refusal | undefined {
  if (isFromFuture(signature, policy)) {
    return refusal("from-future", `it is dated after now, ${policy.now.toISOString()}`);
  }
  return !policy.archived && hasExpired(signature, policy.now)
    ? refusal("signature-expired", "the signature has expired")
    : undefined;
}

function goodSignature(signature: Signature, key: PublicKey, signedBy: string): GoodSignature {
  const owner = key.userIds.find(({ text }) => text !== "")?.text ?? "";
  return { kind: "good", fingerprint: key.fingerprint, signedBy, owner, madeAt: signature.created };
}
