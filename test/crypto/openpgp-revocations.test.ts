// Revoked keys: RFC 9580 5.2.3.31. Only what was replaced or retired leaves old signatures standing, and only in an archive.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseKeyring } from "../../src/crypto/openpgp/public-key.ts";
import { archived, judge } from "./judge-signature.ts";
import {
  day,
  epoch,
  keyInput,
  type MadeKey,
  makeKey,
  makePart,
  packet,
  type SecretPart,
  signParts,
  subpacket,
} from "./make-openpgp.ts";

const revocation = (primary: SecretPart, ...hashed: readonly Buffer[]): Buffer =>
  packet(2, signParts(primary, [keyInput(primary)], { type: 0x20, created: epoch + 10 * day, hashed }));
const reason = (code: number): Buffer => subpacket(29, Buffer.concat([Buffer.of(code), Buffer.from("why")]));

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
      name: "over RIPEMD-160",
      by: (own) => packet(2, signParts(own, [keyInput(own)], { type: 0x20, hash: "ripemd160" })),
      wanted: "key-revoked",
      beforeInArchive: "key-revoked",
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
