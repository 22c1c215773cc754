// Turns keyring packages into keys.ts and keys-removed.ts of src/distros/debian, or into keys.ts of src/distros/ubuntu:
//
//   apt-get download debian-archive-keyring        (or ubuntu-archive-keyring and ubuntu-cloud-keyring, of Debian)
//   dpkg-deb -x debian-archive-keyring_VERSION_all.deb FOLDER
//   node scripts/distribution-keys.ts debian FOLDER VERSION
//
// Each key is written with its user IDs, subkeys and its own signatures. Signatures by others are left out: they say
// nothing that counts here and are two thirds of the bytes. `gpg --export-options export-minimal` does the same.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatArmor } from "../src/crypto/openpgp/armor.ts";
import { type Subject, uint32 } from "../src/crypto/openpgp/cursor.ts";
import { type Packet, packetTag, readPackets } from "../src/crypto/openpgp/packets.ts";
import { type PublicKey, parseKeyring } from "../src/crypto/openpgp/public-key.ts";
import { readSignature } from "../src/crypto/openpgp/signature.ts";
import type { TrustKey } from "../src/packages/contract.ts";

const [distribution, folder, version] = process.argv.slice(2);
if (distribution === undefined || folder === undefined || version === undefined) {
  throw new Error("usage: distribution-keys.ts debian|ubuntu FOLDER VERSION");
}

const keyrings = join(folder, "usr/share/keyrings");
const isOneKey = /^debian-archive-[a-z]+-(?:security-)?(?:automatic|stable)\.(?:gpg|pgp)$/;
// Newer packages have the old .gpg names as links to .pgp files.
const files = readdirSync(keyrings, { withFileTypes: true })
  .flatMap((entry) => (entry.isFile() ? entry.name : []))
  .sort();

if (distribution === "debian") writeDebian();
else writeUbuntu();

function writeDebian(): void {
  const source = `debian-archive-keyring ${version}`;
  const current = files.filter((name) => isOneKey.test(name)).flatMap((name) => keysOf(name, source));
  const removed = files.filter((name) => name.includes("-removed-keys.")).flatMap((name) => keysOf(name, source));
  write("debian/keys.ts", source, [
    { name: "debianKeys", comment: "Every key that signs suites which Debian still supports.", keys: current },
  ]);
  write("debian/keys-removed.ts", source, [
    {
      name: "debianRemovedKeys",
      comment: "Keys of releases that are over: for archived repositories, never for current ones.",
      keys: removed,
    },
  ]);
}

/** Of the archive's keyring those that sign it: one more in it signs images, and one is of releases that are over. */
function writeUbuntu(): void {
  const archive = keysOf("ubuntu-archive-keyring.gpg", `ubuntu-archive-keyring ${version}`);
  const cloud = keysOf("ubuntu-cloudimage-keyring.gpg", `ubuntu-cloud-keyring ${version}`);
  const isArchive = ({ owner }: TrustKey): boolean => owner.includes("Archive Automatic Signing Key (2018)");
  const isImage = ({ owner }: TrustKey): boolean => owner.includes("CD Image Automatic Signing Key (2012)");
  write("ubuntu/keys.ts", `Debian's ubuntu-archive-keyring and ubuntu-cloud-keyring ${version}`, [
    { name: "ubuntuKeys", comment: "The key that signs the archive since 18.04.", keys: archive.filter(isArchive) },
    {
      name: "ubuntuImageKeys",
      comment: "Keys that sign sums of images and root tarballs, and nothing in the archive.",
      keys: [...archive.filter(isImage), ...cloud],
    },
  ]);
}

function keysOf(name: string, source: string): readonly TrustKey[] {
  const bytes = readFileSync(join(keyrings, name));
  return certificates(bytes, name).map((packets) => {
    const binary = Buffer.concat(packets.map(framed));
    const [key] = parseKeyring(binary, name);
    if (key === undefined) throw new Error(`${name} has a key that cannot be used`);
    const own = packets.filter((packet) => isOwn(packet, key));
    return {
      fingerprint: key.fingerprint,
      owner: key.userIds[0]?.text ?? "",
      source: `${source}, ${name}`,
      armored: formatArmor({ label: "PGP PUBLIC KEY BLOCK", bytes: Buffer.concat(own.map(framed)) }),
    };
  });
}

function certificates(bytes: Uint8Array, what: string): readonly (readonly Packet[])[] {
  const subject: Subject = { code: "KEY_SYNTAX", what };
  const found: Packet[][] = [];
  for (const packet of readPackets(bytes, subject)) {
    if (packet.tag === packetTag.publicKey) found.push([]);
    if (packet.tag !== packetTag.trust) found.at(-1)?.push(packet);
  }
  return found;
}

function isOwn({ tag, body }: Packet, key: PublicKey): boolean {
  if (tag !== packetTag.signature) return true;
  const signature = readSignature(body);
  if (signature.kind === "unreadable") return false;
  return signature.issuerKeyIds.includes(key.keyId) || signature.issuerFingerprints.includes(key.fingerprint);
}

/** New-form header with a five-byte length. RFC 9580 4.2.1.3. */
function framed({ tag, body }: Packet): Uint8Array {
  return Buffer.concat([Uint8Array.of(0xc0 | tag, 0xff), uint32(body.byteLength), body]);
}

interface KeyList {
  readonly name: string;
  readonly comment: string;
  readonly keys: readonly TrustKey[];
}

function write(file: string, source: string, lists: readonly KeyList[]): void {
  const texts = lists.map(({ name, comment, keys }) => {
    const values = keys.map(
      ({ fingerprint, owner, source: from, armored }) =>
        `  {\n    fingerprint: "${fingerprint}",\n    owner: ${JSON.stringify(owner)},\n` +
        `    source: ${JSON.stringify(from)},\n    armored: \`${armored}\`,\n  },\n`,
    );
    return `/** ${comment} */\nexport const ${name}: readonly TrustKey[] = [\n${values.join("")}];\n`;
  });
  writeFileSync(
    join(import.meta.dirname, "../src/distros", file),
    `// Written by scripts/distribution-keys.ts from ${source}; change it there.\n` +
      `import type { TrustKey } from "../../packages/contract.ts";\n\n${texts.join("\n")}`,
  );
}
