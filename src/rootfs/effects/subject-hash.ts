// The name under which OpenSSL looks a certificate up: a hash of its subject in a canonical form that forgets case and
// spacing (X509_NAME_hash, "canonical encoding" in OpenSSL's crypto/x509/x_name.c). DER as of ITU-T X.690.
import { createHash } from "node:crypto";
import { DodaiError } from "../../core/dodai-error.ts";

interface Node {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag and length included. */
  readonly whole: Uint8Array;
}

const utf8String = 0x0c;
const sequence = 0x30;
const set = 0x31;

/** Eight lower-case hex digits. `certificate` is DER. Throws EFFECT_FAILED for what is no certificate. */
export function subjectHash(certificate: Uint8Array): string {
  const canonical = Buffer.concat(
    subjectOf(certificate).map((name) => encode(set, Buffer.concat(childrenOf(name).map(canonicalPair)))),
  );
  const hash = createHash("sha1").update(canonical).digest();
  return hash.readUInt32LE(0).toString(16).padStart(8, "0");
}

/** RFC 5280, 4.1: the subject follows version (tag 0xa0, not always there), serial, algorithm, issuer and validity. */
function subjectOf(certificate: Uint8Array): readonly Node[] {
  const toBeSigned = childrenOf(readNode(certificate, 0))[0];
  const members = toBeSigned ? childrenOf(toBeSigned) : [];
  const subject = members[members[0]?.tag === 0xa0 ? 5 : 4];
  if (!subject) throw broken();
  return childrenOf(subject);
}

/** SEQUENCE of type and value; values that are text become UTF-8, trimmed, single-spaced and lower-case. */
function canonicalPair(pair: Node): Uint8Array {
  const [type, value] = childrenOf(pair);
  if (!type || !value) throw broken();
  const text = textOf(value);
  if (text === undefined) return pair.whole;
  const plain = text
    .replace(/[ \t\n\v\f\r]+/g, " ")
    .replace(/^ | $/g, "")
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return encode(sequence, Buffer.concat([type.whole, encode(utf8String, Buffer.from(plain))]));
}

function textOf({ tag, content }: Node): string | undefined {
  const bytes = Buffer.from(content);
  switch (tag) {
    case utf8String:
      return bytes.toString("utf8");
    case 0x13: // PrintableString
    case 0x14: // T61String, which OpenSSL reads as Latin-1
    case 0x16: // IA5String
    case 0x1a: // VisibleString
      return bytes.toString("latin1");
    case 0x1e: // BMPString
      return bytes.length % 2 === 0 ? bytes.swap16().toString("utf16le") : undefined;
    default:
      return undefined;
  }
}

function childrenOf({ content }: Node): readonly Node[] {
  const nodes: Node[] = [];
  for (let at = 0; at < content.byteLength; ) {
    const node = readNode(content, at);
    nodes.push(node);
    at += node.whole.byteLength;
  }
  return nodes;
}

function readNode(bytes: Uint8Array, at: number): Node {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) throw broken();
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (lengthBytes > 4) throw broken();
  let length = lengthBytes === 0 ? first : 0;
  for (let index = 0; index < lengthBytes; index++) length = length * 256 + (bytes[at + 2 + index] ?? 0);
  const start = at + 2 + lengthBytes;
  if (start + length > bytes.byteLength) throw broken();
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) };
}

function encode(tag: number, content: Uint8Array): Uint8Array {
  const length: number[] = [];
  if (content.byteLength < 0x80) length.push(content.byteLength);
  else {
    for (let rest = content.byteLength; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256);
    length.unshift(0x80 | length.length);
  }
  return Buffer.concat([Uint8Array.of(tag, ...length), content]);
}

function broken(): DodaiError {
  return new DodaiError("EFFECT_FAILED", "Cannot read a CA certificate: it is not the DER of one");
}
