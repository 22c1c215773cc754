// Whether a package file is what its packager signed. Signatures are over the header alone or over header and payload
// (rpm-signatures: tags 267, 268 and 278; 1002 and 1005). A signed header vouches for the contents, because it has the digest
// of each file, and of the payload since rpm 4.14.
import { createHash } from "node:crypto";
import { DodaiError } from "../../core/dodai-error.ts";
import { policyAt } from "../../crypto/openpgp/policy.ts";
import { assertSigned, type SignatureVerdicts } from "../../crypto/openpgp/verdict.ts";
import { verifyDetached } from "../../crypto/openpgp/verify.ts";
import type { PackageTrust } from "../contract.ts";
import { trustedKeys } from "../trusted-keys.ts";
import type { Header } from "./header.ts";
import { signatureTags } from "./tags.ts";

/** What of a package file is signed, once it has been read so far. */
export interface SignedParts {
  readonly signature: Header;
  /** Magic, counts, entries and data of the main header. */
  readonly header: Uint8Array;
  /** Header and payload; asked for only when no signature is over the header alone. */
  whole(): Promise<Uint8Array>;
  /** Names the package in messages. */
  readonly what: string;
}

/** The digests that the signature header has of the header. Throws DIGEST_MISMATCH. */
export function assertHeaderDigests({ signature, header, what }: Omit<SignedParts, "whole">): void {
  for (const [tag, algorithm] of headerDigests) {
    const wanted = signature.text(tag);
    if (wanted === undefined) continue;
    const actual = createHash(algorithm).update(header).digest("hex");
    if (actual === wanted.toLowerCase()) continue;
    throw new DodaiError(
      "DIGEST_MISMATCH",
      `Cannot use ${what}: its header has the digest ${actual}, wanted ${wanted}`,
      { fix: "The package was changed or damaged. Fetch it again, or tell whoever runs the repository." },
    );
  }
}

const headerDigests: readonly (readonly [number, string])[] = [
  [signatureTags.sha3, "sha3-256"],
  [signatureTags.sha256, "sha256"],
  [signatureTags.sha1, "sha1"],
];

/**
 * What is wrong with the signature of a package that is taken all the same; `undefined` for a good one. Throws KEY_SYNTAX, and
 * where none is taken without SIGNATURE_MISSING and SIGNATURE_INVALID.
 */
export async function judgePackage(parts: SignedParts, trust: PackageTrust): Promise<string | undefined> {
  try {
    await assertPackageSigned(parts, trust);
    return undefined;
  } catch (error) {
    if (!trust.insecureUnsigned || !(error instanceof DodaiError) || !error.code.startsWith("SIGNATURE_")) throw error;
    return error.message;
  }
}

async function assertPackageSigned(parts: SignedParts, trust: PackageTrust): Promise<void> {
  // A package is judged at the time when it was signed: it outlives the key's term.
  const policy = policyAt(trust.now, { archived: true });
  const keyring = trust.keys.flatMap(trustedKeys);
  const { signature, header, what } = parts;
  const overHeader = headerSignatures(signature);
  const data = overHeader.length > 0 ? header : await parts.whole();
  const signatures = overHeader.length > 0 ? overHeader : wholeSignatures(signature);
  const verdicts: SignatureVerdicts[] = signatures.map((one) =>
    verifyDetached(data, { signature: one, keyring, policy, what: `the signature of ${what}` }),
  );
  const wanted = keyring.map(({ fingerprint }) => fingerprint);
  assertSigned({ signatures: verdicts.flatMap((one) => one.signatures), wanted }, what);
}

function headerSignatures(signature: Header): readonly Uint8Array[] {
  const binary = [signatureTags.rsa, signatureTags.dsa].flatMap((tag) => signature.bin(tag) ?? []);
  // rpm 6: any number of them, in base64.
  const encoded = signature.texts(signatureTags.openPgp).map((text) => Uint8Array.from(Buffer.from(text, "base64")));
  return [...encoded, ...binary];
}

const wholeSignatures = (signature: Header): readonly Uint8Array[] =>
  [signatureTags.pgp, signatureTags.gpg].flatMap((tag) => signature.bin(tag) ?? []);
