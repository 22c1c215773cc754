// Real signatures of every version and many algorithms: those in rpm packages, over the header or the whole of them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { policyAt } from "../../src/crypto/openpgp/policy.ts";
import { parseKeyring } from "../../src/crypto/openpgp/public-key.ts";
import { verifyDetached } from "../../src/crypto/openpgp/verify.ts";
import { fixture, needs } from "../kit/oracle.ts";

const upstream = fixture("rpm/upstream-rpm-tests/rpm-software-management+rpm/tests/data");
const rpmRs = fixture("rpm/rpm-rs/rpm-rs+rpm/tests/assets");
const policy = policyAt(new Date("2026-11-24"));

const rows: readonly { file: string; key: string; wanted: readonly string[] }[] = [
  { file: "hello-2.0-1.x86_64-signed.rpm", key: "rpm.org-rsa-2048-test.pub", wanted: ["good", "good"] },
  { file: "hello-2.0-1.x86_64-v3-signed.rpm", key: "rpm.org-rsa-2048-test.pub", wanted: ["good", "good"] },
  { file: "hello-2.0-1.x86_64-signed-with-new-subkey.rpm", key: "rpm.org-rsa-2048-add-subkey.asc", wanted: ["good"] },
  { file: "hello-2.0-1.x86_64-signed-with-subkey.rpm", key: "alice-revoked-subkey.asc", wanted: ["key-revoked"] },
  { file: "hello-2.0-1.x86_64-signed-with-subkey.rpm", key: "alice-expired-subkey.asc", wanted: ["key-expired"] },
  {
    file: "hello-2.0-1.x86_64-signed-mldsa87.rpm",
    key: "rpm.org-rsa-2048-test.pub",
    wanted: ["good", "unsupported", "good", "good"],
  },
].map(({ file, key, wanted }) => ({ file: `${upstream}/RPMS/${file}`, key: `${upstream}/keys/${key}`, wanted }));

const rpmRsRows: typeof rows = [
  { file: "v4/signed/rpm-basic-with-rsa4096", key: "v4/rpm-testkey-v4-rsa4096", wanted: ["good"] },
  { file: "v4/signed/rpm-basic-with-ed25519", key: "v4/rpm-testkey-v4-ed25519", wanted: ["good"] },
  { file: "v4/signed/rpm-basic-with-ecdsa", key: "v4/rpm-testkey-v4-ecdsa-nistp256", wanted: ["good"] },
  { file: "v6/signed/rpm-basic-with-ed25519", key: "v6/rpm-testkey-v6-ed25519", wanted: ["good"] },
  { file: "v6/signed/rpm-basic-with-rsa4k", key: "v6/rpm-testkey-v6-rsa4k", wanted: ["good"] },
  { file: "v6/signed/rpm-basic-with-rsa4k", key: "v6/rpm-testkey-v6-ed25519", wanted: ["unknown-key"] },
  { file: "v6/signed/rpm-basic-with-mldsa65-ed25519", key: "v6/rpm-testkey-v6-ed25519", wanted: ["unsupported"] },
].map(({ file, key, wanted }) => ({
  file: `${rpmRs}/RPMS/${file}-2.3.4-5.el9.noarch.rpm`,
  key: `${rpmRs}/signing_keys/${key}.asc`,
  wanted,
}));

describe("signed rpm packages", needs(upstream, rpmRs), () => {
  for (const { file, key, wanted } of [...rows, ...rpmRsRows]) {
    it(`${file.split("/").at(-1)} is ${wanted.join(", ")} by ${key.split("/").at(-1)}`, () => {
      const keyring = parseKeyring(readFileSync(key));
      const verdicts = readRpm(readFileSync(file)).flatMap(
        ({ data, signature }) => verifyDetached(data, { signature, keyring, policy }).signatures,
      );
      assert.deepEqual(
        verdicts.map((one) => (one.kind === "good" ? "good" : one.reason)),
        wanted,
      );
    });
  }

  it("whose header has another byte is not", () => {
    const [first] = rows;
    assert.ok(first);
    const file = readFileSync(first.file);
    const header = file.indexOf(Buffer.from("8eade801", "hex"), 100);
    file[header + 200] = (file[header + 200] ?? 0) ^ 1;
    const keyring = parseKeyring(readFileSync(first.key));
    for (const { data, signature } of readRpm(file)) {
      const [verdict] = verifyDetached(data, { signature, keyring, policy }).signatures;
      assert.ok(verdict?.kind === "refused");
      assert.equal(verdict.reason, "bad-signature");
    }
  });
});

interface Signed {
  readonly data: Buffer;
  readonly signature: Buffer;
}

/** rpm's signature header: DSA (267) and RSA (268) over the header, PGP (1002) over header and payload, OPENPGP (278) in base64. */
function readRpm(file: Buffer): readonly Signed[] {
  const start = 96;
  const end = (at: number): number => at + 16 + file.readUInt32BE(at + 8) * 16 + file.readUInt32BE(at + 12);
  const at = Math.ceil(end(start) / 8) * 8;
  const header = file.subarray(at, end(at));
  const store = start + 16 + file.readUInt32BE(start + 8) * 16;
  const found: Signed[] = [];
  for (let entry = start + 16; entry < store; entry += 16) {
    const offset = store + file.readUInt32BE(entry + 8);
    const count = file.readUInt32BE(entry + 12);
    const bytes = file.subarray(offset, offset + count);
    switch (file.readUInt32BE(entry)) {
      case 267:
      case 268:
        found.push({ data: header, signature: bytes });
        break;
      case 1002:
        found.push({ data: file.subarray(at), signature: bytes });
        break;
      case 278: {
        const texts = file.subarray(offset, end(start)).toString("latin1").split("\0", count);
        found.push(...texts.map((text) => ({ data: header, signature: Buffer.from(text, "base64") })));
        break;
      }
    }
  }
  return found;
}
