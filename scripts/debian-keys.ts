// Turns Debian's own keyring package into src/distros/debian/keys.ts and keys-removed.ts:
//
//   apt-get download debian-archive-keyring
//   dpkg-deb -x debian-archive-keyring_VERSION_all.deb FOLDER
//   node scripts/debian-keys.ts FOLDER VERSION
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

const [folder, version] = process.argv.slice(2);
if (folder === undefined || version === undefined) throw new Error("usage: debian-keys.ts FOLDER VERSION");

const keyrings = join(folder, "usr/share/keyrings");
const isOneKey = /^debian-archive-[a-z]+-(?:security-)?(?:automatic|stable)\.(?:gpg|pgp)$/;
// Newer packages have the old .gpg names as links to .pgp files.
const files = readdirSync(keyrings, { withFileTypes: true })
  .flatMap((entry) => (entry.isFile() ? entry.name : []))
  .sort();
const current = files.filter((name) => isOneKey.test(name)).flatMap((name) => keysOf(name));
const removed = files.filter((name) => name.includes("-removed-keys.")).flatMap((name) => keysOf(name));

write("keys.ts", "debianKeys", "Every key that signs suites which Debian still supports.", current);
write(
  "keys-removed.ts",
  "debianRemovedKeys",
  "Keys of releases that are over: for archived repositories, never for current ones.",
  removed,
);

function keysOf(name: string): readonly TrustKey[] {
  const bytes = readFileSync(join(keyrings, name));
  return certificates(bytes, name).map((packets) => {
    const binary = Buffer.concat(packets.map(framed));
    const [key] = parseKeyring(binary, name);
    if (key === undefined) throw new Error(`${name} has a key that cannot be used`);
    const own = packets.filter((packet) => isOwn(packet, key));
    return {
      fingerprint: key.fingerprint,
      owner: key.userIds[0]?.text ?? "",
      source: `debian-archive-keyring ${version}, ${name}`,
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

function write(file: string, name: string, comment: string, keys: readonly TrustKey[]): void {
  const values = keys.map(
    ({ fingerprint, owner, source, armored }) =>
      `  {\n    fingerprint: "${fingerprint}",\n    owner: ${JSON.stringify(owner)},\n` +
      `    source: ${JSON.stringify(source)},\n    armored: \`${armored}\`,\n  },\n`,
  );
  writeFileSync(
    join(import.meta.dirname, "../src/distros/debian", file),
    `// Written by scripts/debian-keys.ts from debian-archive-keyring ${version}; change it there.\n` +
      `import type { TrustKey } from "../../packages/contract.ts";\n\n` +
      `/** ${comment} */\nexport const ${name}: readonly TrustKey[] = [\n${values.join("")}];\n`,
  );
}
