// Other projects' keys and signatures: what we say of each, and that gpgv says the same or why it does not.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { parseArmor } from "../../src/crypto/openpgp/armor.ts";
import { readCleartext, verifyCleartext } from "../../src/crypto/openpgp/cleartext.ts";
import { refuseSigner } from "../../src/crypto/openpgp/judge.ts";
import { type Policy, policyAt } from "../../src/crypto/openpgp/policy.ts";
import { parseKeyring } from "../../src/crypto/openpgp/public-key.ts";
import { verifyDetached } from "../../src/crypto/openpgp/verify.ts";
import { fixture, needs } from "../kit/oracle.ts";
import { gpgvTakes } from "./gpg-home.ts";

const rnp = fixture("openpgp/rnp/rnpgp+rnp/src/tests/data");
const interop = fixture("openpgp/interop/marinthiercelin+openpgp-interoperability-test-suite/data");
const librepo = fixture("rpm/librepo/rpm-software-management+librepo/tests/test_data");
const smallRepository = fixture("rpm/signed-small-repos/mocacinno+bitcoin_core_docker_prereqs");
const rpmKeys = fixture("rpm/upstream-rpm-tests/rpm-software-management+rpm/tests/data/keys");

const policy: Policy = policyAt(new Date("2026-11-24"));
const small: Policy = { ...policy, minModulusBits: 1024 };

interface Row {
  readonly keys: string;
  /** Absent: the signature is a cleartext-signed file. */
  readonly data?: string | Buffer;
  readonly signature: string;
  readonly under?: Policy;
  /** Each signature's verdict, or the error's code. */
  readonly wanted: readonly string[];
  /** Why gpgv says something else. */
  readonly gpgvDiffers?: string;
}

const rnpRow = (keys: string, signature: string, wanted: readonly string[], more: Partial<Row> = {}): Row => ({
  keys: `${rnp}/${keys}`,
  signature: `${rnp}/test_messages/${signature}`,
  under: small,
  wanted,
  ...more,
});
const messages = `${rnp}/test_messages`;
const message = { data: `${messages}/message.txt` };
const ring = "keyrings/1/pubring.gpg";
const alice = "test_key_validity/alice-sub-pub.pgp";
const unknown10 = { gpgvDiffers: "gpgv 2.2 stops at a signature of a version that it does not know" };

const rnpRows: readonly Row[] = [
  rnpRow(ring, "message.txt.sig", ["good"], message),
  rnpRow(ring, "message.txt.sig", ["weak-key"], { ...message, under: policy, gpgvDiffers: "RSA of 1024 bits" }),
  rnpRow(ring, "message.txt.sig-text", ["good"], message),
  rnpRow(ring, "message.txt.sig.wrong-mpi-bitlen", ["good"], message),
  rnpRow(ring, "message.txt.sig.malf", ["unsupported"], message),
  rnpRow(ring, "message.txt.sig", ["bad-signature"], { data: `${messages}/message.txt.crlf` }),
  rnpRow(ring, "message.txt.sig-text", ["good"], { data: `${messages}/message.txt.crlf` }),
  rnpRow(ring, "message-32k-crlf.txt.sig", ["good"], { data: `${messages}/message-32k-crlf.txt` }),
  rnpRow(ring, "message-trailing-cr.txt.sig-text", ["good"], { data: `${messages}/message-trailing-cr.txt` }),
  rnpRow(ring, "shattered-1.pdf.sig", ["weak-hash"], message),
  rnpRow(ring, "message.txt.cleartext-signed", ["good"]),
  rnpRow(ring, "message.txt.cleartext-malf", ["bad-signature"]),
  rnpRow(ring, "message.txt.cleartext-nosig", ["SIGNATURE_INVALID"]),
  rnpRow(ring, "message.txt.cleartext-signed-nonewline", ["SIGNATURE_INVALID"]),
  rnpRow(ring, "message.txt.signed.v5-clear-rsa", ["unsupported"]),
  rnpRow(ring, "message.txt.signed.v5-detached-rsa", ["unsupported"], message),
  rnpRow(ring, "message.txt.signed", ["SIGNATURE_INVALID"], message),
  rnpRow(alice, "message.4k-long-lines.asc", ["good"]),
  rnpRow(alice, "message.text-sig-crcr.sig", ["good"], { data: `${messages}/message.text-sig-crcr` }),
  rnpRow(alice, "message.txt.2sigs", ["unsupported", "good"], { ...message, ...unknown10 }),
  rnpRow(alice, "message.txt.2sigs-2", ["good", "unsupported"], { ...message, ...unknown10 }),
  rnpRow(alice, "message.txt.clear-2-sigs", ["unsupported", "good"], unknown10),
  rnpRow(alice, "message.txt.clear-2-sigs-2", ["good", "unsupported"], unknown10),
];

const rpmRows: readonly Row[] = [
  {
    keys: `${librepo}/repo_yum_01/repodata/repomd.xml.key.asc`,
    data: `${librepo}/repo_yum_01/repodata/repomd.xml`,
    signature: `${librepo}/repo_yum_01/repodata/repomd.xml.asc`,
    wanted: ["good"],
  },
  {
    keys: `${librepo}/repo_yum_01/repodata/repomd.xml_bad.key.asc`,
    data: `${librepo}/repo_yum_01/repodata/repomd.xml`,
    signature: `${librepo}/repo_yum_01/repodata/repomd.xml.asc`,
    wanted: ["unknown-key"],
  },
  {
    keys: `${librepo}/expired_test/expired_key.asc`,
    data: `${librepo}/expired_test/test_data.txt`,
    signature: `${librepo}/expired_test/test_data.txt.asc`,
    wanted: ["key-expired"],
  },
  ...["repodata", "noarch/repodata", "x86_64/repodata"].map((folder) => ({
    keys: `${smallRepository}/mocacinno_pubkey.asc`,
    data: `${smallRepository}/${folder}/repomd.xml`,
    signature: `${smallRepository}/${folder}/repomd.xml.asc`,
    wanted: ["good"],
  })),
];

const shortRows: readonly Row[] = (interopFiles("short-rsa-sigs") ?? []).map((file) => ({
  keys: `${interop}/certificates/bob.pgp`,
  data: Buffer.from("Hello World :)"),
  signature: `${interop}/short-rsa-sigs/${file}`,
  wanted: ["good"],
}));

for (const { name, folder, rows } of [
  { name: "rnp's signatures", folder: rnp, rows: rnpRows },
  { name: "signed rpm repositories", folder: librepo, rows: rpmRows },
  { name: "RSA signatures that start with zeros", folder: interop, rows: shortRows },
]) {
  describe(name, needs(folder, "gpgv"), () => {
    for (const row of rows) {
      const { signature, wanted, data, gpgvDiffers } = row;
      const over = typeof data === "string" ? ` over ${data.split("/").at(-1)}` : "";
      it(`${signature.split("/").slice(-3).join("/")}${over} is ${wanted.join(" and ")}`, () => {
        assert.deepEqual(verdictsOf(row), wanted);
        const agrees = gpgvVerdict(row) === wanted.includes("good");
        assert.equal(agrees, gpgvDiffers === undefined, gpgvDiffers ?? "gpgv says otherwise");
      });
    }
  });
}

describe("interoperability suite's revoked keys", needs(interop), () => {
  // Signed before the key was made (t0), before it was revoked (t1), while it was (t2), and after it was certified anew (t3).
  const times = ["t0", "t1-t2", "t2-t3", "t3-now"];
  const never = { now: ["older-than-key", "good", "good", "good"] };
  const hard = { now: ["key-revoked", "key-revoked", "key-revoked", "key-revoked"] };
  const soft = { ...hard, inArchive: ["older-than-key", "good", "key-revoked", "key-revoked"] };
  const rows: readonly { key: string; now: readonly string[]; inArchive?: readonly string[] }[] = [
    { key: "not-revoked", ...never },
    { key: "revoked-compromised", ...hard },
    { key: "revoked-no_subpacket", ...hard },
    { key: "revoked-private", ...hard },
    { key: "revoked-unknown", ...hard },
    { key: "revoked-unspecified", ...hard },
    { key: "revoked-uid_retired", ...hard },
    { key: "revoked-key_retired", ...soft },
    { key: "revoked-superseded", ...soft },
  ];
  for (const { key, now, inArchive = now } of rows) {
    for (const [under, wanted] of [
      [policy, now],
      [{ ...policy, archived: true }, inArchive],
    ] as const) {
      it(`${key}${under.archived ? ", in an archive," : ""} is ${[...new Set(wanted)].join(", ")}`, () => {
        const verdicts = times.flatMap((time) =>
          verdictsOf({
            keys: `${interop}/revoked-key/revoked-key-cert-${key}.pgp`,
            data: Buffer.from("Hello, World"),
            signature: `${interop}/revoked-key/revoked-key-sig-${time}.pgp`,
            under,
            wanted,
          }),
        );
        assert.deepEqual(verdicts, wanted);
      });
    }
  }
});

describe("keys of rnp and rpm", needs(rnp, rpmKeys), () => {
  const rows: readonly { key: string; primary: string; subkeys?: readonly string[] }[] = [
    { key: `${rnp}/test_key_validity/case1/pubring.gpg`, primary: "good" },
    { key: `${rnp}/test_key_validity/case6/pubring.gpg`, primary: "key-revoked" },
    { key: `${rnp}/test_key_validity/case8/pubring.gpg`, primary: "unusable-key", subkeys: ["unusable-key"] },
    { key: `${rnp}/test_key_validity/case9/pubring.gpg`, primary: "key-expired" },
    { key: `${rnp}/test_key_validity/case11/pubring.gpg`, primary: "key-expired" },
    { key: `${rnp}/test_key_validity/case14/pubring.gpg`, primary: "key-expired" },
    { key: `${rnp}/test_key_validity/case15/pubring.gpg`, primary: "good", subkeys: ["unusable-key"] },
    { key: `${rnp}/test_key_validity/alice-sign-sub-pub.pgp`, primary: "good", subkeys: ["good"] },
    { key: `${rnp}/test_key_edge_cases/alice-rev-no-reason.pgp`, primary: "key-revoked" },
    { key: `${rnp}/test_key_edge_cases/key-critical-notations.pgp`, primary: "unusable-key" },
    { key: `${rnp}/test_key_edge_cases/key-empty-uid.pgp`, primary: "unusable-key" },
    { key: `${rnp}/test_stream_key_load/ecc-p384-pub.asc`, primary: "good" },
    { key: `${rnp}/test_stream_key_load/ecc-p256k1-pub.asc`, primary: "good" },
    { key: `${rnp}/test_stream_key_load/ecc-25519-photo-pub.asc`, primary: "good" },
    { key: `${rnp}/test_stream_key_load/eddsa-00-pub.pgp`, primary: "good" },
    { key: `${rnp}/test_stream_key_load/pubkey-with-experimental-pkt.asc`, primary: "good" },
    { key: `${rnp}/test_stream_key_load/v5-rsa-pub.asc`, primary: "KEY_SYNTAX" },
    { key: `${rnp}/test_stream_key_load/eddsa-00-sec.pgp`, primary: "KEY_SYNTAX" },
    { key: `${rnp}/test_stream_key_load/sm2-pub.asc`, primary: "KEY_SYNTAX" },
    { key: `${rnp}/test_stream_armor/ecc-25519-pub-bad-crc.asc`, primary: "KEY_SYNTAX" },
    { key: `${rnp}/test_key_edge_cases/key-empty-packets.pgp`, primary: "KEY_SYNTAX" },
    { key: `${rpmKeys}/CVE-2021-3521-badbind.asc`, primary: "good", subkeys: ["unusable-key"] },
    { key: `${rpmKeys}/CVE-2021-3521-nosubsig.asc`, primary: "good", subkeys: ["unusable-key", "not-a-signing-key"] },
    { key: `${rpmKeys}/alice-expired-subkey.asc`, primary: "not-a-signing-key", subkeys: ["key-expired"] },
    { key: `${rpmKeys}/alice-revoked-subkey.asc`, primary: "not-a-signing-key", subkeys: ["key-revoked"] },
    { key: `${rpmKeys}/rpm.org-v6-ed25519-test.asc`, primary: "not-a-signing-key", subkeys: ["good"] },
    { key: `${rpmKeys}/rpm.org-v6-rsa4k-test.asc`, primary: "not-a-signing-key", subkeys: ["good"] },
    { key: `${rpmKeys}/rpm.org-nistp256-test.pub`, primary: "good" },
  ];
  for (const { key, primary, subkeys = [] } of rows) {
    const [file, folder] = key.split("/").toReversed();
    it(`${folder}/${file} is ${[primary, ...subkeys].join(", ")}`, () => {
      assert.deepEqual(judgeKey(key), [primary, ...subkeys]);
    });
  }
});

function verdictsOf({ keys, data, signature, under = policy }: Row): readonly string[] {
  return outcome(() => {
    const keyring = parseKeyring(readFileSync(keys), keys);
    const file = readFileSync(signature);
    const verdicts =
      data === undefined
        ? verifyCleartext(readCleartext(file, signature), { keyring, policy: under })
        : verifyDetached(bytesOf(data), { signature: file, keyring, policy: under });
    return verdicts.signatures.map((one) => (one.kind === "good" ? "good" : one.reason));
  });
}

function gpgvVerdict({ keys, data, signature }: Row): boolean {
  const file = readFileSync(keys);
  const blocks =
    (file[0] ?? 0) & 0x80
      ? [file]
      : parseArmor(file.toString("latin1"), {
          subject: { code: "KEY_SYNTAX", what: keys },
          around: "ignored",
        }).map(({ bytes }) => bytes);
  return gpgvTakes({
    ...(data === undefined ? {} : { data: bytesOf(data) }),
    signature: readFileSync(signature),
    keys: Buffer.concat(blocks),
  });
}

function judgeKey(file: string): readonly string[] {
  return outcome(() => {
    const [key] = parseKeyring(readFileSync(file), file);
    assert.ok(key);
    const signedAt = policy.now;
    return [
      refuseSigner({ key, signedAt }, policy)?.reason ?? "good",
      ...key.subkeys.map((subkey) => refuseSigner({ key, subkey, signedAt }, policy)?.reason ?? "good"),
    ];
  });
}

function outcome(read: () => readonly string[]): readonly string[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof DodaiError) return [error.code];
    throw error;
  }
}

function bytesOf(data: string | Buffer): Buffer {
  return typeof data === "string" ? readFileSync(data) : data;
}

function interopFiles(folder: string): readonly string[] | undefined {
  return needs(interop).skip === undefined ? readdirSync(`${interop}/${folder}`).sort() : undefined;
}
