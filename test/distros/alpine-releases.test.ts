import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatPlatform, parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { policyAt } from "../../src/crypto/openpgp/policy.ts";
import { parseKeyring } from "../../src/crypto/openpgp/public-key.ts";
import { verifyDetached } from "../../src/crypto/openpgp/verify.ts";
import { alpine } from "../../src/distros/alpine/alpine.ts";
import { readLatestReleases } from "../../src/distros/alpine/latest-releases.ts";
import { alpineReleaseKeys } from "../../src/distros/alpine/release-keys.ts";
import type { RootTarball } from "../../src/distros/contract.ts";
import { alpineArchitectures, makeReleases } from "../kit/alpine-releases.ts";

const wanted = { branch: "v3.20", architecture: "x86_64" };
const tarball = Buffer.from("root");

function yamlOf(item: Readonly<Record<string, string | undefined>> = {}): string {
  const files = makeReleases({ branch: "v3.20", version: "3.20.3", tarballs: { x86_64: tarball }, item });
  return Buffer.from(files.get("v3.20/releases/x86_64/latest-releases.yaml") ?? "").toString();
}
const read = (text: string, from = wanted): RootTarball => readLatestReleases(Buffer.from(text), from);

describe("latest-releases.yaml", () => {
  it("names the root tarball among other things, with its sums", () => {
    const { path, version, checksums } = read(yamlOf());
    assert.equal(path, "v3.20/releases/x86_64/alpine-minirootfs-3.20.3-x86_64.tar.gz");
    assert.equal(version, "3.20.3");
    assert.deepEqual(
      checksums.map(({ algorithm, hex }) => [algorithm, hex.length]),
      [
        ["sha256", 64],
        ["sha512", 128],
      ],
    );
  });
  it("has texts where YAML sees numbers and dates", () => {
    const files = makeReleases({ branch: "edge", version: "20240923", tarballs: { x86: tarball } });
    const yaml = Buffer.from(files.get("edge/releases/x86/latest-releases.yaml") ?? "");
    const { version, claims } = readLatestReleases(yaml, { branch: "edge", architecture: "x86" });
    assert.equal(version, "20240923");
    const [release] = claims;
    for (const text of ["3.21.0_alpha20240923", "20240923"]) assert.match(text, release?.pattern ?? /^$/);
    for (const text of ["3.21.0_alpha20240924", "120240923"]) assert.doesNotMatch(text, release?.pattern ?? /^/);
  });
  it("may leave out what is known already, and SHA-256", () => {
    const less = read(yamlOf({ arch: undefined, branch: undefined, sha256: undefined, size: undefined }));
    assert.deepEqual(
      less.checksums.map(({ algorithm }) => algorithm),
      ["sha512"],
    );
  });

  const hex = "0".repeat(128);
  const refused: readonly (readonly [name: string, text: string, code: string])[] = [
    ["no root tarball, but flavors that nobody knows", yamlOf({ flavor: "alpine-nanorootfs" }), "INDEX_SYNTAX"],
    ["two root tarballs", yamlOf() + yamlOf().replace("---\n", ""), "INDEX_SYNTAX"],
    ["no SHA-512", yamlOf({ sha512: undefined }), "SUM_MISSING"],
    ["a SHA-512 that is too short", yamlOf({ sha512: "00" }), "INDEX_SYNTAX"],
    ["a SHA-256 that is none", yamlOf({ sha256: "yes" }), "INDEX_SYNTAX"],
    ["a file of another architecture", yamlOf({ file: "alpine-minirootfs-3.20.3-x86.tar.gz" }), "INDEX_SYNTAX"],
    ["a file of another version", yamlOf({ file: "alpine-minirootfs-3.20.2-x86_64.tar.gz" }), "INDEX_SYNTAX"],
    ["a file elsewhere", yamlOf({ file: "../x86/alpine-minirootfs-3.20.3-x86_64.tar.gz" }), "INDEX_SYNTAX"],
    ["a file at a URL", yamlOf({ file: "http://example.org/alpine.tar.gz" }), "INDEX_SYNTAX"],
    ["no file", yamlOf({ file: undefined }), "INDEX_SYNTAX"],
    ["a version that leads elsewhere", yamlOf({ version: "3.20.3/../.." }), "INDEX_SYNTAX"],
    ["a version of another branch", yamlOf().replaceAll("3.20.3", "3.19.3"), "INDEX_SYNTAX"],
    ["a version of a branch that starts so", yamlOf().replaceAll("3.20.3", "3.201.3"), "INDEX_SYNTAX"],
    ["another branch", yamlOf({ branch: "v3.19" }), "INDEX_SYNTAX"],
    ["another architecture", yamlOf({ arch: "x86" }), "INDEX_SYNTAX"],
    ["terminal codes", yamlOf({ branch: '"\\e[31mv3.20"' }), "INDEX_SYNTAX"],
    ["nothing", "", "INDEX_SYNTAX"],
    ["a map", "flavor: alpine-minirootfs\n", "INDEX_SYNTAX"],
    ["a list of texts", "- alpine-minirootfs\n", "INDEX_SYNTAX"],
    ["an answer that is HTML", "<!DOCTYPE html>\n<title>404</title>\n", "INDEX_SYNTAX"],
    ["two documents", `${yamlOf()}...\n${yamlOf()}`, "INDEX_SYNTAX"],
    ["keys twice", yamlOf().replace(/( {2}sha512: .*\n)$/, `$1  sha512: ${hex}\n`), "INDEX_SYNTAX"],
    ["an alias for a version", yamlOf({ version: "*x" }), "INDEX_SYNTAX"],
    [
      "a bomb of aliases",
      `- &a [${"x,".repeat(9)}x]\n- &b [${"*a,".repeat(9)}*a]\n- [${"*b,".repeat(9)}*b]\n`,
      "INDEX_SYNTAX",
    ],
    ["brackets without end", "[".repeat(100_000), "INDEX_SYNTAX"],
    ["dashes without end", "- ".repeat(100_000), "INDEX_SYNTAX"],
    ["a tag", yamlOf({ version: "!!binary MS4y" }), "INDEX_SYNTAX"],
    ["zeros", "\0".repeat(1000), "INDEX_SYNTAX"],
    ["keys without end", `- {${Array.from({ length: 20_000 }, (_, at) => `k${at}: v`).join(", ")}}\n`, "INDEX_SYNTAX"],
    ["items without end", "- {}\n".repeat(50_000), "INDEX_SYNTAX"],
    ["too much", `${yamlOf()}#${"x".repeat(300_000)}\n`, "INDEX_SYNTAX"],
  ];
  for (const [name, text, code] of refused) {
    it(`is refused with ${name}: ${code}`, (t) => {
      assert.throws(
        () => read(text),
        (error: Error & { readonly code?: string }) => {
          assert.equal(error.code, code, String(error));
          // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
          assert.doesNotMatch(error.message, /[\0-\x08\x0b-\x1f]/);
          t.diagnostic(error.message.slice(0, 200));
          return true;
        },
      );
    });
  }
});

/** An RSA signature with SHA-256 of 2026, whose numbers are made up. RFC 9580 5.2.3. */
function madeUpSignature(fingerprint = ""): Uint8Array {
  const made = Buffer.alloc(4);
  made.writeUInt32BE(Date.parse("2026-09-17T00:00:00Z") / 1000);
  const hashed = Buffer.concat([Buffer.from([5, 2]), made, Buffer.from([22, 33, 4]), Buffer.from(fingerprint, "hex")]);
  const head = Buffer.from([4, 0, 1, 8, 0, hashed.byteLength]);
  // No unhashed part, two octets of the hash, and a number of 4096 bits.
  const rest = Buffer.concat([Buffer.from([0, 0, 0xab, 0xcd, 0x10, 0x00]), Buffer.alloc(512, 0x99)]);
  const body = Buffer.concat([head, hashed, rest]);
  return Buffer.concat([Buffer.from([0xc2, 0xff, 0, 0, body.byteLength >> 8, body.byteLength & 255]), body]);
}

describe("Alpine's release key", () => {
  it("is that of Natanael Copa, as alpinelinux.org tells it, and may sign today", () => {
    const [key, ...others] = alpineReleaseKeys.flatMap(({ armored }) => parseKeyring(armored, "the key"));
    assert.equal(others.length, 0);
    assert.equal(key?.fingerprint, "0482D84022F52DF1C4E7CD43293ACD0907D9495A");
    assert.equal(alpineReleaseKeys[0]?.fingerprint, key?.fingerprint);
    assert.equal(key?.userIds[0]?.text, "Natanael Copa <ncopa@alpinelinux.org>");
  });
  it("is one that counts: no signature of it is refused for the key's sake", () => {
    const keyring = alpineReleaseKeys.flatMap(({ armored }) => parseKeyring(armored, "the key"));
    const policy = policyAt(new Date("2026-11-24T00:00:00Z"));
    const { signatures } = verifyDetached(tarball, {
      keyring,
      policy,
      signature: madeUpSignature(keyring[0]?.fingerprint),
    });
    const reasons = signatures.map((one) => (one.kind === "refused" ? one.reason : one.kind));
    assert.deepEqual(reasons, ["bad-signature"]);
  });
  it("may be named by a recipe's source", () => {
    assert.deepEqual(alpine.keys, alpineReleaseKeys);
  });
});

describe("Alpine's root tarball", () => {
  const nowhere = { archive: undefined, security: undefined, snapshot: undefined };
  const built = (name: string): Recipe => {
    const found = alpine.recipes.get(name);
    assert.ok(found, name);
    return found.recipe;
  };
  it("is what the built-in recipes of every release are, for each of its platforms", () => {
    for (const { name, platforms } of alpine.releases) {
      for (const platform of platforms) {
        const { root, requests, repositories } = alpine.supply(built(`alpine:${name}`), platform, nowhere);
        const word = Object.entries(alpineArchitectures).find(([, one]) => one === formatPlatform(platform))?.[0];
        const branch = name === "edge" ? name : `v${name}`;
        assert.equal(root?.index, `${branch}/releases/${word}/latest-releases.yaml`);
        assert.deepEqual([requests, repositories], [[], []]);
      }
    }
  });
  it("has nine platforms now", () => {
    const newest = alpine.releases.find(({ aliases }) => aliases.includes("latest"));
    assert.deepEqual(newest?.platforms.map(formatPlatform).sort(), Object.values(alpineArchitectures).sort());
  });
  it("is the newest release under the name alpine", () => {
    const release = alpine.releases.find(({ aliases }) => aliases.includes("latest"))?.name;
    for (const name of ["alpine", "alpine:latest"]) {
      assert.equal(built(name).distribution.release, release);
      assert.equal(built(name).name, name);
    }
  });
  it("is listed among the recipes", (t) => {
    const lines = [...alpine.recipes].map(([name, { summary }]) => `${name}: ${summary}\n`);
    t.assert.fileSnapshot(lines.join(""), "test/golden/distros/alpine-recipes.txt", { serializers: [String] });
  });
  it("is fetched from the mirrors that are named, in their order", () => {
    const archive = ["https://one.example/alpine", "file:///two"];
    const { root } = alpine.supply(built("alpine:edge"), parsePlatform("amd64"), { ...nowhere, archive });
    assert.deepEqual(root?.urls, archive);
  });

  const own = { urls: ["/mirror"], suites: [], components: [], keys: ["key"], only: true, insecureUnsigned: false };
  it("may be that of a mirror with a key of its own", () => {
    const { root } = alpine.supply({ ...built("alpine:3.22"), repositories: [own] }, parsePlatform("amd64"), nowhere);
    assert.deepEqual([root?.urls, root?.keys.map(({ armored }) => armored)], [["/mirror"], ["key"]]);
  });
  const refused: readonly (readonly [name: string, changes: Partial<Recipe>, code: string])[] = [
    ["a repository beside it", { repositories: [{ ...own, only: false }] }, "RECIPE_SYNTAX"],
    ["two mirrors of their own", { repositories: [own, own] }, "RECIPE_SYNTAX"],
    ["a snapshot", { snapshot: "20260101T000000Z" }, "SNAPSHOT_UNAVAILABLE"],
    ["a release that has none", { distribution: { name: "alpine", release: "3.5" } }, "DISTRIBUTION_UNKNOWN"],
  ];
  for (const [name, changes, code] of refused) {
    it(`is refused with ${name}`, () => {
      const recipe = { ...built("alpine:3.22"), ...changes };
      assert.throws(() => alpine.supply(recipe, parsePlatform("amd64"), nowhere), { code });
    });
  }
});
