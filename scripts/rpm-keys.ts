// Turns key texts of the package distribution-gpg-keys into the keys.ts of each distribution of rpm:
//
//   node scripts/rpm-keys.ts FOLDER VERSION [DISTRIBUTION...]     # FOLDER has centos/, fedora/ ...
//
// Texts are written as they are.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseKeyring } from "../src/crypto/openpgp/public-key.ts";

const [folder, version, ...only] = process.argv.slice(2);
if (folder === undefined || version === undefined) throw new Error("usage: rpm-keys.ts FOLDER VERSION");

/** By distribution: what a release calls its key, and the file that has it. */
const wanted: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  centos: {
    "7": "centos/RPM-GPG-KEY-CentOS-7",
    "7-aarch64": "centos/RPM-GPG-KEY-CentOS-7-aarch64",
    "9": "centos/RPM-GPG-KEY-CentOS-Official",
    "10": "centos/RPM-GPG-KEY-CentOS-Official-SHA256",
  },
  fedora: Object.fromEntries([42, 43, 44].map((one) => [one, `fedora/RPM-GPG-KEY-fedora-${one}-primary`])),
  rockylinux: {
    "9": "rocky/RPM-GPG-KEY-Rocky-9",
    "10": "rocky/RPM-GPG-KEY-Rocky-10",
  },
  opensuse: {
    "2022": "opensuse/RPM-GPG-KEY-openSUSE-2022",
    backports: "opensuse/RPM-GPG-KEY-openSUSE-Backports-2023",
    "16-backports": "opensuse/RPM-GPG-KEY-openSUSE-16-Backports",
    "sle-15": "suse/RPM-GPG-KEY-SuSE-SLE-15",
    "sle-2023": "suse/RPM-GPG-KEY-SuSE-SLE-Main-2023",
    alp: "suse/RPM-GPG-KEY-SuSE-ALP-Main",
  },
  amazonlinux: {
    "2": "amazon-linux/RPM-GPG-KEY-amazon-linux-2",
    "2023": "amazon-linux/RPM-GPG-KEY-amazon-linux-2023",
  },
  almalinux: Object.fromEntries([9, 10].map((one) => [one, `alma/RPM-GPG-KEY-AlmaLinux-${one}`])),
};

for (const [distribution, files] of Object.entries(wanted)) {
  if (only.length > 0 && !only.includes(distribution)) continue;
  const keys = Object.entries(files).map(([release, file]) => {
    const armored = readFileSync(join(folder, file), "utf8").trim();
    const [key] = parseKeyring(armored, file);
    return `  "${release}": {
    fingerprint: "${key?.fingerprint}",
    owner: ${JSON.stringify(key?.userIds[0]?.text)},
    source: "distribution-gpg-keys ${version}, ${file}",
    armored: \`${armored}\`,
  },\n`;
  });
  const text = `// Written by scripts/rpm-keys.ts from distribution-gpg-keys ${version}; change it there.
import type { TrustKey } from "../../packages/contract.ts";

/** By release: the key that signs its packages. */
export const ${distribution}Keys: Readonly<Record<string, TrustKey>> = {
${keys.join("")}};
`;
  writeFileSync(new URL(`../src/distros/${distribution}/keys.ts`, import.meta.url), text);
}
