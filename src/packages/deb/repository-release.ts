// The signed release: InRelease, or Release with Release.gpg where there is none (Debian repository format, "Release files").
// The signature is verified over the bytes, and only what was signed is parsed.

import { collect } from "../../core/bytes.ts";
import { type Digest, sha256 } from "../../core/digest.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import { openCleartext, readCleartext } from "../../crypto/openpgp/cleartext.ts";
import { policyAt } from "../../crypto/openpgp/policy.ts";
import { assertSigned, type GoodSignature } from "../../crypto/openpgp/verdict.ts";
import { type VerifyOptions, verifyDetached } from "../../crypto/openpgp/verify.ts";
import type { Repository, RepositoryAccess } from "../contract.ts";
import { trustedKeys } from "../trusted-keys.ts";
import { parseRelease, type Release } from "./release.ts";

export interface SignedRelease {
  readonly release: Release;
  /** The file that was read, below the repository's root, and its digest. */
  readonly path: string;
  readonly digest: Digest;
  /** Fingerprints of the trusted keys that signed, sorted; empty only when the repository may be unsigned. */
  readonly signedBy: readonly string[];
  /** Names it in messages: `InRelease of "debian/trixie"`. */
  readonly what: string;
}

/** Ten times what the largest suites have. */
const maxReleaseBytes = 16 << 20;
const maxSignatureBytes = 1 << 20;

interface Source {
  readonly repository: Repository;
  /** With a slash at its end. */
  readonly folder: string;
  readonly access: RepositoryAccess;
}

export async function fetchRelease(
  repository: Repository,
  folder: string,
  access: RepositoryAccess,
): Promise<SignedRelease> {
  const source: Source = { repository, folder, access };
  return (await fetchInRelease(source)) ?? (await fetchDetached(source)) ?? missing(source);
}

/** Once there is an InRelease nothing else is looked at: whoever damages its signature must not lead us elsewhere. */
async function fetchInRelease(source: Source): Promise<SignedRelease | undefined> {
  const { path, what, bytes } = await fetchFile(source, "InRelease", maxReleaseBytes);
  if (bytes === undefined) return undefined;
  const signed = judge(source, {
    trusted: (options) => openCleartext(bytes, { ...options, what }),
    anyway: () => readCleartext(bytes, what).text,
  });
  return { ...finish(signed, what), path, digest: sha256(bytes) };
}

async function fetchDetached(source: Source): Promise<SignedRelease | undefined> {
  const { path, what, bytes } = await fetchFile(source, "Release", maxReleaseBytes);
  if (bytes === undefined) return undefined;
  const { bytes: signature = new Uint8Array() } = await fetchFile(source, "Release.gpg", maxSignatureBytes);
  const signed = judge(source, {
    trusted: (options) => {
      const verdicts = verifyDetached(bytes, {
        ...options,
        signature,
        what: `Release.gpg of "${source.repository.name}"`,
      });
      return { text: bytes, signedBy: assertSigned(verdicts, what) };
    },
    anyway: () => bytes,
  });
  return { ...finish(signed, what), path, digest: sha256(bytes) };
}

async function fetchFile(
  { repository, folder, access }: Source,
  name: string,
  maxBytes: number,
): Promise<{ readonly path: string; readonly what: string; readonly bytes: Uint8Array | undefined }> {
  const path = `${folder}${name}`;
  const what = `${name} of "${repository.name}"`;
  const stream = await access.fetch(repository, path, { maxBytes });
  const bytes = stream && (await collect(stream, { maxBytes, what, code: "RELEASE_SYNTAX" }));
  return { path, what, bytes };
}

interface Signed {
  readonly text: Uint8Array;
  readonly signedBy: readonly GoodSignature[];
}

interface Judgement {
  /** Throws SIGNATURE_MISSING, SIGNATURE_INVALID. */
  trusted(options: VerifyOptions): Signed;
  /** The text, whoever wrote it. */
  anyway(): Uint8Array;
}

/** What was signed, or with `insecureUnsigned` and a warning what is there. */
function judge({ repository, access }: Source, { trusted, anyway }: Judgement): Signed {
  const policy = policyAt(access.now, { archived: repository.archived });
  try {
    return trusted({ keyring: repository.keys.flatMap(trustedKeys), policy });
  } catch (error) {
    if (!repository.insecureUnsigned || !(error instanceof DodaiError) || !error.code.startsWith("SIGNATURE_"))
      throw error;
    access.warn(`Repository "${repository.name}" is used without a good signature, as was asked: ${error.message}`);
    return { text: anyway(), signedBy: [] };
  }
}

function finish({ text, signedBy }: Signed, what: string): Pick<SignedRelease, "release" | "signedBy" | "what"> {
  return {
    release: parseRelease(Buffer.from(text).toString("utf8"), what),
    signedBy: [...new Set(signedBy.map(({ fingerprint }) => fingerprint))].sort(),
    what,
  };
}

function missing({ repository, folder }: Source): never {
  throw new DodaiError(
    "INDEX_MISSING",
    `Cannot use repository "${repository.name}": it has neither InRelease nor Release in "${folder || "./"}"`,
    {
      fix: "Check its URL and suite. A release that has ended may have moved to the distribution's archive of old releases.",
    },
  );
}
