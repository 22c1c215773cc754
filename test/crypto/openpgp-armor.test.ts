// Which files hold a key: as GnuPG says, for every armored file of rnp's tests, most of them broken on purpose.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { formatArmor, parseArmor } from "../../src/crypto/openpgp/armor.ts";
import { parseKeyring } from "../../src/crypto/openpgp/public-key.ts";
import { fixture, needs } from "../kit/oracle.ts";

const folder = fixture("openpgp/rnp/rnpgp+rnp/src/tests/data");

/** GnuPG can show this key but not use it: its algorithm is SM2. */
const differs = new Set(["sm2-pub.asc"]);

describe("rnp's armored keys", needs(folder, "gpg"), () => {
  let home: string;
  before(() => {
    home = mkdtempSync(join(tmpdir(), "dodai-gpg-"));
  });
  after(() => rmSync(home, { recursive: true, force: true }));

  for (const file of globSync(`${folder}/{test_stream_armor,test_stream_key_load}/*.{asc,b64}`).sort()) {
    it(`${basename(file)} is read when GnuPG reads it`, () => {
      const args = ["--homedir", home, "--batch", "--with-colons", "--show-keys", file];
      const { stdout } = spawnSync("gpg", args, { encoding: "latin1" });
      assert.equal(isRead(file), stdout.startsWith("pub:") && !differs.has(basename(file)));
    });
  }
});

describe("armor", () => {
  for (const size of [0, 1, 2, 3, 47, 48, 49, 1000]) {
    it(`of ${size} bytes comes back as they were`, () => {
      const bytes = Buffer.from(Uint8Array.from({ length: size }, (_, index) => index * 7));
      const text = formatArmor({ label: "PGP SIGNATURE", bytes });
      const blocks = parseArmor(text, { subject: { code: "SIGNATURE_INVALID", what: "armor" }, around: "refused" });
      assert.deepEqual(
        blocks.map((block) => [block.label, Buffer.from(block.bytes)]),
        [["PGP SIGNATURE", bytes]],
      );
    });
  }
});

function isRead(file: string): boolean {
  try {
    return parseKeyring(readFileSync(file), file).length === 1;
  } catch {
    return false;
  }
}
