// Imported keys: rpm's database has them as packages called gpg-pubkey, without files (rpm's rpmKeyring and makePubkeyHeader).
import { createHash } from "node:crypto";
import { type PublicKey, parseKeyring } from "../../crypto/openpgp/public-key.ts";
import type { TrustKey } from "../contract.ts";
import { HEADER_MAGIC } from "./header.ts";
import { formatHeader, type HeaderValue, numberValue, textsValue, textValue, translatedValue } from "./header-write.ts";
import { sense, signatureTags, tags } from "./tags.ts";

export interface PubkeyHeader {
  /** Counts, entries and data. */
  readonly bytes: Uint8Array;
  /** Beside the region. */
  readonly added: readonly HeaderValue[];
}

/** One for each block of the text: rpm takes the first key of each. Throws KEY_SYNTAX. */
export function pubkeyHeaders({ armored, owner, fingerprint }: TrustKey): readonly PubkeyHeader[] {
  const blocks = armored.match(/-----BEGIN PGP PUBLIC KEY BLOCK-----[\s\S]*?-----END PGP PUBLIC KEY BLOCK-----/g) ?? [];
  return blocks.flatMap((block) => {
    const [key] = parseKeyring(block, `the key of "${owner}"`);
    if (key === undefined || (fingerprint !== undefined && key.fingerprint !== fingerprint)) return [];
    const bytes = formatHeader(valuesOf(key, block));
    const signed = Buffer.concat([HEADER_MAGIC, bytes]);
    const hex = (algorithm: string): string => createHash(algorithm).update(signed).digest("hex");
    const added = [textValue(signatureTags.sha1, hex("sha1")), textValue(signatureTags.sha256, hex("sha256"))];
    return [{ bytes, added }];
  });
}

function valuesOf(key: PublicKey, block: string): readonly HeaderValue[] {
  const keyId = key.keyId.toLowerCase();
  const version = keyId.slice(-8);
  const seconds = Math.floor(key.created.getTime() / 1000);
  const release = seconds.toString(16).padStart(8, "0");
  const owner = key.userIds.find(({ text }) => text !== "")?.text ?? "";
  const evr = `${key.version}:${keyId}-${release}`;
  const flags = sense.equal | sense.keyring;
  return [
    textsValue(tags.pubkeys, [base64Of(block)]),
    textValue(tags.name, "gpg-pubkey"),
    textValue(tags.version, version),
    textValue(tags.release, release),
    translatedValue(tags.summary, `${owner} public key`),
    translatedValue(tags.description, armorOf(block)),
    numberValue(tags.buildTime, seconds),
    textValue(tags.buildHost, "localhost"),
    numberValue(tags.size, 0),
    textValue(tags.license, "pubkey"),
    textValue(tags.packager, owner),
    translatedValue(tags.group, "Public Keys"),
    textValue(tags.sourceRpm, "(none)"),
    textsValue(tags.provideNames, [`gpg(${owner})`, `gpg(${version})`, `gpg(${keyId})`]),
    // The rpm whose form this is.
    textValue(tags.rpmVersion, "4.18.0"),
    numberValue(tags.provideFlags, flags, flags, flags),
    textsValue(tags.provideVersions, [evr, evr, evr]),
  ];
}

/** The block as rpm writes it again. */
function armorOf(block: string): string {
  const lines = block.split(/\r?\n/);
  const start = lines.findIndex((line) => line.trim() === "");
  return [lines[0], "Version: rpm-4.18.0", ...lines.slice(start), ""].join("\n");
}

/** The lines between the armor's headers and its checksum. */
function base64Of(block: string): string {
  const lines = block.split(/\r?\n/).slice(1, -1);
  const start = lines.findIndex((line) => line.trim() === "") + 1;
  return lines
    .slice(start)
    .filter((line) => !line.startsWith("="))
    .map((line) => `${line.trim()}\n`)
    .join("");
}
