// What became of each signature, and the one way to turn that into trust: at least one good signature, or an error that
// says what each of them failed for.
import { DodaiError } from "../../core/dodai-error.ts";

export type RefusalReason =
  | "bad-signature"
  | "from-future"
  | "key-expired"
  | "key-revoked"
  | "malformed"
  | "not-a-signing-key"
  | "older-than-key"
  | "signature-expired"
  | "unknown-critical"
  | "unknown-key"
  | "unsupported"
  | "unusable-key"
  | "weak-hash"
  | "weak-key"
  | "wrong-type";

export interface Refusal {
  readonly reason: RefusalReason;
  /** In words, to follow "by KEY: ". */
  readonly detail: string;
}

export interface GoodSignature {
  readonly kind: "good";
  /** Of the primary key, which is what trust is in. */
  readonly fingerprint: string;
  /** Of the key or subkey whose numbers signed. */
  readonly signedBy: string;
  /** The key's first user ID. */
  readonly owner: string;
  readonly madeAt: Date;
}

export interface RefusedSignature extends Refusal {
  readonly kind: "refused";
  /** Fingerprint or key ID that the signature names; `undefined` when it names none. */
  readonly issuer: string | undefined;
  readonly madeAt: Date | undefined;
}

export interface SignatureVerdicts {
  readonly signatures: readonly (GoodSignature | RefusedSignature)[];
  /** Fingerprints of the keys that were asked. */
  readonly wanted: readonly string[];
}

export function refusal(reason: RefusalReason, detail: string): Refusal {
  return { reason, detail };
}

/**
 * The good signatures; one is enough, as for apt. Throws SIGNATURE_MISSING when there is no signature at all and
 * SIGNATURE_INVALID when none is good. `what` was signed: `InRelease of "debian/trixie"`.
 */
export function assertSigned({ signatures, wanted }: SignatureVerdicts, what: string): readonly GoodSignature[] {
  const good = signatures.filter((signature) => signature.kind === "good");
  if (good.length > 0) return good;
  const keys = `wanted one by ${wanted.length === 0 ? "a trusted key, of which there is none" : wanted.join(" or ")}`;
  const refused = signatures.filter((signature) => signature.kind === "refused");
  if (refused.length === 0) {
    throw new DodaiError("SIGNATURE_MISSING", `Cannot trust ${what}: it has no signature, ${keys}`, {
      fix: "Use a mirror that has the signed file, or trust the repository without one by --insecure-unsigned.",
    });
  }
  const state = refused.map(describeRefused).join("; ");
  throw new DodaiError("SIGNATURE_INVALID", `Cannot trust ${what}: ${state}; ${keys}`, { fix: fixFor(refused) });
}

function describeRefused({ issuer, madeAt, detail }: RefusedSignature): string {
  const made = madeAt === undefined ? "" : ` made ${madeAt.toISOString()}`;
  return `the signature by ${issuer ?? "an unnamed key"}${made} does not count: ${detail}`;
}

function fixFor(refused: readonly RefusedSignature[]): string {
  const reasons = new Set(refused.map(({ reason }) => reason));
  if (reasons.has("bad-signature") || reasons.has("malformed")) {
    return "The file may be damaged or may have been changed on the way. Try again, or use another mirror.";
  }
  if (reasons.has("key-expired") || reasons.has("signature-expired")) {
    return "Use newer keys of the repository. For an old release or a snapshot, mark the repository as archived.";
  }
  if (reasons.has("from-future")) return "Check this machine's clock.";
  if (reasons.has("unknown-key")) return "If you trust that key, add it to the repository's keys.";
  return "Ask the repository's owner to sign with a current key and SHA-256 or better.";
}
