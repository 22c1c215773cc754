// The cleartext signature framework, RFC 9580 section 7: InRelease. Nothing may stand before or after it, and callers get
// the text that was hashed, not the file: what is read is what was signed.
import { malformed, type Subject } from "./cursor.ts";
import { bytesOfText, textOf, trimBlanks } from "./text.ts";
import { assertSigned, type GoodSignature, type SignatureVerdicts } from "./verdict.ts";
import { type ReadSignature, readSignatures, type VerifyOptions, verifySignatures } from "./verify.ts";

export interface Cleartext {
  /** The text to use: lines without dash escapes and without blanks at their ends, each ended by LF. */
  readonly text: Uint8Array;
  /** The same lines as they are hashed: CR LF between them, none after the last. */
  readonly signed: Uint8Array;
  readonly signatures: readonly ReadSignature[];
}

export interface CleartextOptions extends VerifyOptions {
  /** Names the file in messages: `InRelease of "debian/trixie"`. */
  readonly what: string;
}

/** The text of a file whose signature counts, and who signed. Throws SIGNATURE_MISSING, SIGNATURE_INVALID. */
export function openCleartext(
  file: Uint8Array,
  options: CleartextOptions,
): { readonly text: Uint8Array; readonly signedBy: readonly GoodSignature[] } {
  const cleartext = readCleartext(file, options.what);
  return { text: cleartext.text, signedBy: assertSigned(verifyCleartext(cleartext, options), options.what) };
}

export function verifyCleartext({ signed, signatures }: Cleartext, options: VerifyOptions): SignatureVerdicts {
  // Some signers write type 0x00 here; GnuPG and Go hash the same lines for both types.
  return verifySignatures(signatures, { ...options, bytesFor: () => signed });
}

const beginMessage = "-----BEGIN PGP SIGNED MESSAGE-----";
const beginSignature = "-----BEGIN PGP SIGNATURE-----";

/** RFC 9580 7.1: the only header there is. It is a hint for old readers and decides nothing. */
const hashHeader = /^Hash: *[A-Za-z0-9-]{1,20}(?:, *[A-Za-z0-9-]{1,20})*$/;

/** Takes the file apart without judging it; `openCleartext` is the way to text that is trusted. Throws SIGNATURE_INVALID. */
export function readCleartext(file: Uint8Array, what: string): Cleartext {
  const subject: Subject = { code: "SIGNATURE_INVALID", what };
  const lines = textOf(file).split("\n").map(trimBlanks);
  if (lines[0] !== beginMessage) throw malformed(subject, `it does not start with the line "${beginMessage}"`);
  const blank = lines.indexOf("");
  if (blank < 0 || !lines.slice(1, blank).every((line) => hashHeader.test(line))) {
    throw malformed(subject, "only Hash headers and then an empty line may follow its first line");
  }
  const start = blank + 1;
  const end = lines.indexOf(beginSignature, start);
  if (end < 0) throw malformed(subject, `it has no line "${beginSignature}"`);
  const content = lines.slice(start, end).map((line, index) => unescapeDash(line, start + index + 1, subject));
  return {
    text: bytesOfText(content.map((line) => `${line}\n`).join("")),
    signed: bytesOfText(content.join("\r\n")),
    signatures: readSignatures(lines.slice(end).join("\n"), what),
  };
}

/**
 * RFC 9580 7.2: a line that starts with a dash is written with "- " before it, so a bare one was not written by a signer.
 * "-" alone is an escaped empty line whose space was trimmed.
 */
function unescapeDash(line: string, number: number, subject: Subject): string {
  if (!line.startsWith("-")) return line;
  if (line.length > 1 && line[1] !== " ") {
    throw malformed(subject, `line ${number} of it starts with a dash that is not escaped`);
  }
  return line.slice(2);
}
