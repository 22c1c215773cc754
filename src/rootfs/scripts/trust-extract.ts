// `p11-kit extract`, by which update-ca-trust(8) writes the authorities that a system trusts in the forms of OpenSSL, of others,
// and of Java.
import { formatTruststore } from "../effects/java-truststore.ts";
import type { RootFiles } from "./root-files.ts";
import type { Call } from "./shell.ts";
import { notUnderstood } from "./syntax.ts";
import { parseTrustObjects, type TrustedObject } from "./trust-objects.ts";
import { optionsOf } from "./words.ts";

/** Folders of p11-kit's trust module, and what a distribution's package has in them. */
const sources = ["/etc/pki/ca-trust/source", "/usr/share/pki/ca-trust-source"];
const bundle = "/usr/share/pki/ca-trust-source/ca-bundle.trust.p11-kit";
const below = ["anchors", "blacklist", "blocklist"];

const MODE = 0o444;

/** DER of object identifiers of RFC 5280 4.2.1.12, and of those for IPsec that OpenSSL rejects beside. */
const purposes: Readonly<Record<string, string>> = {
  "server-auth": "06082b06010505070301",
  "client-auth": "06082b06010505070302",
  "code-signing": "06082b06010505070303",
  email: "06082b06010505070304",
  "ipsec-end-system": "06082b06010505070305",
  "ipsec-tunnel": "06082b06010505070306",
  "ipsec-user": "06082b06010505070307",
  "time-stamping": "06082b06010505070308",
};

/** `epoch`: Java's form has a time for each certificate. */
export function extractTrust({ words: [verb, ...words], files }: Call, epoch: number): number {
  if (verb !== "extract") throw notUnderstood(`p11-kit ${verb ?? ""}`);
  const { has, rest } = optionsOf(words, { flags: ["comment", "overwrite"], values: ["format", "filter", "purpose"] });
  const [path = "", ...more] = rest;
  if (!has.has("overwrite") || more.length > 0 || path === "") throw notUnderstood("a form of p11-kit extract");
  const all = chosen(readObjects(files), String(has.get("filter")), has.get("purpose"));
  const bytes = formatted(all, { format: String(has.get("format")), hasComments: has.has("comment"), epoch });
  files.remove(path);
  return files.write(path, bytes) && files.change(path, { mode: MODE }) ? 0 : 1;
}

/** What people added has many forms; what the package brings has one. */
function readObjects(files: RootFiles): readonly TrustedObject[] {
  for (const folder of sources) {
    for (const name of files.names(folder)) {
      const path = `${folder}/${name}`;
      const isEmpty = below.includes(name) ? files.names(path).length === 0 : files.read(path)?.byteLength === 0;
      if (path !== bundle && name !== "README" && !isEmpty) throw notUnderstood(`certificates in ${path}`);
    }
  }
  const bytes = files.read(bundle);
  if (bytes === undefined) throw notUnderstood("where certificates are");
  return parseTrustObjects(Buffer.from(bytes).toString("latin1"));
}

function chosen(
  all: readonly TrustedObject[],
  filter: string,
  purpose: string | true | undefined,
): readonly TrustedObject[] {
  if (filter === "certificates" && purpose === undefined) return all;
  const wanted = typeof purpose === "string" ? purposes[purpose] : undefined;
  if (filter !== "ca-anchors" || wanted === undefined) throw notUnderstood("a filter of certificates");
  return all.filter((one) => one.isTrusted && !one.isDistrusted && one.purposes.includes(wanted));
}

interface Form {
  readonly format: string;
  readonly hasComments: boolean;
  readonly epoch: number;
}

function formatted(all: readonly TrustedObject[], { format, hasComments, epoch }: Form): Uint8Array {
  const head = ({ label }: TrustedObject): string => (hasComments ? `# ${label}\n` : "");
  switch (format) {
    case "pem-bundle":
      return Buffer.from(all.map((one) => head(one) + pem("CERTIFICATE", one.der)).join("\n"), "latin1");
    case "openssl-bundle": {
      const blocks = all.map((one) => head(one) + pem("TRUSTED CERTIFICATE", Buffer.concat([one.der, auxiliary(one)])));
      return Buffer.from(blocks.join("\n"), "latin1");
    }
    case "java-cacerts":
      return formatTruststore(aliased(all), epoch);
    default:
      throw notUnderstood(`certificates as ${format}`);
  }
}

/** RFC 7468: lines of 64. */
function pem(kind: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${kind}-----\n${lines.join("\n")}\n-----END ${kind}-----\n`;
}

/** OpenSSL's X509_CERT_AUX: what it is trusted for, what not, its name. A certificate of bad name is good for nothing. */
function auxiliary({ label, purposes: good, rejected, isDistrusted }: TrustedObject): Buffer {
  const bad = [...rejected, ...(isDistrusted ? Object.values(purposes) : [])];
  const list = (tag: number, all: readonly string[]): readonly Buffer[] =>
    all.length === 0 ? [] : [value(tag, Buffer.from(all.join(""), "hex"))];
  const text = value(0x0c, Buffer.from(label, "latin1"));
  return value(0x30, Buffer.concat([...list(0x30, isDistrusted ? [] : good), ...list(0xa0, bad), text]));
}

function value(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length > 0xffff) throw notUnderstood("a certificate");
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

/** Java's aliases are of small letters, and of ASCII without blanks; none is there twice. */
function aliased(all: readonly TrustedObject[]): readonly { readonly alias: Uint8Array; readonly der: Uint8Array }[] {
  const seen = new Set<string>();
  return all.map(({ label, der }) => {
    const alias = label.toLowerCase().replace(/[^!-~]/g, "");
    if (seen.has(alias) || alias === "") throw notUnderstood("certificates of one name");
    seen.add(alias);
    return { alias: Buffer.from(alias, "latin1"), der };
  });
}
