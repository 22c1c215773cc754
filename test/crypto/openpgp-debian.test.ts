// Debian's real signed indexes, and the same with one byte changed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { openCleartext, readCleartext, verifyCleartext } from "../../src/crypto/openpgp/cleartext.ts";
import { policyAt } from "../../src/crypto/openpgp/policy.ts";
import { parseKeyring } from "../../src/crypto/openpgp/public-key.ts";
import { assertSigned, type SignatureVerdicts } from "../../src/crypto/openpgp/verdict.ts";
import { verifyDetached } from "../../src/crypto/openpgp/verify.ts";
import { fixture, needs } from "../kit/oracle.ts";

const folder = fixture("deb/debian-live");
const policy = policyAt(new Date("2026-11-24"));
const read = (path: string): Buffer => readFileSync(`${folder}/${path}`);
const countGood = ({ signatures }: SignatureVerdicts): number =>
  signatures.filter(({ kind }) => kind === "good").length;

const suites: readonly { suite: string; signatures: number; releaseFits: boolean }[] = [
  { suite: "bookworm", signatures: 3, releaseFits: true },
  // The fixture's Release.gpg of these two is older than their Release: gpgv says BAD as well.
  { suite: "bookworm-updates", signatures: 2, releaseFits: false },
  { suite: "trixie", signatures: 3, releaseFits: false },
];

describe("Debian's archive keyring", needs(folder), () => {
  const keyring = parseKeyring(read("debian-archive-keyring.gpg"), "debian-archive-keyring.gpg");

  for (const { suite, signatures, releaseFits } of suites) {
    it(`verifies all signatures of ${suite}'s InRelease and gives the text of its Release`, () => {
      const { text, signedBy } = openCleartext(read(`${suite}/InRelease`), { keyring, policy, what: "InRelease" });
      assert.equal(signedBy.length, signatures);
      assert.ok(Buffer.from(text).equals(read(`${suite}/Release`)));
    });

    it(`verifies ${releaseFits ? "all" : "none"} of ${suite}'s Release.gpg`, () => {
      const verdicts = verifyDetached(read(`${suite}/Release`), {
        signature: read(`${suite}/Release.gpg`),
        keyring,
        policy,
      });
      assert.equal(countGood(verdicts), releaseFits ? verdicts.signatures.length : 0);
    });

    it(`verifies nothing of ${suite}'s InRelease once a byte of its text is another`, () => {
      const file = read(`${suite}/InRelease`);
      const textEnd = file.indexOf("-----BEGIN PGP SIGNATURE-----");
      for (const at of [60, 100, 1000, textEnd >> 1, textEnd - 2]) {
        const changed = Buffer.from(file);
        changed[at] = (changed[at] ?? 0) ^ 1;
        const verdicts = verifyCleartext(readCleartext(changed, "InRelease"), { keyring, policy });
        assert.equal(countGood(verdicts), 0, `byte ${at}`);
      }
    });
  }

  it("refuses all once its keys have expired, except for an archive", () => {
    const late = policyAt(new Date("2040-01-01"));
    const file = read("trixie/InRelease");
    assert.throws(() => openCleartext(file, { keyring, policy: late, what: "InRelease" }), {
      code: "SIGNATURE_INVALID",
      message: /the key expired on 2031-01-19/,
    });
    const archived = { ...late, archived: true };
    assert.equal(openCleartext(file, { keyring, policy: archived, what: "InRelease" }).signedBy.length, 3);
  });

  it("refuses a signature whose bits differ in its armor", () => {
    const signature = read("bookworm/Release.gpg").toString("latin1");
    const at = signature.indexOf("\n\n") + 300;
    const other = signature[at] === "A" ? "B" : "A";
    const changed = signature.slice(0, at) + other + signature.slice(at + 1);
    assert.throws(() => verifyDetached(read("bookworm/Release"), { signature: changed, keyring, policy }), {
      code: "SIGNATURE_INVALID",
    });
  });

  it("says what is missing when nobody signed or the key is not trusted", () => {
    const [first] = keyring;
    assert.ok(first);
    const one = [first];
    const nobody = verifyDetached(read("trixie/Release"), { signature: "", keyring: one, policy });
    assert.throws(() => assertSigned(nobody, "Release"), { code: "SIGNATURE_MISSING" });
    const others = readCleartext(read("bookworm/InRelease"), "InRelease");
    assert.throws(() => assertSigned(verifyCleartext(others, { keyring: one, policy }), 'InRelease of "bookworm"'), {
      code: "SIGNATURE_INVALID",
      message: new RegExp(
        `4CB50190207B4758A3F73A796ED0E7B82643E131.*not among the trusted.*wanted.*${first.fingerprint}`,
      ),
    });
  });
});
