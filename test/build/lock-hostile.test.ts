import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatLock, type Lock, parseLock } from "../../src/build/lock-file.ts";
import { sha256 } from "../../src/core/digest.ts";

const digest = sha256(new Uint8Array(0));
const lock: Lock = {
  recipe: digest,
  platforms: [
    {
      platform: "linux/amd64",
      repositories: [
        {
          repository: "test",
          suite: "s",
          components: [],
          signedBy: [],
          release: { path: "Release", digest, date: new Date("2025-06-01T12:00:00Z") },
          indexes: [],
        },
      ],
      packages: [
        {
          name: "alpha",
          version: "1",
          architecture: "all",
          source: "alpha",
          sourceVersion: "1",
          repository: "test",
          path: "pool/alpha.deb",
          sizeBytes: 1,
          digest,
        },
      ],
    },
  ],
};

describe("parseLock", () => {
  const text = formatLock(lock);
  it("reads what was written", () => assert.deepEqual(parseLock(text, "x.lock"), lock));

  const rows: readonly { name: string; from: string; to: string }[] = [
    { name: "a package whose name leaves its folder", from: '"name": "alpha"', to: '"name": "../alpha"' },
    { name: "a package whose name has a NUL", from: '"name": "alpha"', to: '"name": "a\\u0000b"' },
    { name: "a path with a newline", from: "pool/alpha.deb", to: "pool/a\\nb.deb" },
    { name: "a path with a backslash", from: "pool/alpha.deb", to: "pool/..\\\\..\\\\a" },
    { name: "a date in whatever zone the machine is", from: "2025-06-01T12:00:00Z", to: "2025-06-01T12:00:00" },
    { name: "a date in words", from: "2025-06-01T12:00:00Z", to: "June 1 2025" },
  ];
  for (const { name, from, to } of rows) {
    it(`refuses ${name}`, () => {
      const broken = text.replace(from, () => to);
      assert.notEqual(broken, text);
      assert.throws(() => parseLock(broken, "x.lock"), { code: "LOCK_SYNTAX" });
    });
  }
});
