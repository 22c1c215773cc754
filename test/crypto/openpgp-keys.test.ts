// What a key must say of itself before its signatures count: RFC 9580 5.2.3.10, 5.2.3.29, 5.2.3.31, 10.1.5.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Policy, policyAt } from "../../src/crypto/openpgp/policy.ts";
import { parseKeyring } from "../../src/crypto/openpgp/public-key.ts";
import { verifyDetached } from "../../src/crypto/openpgp/verify.ts";
import {
  bindSubkey,
  day,
  epoch,
  keyInput,
  type MadeKey,
  makeKey,
  makePart,
  packet,
  type SecretPart,
  type SignOptions,
  signDocument,
  signParts,
  subpacket,
  u32,
} from "./make-openpgp.ts";

const policy: Policy = policyAt(new Date("2026-01-01"));
const archived: Policy = { ...policy, archived: true };

/** What becomes of a signature over "text" by the key, or by `by`, one day after the key was made. */
function judge(key: MadeKey, { by = key.part, under = policy, ...options }: Judged = {}): string {
  const { binary } = signDocument({ part: by }, "text", options);
  const [verdict] = verifyDetached(Buffer.from("text"), {
    signature: binary,
    keyring: [key.publicKey],
    policy: under,
  }).signatures;
  return verdict?.kind === "refused" ? verdict.reason : "good";
}
type Judged = SignOptions & { readonly by?: SecretPart; readonly under?: Policy };

const flags = (value: number): Buffer => subpacket(27, Buffer.of(value));
const keyExpires = (seconds: number): Buffer => subpacket(9, u32(seconds));
const revocation = (primary: SecretPart, ...hashed: readonly Buffer[]): Buffer =>
  packet(2, signParts(primary, [keyInput(primary)], { type: 0x20, created: epoch + 10 * day, hashed }));
const reason = (code: number): Buffer => subpacket(29, Buffer.concat([Buffer.of(code), Buffer.from("why")]));

describe("a signature by a primary key", () => {
  const part = makePart("ed25519");
  const rows: readonly { name: string; key: () => MadeKey; wanted: string; judged?: Judged }[] = [
    { name: "with one self-signature", key: () => makeKey("ed25519"), wanted: "good" },
    {
      name: "without a self-signature",
      key: () => makeKey("ed25519", { certification: "none" }),
      wanted: "unusable-key",
    },
    {
      name: "whose self-signature is broken",
      key: () => makeKey("ed25519", { certification: { broken: true } }),
      wanted: "unusable-key",
    },
    {
      name: "whose self-signature is of MD5",
      key: () => makeKey("ed25519", { certification: { hash: "md5" } }),
      wanted: "unusable-key",
    },
    {
      name: "whose self-signature is of SHA-1",
      key: () => makeKey("ed25519", { certification: { hash: "sha1" } }),
      wanted: "good",
    },
    {
      name: "whose self-signature is of SHA-1, where that is refused",
      key: () => makeKey("ed25519", { certification: { hash: "sha1" } }),
      judged: { under: { ...policy, sha1: "never" } },
      wanted: "unusable-key",
    },
    {
      name: "whose self-signature has an unknown critical subpacket",
      key: () => makeKey("ed25519", { certification: { hashed: [subpacket(0x80 | 99, Buffer.of(1))] } }),
      wanted: "unusable-key",
    },
    {
      name: "whose self-signature has ended",
      key: () => makeKey("ed25519", { certification: { hashed: [subpacket(3, u32(9 * day))] } }),
      wanted: "unusable-key",
    },
    {
      name: "whose self-signature has ended since, in an archive",
      key: () => makeKey("ed25519", { certification: { hashed: [subpacket(3, u32(9 * day))] } }),
      judged: { under: archived },
      wanted: "good",
    },
    {
      name: "whose self-signature is of version 3",
      key: () => makeKey("rsa", { certification: { version: 3 } }),
      wanted: "good",
    },
    {
      name: "with a direct-key signature alone",
      key: () => makeKey("ed25519", { certification: "none", direct: {} }),
      wanted: "good",
    },
    {
      name: "that may only certify",
      key: () => makeKey("ed25519", { certification: { hashed: [flags(1)] } }),
      wanted: "not-a-signing-key",
    },
    {
      name: "with empty flags",
      key: () => makeKey("ed25519", { certification: { hashed: [subpacket(27, Buffer.of())] } }),
      wanted: "not-a-signing-key",
    },
    {
      name: "that has expired",
      key: () => makeKey("ed25519", { certification: { hashed: [keyExpires(9 * day)] } }),
      wanted: "key-expired",
    },
    {
      name: "that has expired by its direct-key signature",
      key: () => makeKey("ed25519", { direct: { hashed: [keyExpires(9 * day)] } }),
      wanted: "key-expired",
    },
    {
      name: "that has expired since, in an archive",
      key: () => makeKey("ed25519", { certification: { hashed: [keyExpires(9 * day)] } }),
      judged: { under: archived },
      wanted: "good",
    },
    {
      name: "that had expired when it signed, in an archive",
      key: () => makeKey("ed25519", { certification: { hashed: [keyExpires(9 * day)] } }),
      judged: { under: archived, created: epoch + 9 * day },
      wanted: "key-expired",
    },
    {
      name: "whose expiry of zero means never",
      key: () => makeKey("ed25519", { certification: { hashed: [keyExpires(0)] } }),
      wanted: "good",
    },
    {
      name: "whose life is only prolonged outside the hashed area",
      key: () => makeKey("ed25519", { certification: { hashed: [keyExpires(day)], unhashed: [keyExpires(0)] } }),
      wanted: "key-expired",
    },
    {
      name: "from before the key was made",
      key: () => makeKey("ed25519"),
      judged: { created: epoch - 1 },
      wanted: "older-than-key",
    },
    { name: "of 1024 bits", key: () => makeKey("rsa", { part: makePart("rsa", { bits: 1024 }) }), wanted: "weak-key" },
    {
      name: "of 1024 bits, where that is enough",
      key: () => makeKey("rsa", { part: makePart("rsa", { bits: 1024 }) }),
      judged: { under: { ...policy, minModulusBits: 1024 } },
      wanted: "good",
    },
    { name: "of RSA", key: () => makeKey("rsa"), wanted: "good" },
    { name: "of RSA in a version 3 signature", key: () => makeKey("rsa"), judged: { version: 3 }, wanted: "good" },
    { name: "of legacy Ed25519", key: () => makeKey("ed25519-legacy"), wanted: "good" },
    { name: "of Ed448", key: () => makeKey("ed448"), judged: { hash: "sha512" }, wanted: "good" },
    {
      name: "of version 6",
      key: () => makeKey("ed25519", { part: makePart("ed25519", { version: 6 }), direct: {} }),
      wanted: "good",
    },
    {
      name: "of version 6 with RSA",
      key: () => makeKey("rsa", { part: makePart("rsa", { version: 6 }), direct: {} }),
      judged: { hash: "sha512" },
      wanted: "good",
    },
    {
      name: "of version 6 with a salt of the wrong length",
      key: () => makeKey("ed25519", { part: makePart("ed25519", { version: 6 }), direct: {} }),
      judged: { salt: Buffer.alloc(8) },
      wanted: "malformed",
    },
    {
      name: "of version 4 by a key of version 6",
      key: () => makeKey("ed25519", { part: makePart("ed25519", { version: 6 }), direct: {} }),
      judged: { version: 4 },
      wanted: "bad-signature",
    },
    {
      name: "of version 6 by a key of version 4",
      key: () => makeKey("ed25519"),
      judged: { version: 6 },
      wanted: "bad-signature",
    },
    { name: "of SHA3-256", key: () => makeKey("ed25519"), judged: { hash: "sha3-256" }, wanted: "good" },
    {
      name: "of MD5",
      key: () => makeKey("rsa"),
      judged: { hash: "md5", under: { ...policy, sha1: "always" } },
      wanted: "weak-hash",
    },
    {
      name: "without a time in its hashed area",
      key: () => makeKey("ed25519"),
      judged: { created: -1 },
      wanted: "malformed",
    },
    {
      name: "with its time outside the hashed area only",
      key: () => makeKey("ed25519"),
      judged: { created: -1, unhashed: [subpacket(2, u32(epoch))] },
      wanted: "malformed",
    },
    {
      name: "with an unknown critical subpacket",
      key: () => makeKey("ed25519"),
      judged: { hashed: [subpacket(0x80 | 99, Buffer.of())] },
      wanted: "unknown-critical",
    },
    {
      name: "with an unknown subpacket",
      key: () => makeKey("ed25519"),
      judged: { hashed: [subpacket(99, Buffer.of())] },
      wanted: "good",
    },
    {
      name: "with a subpacket that is too long",
      key: () => makeKey("ed25519"),
      judged: { hashed: [Buffer.of(0xff, 0, 0, 1, 0, 99)] },
      wanted: "malformed",
    },
    {
      name: "that certifies a key and no document",
      key: () => makeKey("ed25519"),
      judged: { type: 0x13 },
      wanted: "wrong-type",
    },
    { name: "that stands alone", key: () => makeKey("ed25519"), judged: { type: 0x02 }, wanted: "wrong-type" },
    { name: "that names another issuer", key: () => makeKey("ed25519"), judged: { by: part }, wanted: "unknown-key" },
    {
      name: "that names its issuer wrongly in the area that is not hashed",
      key: () => makeKey("ed25519"),
      judged: { unhashed: [subpacket(16, Buffer.alloc(8))] },
      wanted: "good",
    },
    {
      name: "whose numbers differ in one bit",
      key: () => makeKey("ed25519"),
      judged: { broken: true },
      wanted: "bad-signature",
    },
    {
      name: "of RSA whose number differs in one bit",
      key: () => makeKey("rsa"),
      judged: { broken: true },
      wanted: "bad-signature",
    },
  ];
  for (const { name, key, wanted, judged } of rows) {
    it(`${name} is ${wanted}`, () => assert.equal(judge(key(), judged), wanted));
  }
});

describe("a revoked key", () => {
  /** A revocation stands right after the primary key, before any user ID. */
  function revoked(by: (own: SecretPart) => Buffer): MadeKey {
    const part = makePart("ed25519");
    const made = makeKey("ed25519", { part });
    const [first] = parseKeyring(Buffer.concat([packet(6, part.body), by(part)]));
    assert.ok(first);
    return { part, publicKey: { ...made.publicKey, signatures: first.signatures } };
  }
  const rows: readonly {
    name: string;
    by: (own: SecretPart) => Buffer;
    wanted: string;
    beforeInArchive: string;
  }[] = [
    {
      name: "without a reason",
      by: (own) => revocation(own),
      wanted: "key-revoked",
      beforeInArchive: "key-revoked",
    },
    {
      name: "with no particular reason",
      by: (own) => revocation(own, reason(0)),
      wanted: "key-revoked",
      beforeInArchive: "key-revoked",
    },
    {
      name: "because it was stolen",
      by: (own) => revocation(own, reason(2)),
      wanted: "key-revoked",
      beforeInArchive: "key-revoked",
    },
    {
      name: "for a private reason",
      by: (own) => revocation(own, reason(110)),
      wanted: "key-revoked",
      beforeInArchive: "key-revoked",
    },
    {
      name: "because it was replaced",
      by: (own) => revocation(own, reason(1)),
      wanted: "key-revoked",
      beforeInArchive: "good",
    },
    {
      name: "because it was retired",
      by: (own) => revocation(own, reason(3)),
      wanted: "key-revoked",
      beforeInArchive: "good",
    },
    {
      name: "with an unknown critical subpacket",
      by: (own) => revocation(own, subpacket(0x80 | 99, Buffer.of())),
      wanted: "key-revoked",
      beforeInArchive: "key-revoked",
    },
    {
      name: "by another key",
      by: (own) => packet(2, signParts(makePart("ed25519"), [keyInput(own)], { type: 0x20 })),
      wanted: "good",
      beforeInArchive: "good",
    },
    {
      name: "by broken numbers",
      by: (own) => packet(2, signParts(own, [keyInput(own)], { type: 0x20, broken: true })),
      wanted: "good",
      beforeInArchive: "good",
    },
    {
      name: "over SHA-1",
      by: (own) => packet(2, signParts(own, [keyInput(own)], { type: 0x20, hash: "sha1" })),
      wanted: "key-revoked",
      beforeInArchive: "key-revoked",
    },
  ];
  for (const { name, by, wanted, beforeInArchive } of rows) {
    it(`${name} is ${wanted}, and for what it signed before, in an archive, ${beforeInArchive}`, () => {
      const key = revoked(by);
      assert.equal(judge(key, { created: epoch + 20 * day }), wanted);
      assert.equal(judge(key), wanted);
      assert.equal(judge(key, { under: archived }), beforeInArchive);
      assert.equal(judge(key, { under: archived, created: epoch + 20 * day }), wanted);
    });
  }
});

describe("a signature by a subkey", () => {
  const subkey = makePart("ed25519");
  const other = makePart("ed25519");
  const bound = (options: Parameters<typeof bindSubkey>[2] = {}, ...more: readonly Buffer[]): MadeKey =>
    makeKey("ed25519", { more: (own) => [...bindSubkey(own, subkey, options), ...more] });
  const rows: readonly { name: string; key: () => MadeKey; wanted: string; judged?: Judged }[] = [
    { name: "that is bound and agrees", key: () => bound(), wanted: "good" },
    { name: "without a back signature (CVE-2021-3521)", key: () => bound({ back: false }), wanted: "unusable-key" },
    { name: "with a broken back signature", key: () => bound({ back: { broken: true } }), wanted: "unusable-key" },
    {
      name: "with a back signature of another type",
      key: () => bound({ back: { type: 0x18 } }),
      wanted: "unusable-key",
    },
    {
      name: "with an expired back signature",
      key: () => bound({ back: { hashed: [subpacket(3, u32(day))] } }),
      wanted: "unusable-key",
    },
    { name: "with a broken binding", key: () => bound({ binding: { broken: true } }), wanted: "unusable-key" },
    { name: "that does not sign", key: () => bound({ flags: 12 }), wanted: "not-a-signing-key" },
    {
      name: "that has expired",
      key: () => bound({ binding: { hashed: [keyExpires(9 * day)] } }),
      wanted: "key-expired",
    },
    {
      name: "that has expired since, in an archive",
      key: () => bound({ binding: { hashed: [keyExpires(9 * day)] } }),
      judged: { under: archived },
      wanted: "good",
    },
    {
      name: "whose binding was replaced by one that does not sign",
      key: () =>
        makeKey("ed25519", {
          more: (own) => [
            ...bindSubkey(own, subkey),
            ...bindSubkey(own, subkey, { flags: 12, binding: { created: epoch + 5 * day } }),
          ],
        }),
      wanted: "not-a-signing-key",
    },
    {
      name: "that its primary key revoked",
      key: () =>
        makeKey("ed25519", {
          more: (own) => [
            ...bindSubkey(own, subkey),
            packet(2, signParts(own, [keyInput(own), keyInput(subkey)], { type: 0x28 })),
          ],
        }),
      wanted: "key-revoked",
    },
    {
      name: "that it revoked itself, which it cannot",
      key: () => bound({}, packet(2, signParts(subkey, [keyInput(subkey), keyInput(subkey)], { type: 0x28 }))),
      wanted: "good",
    },
    {
      name: "of a primary key that has expired",
      key: () =>
        makeKey("ed25519", {
          certification: { hashed: [keyExpires(day * 9)] },
          more: (own) => bindSubkey(own, subkey),
        }),
      wanted: "key-expired",
    },
    {
      name: "of a primary key that may only certify",
      key: () => makeKey("ed25519", { certification: { hashed: [flags(1)] }, more: (own) => bindSubkey(own, subkey) }),
      wanted: "good",
    },
    {
      name: "that was moved below another key",
      key: () => makeKey("ed25519", { more: () => bindSubkey(other, subkey) }),
      wanted: "unusable-key",
    },
    {
      name: "after a packet that is not known, which hides its binding",
      key: () =>
        makeKey("ed25519", {
          more: (own) => {
            const [packet14, binding] = bindSubkey(own, subkey);
            return [packet14 ?? Buffer.of(), packet(60, Buffer.of()), binding ?? Buffer.of()];
          },
        }),
      wanted: "unusable-key",
    },
  ];
  for (const { name, key, wanted, judged } of rows) {
    it(`${name} is ${wanted}`, () => assert.equal(judge(key(), { by: subkey, ...judged }), wanted));
  }
});
