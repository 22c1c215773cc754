// The form of a cleartext-signed file: what may stand where, and what text callers get.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openCleartext, readCleartext } from "../../src/crypto/openpgp/cleartext.ts";
import { policyAt } from "../../src/crypto/openpgp/policy.ts";
import { makeKey, signDocument } from "./make-openpgp.ts";

const key = makeKey("ed25519");
const policy = policyAt(new Date("2026-01-01"));
const keyring = [key.publicKey];

const begin = "-----BEGIN PGP SIGNED MESSAGE-----\n";
/** A file whose signature is over `signed` and whose lines are `text`. */
function clear(signed: string, text = signed.replaceAll("\r\n", "\n"), headers = "Hash: SHA256\n"): string {
  return `${begin}${headers}\n${text}\n${signDocument(key, signed, { type: 1 }).armored}`;
}
const open = (file: string): string =>
  Buffer.from(openCleartext(Buffer.from(file, "latin1"), { keyring, policy, what: "a file" }).text).toString("latin1");

describe("a cleartext-signed file", () => {
  const accepted: readonly { name: string; file: string; text: string }[] = [
    { name: "one line", file: clear("a"), text: "a\n" },
    { name: "no line", file: clear("", ""), text: "\n" },
    { name: "several lines", file: clear("a\r\n\r\nb"), text: "a\n\nb\n" },
    { name: "an escaped dash", file: clear("-a\r\nb", "- -a\nb"), text: "-a\nb\n" },
    { name: "an escape that was not needed", file: clear("a\r\nb", "- a\nb"), text: "a\nb\n" },
    {
      name: "an escaped armor line",
      file: clear(`-----BEGIN PGP SIGNATURE-----`, `- -----BEGIN PGP SIGNATURE-----`),
      text: "-----BEGIN PGP SIGNATURE-----\n",
    },
    { name: "blanks at the ends of lines, which do not count", file: clear("a\r\nb", "a \t\nb  "), text: "a\nb\n" },
    { name: "lines that end in CR LF", file: clear("a\r\nb").replaceAll("\n", "\r\n"), text: "a\nb\n" },
    { name: "no Hash header", file: clear("a", "a", ""), text: "a\n" },
    { name: "two Hash headers", file: clear("a", "a", "Hash: SHA256\nHash: SHA512,SHA384\n"), text: "a\n" },
    { name: "empty lines after it", file: `${clear("a")}\n \n`, text: "a\n" },
    { name: "two signature blocks", file: clear("a") + signDocument(key, "a", { type: 1 }).armored, text: "a\n" },
    {
      name: "a binary signature, as some signers make it",
      file: `${begin}\na\n${signDocument(key, "a").armored}`,
      text: "a\n",
    },
  ];
  for (const { name, file, text } of accepted) {
    it(`is taken with ${name}`, () => assert.equal(open(file), text));
  }

  const refused: readonly { name: string; file: string }[] = [
    { name: "no framework at all", file: "Origin: Debian\n" },
    { name: "nothing", file: "" },
    { name: "text before it", file: `Origin: Evil\n${clear("a")}` },
    { name: "an empty line before it", file: `\n${clear("a")}` },
    { name: "text after it", file: `${clear("a")}Origin: Evil\n` },
    { name: "another signed message after it", file: clear("a") + clear("b") },
    { name: "text between its signatures", file: `${clear("a")}x\n${signDocument(key, "a").armored}` },
    { name: "text hidden among its headers", file: clear("a", "a", "Hash: SHA256\nOrigin: Evil\n") },
    { name: "another header", file: clear("a", "a", "Comment: x\n") },
    { name: "NotDashEscaped", file: clear("a", "a", "NotDashEscaped: yes\n") },
    { name: "a dash that is not escaped", file: clear("-a\r\nb", "-a\nb") },
    { name: "an inner message", file: clear(`a\r\n${begin}b`, `a\n${begin}b`) },
    { name: "no signature block", file: `${begin}\na\n` },
    { name: "no end", file: clear("a").replace("-----END PGP SIGNATURE-----\n", "") },
    { name: "a key instead of a signature", file: `${begin}\na\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n` },
    { name: "another line", file: clear("a", "b") },
    { name: "one more line", file: clear("a", "a\nb") },
    { name: "one more empty line", file: clear("a", "a\n") },
    { name: "a blank that was added inside", file: clear("a b", "a  b") },
    { name: "a line end inside", file: clear("a b", "a\nb") },
  ];
  for (const { name, file } of refused) {
    it(`is refused with ${name}`, () => assert.throws(() => open(file), { code: "SIGNATURE_INVALID" }));
  }

  it("is refused without any signature, by its own code", () => {
    const file = `${begin}\na\n-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n`;
    assert.throws(() => open(file), { code: "SIGNATURE_MISSING" });
  });

  it("costs no more than its size, whatever its lines are", () => {
    const blanks = " ".repeat(4_000_000);
    assert.equal(readCleartext(Buffer.from(clear("a", `${blanks}a`)), "a file").text.byteLength, 4_000_002);
  });
});
