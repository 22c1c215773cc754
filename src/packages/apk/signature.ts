// Who signed an index or a package: a gzip member in front of what it signs, whose files are named `.SIGN.RSA.KEY` (SHA-1),
// `.SIGN.RSA256.KEY` or `.SIGN.RSA512.KEY` after the key's file (apk-keys(5)). The names are hints: what counts is that a
// trusted key made the signature.
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { readTarBuffer } from "../../archive/tar.ts";
import { printable } from "../../archive/tar-name.ts";
import { hexOf, sha256 } from "../../core/digest.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { TrustKey } from "../contract.ts";

export interface Signature {
  readonly algorithm: "sha1" | "sha256" | "sha512";
  /** File name of the key, as the signer calls it. */
  readonly key: string;
  readonly bytes: Uint8Array;
}

const algorithms: Readonly<Record<string, Signature["algorithm"]>> = {
  RSA: "sha1",
  RSA256: "sha256",
  RSA512: "sha512",
};
/** What Alpine's first keys have. */
const MIN_KEY_BITS = 2048;
const MAX_SIGNATURES = 32;

/**
 * The signatures in the plain bytes of a member; `undefined` when it is no signature but what is signed. Kinds that dodai does
 * not know (DSA) are left out. Throws ARCHIVE_BROKEN when other files lie beside signatures.
 */
export function readSignatures(plain: Uint8Array, what: string): readonly Signature[] | undefined {
  const limits = { maxEntries: MAX_SIGNATURES, maxTotalBytes: plain.length + 1, maxHeaderBytes: 1 << 16, what };
  const signatures: Signature[] = [];
  let others = 0;
  for (const { entry, body } of readTarBuffer(plain, limits)) {
    const [, kind = "", key] = /^\.SIGN\.([A-Z0-9]+)\.(.+)$/s.exec(entry.path) ?? [];
    if (key === undefined || entry.kind !== "file") {
      if (signatures.length === 0) return undefined;
      others++;
      continue;
    }
    const algorithm = algorithms[kind];
    if (algorithm !== undefined) signatures.push({ algorithm, key, bytes: Uint8Array.from(body) });
  }
  if (others > 0) throw new DodaiError("ARCHIVE_BROKEN", `Cannot read ${what}: other files lie beside its signatures`);
  return signatures;
}

/** Fingerprint, in lower-case hex, of the public keys that signed: SHA-256 of the key as SubjectPublicKeyInfo. */
export function assertSigned(
  signed: Uint8Array,
  signatures: readonly Signature[],
  { keys, what }: { readonly keys: readonly TrustKey[]; readonly what: string },
): readonly string[] {
  const trusted = keys.map(openKey);
  const good = new Set<string>();
  for (const { algorithm, bytes } of signatures) {
    const signer = trusted.find(({ key }) => verify(algorithm, signed, key, bytes));
    if (signer !== undefined) good.add(signer.fingerprint);
  }
  if (good.size > 0) return [...good].sort();
  const wanted = `wanted one by ${keys.length === 0 ? "a trusted key, of which there is none" : keys.map(({ owner }) => owner).join(" or ")}`;
  if (signatures.length === 0) {
    throw new DodaiError("SIGNATURE_MISSING", `Cannot trust ${what}: it has no signature, ${wanted}`, {
      fix: "Use a mirror that has the signed file, or trust the repository without one by --insecure-unsigned.",
    });
  }
  const names = signatures.map(({ key }) => `"${printable(key)}"`).join(", ");
  const isKnown = signatures.some(({ key }) => keys.some((one) => one.name === key));
  throw new DodaiError(
    "SIGNATURE_INVALID",
    `Cannot trust ${what}: no trusted key made the signature that names ${names}; ${wanted}`,
    {
      fix: isKnown
        ? "The file may be damaged or may have been changed on the way. Try again, or use another mirror."
        : "If you trust that key, add it to the repository's keys.",
    },
  );
}

function openKey({ armored, owner, fingerprint: wanted }: TrustKey): {
  readonly key: KeyObject;
  readonly fingerprint: string;
} {
  const key = readKey(armored, owner);
  const fingerprint = hexOf(sha256(key.export({ type: "spki", format: "der" })));
  if (wanted === undefined || wanted === fingerprint) return { key, fingerprint };
  throw new DodaiError("KEY_SYNTAX", `Cannot use the key of "${owner}": its fingerprint is not ${wanted}`, {
    fix: "Check that the key and its fingerprint belong together.",
  });
}

function readKey(pem: string, owner: string): KeyObject {
  try {
    const key = createPublicKey({ key: pem, format: "pem" });
    if (key.asymmetricKeyType !== "rsa") throw new Error(`it is of type ${key.asymmetricKeyType}, wanted rsa`);
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    if (bits < MIN_KEY_BITS) throw new Error(`it has ${bits} bits, wanted ${MIN_KEY_BITS} or more`);
    return key;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DodaiError("KEY_SYNTAX", `Cannot use the key of "${owner}": ${reason}`, {
      fix: "A key of apk is the PEM text of an RSA public key, as in /etc/apk/keys.",
      cause,
    });
  }
}
