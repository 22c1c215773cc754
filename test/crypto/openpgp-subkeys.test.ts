// Signing subkeys: bound by their primary key and agreeing to it. RFC 9580 5.2.1.8, 5.2.1.9, 10.1.5.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { archived, flags, type Judged, judge, keyExpires } from "./judge-signature.ts";
import {
  bindSubkey,
  day,
  epoch,
  keyInput,
  type MadeKey,
  makeKey,
  makePart,
  packet,
  signParts,
  subpacket,
  u32,
} from "./make-openpgp.ts";

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
      name: "of a primary key of 1024 bits",
      key: () => makeKey("rsa", { part: makePart("rsa", { bits: 1024 }), more: (own) => bindSubkey(own, subkey) }),
      wanted: "weak-key",
    },
    {
      name: "of a primary key whose revocation stands among the subkey's signatures",
      key: () =>
        makeKey("ed25519", {
          more: (own) => [...bindSubkey(own, subkey), packet(2, signParts(own, [keyInput(own)], { type: 0x20 }))],
        }),
      wanted: "key-revoked",
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
