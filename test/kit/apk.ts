// Alpine packages and indexes made in memory, signed by keys that live for one test file.
import { createHash, generateKeyPairSync, hash, sign } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { TrustKey } from "../../src/packages/contract.ts";
import { extended, header, linked, member, named, paxRecord, sized, typed } from "../archive/make-tar.ts";
import type { RepositoryFiles } from "./repository.ts";

/** An RSA key pair, and what a repository says of the public half. */
export interface ApkSigner {
  readonly key: TrustKey & { readonly name: string };
  /** Raw PKCS #1 signature. */
  sign(bytes: Uint8Array, algorithm?: "sha1" | "sha256"): Uint8Array;
}

export function createApkSigner(name: string, { bits = 2048 }: { readonly bits?: number } = {}): ApkSigner {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
  const armored = publicKey.export({ type: "spki", format: "pem" }).toString();
  return {
    key: { name: `${name}.rsa.pub`, owner: name, source: "made for a test", armored },
    sign: (bytes, algorithm = "sha1") => sign(algorithm, bytes, privateKey),
  };
}

export type ApkEntry =
  | { readonly path: string; readonly content: string; readonly mode?: number; readonly sum?: string }
  | { readonly path: string; readonly folder: true; readonly mode?: number }
  | { readonly path: string; readonly target: string }
  | { readonly path: string; readonly hardlink: string };

export interface ApkSpec {
  readonly name: string;
  readonly version?: string;
  readonly arch?: string;
  readonly depends?: readonly string[];
  readonly provides?: readonly string[];
  readonly installIf?: readonly string[];
  readonly replaces?: readonly string[];
  /** More lines of `.PKGINFO`. */
  readonly info?: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
  readonly tree?: readonly ApkEntry[];
}

export interface MadeApk {
  readonly bytes: Uint8Array;
  /** As the index has it. */
  readonly checksum: string;
  readonly control: Uint8Array;
  readonly data: Uint8Array;
}

const trailer = Buffer.alloc(1024);

/** The control and data members; signatures, if any, go in front of them. */
export function makeApk(spec: ApkSpec): MadeApk {
  const data = gzipSync(Buffer.concat([...(spec.tree ?? []).map(entry), trailer]));
  const control = makeControl(spec, createHash("sha256").update(data).digest("hex"));
  return { bytes: Buffer.concat([control, data]), checksum: checksumOf(control), control, data };
}

export function makeControl(spec: ApkSpec, datahash: string): Uint8Array {
  const scripts = Object.entries(spec.scripts ?? {}).map(([name, text]) => file(name, text, 0o755));
  return gzipSync(Buffer.concat([file(".PKGINFO", infoText(spec, datahash)), ...scripts]));
}

export const checksumOf = (control: Uint8Array): string => `Q1${hash("sha1", control, "base64")}`;

function infoText(spec: ApkSpec, datahash: string): string {
  const lines = (key: string, values: readonly string[] = []): readonly string[] =>
    values.map((one) => `${key} = ${one}`);
  return [
    `pkgname = ${spec.name}`,
    `pkgver = ${spec.version ?? "1.0-r0"}`,
    `arch = ${spec.arch ?? "x86_64"}`,
    "builddate = 1750000000",
    ...lines("depend", spec.depends),
    ...lines("provides", spec.provides),
    ...lines("install_if", spec.installIf && [spec.installIf.join(" ")]),
    ...lines("replaces", spec.replaces),
    ...(spec.info ?? []),
    `datahash = ${datahash}`,
    "",
  ].join("\n");
}

function entry(one: ApkEntry): Uint8Array {
  if ("folder" in one) return header(named(`${one.path}/`), typed("5"), moded(one.mode ?? 0o755));
  if ("target" in one) return header(named(one.path), typed("2"), linked(one.target), moded(0o777));
  if ("hardlink" in one) return header(named(one.path), typed("1"), linked(one.hardlink));
  const sum = one.sum ?? hash("sha1", one.content);
  const sums = extended("x", paxRecord(`APK-TOOLS.checksum.SHA1=${sum}`));
  return Buffer.concat([sums, file(one.path, one.content, one.mode ?? 0o644)]);
}

const moded = (mode: number): { at: number; text: string } => ({ at: 100, text: mode.toString(8).padStart(7, "0") });

export function file(path: string, content: string | Uint8Array, mode = 0o644): Uint8Array {
  return member(header(named(path), sized(Buffer.byteLength(content)), moded(mode)), content);
}

/** A member with signatures of these bytes. */
export function signatureOf(
  bytes: Uint8Array,
  signer: ApkSigner,
  { algorithm = "sha1" }: { readonly algorithm?: "sha1" | "sha256" } = {},
): Uint8Array {
  const kind = algorithm === "sha1" ? "RSA" : "RSA256";
  return gzipSync(file(`.SIGN.${kind}.${signer.key.name}`, signer.sign(bytes, algorithm)));
}

export function indexText(packages: readonly ApkSpec[], made: ReadonlyMap<ApkSpec, MadeApk>): string {
  const stanza = (spec: ApkSpec): string => {
    const apk = made.get(spec);
    const lines = [
      `C:${apk?.checksum ?? checksumOf(new Uint8Array())}`,
      `P:${spec.name}`,
      `V:${spec.version ?? "1.0-r0"}`,
      `A:${spec.arch ?? "x86_64"}`,
      `S:${apk?.bytes.length ?? 1}`,
      "I:1",
      `T:${spec.name}`,
      "t:1750000000",
      ...(spec.depends ? [`D:${spec.depends.join(" ")}`] : []),
      ...(spec.provides ? [`p:${spec.provides.join(" ")}`] : []),
      ...(spec.installIf ? [`i:${spec.installIf.join(" ")}`] : []),
      ...(spec.replaces ? [`r:${spec.replaces.join(" ")}`] : []),
    ];
    return `${lines.join("\n")}\n`;
  };
  return packages.map(stanza).join("\n");
}

export const indexArchive = (text: string): Uint8Array => gzipSync(Buffer.concat([file("APKINDEX", text), trailer]));

/** `x86_64/APKINDEX.tar.gz` and packages beside it. */
export function makeApkRepository(packages: readonly ApkSpec[], signer?: ApkSigner): RepositoryFiles {
  const made = new Map(packages.map((spec) => [spec, makeApk(spec)]));
  const archive = indexArchive(indexText(packages, made));
  const signed = signer === undefined ? archive : Buffer.concat([signatureOf(archive, signer), archive]);
  const files: RepositoryFiles = new Map([["x86_64/APKINDEX.tar.gz", signed]]);
  for (const [{ name, version = "1.0-r0" }, { bytes }] of made) files.set(`x86_64/${name}-${version}.apk`, bytes);
  return files;
}
