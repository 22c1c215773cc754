import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { readCleartext, verifyCleartext } from "../../src/crypto/openpgp/cleartext.ts";
import { type Policy, policyAt } from "../../src/crypto/openpgp/policy.ts";
import { parseKeyring } from "../../src/crypto/openpgp/public-key.ts";
import type { SignatureVerdicts } from "../../src/crypto/openpgp/verdict.ts";
import { verifyDetached } from "../../src/crypto/openpgp/verify.ts";
import { needs } from "../kit/oracle.ts";
import { type GpgHome, gpgvTakes, openGpgHome } from "./gpg-home.ts";

const policy: Policy = policyAt(new Date("2026-06-01"));
const archived: Policy = { ...policy, archived: true };
const text = Buffer.from("Origin: Debian\nSuite: stable\n");

const outcome = ({ signatures }: SignatureVerdicts): readonly string[] =>
  signatures.map((signature) => (signature.kind === "good" ? "good" : signature.reason));

describe("signatures that GnuPG makes", needs("gpg", "gpgv", "gpgconf"), () => {
  let home: GpgHome;
  before(() => {
    home = openGpgHome();
  });
  after(() => home.remove());

  const sign = (key: string, ...options: readonly string[]): Buffer =>
    home.gpg([...options, "--local-user", key, "--output", "-", "--detach-sign"], { input: text });

  for (const algorithm of ["rsa2048", "dsa2048", "ed25519", "nistp256", "nistp384", "nistp521", "brainpoolP256r1"]) {
    it(`are good from a key of ${algorithm}, and bad when a byte of the text differs`, () => {
      const fingerprint = home.makeKey(algorithm, algorithm);
      const keys = home.export(fingerprint);
      const keyring = parseKeyring(keys);
      const signature = sign(fingerprint);
      const verdicts = verifyDetached(text, { signature, keyring, policy });
      assert.deepEqual(verdicts.signatures, [
        {
          kind: "good",
          fingerprint,
          signedBy: fingerprint,
          owner: algorithm,
          madeAt: new Date("2025-02-01T00:00:00Z"),
        },
      ]);
      assert.ok(gpgvTakes({ data: text, signature, keys }));
      const changed = Buffer.from(text).fill(0x41, 3, 4);
      assert.deepEqual(outcome(verifyDetached(changed, { signature, keyring, policy })), ["bad-signature"]);
    });
  }

  describe("with a key of Ed25519", () => {
    let fingerprint: string;
    let keys: Buffer;
    before(() => {
      fingerprint = home.makeKey("table", "ed25519");
      keys = home.export(fingerprint);
    });

    for (const hash of ["SHA224", "SHA256", "SHA384", "SHA512"]) {
      it(`are good over ${hash}`, () => {
        const signature = sign(fingerprint, "--digest-algo", hash);
        assert.deepEqual(outcome(verifyDetached(text, { signature, keyring: parseKeyring(keys), policy })), ["good"]);
      });
    }

    it("are refused over SHA-1 unless the policy takes it, where gpgv would", () => {
      const signature = sign(fingerprint, "--digest-algo", "SHA1", "--allow-weak-digest-algos");
      const keyring = parseKeyring(keys);
      assert.deepEqual(outcome(verifyDetached(text, { signature, keyring, policy })), ["weak-hash"]);
      const lax: Policy = { ...policy, sha1: "always" };
      assert.deepEqual(outcome(verifyDetached(text, { signature, keyring, policy: lax })), ["good"]);
      assert.ok(gpgvTakes({ data: text, signature, keys }));
    });

    it("are refused when they are dated after now, beyond a small skew", () => {
      const signature = sign(fingerprint);
      const keyring = parseKeyring(keys);
      const at = (now: string): readonly string[] =>
        outcome(verifyDetached(text, { signature, keyring, policy: policyAt(new Date(now)) }));
      assert.deepEqual(at("2025-01-31T23:50:00Z"), ["from-future"]);
      assert.deepEqual(at("2025-01-31T23:58:00Z"), ["good"]);
    });

    it("are refused once they have expired, but not in an archive", () => {
      const signature = sign(fingerprint, "--default-sig-expire", "10d");
      const keyring = parseKeyring(keys);
      assert.deepEqual(outcome(verifyDetached(text, { signature, keyring, policy })), ["signature-expired"]);
      assert.deepEqual(outcome(verifyDetached(text, { signature, keyring, policy: archived })), ["good"]);
      assert.ok(!gpgvTakes({ data: text, signature, keys }));
    });

    it("are refused with a critical notation that nobody here knows", () => {
      const signature = sign(fingerprint, "--sig-notation", "!a@example.org=1");
      assert.deepEqual(outcome(verifyDetached(text, { signature, keyring: parseKeyring(keys), policy })), [
        "unknown-critical",
      ]);
      const harmless = sign(fingerprint, "--sig-notation", "a@example.org=1");
      assert.deepEqual(outcome(verifyDetached(text, { signature: harmless, keyring: parseKeyring(keys), policy })), [
        "good",
      ]);
    });

    it("are refused from a key that is not in the keyring, naming it", () => {
      const signature = sign(fingerprint);
      const other = parseKeyring(home.export(home.makeKey("other", "ed25519")));
      const [verdict] = verifyDetached(text, { signature, keyring: other, policy }).signatures;
      assert.deepEqual(verdict, {
        kind: "refused",
        issuer: fingerprint,
        madeAt: new Date("2025-02-01T00:00:00Z"),
        reason: "unknown-key",
        detail: "the key is not among the trusted ones",
      });
    });

    const documents: readonly { name: string; bytes: Buffer }[] = [
      { name: "nothing", bytes: Buffer.from("") },
      { name: "one line", bytes: Buffer.from("a\n") },
      { name: "no newline at its end", bytes: Buffer.from("a\nb") },
      { name: "empty lines at its end", bytes: Buffer.from("a\n\n\n") },
      {
        name: "lines that start with dashes",
        bytes: Buffer.from("- a\n-----BEGIN PGP SIGNATURE-----\n-\n--\nFrom x\n"),
      },
      { name: "CR LF", bytes: Buffer.from("a\r\nb\r\n") },
      { name: "CRs in odd places", bytes: Buffer.from("a\r\r\nb\rc\n\rd\n") },
      { name: "blanks at the ends of lines", bytes: Buffer.from("a \nb\t \n \n") },
      { name: "UTF-8", bytes: Buffer.from("Grüße 土台\n") },
      { name: "bytes of every kind", bytes: Buffer.from(Uint8Array.from({ length: 256 }, (_, index) => index)) },
    ];
    for (const { name, bytes } of documents) {
      it(`are good over a text with ${name}, in every form`, () => {
        const keyring = parseKeyring(keys);
        const make = (...options: readonly string[]): Buffer =>
          home.gpg(["--local-user", fingerprint, "--output", "-", ...options], { input: bytes });
        for (const form of [["--detach-sign"], ["--armor", "--detach-sign"], ["--textmode", "--detach-sign"]]) {
          const verdicts = verifyDetached(bytes, { signature: make(...form), keyring, policy });
          assert.deepEqual(outcome(verdicts), ["good"], form.join(" "));
        }
        const clear = make("--clear-sign");
        const parts = readCleartext(clear, name);
        assert.ok(gpgvTakes({ signature: clear, keys }));
        assert.deepEqual(outcome(verifyCleartext(parts, { keyring, policy })), ["good"]);
        assert.equal(Buffer.from(parts.text).toString("latin1"), withoutBlanks(bytes.toString("latin1")));
      });
    }
  });

  it("are refused from a key that has expired, but not in an archive when it lived then", () => {
    const fingerprint = home.makeKey("short", "ed25519", { expires: "20250601T000000" });
    const keys = home.export(fingerprint);
    const keyring = parseKeyring(keys);
    const signature = sign(fingerprint);
    assert.deepEqual(outcome(verifyDetached(text, { signature, keyring, policy })), ["key-expired"]);
    assert.deepEqual(outcome(verifyDetached(text, { signature, keyring, policy: archived })), ["good"]);
    assert.ok(!gpgvTakes({ data: text, signature, keys }));
  });

  it("are good again once the key's life was prolonged", () => {
    const fingerprint = home.makeKey("longer", "ed25519", { expires: "20250601T000000" });
    const signature = sign(fingerprint);
    home.gpg(["--quick-set-expire", fingerprint, "20300101T000000"], { at: "20250501T000000" });
    const keys = home.export(fingerprint);
    assert.deepEqual(outcome(verifyDetached(text, { signature, keyring: parseKeyring(keys), policy })), ["good"]);
    assert.ok(gpgvTakes({ data: text, signature, keys }));
  });

  it("are refused from a key that was revoked without a reason, in an archive too", () => {
    const fingerprint = home.makeKey("revoked", "ed25519");
    const signature = sign(fingerprint);
    const before = parseKeyring(home.export(fingerprint));
    home.revoke(fingerprint);
    const keys = home.export(fingerprint);
    const after = parseKeyring(keys);
    assert.deepEqual(outcome(verifyDetached(text, { signature, keyring: before, policy })), ["good"]);
    assert.deepEqual(outcome(verifyDetached(text, { signature, keyring: after, policy })), ["key-revoked"]);
    assert.deepEqual(outcome(verifyDetached(text, { signature, keyring: after, policy: archived })), ["key-revoked"]);
    assert.ok(!gpgvTakes({ data: text, signature, keys }));
    // A second copy of the key from before does not bring it back.
    for (const keyring of [
      [...before, ...after],
      [...after, ...before],
    ]) {
      assert.deepEqual(outcome(verifyDetached(text, { signature, keyring, policy })), ["key-revoked"]);
    }
  });

  it("are good from a signing subkey, and name the primary key", () => {
    const fingerprint = home.makeKey("parent", "ed25519");
    home.gpg(["--quick-add-key", fingerprint, "ed25519", "sign", "never"]);
    const keys = home.export(fingerprint);
    const keyring = parseKeyring(keys);
    const signature = sign(fingerprint);
    const [verdict] = verifyDetached(text, { signature, keyring, policy }).signatures;
    assert.ok(verdict?.kind === "good");
    assert.equal(verdict.fingerprint, fingerprint);
    assert.equal(verdict.signedBy, keyring[0]?.subkeys[0]?.fingerprint);
    assert.ok(gpgvTakes({ data: text, signature, keys }));
    home.revoke(fingerprint);
    const revoked = parseKeyring(home.export(fingerprint));
    assert.deepEqual(outcome(verifyDetached(text, { signature, keyring: revoked, policy })), ["key-revoked"]);
  });

  it("take one good signature out of several as enough", () => {
    const [one, two] = [home.makeKey("one", "ed25519"), home.makeKey("two", "ed25519")];
    const signature = Buffer.concat([sign(one), sign(two)]);
    const keyring = parseKeyring(home.export(two));
    assert.deepEqual(outcome(verifyDetached(text, { signature, keyring, policy })), ["unknown-key", "good"]);
  });
});

/** What of a text is signed in the cleartext framework: no blanks at the ends of lines, and one newline at the end. */
function withoutBlanks(text: string): string {
  const lines = text.split("\n").map((line) => line.replace(/[ \t\r]+$/, ""));
  return lines.at(-1) === "" && lines.length > 1 ? lines.join("\n") : `${lines.join("\n")}\n`;
}
