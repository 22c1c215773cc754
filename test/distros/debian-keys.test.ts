import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { openCleartext } from "../../src/crypto/openpgp/cleartext.ts";
import { refuseSigner } from "../../src/crypto/openpgp/judge.ts";
import { type Policy, policyAt } from "../../src/crypto/openpgp/policy.ts";
import { parseKeyring } from "../../src/crypto/openpgp/public-key.ts";
import { debianKeys } from "../../src/distros/debian/keys.ts";
import { debianRemovedKeys } from "../../src/distros/debian/keys-removed.ts";
import type { TrustKey } from "../../src/packages/contract.ts";
import { fixture, needs, run } from "../kit/oracle.ts";

const now = policyAt(new Date("2026-11-24"));

/** Whether the key and each of its subkeys may sign: today, or for an archive a day after it was made. */
function describeKey({ armored }: TrustKey, policy: Policy): string {
  const [key] = parseKeyring(armored);
  assert.ok(key);
  const signedAt = policy.archived ? new Date(key.created.getTime() + 86_400_000) : policy.now;
  const parts = [{ key, signedAt }, ...key.subkeys.map((subkey) => ({ key, subkey, signedAt }))];
  return parts.map((part) => refuseSigner(part, policy)?.reason ?? "good").join(" ");
}

for (const { name, keys } of [
  { name: "debianKeys", keys: debianKeys },
  { name: "debianRemovedKeys", keys: debianRemovedKeys },
]) {
  describe(name, () => {
    for (const { fingerprint, owner, armored, source } of keys) {
      it(`has ${fingerprint} of ${owner}`, () => {
        const parsed = parseKeyring(armored, fingerprint);
        assert.deepEqual(
          parsed.map((key) => [key.fingerprint, key.userIds[0]?.text]),
          [[fingerprint, owner]],
        );
        assert.match(source, /^debian-archive-keyring [0-9.]+, debian-archive-[a-z-]+\.(?:gpg|pgp)$/);
      });
    }

    it("has the keys that GnuPG reads in it", needs("gpg"), () => {
      const home = mkdtempSync(join(tmpdir(), "dodai-gpg-"));
      try {
        const listed = keys.map(({ armored }) => {
          const lines = run("gpg", ["--homedir", home, "--batch", "--with-colons", "--show-keys"], { input: armored });
          return /^fpr:+([0-9A-F]+):/m.exec(lines)?.[1];
        });
        assert.deepEqual(
          listed,
          keys.map(({ fingerprint }) => fingerprint),
        );
      } finally {
        rmSync(home, { recursive: true, force: true });
      }
    });
  });
}

describe("Debian's keys", () => {
  it("are of no release that is over and of one that is not", () => {
    const removed = new Set(debianRemovedKeys.map(({ fingerprint }) => fingerprint));
    assert.ok(debianKeys.every(({ fingerprint }) => !removed.has(fingerprint)));
    const releases = ["11/bullseye", "12/bookworm", "13/trixie"];
    const owners = [
      "Debian Archive Automatic Signing Key",
      "Debian Security Archive Automatic Signing Key",
      "Debian Stable Release Key",
    ];
    assert.deepEqual(
      debianKeys.map(({ owner }) => owner.replace(/ <.*/, "")).sort(),
      owners.flatMap((owner) => releases.map((release) => `${owner} (${release})`)),
    );
  });

  it("may all sign today", () => {
    for (const key of debianKeys) assert.match(describeKey(key, now), /^good(?: good)?$/, key.owner);
  });

  it("of old releases may sign in an archive, those of before 2009 where 1024 bits are enough", () => {
    const archived: Policy = { ...now, archived: true };
    const outcomes = new Map<string, number>();
    for (const key of debianRemovedKeys) {
      const outcome = describeKey(key, archived);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      assert.match(describeKey(key, { ...archived, minModulusBits: 1024 }), /^good(?: good)?$/, key.owner);
    }
    assert.deepEqual(Object.fromEntries(outcomes), { good: 11, "good good": 4, "weak-key": 8 });
  });

  const live = fixture("deb/debian-live");
  const images = fixture("dockerfile/base-images/dist-amd64/debuerreotype+docker-debian-artifacts");
  for (const file of [`${live}/trixie`, `${live}/bookworm`, `${live}/bookworm-updates`, `${images}/bullseye`]) {
    it(`verify InRelease of ${file.split("/").at(-1)}`, needs(file), () => {
      const keyring = debianKeys.flatMap(({ armored }) => parseKeyring(armored));
      const { signedBy } = openCleartext(readFileSync(`${file}/InRelease`), { keyring, policy: now, what: file });
      assert.ok(signedBy.length >= 2);
    });
  }
});
