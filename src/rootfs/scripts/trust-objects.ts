// Certificates with what they are trusted for, as p11-kit keeps them (its persist format: `[p11-kit-object-v1]`, lines of
// attributes, PEM): a certificate, and beside it extensions that belong to its public key.
import { notUnderstood } from "./syntax.ts";

export interface TrustedObject {
  readonly label: string;
  readonly der: Uint8Array;
  readonly isTrusted: boolean;
  readonly isDistrusted: boolean;
  /** DER of the object identifiers of what it may be used for, and of what it may not. */
  readonly purposes: readonly string[];
  readonly rejected: readonly string[];
}

/** In the order of the text. Throws SCRIPT_UNKNOWN. */
export function parseTrustObjects(text: string): readonly TrustedObject[] {
  const objects = text
    .split(/^\[p11-kit-object-v1\]$/m)
    .slice(1)
    .map(parseObject);
  const extensions = new Map<string, string>();
  for (const { attributes, publicKey } of objects)
    if (attributes.get("class") === "x-certificate-extension" && publicKey !== undefined)
      extensions.set(`${attributes.get("object-id")} ${publicKey}`, attributes.get("value") ?? "");
  return objects.flatMap(({ attributes, certificate }): readonly TrustedObject[] => {
    if (certificate === undefined) return [];
    const der = Buffer.from(certificate, "base64");
    const key = publicKeyOf(der).toString("base64");
    const isTrusted = attributes.get("trusted") === "true";
    const isDistrusted = attributes.get("x-distrusted") === "true";
    const usage = extensions.get(`${USAGE} ${key}`);
    if (usage === undefined && isTrusted) throw notUnderstood("what a certificate is for");
    const purposes = identifiersIn(usage).filter((one) => one !== NO_PURPOSE);
    const rejected = identifiersIn(extensions.get(`${REJECT} ${key}`));
    return [{ label: attributes.get("label") ?? "", der, isTrusted, isDistrusted, purposes, rejected }];
  });
}

const USAGE = "2.5.29.37";
/** p11-kit's own: what a certificate is not to be used for. */
const REJECT = "1.3.6.1.4.1.3319.6.10.1";
/** 1.3.6.1.4.1.3319.6.10.16, since a list of purposes is never empty. */
const NO_PURPOSE = "060a2b060104019977060a10";

interface ParsedObject {
  readonly attributes: ReadonlyMap<string, string>;
  /** base64 without line breaks. */
  readonly certificate: string | undefined;
  readonly publicKey: string | undefined;
}

function parseObject(text: string): ParsedObject {
  const attributes = new Map<string, string>();
  for (const [, name = "", quoted, plain = ""] of text.matchAll(/^([\w-]+): (?:"(.*)"|(.*))$/gm))
    attributes.set(name, quoted ?? plain);
  const pem = (kind: string): string | undefined =>
    new RegExp(`-----BEGIN ${kind}-----([A-Za-z0-9+/=\\s]*)-----END ${kind}-----`).exec(text)?.[1]?.replace(/\s+/g, "");
  if (text.includes("BEGIN TRUSTED CERTIFICATE")) throw notUnderstood("a certificate of OpenSSL's own form");
  return { attributes, certificate: pem("CERTIFICATE"), publicKey: pem("PUBLIC KEY") };
}

/** `%hh` is a byte. An extension is an identifier, maybe whether it is critical, and an octet string with the list. */
function identifiersIn(value: string | undefined): readonly string[] {
  if (value === undefined) return [];
  const bytes = Buffer.from(
    value.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
  const parts = childrenOf(contentOf(bytes, 0).content);
  const octets = parts.find((one) => one[0] === OCTET_STRING);
  if (!octets) throw notUnderstood("what a certificate is for");
  const list = contentOf(contentOf(octets, 0).content, 0).content;
  return childrenOf(list).map((one) => one.toString("hex"));
}

const OCTET_STRING = 4;
const VERSION_TAG = 0xa0;

/** RFC 5280 4.1: version, serial number, algorithm, issuer, validity, subject, and then the key. */
function publicKeyOf(certificate: Buffer): Buffer {
  const [body] = childrenOf(contentOf(certificate, 0).content);
  const fields = body ? childrenOf(contentOf(body, 0).content) : [];
  const key = fields[fields[0]?.[0] === VERSION_TAG ? 6 : 5];
  if (!key) throw notUnderstood("a certificate");
  return key;
}

/** One value of DER (X.690 8.1): its content, and where it ends. */
function contentOf(bytes: Buffer, at: number): { readonly content: Buffer; readonly end: number } {
  const first = bytes[at + 1] ?? 0;
  const count = first < 0x80 ? 0 : first & 0x7f;
  if (count > 4 || at + 2 + count > bytes.length) throw notUnderstood("a certificate");
  const length = count === 0 ? first : bytes.readUIntBE(at + 2, count);
  const start = at + 2 + count;
  if (start + length > bytes.length) throw notUnderstood("a certificate");
  return { content: bytes.subarray(start, start + length), end: start + length };
}

function childrenOf(content: Buffer): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < content.length; ) {
    const { end } = contentOf(content, at);
    found.push(content.subarray(at, end));
    at = end;
  }
  return found;
}
