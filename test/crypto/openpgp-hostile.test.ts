// Broken and hostile armor, packets and numbers: one bounded error each, and never another.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { policyAt } from "../../src/crypto/openpgp/policy.ts";
import { parseKeyring } from "../../src/crypto/openpgp/public-key.ts";
import { verifyDetached } from "../../src/crypto/openpgp/verify.ts";
import { armor, makeKey, makePart, packet, signDocument, signParts, subpacket, u32 } from "./make-openpgp.ts";

const key = makeKey("ed25519");
const policy = policyAt(new Date("2026-01-01"));
const text = Buffer.from("text");
const signature = signDocument(key, text);
const verify = (bytes: Uint8Array | string): readonly string[] =>
  verifyDetached(text, { signature: bytes, keyring: [key.publicKey], policy }).signatures.map((one) =>
    one.kind === "good" ? "good" : one.reason,
  );
const withLine = (line: string, at: number): string => {
  const lines = signature.armored.split("\n");
  return [...lines.slice(0, at), line, ...lines.slice(at)].join("\n");
};
/** RFC 9580 6.1, bit by bit. */
const crc24 = (bytes: Uint8Array): string => {
  let crc = 0xb704ce;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x800000 ? (crc << 1) ^ 0x1864cfb : crc << 1;
  }
  return `=${u32(crc).subarray(1).toString("base64")}`;
};
const end = signature.armored.split("\n").length - 2;

describe("a detached signature", () => {
  const taken: readonly { name: string; file: Uint8Array | string; wanted?: readonly string[] }[] = [
    { name: "armored", file: signature.armored },
    { name: "armored, as bytes", file: Buffer.from(signature.armored) },
    { name: "binary", file: signature.binary },
    { name: "with CR LF", file: signature.armored.replaceAll("\n", "\r\n") },
    { name: "with blanks at the ends of lines", file: signature.armored.replaceAll("\n", " \t\n") },
    { name: "with empty lines around", file: `\n\n${signature.armored}\n \n` },
    { name: "without a newline at its end", file: signature.armored.trimEnd() },
    { name: "with armor headers", file: withLine("Version: 1\nComment: a: b", 1) },
    { name: "with its checksum", file: withLine(crc24(signature.binary), end) },
    { name: "in two armor blocks", file: signature.armored + signature.armored, wanted: ["good", "good"] },
    { name: "after a marker packet", file: Buffer.concat([packet(10, Buffer.from("PGP")), signature.binary]) },
    { name: "with an old-form header", file: Buffer.concat([Buffer.of(0x8a), signature.binary.subarray(2)]) },
    {
      name: "of a version that is not known, beside one",
      file: Buffer.concat([packet(2, Buffer.of(9)), signature.binary]),
      wanted: ["unsupported", "good"],
    },
    {
      name: "of a hash that is not known",
      file: packet(2, Buffer.of(4, 0, 27, 99, 0, 0, 0, 0)),
      wanted: ["unsupported"],
    },
    {
      name: "of a public-key algorithm that is not known",
      file: packet(2, Buffer.of(4, 0, 99, 8, 0, 0, 0, 0)),
      wanted: ["unsupported"],
    },
    { name: "that is empty inside", file: packet(2, Buffer.of()), wanted: ["malformed"] },
    {
      name: "whose hashed area says that it is longer than all",
      file: packet(2, Buffer.of(4, 0, 27, 8, 0xff, 0xff)),
      wanted: ["malformed"],
    },
    {
      name: "of version 6 whose hashed area says 4 GiB",
      file: packet(2, Buffer.of(6, 0, 27, 8, 0xff, 0xff, 0xff, 0xff)),
      wanted: ["malformed"],
    },
    {
      name: "with bytes after its numbers",
      file: packet(2, Buffer.concat([signature.binary.subarray(6), Buffer.of(0)])),
      wanted: ["bad-signature"],
    },
    { name: "without a file", file: "", wanted: [] },
    { name: "of no packet", file: armor("PGP SIGNATURE", Buffer.of()), wanted: [] },
  ];
  for (const { name, file, wanted = ["good"] } of taken) {
    it(`${name} is ${wanted.join(" and ") || "nothing"}`, () => assert.deepEqual(verify(file), wanted));
  }

  const refused: readonly { name: string; file: Uint8Array | string }[] = [
    { name: "with text before it (CVE-2019-3462)", file: `evil\n${signature.armored}` },
    { name: "with text after it (CVE-2019-3462)", file: `${signature.armored}evil\n` },
    { name: "with text between its blocks (CVE-2019-3462)", file: `${signature.armored}evil\n${signature.armored}` },
    { name: "with a wrong checksum", file: withLine("=AAAA", end) },
    { name: "with a header line that is none", file: withLine("evil", 1) },
    { name: "without the empty line", file: signature.armored.replace("\n\n", "\n") },
    { name: "that is no base64", file: signature.armored.replace(/\n(..)/, "\n\n**") },
    { name: "with padding in its middle", file: withLine("AA==", 2) },
    { name: "that ends early", file: signature.armored.replace(/-----END.*/s, "") },
    { name: "with another end", file: signature.armored.replace("END PGP SIGNATURE", "END PGP MESSAGE") },
    { name: "that is a message", file: armor("PGP MESSAGE", signature.binary) },
    { name: "cut in its packet", file: signature.binary.subarray(0, -1) },
    { name: "cut in its header", file: signature.binary.subarray(0, 3) },
    { name: "with a byte after it", file: Buffer.concat([signature.binary, Buffer.of(0)]) },
    { name: "beside a literal packet", file: Buffer.concat([signature.binary, packet(11, Buffer.from("evil"))]) },
    { name: "beside a compressed packet", file: Buffer.concat([packet(8, Buffer.of(1)), signature.binary]) },
    { name: "beside a key", file: Buffer.concat([packet(6, key.part.body), signature.binary]) },
    { name: "in partial lengths", file: Buffer.concat([Buffer.of(0xc2, 0xe0), signature.binary.subarray(6)]) },
    { name: "of no length", file: Buffer.concat([Buffer.of(0x8b), signature.binary.subarray(6)]) },
    { name: "that says 4 GiB", file: Buffer.of(0xc2, 0xff, 0xff, 0xff, 0xff, 0xff, 4) },
    { name: "in 65 copies", file: Buffer.concat(Array.from({ length: 65 }, () => signature.binary)) },
    { name: "in 100001 packets", file: Buffer.concat(Array.from({ length: 100_001 }, () => Buffer.of(0xca, 0))) },
  ];
  for (const { name, file } of refused) {
    it(`${name} is refused as a whole`, () => assert.throws(() => verify(file), { code: "SIGNATURE_INVALID" }));
  }

  it("with embedded signatures nested a hundred deep is read no deeper than one", () => {
    let chain = signParts(key.part, [text]);
    for (let depth = 0; depth < 100; depth++) chain = signParts(key.part, [text], { hashed: [subpacket(32, chain)] });
    assert.deepEqual(verify(packet(2, chain)), ["good"]);
  });

  it("with any bytes changed is refused and never crashes", () => {
    fc.assert(
      fc.property(fc.nat(signature.binary.length - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        const changed = Buffer.from(signature.binary);
        changed[at] = (changed[at] ?? 0) ^ bits;
        // Only what the area that is not hashed says may differ in a signature that is still good.
        const issuer = signature.binary.indexOf(Buffer.of(0xff, 0, 0, 0, 9, 16));
        const inUnhashed = at >= issuer && at < issuer + 14;
        assert.ok(!outcome(() => verify(changed)).includes("good") || inUnhashed);
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

describe("a keyring", () => {
  const good = Buffer.concat([packet(6, key.part.body)]);
  const block = armor("PGP PUBLIC KEY BLOCK", good);
  const taken: readonly { name: string; file: Uint8Array | string; count: number }[] = [
    { name: "binary", file: good, count: 1 },
    { name: "armored", file: block, count: 1 },
    { name: "armored with notes around", file: `Our key:\n\n${block}\nThat is all.\n`, count: 1 },
    { name: "in two armor blocks", file: block + block, count: 2 },
    {
      name: "with a key of a version that is not known",
      file: Buffer.concat([packet(6, Buffer.of(3, 0)), good]),
      count: 1,
    },
    { name: "with a broken signature", file: Buffer.concat([good, packet(2, Buffer.of(4, 1))]), count: 1 },
    { name: "with a packet that is not known", file: Buffer.concat([good, packet(63, Buffer.of(4, 1))]), count: 1 },
  ];
  for (const { name, file, count } of taken) {
    it(`${name} has ${count}`, () => assert.equal(parseKeyring(file).length, count));
  }

  const rsaWith = (bits: Buffer): Buffer => packet(6, Buffer.concat([Buffer.of(4), u32(0), Buffer.of(1), bits]));
  const refused: readonly { name: string; file: Uint8Array | string }[] = [
    { name: "that is empty", file: "" },
    { name: "that is plain text", file: "evil" },
    { name: "of no packet", file: armor("PGP PUBLIC KEY BLOCK", Buffer.of()) },
    { name: "that is a signature", file: signature.armored },
    { name: "that is a private key", file: packet(5, key.part.body) },
    { name: "that is an armored private key", file: armor("PGP PRIVATE KEY BLOCK", good) },
    { name: "of a subkey alone", file: packet(14, key.part.body) },
    { name: "cut in a key", file: good.subarray(0, -1) },
    { name: "whose number says that it is longer than all", file: rsaWith(Buffer.of(0xff, 0xff, 1)) },
    { name: "with bytes after a key's numbers", file: packet(6, Buffer.concat([key.part.body, Buffer.of(0)])) },
    { name: "of keys that are not known alone", file: packet(6, Buffer.of(5, 0)) },
  ];
  for (const { name, file } of refused) {
    it(`${name} is refused`, () => assert.throws(() => parseKeyring(file), { code: "KEY_SYNTAX" }));
  }

  const zero = Buffer.of(0, 0);
  for (const { name, numbers } of [
    { name: "no numbers", numbers: [zero, zero] },
    { name: "an exponent of zero", numbers: [Buffer.concat([Buffer.of(8, 0), Buffer.alloc(256, 0xff)]), zero] },
    {
      name: "a modulus of 65528 bits",
      numbers: [Buffer.concat([Buffer.of(0xff, 0xf8), Buffer.alloc(8191, 0xff)]), Buffer.of(0, 2, 3)],
    },
  ]) {
    it(`with an RSA key of ${name} verifies nothing`, () => {
      const [broken] = parseKeyring(rsaWith(Buffer.concat(numbers)));
      assert.ok(broken);
      const part = makePart("rsa");
      const { binary } = signDocument({ part: { ...part, fingerprint: Buffer.from(broken.fingerprint, "hex") } }, text);
      const verdicts = verifyDetached(text, { signature: binary, keyring: [broken], policy });
      assert.deepEqual(
        verdicts.signatures.map((one) => one.kind === "refused" && one.reason),
        ["bad-signature"],
      );
    });
  }

  it("of any bytes gives keys or KEY_SYNTAX", () => {
    const some = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(good.length - 1).map((at) => Buffer.from(good).fill(0xff, at, at + 1)),
    );
    fc.assert(
      fc.property(some, (bytes) => void outcome(() => parseKeyring(bytes).map(() => "key"))),
      { seed: 1 },
    );
  });
});

/** What a reader says, or the code of its error; anything that is not a DodaiError passes on and fails the test. */
function outcome(read: () => readonly string[]): readonly string[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof DodaiError) return [error.code];
    throw error;
  }
}
