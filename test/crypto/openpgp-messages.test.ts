// What people read when a signature does not count.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { readCleartext } from "../../src/crypto/openpgp/cleartext.ts";
import { parseKeyring } from "../../src/crypto/openpgp/public-key.ts";
import { assertSigned, type RefusedSignature, type SignatureVerdicts } from "../../src/crypto/openpgp/verdict.ts";

const madeAt = new Date("2026-11-21T09:16:20Z");
const issuer = "4CB50190207B4758A3F73A796ED0E7B82643E131";
const wanted = ["B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8", "04B54C3CDCA79751B16BC6B5225629DF75B188BD"];
const refused = (reason: RefusedSignature["reason"], detail: string): RefusedSignature => ({
  kind: "refused",
  issuer,
  madeAt,
  reason,
  detail,
});
const trust =
  (signatures: SignatureVerdicts["signatures"], keys: readonly string[] = wanted) =>
  (): unknown =>
    assertSigned({ signatures, wanted: keys }, 'InRelease of "debian/trixie"');

const cases: readonly (() => unknown)[] = [
  trust([]),
  trust([], []),
  trust([refused("unknown-key", "the key is not among the trusted ones")], wanted.slice(0, 1)),
  trust([
    refused("key-expired", "the key expired on 2025-01-19T00:00:00.000Z"),
    { kind: "refused", issuer: undefined, madeAt: undefined, reason: "unsupported", detail: "its version is 5" },
  ]),
  trust([refused("bad-signature", "it is not over these bytes")]),
  trust([refused("from-future", "it is dated after now, 2026-11-20T00:00:00.000Z")]),
  trust([refused("weak-hash", "it rests on SHA-1")]),
  () => readCleartext(Buffer.from("Origin: Debian\n"), 'InRelease of "debian/trixie"'),
  () => parseKeyring("evil", "./team.asc"),
  () => parseKeyring(Buffer.of(0x95, 0, 1, 4), "./team.asc"),
  () => parseKeyring(Buffer.of(0x99, 1, 0, 4), "./team.asc"),
];

test("messages of signatures and keys that do not count", (t) => {
  const messages = cases.map((fail) => {
    try {
      fail();
    } catch (error) {
      assert.ok(error instanceof DodaiError);
      return `${error.code}\n  ${error.message}\n  ${error.fix}\n`;
    }
    return assert.fail("no error");
  });
  t.assert.fileSnapshot(messages.join("\n"), "test/golden/crypto/openpgp-refused.txt", { serializers: [String] });
});
