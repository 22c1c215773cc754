import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { alpineKeys } from "../../../src/distros/alpine/keys.ts";
import { openApkRepository } from "../../../src/packages/apk/repository.ts";
import type { Repository } from "../../../src/packages/contract.ts";
import { createApkSigner, file, indexArchive, makeApkRepository, signatureOf } from "../../kit/apk.ts";
import { fixture, needs } from "../../kit/oracle.ts";
import { accessTo, type RepositoryFiles } from "../../kit/repository.ts";

const now = new Date("2026-11-24");
const signer = createApkSigner("tester");
const stranger = createApkSigner("stranger");
const repository: Repository = {
  name: "test",
  urls: [],
  suite: "./",
  flat: true,
  components: [],
  keys: [signer.key],
  insecureUnsigned: false,
  archived: false,
  priority: 500,
};
const path = "x86_64/APKINDEX.tar.gz";
const open = (files: RepositoryFiles, changes: Partial<Repository> = {}): ReturnType<typeof openApkRepository> =>
  openApkRepository({ ...repository, ...changes }, "x86_64", accessTo(files, now));
const only = (bytes: Uint8Array): RepositoryFiles => new Map([[path, bytes]]);

const plain = indexArchive(`C:Q1${"A".repeat(27)}=\nP:a\nV:1\nt:1750000000\n`);
const signed = Buffer.concat([signatureOf(plain, signer), plain]);

describe("a repository of apk packages", () => {
  it("is read when a trusted key signed its index", async () => {
    const { index, chain } = await open(makeApkRepository([{ name: "hello", depends: ["musl"] }], signer));
    assert.deepEqual(
      index.named("hello").map(({ path: at }) => at),
      ["x86_64/hello-1.0-r0.apk"],
    );
    assert.equal(chain.signedBy.length, 1);
    assert.equal(chain.release.date.toISOString(), "2025-06-15T15:06:40.000Z");
  });
  it("may be signed with SHA-256, and by several", async () => {
    const second = gzipSync(
      Buffer.concat([
        file(`.SIGN.RSA.${stranger.key.name}`, stranger.sign(plain)),
        file(`.SIGN.RSA256.${signer.key.name}`, signer.sign(plain, "sha256")),
      ]),
    );
    assert.equal((await open(only(Buffer.concat([second, plain])))).index.size, 1);
  });
  it("is found by the names of its packages, what they provide and what they wait for", async () => {
    const packages = [
      { name: "a", provides: ["so:a=1", "cmd:a"] },
      { name: "a-doc", installIf: ["a", "docs"] },
    ];
    const { index } = await open(makeApkRepository(packages, signer));
    assert.deepEqual(
      index.providing("so:a").map(({ name }) => name),
      ["a"],
    );
    assert.deepEqual(
      index.conditional?.("docs").map(({ name }) => name),
      ["a-doc"],
    );
    assert.deepEqual([...index.names()], ["a", "a-doc"]);
  });
  it("is scanned once and kept", async () => {
    const access = accessTo(only(signed), now);
    await openApkRepository(repository, "x86_64", access);
    assert.equal(access.kept.size, 1);
    assert.equal((await openApkRepository(repository, "x86_64", access)).index.size, 1);
  });
  it("has its index below suite and component", async () => {
    const files: RepositoryFiles = new Map([["v3.22/main/x86_64/APKINDEX.tar.gz", signed]]);
    const { index } = await open(files, { suite: "v3.22", flat: false, components: ["main"] });
    assert.equal(index.named("a")[0]?.path, "v3.22/main/x86_64/a-1.apk");
  });
  it("is taken unsigned only when that is asked for, with a warning", async () => {
    const access = accessTo(only(plain), now);
    await assert.rejects(openApkRepository(repository, "x86_64", access), { code: "SIGNATURE_MISSING" });
    await openApkRepository({ ...repository, insecureUnsigned: true }, "x86_64", access);
    assert.equal(access.warnings.length, 1);
  });

  const twice = `C:Q1${"A".repeat(27)}=\nP:a\nV:1\n\nC:Q1${"B".repeat(26)}A=\nP:a\nV:1\n`;
  const again = indexArchive(twice);
  const changed = Buffer.from(signed);
  changed[changed.length - 20] = (changed[changed.length - 20] ?? 0) ^ 1;
  const refused: readonly (readonly [name: string, bytes: Uint8Array, code: string])[] = [
    ["signed by a stranger", Buffer.concat([signatureOf(plain, stranger), plain]), "SIGNATURE_INVALID"],
    ["signed for another index", Buffer.concat([signatureOf(again, signer), plain]), "SIGNATURE_INVALID"],
    ["changed since it was signed", changed, "SIGNATURE_INVALID"],
    ["with something behind it", Buffer.concat([signed, plain]), "SIGNATURE_INVALID"],
    ["cut off", signed.subarray(0, signed.length - 30), "SIGNATURE_INVALID"],
    ["empty", new Uint8Array(), "SIGNATURE_MISSING"],
    ["of another format", Buffer.from("<html></html>"), "INDEX_SYNTAX"],
    ["in the form of apk-tools 3", Buffer.from("ADBd\0\0\0\0"), "INDEX_SYNTAX"],
  ];
  for (const [name, bytes, code] of refused) {
    it(`is refused ${name}`, () => assert.rejects(open(only(bytes)), { code }));
  }
  it("is refused with a key that is too short", () => {
    const weak = createApkSigner("weak", { bits: 1024 });
    return assert.rejects(open(only(signed), { keys: [weak.key] }), { code: "KEY_SYNTAX" });
  });
  it("is refused where one version has two files", async () => {
    const { index } = await open(only(Buffer.concat([signatureOf(again, signer), again])));
    assert.throws(() => index.named("a"), { code: "INDEX_SYNTAX" });
  });
  it("is missing where there is no index", () => assert.rejects(open(new Map()), { code: "INDEX_MISSING" }));
});

const real = "alpine/apko-testdata/chainguard-dev+apko/pkg/apk/apk/testdata/alpine-316/APKINDEX.tar.gz";
const indexes: readonly (readonly [file: string, key: string | undefined, size: number])[] = [
  [real, undefined, 4929],
  [
    "alpine/small-third-party-repos/easyguard+repo/packages/x86_64/APKINDEX.tar.gz",
    "alpine/small-third-party-repos/easyguard+repo/packages/key.rsa.pub",
    48,
  ],
  [
    "alpine/apko-testdata/chainguard-dev+apko/internal/cli/testdata/packages/x86_64/APKINDEX.tar.gz",
    "alpine/apko-testdata/chainguard-dev+apko/internal/cli/testdata/melange.rsa.pub",
    4,
  ],
];
describe("real signed indexes", () => {
  for (const [at, key, size] of indexes) {
    it(`reads ${at}`, needs(fixture(at)), async () => {
      const keys =
        key === undefined ? alpineKeys : [{ owner: "it", source: "it", armored: readFileSync(fixture(key), "utf8") }];
      const { index } = await open(only(readFileSync(fixture(at))), { keys });
      assert.equal(index.size, size);
      for (const name of index.names()) assert.ok(index.named(name).length > 0);
    });
  }
  it("refuses Alpine's when only the keys of another port are trusted", needs(fixture(real)), () => {
    assert.ok(existsSync(fixture(real)));
    const keys = alpineKeys.filter(({ architectures }) => !architectures.includes("x86_64"));
    return assert.rejects(open(only(readFileSync(fixture(real))), { keys }), { code: "SIGNATURE_INVALID" });
  });
});
