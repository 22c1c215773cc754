// Who vouches for a ready root file system. Every way of doing without says so.
import { DodaiError } from "../core/dodai-error.ts";
import { openCleartext, readCleartext } from "../crypto/openpgp/cleartext.ts";
import { policyAt } from "../crypto/openpgp/policy.ts";
import { type PublicKey, parseKeyring } from "../crypto/openpgp/public-key.ts";
import { assertSigned, type GoodSignature } from "../crypto/openpgp/verdict.ts";
import { type VerifyOptions, verifyDetached } from "../crypto/openpgp/verify.ts";
import type { SourceContext } from "./source.ts";

interface Judged extends SourceContext {
  /** Names the signed file in messages. */
  readonly what: string;
}

/** Fingerprints of the keys whose detached signatures over these bytes are good. Throws SIGNATURE_MISSING, SIGNATURE_INVALID. */
export function judgeSignature(bytes: Uint8Array, signature: Uint8Array, judged: Judged): readonly string[] {
  return orUnsigned(judged, [], () => {
    const options = verifyOptions(judged);
    const verdicts = verifyDetached(bytes, { ...options, signature, what: `the signature of ${judged.what}` });
    return fingerprints(assertSigned(verdicts, judged.what));
  });
}

/** The same for a file that has to hold its own signature, with the text that was signed. */
export function judgeInline(
  bytes: Uint8Array,
  judged: Judged,
): { readonly text: Uint8Array; readonly signedBy: readonly string[] } {
  const { what } = judged;
  const isInline = Buffer.from(bytes.subarray(0, beginMessage.length)).toString("latin1") === beginMessage;
  if (!isInline) {
    unsigned(judged, `${what} is not signed, and the source names no signature of it`);
    return { text: bytes, signedBy: [] };
  }
  const opened = orUnsigned(judged, undefined, () => openCleartext(bytes, { ...verifyOptions(judged), what }));
  return opened
    ? { text: opened.text, signedBy: fingerprints(opened.signedBy) }
    : { text: readCleartext(bytes, what).text, signedBy: [] };
}

const beginMessage = "-----BEGIN PGP SIGNED MESSAGE-----";

/** A warning where the caller allows it. Throws SIGNATURE_MISSING. */
export function unsigned(context: SourceContext, state: string): void {
  const { source, session, plan } = context;
  const { path } = source.rootfs;
  if (isAllowed(context)) {
    session.emit({ kind: "warning", text: `The root tarball ${path} is used although ${state}, as was asked` });
    return;
  }
  throw new DodaiError("SIGNATURE_MISSING", `Cannot trust the root tarball ${path}: ${state}`, {
    fix:
      plan.source?.kind === "published"
        ? "Use another mirror, or try again later; or take it at the word of the mirror's sums by --insecure-unsigned=source."
        : 'Add "signature" and "key" to the source, or its "sha256"; or take it as it is by --insecure-unsigned=source.',
  });
}

function orUnsigned<Result>(judged: Judged, otherwise: Result, judge: () => Result): Result {
  try {
    return judge();
  } catch (error) {
    const isSignature = error instanceof DodaiError && error.code.startsWith("SIGNATURE_");
    if (!isSignature || !isAllowed(judged)) throw error;
    unsigned(judged, `its signature does not count (${error.message})`);
    return otherwise;
  }
}

function isAllowed({ plan, insecureUnsigned: allowed }: SourceContext): boolean {
  if (plan.source?.kind === "published" && plan.source.published.insecureUnsigned) return true;
  return allowed === true || (allowed !== false && allowed.includes("source"));
}

const fingerprints = (signatures: readonly GoodSignature[]): readonly string[] =>
  [...new Set(signatures.map(({ fingerprint }) => fingerprint))].sort();

function verifyOptions({ source, session }: SourceContext): VerifyOptions {
  const keyring = source.keys.flatMap(({ armored, owner, fingerprint }): readonly PublicKey[] => {
    const all = parseKeyring(armored, `the key of "${owner}"`);
    return fingerprint === undefined ? all : all.filter((key) => key.fingerprint === fingerprint);
  });
  return { keyring, policy: policyAt(session.now) };
}
