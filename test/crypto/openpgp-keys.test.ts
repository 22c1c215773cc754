// What a primary key must say of itself before its signatures count: RFC 9580 5.2.3.10, 5.2.3.13, 5.2.3.29.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { archived, flags, type Judged, judge, keyExpires, policy } from "./judge-signature.ts";
import {
  certify,
  day,
  epoch,
  type MadeKey,
  makeKey,
  makePart,
  packet,
  type SecretPart,
  subpacket,
  u32,
} from "./make-openpgp.ts";

describe("a signature by a primary key", () => {
  const part = makePart("ed25519");
  const second = (own: SecretPart): readonly Buffer[] => [
    packet(13, Buffer.from("Second")),
    packet(2, certify(own, { userId: "Second", created: epoch + day })),
  ];
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
      name: "with one user ID that ends and a newer one that does not",
      key: () => makeKey("ed25519", { certification: { hashed: [keyExpires(9 * day)] }, more: (own) => second(own) }),
      wanted: "key-expired",
    },
    {
      name: "with a revoked user ID that ends and one that does not",
      key: () =>
        makeKey("ed25519", {
          certification: { hashed: [keyExpires(9 * day)] },
          more: (own) => [packet(2, certify(own, { type: 0x30, created: epoch + day })), ...second(own)],
        }),
      wanted: "good",
    },
    {
      name: "with a user ID that was revoked and certified anew",
      key: () =>
        makeKey("ed25519", {
          more: (own) => [
            packet(2, certify(own, { type: 0x30, created: epoch + day })),
            packet(2, certify(own, { created: epoch + 2 * day, hashed: [keyExpires(9 * day)] })),
          ],
        }),
      wanted: "key-expired",
    },
    {
      name: "with a revoked user ID alone",
      key: () => makeKey("ed25519", { more: (own) => [packet(2, certify(own, { type: 0x30, created: epoch + day }))] }),
      wanted: "unusable-key",
    },
    {
      name: "with a user ID that another key certified",
      key: () => makeKey("ed25519", { certification: "none", more: () => [packet(2, certify(part))] }),
      wanted: "unusable-key",
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
