// Keys and signatures. What was signed must not change and still count as signed.
import { readFileSync } from "node:fs";
import { openCleartext } from "../src/crypto/openpgp/cleartext.ts";
import { policyAt } from "../src/crypto/openpgp/policy.ts";
import { type PublicKey, parseKeyring } from "../src/crypto/openpgp/public-key.ts";
import { verifyDetached } from "../src/crypto/openpgp/verify.ts";
import { day, epoch, makeKey, signParts } from "../test/crypto/make-openpgp.ts";
import { fixture } from "../test/kit/oracle.ts";
import { Fault, type Target } from "./contract.ts";
import { fixtures } from "./corpus.ts";
import { armored, formatPackets, mutatePackets, packetsOf } from "./mutate-openpgp.ts";
import type { Random } from "./random.ts";

const what = "a fuzzed file";
const policy = policyAt(new Date((epoch + 2 * day) * 1000));
const words = ["-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----", "\n\n", "=AAAA", "Hash: SHA256", "- "];

const keyring: Target = {
  name: "keyring",
  codes: ["KEY_SYNTAX"],
  open: () => ({
    corpus: [
      madeKeyBytes(),
      armored("PGP PUBLIC KEY BLOCK", madeKeyBytes()),
      ...fixtures("openpgp/**/*.{asc,gpg,pgp,key,pub}", 40),
      ...fixtures("deb/**/*.{gpg,asc,key}", 12),
    ],
    mutate: mutatePackets,
    words,
    run(input) {
      for (const { fingerprint, keyId } of parseKeyring(input, what)) {
        if (!/^([0-9A-F]{40}|[0-9A-F]{64})$/.test(fingerprint) || keyId.length !== 16) throw new Fault("a key ID");
      }
    },
  }),
};

/** Key and signature packets of a small key of its own; Ed25519 signs the same bytes the same way each time. */
const made = makeKey("ed25519-legacy");
const data = Buffer.from("Suite: stable\nDate: Sat, 21 Nov 2026 09:15:44 UTC\n- dash\n\nend  \n");

function madeKeyBytes(): Uint8Array {
  return formatPackets([
    { tag: 6, body: made.part.body },
    { tag: 13, body: Buffer.from("Test <test@example.org>") },
  ]);
}

/** The signature, four bytes that say how long it is, and then the data: both can be changed. */
const detached: Target = {
  name: "detached",
  codes: ["SIGNATURE_INVALID"],
  open: () => {
    const signature = formatPackets([{ tag: 2, body: signParts(made.part, [data]) }]);
    const seed = joined(signature, data);
    assertCounts(signature);
    return {
      corpus: [seed, joined(armored("PGP SIGNATURE", signature), data)],
      mutate: mutateDetached,
      words,
      run(input) {
        const { signature, signed } = parted(input);
        const verdicts = verifyDetached(signed, { signature, keyring: [made.publicKey], policy, what });
        const counts = verdicts.signatures.some(({ kind }) => kind === "good");
        if (counts && !data.equals(signed)) throw new Fault("a signature counts for other data");
      },
    };
  },
};

function assertCounts(signature: Uint8Array): void {
  const { signatures } = verifyDetached(data, { signature, keyring: [made.publicKey], policy, what });
  if (!signatures.some(({ kind }) => kind === "good")) throw new Fault("the right signature does not count");
}

const joined = (signature: Uint8Array, signed: Uint8Array): Uint8Array => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(signature.length);
  return Buffer.concat([length, signature, signed]);
};

function parted(input: Uint8Array): { readonly signature: Uint8Array; readonly signed: Uint8Array } {
  const length = input.length < 4 ? 0 : Buffer.from(input.subarray(0, 4)).readUInt32BE();
  const end = Math.min(input.length, 4 + length);
  return { signature: input.subarray(4, end), signed: input.subarray(end) };
}

function mutateDetached(input: Uint8Array, random: Random): Uint8Array {
  const { signature, signed } = parted(input);
  const packets = packetsOf(signature);
  if (random.oneIn(3) || packets.length === 0) return joined(signature, random.oneIn(2) ? signed.subarray(1) : signed);
  return joined(mutatePackets(signature, random), random.oneIn(2) ? signed : Buffer.concat([signed, signed]));
}

/** Debian's own InRelease where it is there, else one of the kit's key. */
const cleartext: Target = {
  name: "cleartext",
  codes: ["SIGNATURE_INVALID", "SIGNATURE_MISSING"],
  open: () => {
    const files = fixtures("deb/debian-live/*/InRelease", 3).map((file) => ({ file, ring: debianKeys() }));
    const own = { file: madeCleartext(), ring: [made.publicKey] };
    const all = [own, ...files];
    const now = policyAt(new Date("2026-11-24"));
    const rings = all.flatMap(({ ring }) => ring);
    const open = (file: Uint8Array): string =>
      Buffer.from(openCleartext(file, { keyring: rings, policy: now, what }).text).toString("latin1");
    const texts = new Set(all.map(({ file }) => open(file)));
    return {
      corpus: all.map(({ file }) => file),
      words: [...words, "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n"],
      run(input) {
        if (!texts.has(open(input))) throw new Fault("a signature counts for another text");
      },
    };
  },
};

function debianKeys(): readonly PublicKey[] {
  return parseKeyring(readFileSync(fixture("deb/debian-live/debian-archive-keyring.gpg")), what);
}

function madeCleartext(): Uint8Array {
  const lines = ["Suite: stable", "", "- x", "end"];
  const signature = signParts(made.part, [Buffer.from(lines.join("\r\n"))], { type: 1 });
  const block = armored("PGP SIGNATURE", formatPackets([{ tag: 2, body: signature }]));
  const escaped = lines.map((line) => (line.startsWith("-") ? `- ${line}` : line)).join("\n");
  return Buffer.from(`-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${escaped}\n${Buffer.from(block)}`);
}

export const openpgpTargets: readonly Target[] = [keyring, detached, cleartext];
