// Hostile and broken input, end to end. Each case ends in one clear error, whose words are a golden; the output that was
// there stays byte for byte; nothing half-written is left; and once the archive is sound again, the same cache builds.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { build } from "../../src/build/build.ts";
import type { BuildEvent, BuildOptions } from "../../src/build/contract.ts";
import { lock } from "../../src/build/lock.ts";
import type { DodaiError, ErrorCode } from "../../src/core/dodai-error.ts";
import { makeArchive, openWorkplace, released, toldAs, type WorkplaceSpec } from "../kit/build.ts";
import { type DebEntry, type DebSpec, debPath, makeAr, makeDeb, makeTar } from "../kit/deb.ts";
import { needs } from "../kit/oracle.ts";
import { createSigner, type RepositoryFiles, type Signer, writeRepository } from "../kit/repository.ts";
import { hashOf } from "./picture.ts";

/** Uncompressed, so that sizes in messages do not depend on zlib. */
const hello: DebSpec = {
  name: "hello",
  tree: [{ path: "usr/bin/hello", content: "hello\n", mode: 0o755 }],
  compression: "none",
};
const sound: readonly DebSpec[] = [hello];

interface Attack {
  readonly name: string;
  readonly code: ErrorCode;
  readonly spec?: Partial<WorkplaceSpec>;
  /** Changes files after everything is signed: what a mirror, or whoever sits on the way, can do. */
  readonly edit?: (files: RepositoryFiles) => void;
  readonly options?: Partial<BuildOptions>;
}

const deb = debPath(hello);
const inRelease = "dists/trixie/InRelease";

/** Every file whose path matches. */
function editFiles(expression: RegExp, change: (bytes: Uint8Array) => Uint8Array): (files: RepositoryFiles) => void {
  return (files) => {
    const paths = [...files.keys()].filter((path) => expression.test(path));
    assert.ok(paths.length > 0);
    for (const path of paths) files.set(path, change(files.get(path) ?? new Uint8Array()));
  };
}

const cut = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length >> 1);
const flip = (bytes: Uint8Array): Uint8Array => {
  const changed = Buffer.from(bytes);
  const at = bytes.length >> 1;
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
};
const indexes = /\/(?:Packages\.gz|by-hash\/.*)$/;
const editText = (from: string | RegExp, to: string) => (bytes: Uint8Array) =>
  Buffer.from(Buffer.from(bytes).toString("latin1").replace(from, to), "latin1");

/** The archive with these packages, asked for by name. */
const withPackages = (...packages: readonly DebSpec[]): Partial<WorkplaceSpec> => ({ suites: { trixie: packages } });
const withTree = (...tree: readonly DebEntry[]): Partial<WorkplaceSpec> => withPackages({ ...hello, tree });
const spoiled = (spoil: (deb: Uint8Array) => Uint8Array): Partial<WorkplaceSpec> => withPackages({ ...hello, spoil });

/** A package of members as given. */
const members = (...all: readonly (readonly [name: string, bytes: Uint8Array])[]): Partial<WorkplaceSpec> =>
  spoiled(() =>
    makeAr([["debian-binary", Buffer.from("2.0\n")] as const, ...all].map(([name, bytes]) => ({ name, bytes }))),
  );
const control = makeTar([
  { path: "control", content: "Package: hello\nVersion: 1.0-1\nArchitecture: amd64\nMaintainer: a\nDescription: b\n" },
]);

/** An index that is far more than the Release says, under the hash that the Release says. */
function plantBomb(unsigned: RepositoryFiles): void {
  const bomb = gzipSync(Buffer.alloc(64 << 20, "\n"));
  for (const path of unsigned.keys()) if (indexes.test(path)) unsigned.set(path, bomb);
  const release = Buffer.from(unsigned.get("dists/trixie/Release") ?? "").toString();
  const line = ` ${hashOf(bomb).slice("sha256:".length)} ${bomb.length} main/binary-amd64/Packages.gz`;
  const changed = release.replace(/ \w+ \d+ main\/binary-amd64\/Packages\.gz/, line);
  unsigned.set("dists/trixie/Release", Buffer.from(changed.replace("Acquire-By-Hash: yes\n", "")));
}

describe("a build refuses", needs("gpg"), () => {
  const signer: Signer = createSigner("archive");
  const stranger: Signer = createSigner("stranger");
  after(() => {
    signer.close();
    stranger.close();
  });

  const attacks: readonly Attack[] = [
    { name: "a truncated deb", code: "DIGEST_MISMATCH", edit: editFiles(/\.deb$/, cut) },
    { name: "a corrupted deb", code: "DIGEST_MISMATCH", edit: editFiles(/\.deb$/, flip) },
    { name: "an empty deb", code: "DIGEST_MISMATCH", edit: editFiles(/\.deb$/, () => new Uint8Array()) },
    {
      name: "a deb of the wrong size",
      code: "DIGEST_MISMATCH",
      edit: editFiles(/\.deb$/, (bytes) => Buffer.concat([bytes, Buffer.from("\n")])),
    },
    {
      name: "another package's bytes",
      code: "DIGEST_MISMATCH",
      edit: editFiles(/\.deb$/, () => makeDeb({ ...hello, name: "holle" })),
    },
    { name: "a deb that is not there", code: "DOWNLOAD_FAILED", edit: (files) => void files.delete(deb) },
    { name: "a truncated index", code: "DIGEST_MISMATCH", edit: editFiles(indexes, cut) },
    { name: "a corrupted index", code: "DIGEST_MISMATCH", edit: editFiles(indexes, flip) },
    {
      name: "an index that is not there",
      code: "INDEX_MISSING",
      edit: (files) => {
        for (const path of [...files.keys()].filter((one) => indexes.test(one))) files.delete(path);
      },
    },
    { name: "a truncated InRelease", code: "SIGNATURE_INVALID", edit: editFiles(/InRelease$/, cut) },
    {
      name: "a Release that was changed after it was signed",
      code: "SIGNATURE_INVALID",
      edit: editFiles(/InRelease$/, editText("Suite: trixie", "Suite: trixia")),
    },
    {
      name: "a Release that another key signed",
      code: "SIGNATURE_INVALID",
      edit: (files) => {
        const other = makeArchive({ suites: { trixie: sound } }, stranger);
        files.set(inRelease, other.get(inRelease) ?? new Uint8Array());
      },
    },
    {
      name: "an unsigned repository",
      code: "SIGNATURE_MISSING",
      edit: (files) => {
        const text = Buffer.from(files.get(inRelease) ?? "").toString();
        files.delete(inRelease);
        files.set("dists/trixie/Release", Buffer.from(text.replace(/^[\s\S]*?\n\n|-----BEGIN PGP SIG[\s\S]*/g, "")));
      },
    },
    { name: "a repository without a release", code: "INDEX_MISSING", edit: (files) => void files.delete(inRelease) },
    {
      name: "an expired Release",
      code: "RELEASE_EXPIRED",
      spec: { suite: { validUntil: new Date(released.getTime() + 3_600_000) } },
    },
    {
      name: "a Release of the future",
      code: "RELEASE_FROM_FUTURE",
      spec: { suite: { fields: { Date: "Tue, 01 Jul 2025 00:00:00 UTC" } } },
    },
    {
      name: "another suite under this name",
      code: "RELEASE_WRONG_SUITE",
      edit: (files) => {
        const other = makeArchive({ suites: { sid: sound } }, signer);
        files.set(inRelease, other.get("dists/sid/InRelease") ?? new Uint8Array());
      },
    },
    {
      name: "a path with ..",
      code: "ARCHIVE_UNSAFE_PATH",
      spec: withTree({ path: "a", spelled: "./../../etc/passwd", content: "x" }),
    },
    {
      name: "an absolute path",
      code: "ARCHIVE_UNSAFE_PATH",
      spec: withTree({ path: "a", spelled: "/etc/passwd", content: "x" }),
    },
    {
      name: "a file below a link that the package planted",
      code: "ARCHIVE_UNSAFE_PATH",
      spec: withTree(
        { path: "opt", kind: "symlink", target: "/etc" },
        { path: "opt2", spelled: "./opt/passwd", content: "x" },
      ),
    },
    {
      name: "a hard link that leads out",
      code: "ARCHIVE_UNSAFE_PATH",
      spec: withTree({ path: "a", kind: "hardlink", target: "../../etc/shadow" }),
    },
    {
      name: "a hard link to what is not in the package",
      code: "PACKAGE_BROKEN",
      spec: withTree({ path: "a", kind: "hardlink", target: "etc/shadow" }),
    },
    {
      name: "a file below a link that another package planted",
      code: "FILE_CONFLICT",
      spec: withPackages(
        { ...hello, tree: [{ path: "opt", kind: "symlink", target: "/etc" }] },
        { name: "world", tree: [{ path: "opt/passwd", content: "x" }], compression: "none" },
      ),
    },
    { name: "a path with a newline", code: "PACKAGE_BROKEN", spec: withTree({ path: "a\nb", content: "x" }) },
    {
      name: "one path twice in a package",
      code: "FILE_CONFLICT",
      spec: withTree({ path: "a", content: "x" }, { path: "b", spelled: "./a", content: "y" }),
    },
    {
      name: "two packages with one file and no Replaces",
      code: "FILE_CONFLICT",
      spec: withPackages(hello, { ...hello, name: "world" }),
    },
    { name: "a package that is cut short and vouched for", code: "PACKAGE_BROKEN", spec: spoiled(cut) },
    {
      name: "a package whose data is no archive",
      code: "PACKAGE_BROKEN",
      spec: members(["control.tar", control], ["data.tar.gz", gzipSync(Buffer.alloc(4096, "not a tar "))]),
    },
    {
      name: "a package whose compressed data is cut short",
      code: "PACKAGE_BROKEN",
      spec: members(["control.tar", control], ["data.tar.gz", cut(gzipSync(makeTar(hello.tree ?? [])))]),
    },
    { name: "a package without data", code: "PACKAGE_BROKEN", spec: members(["control.tar", control]) },
    {
      name: "a package that holds less than it says",
      code: "PACKAGE_BROKEN",
      spec: withTree({ path: "a", content: "short", claims: 100_000 }),
    },
    {
      name: "a package that says it holds more than a disk",
      code: "ARCHIVE_TOO_LARGE",
      spec: withTree({ path: "a", content: "short", claims: 0o200000000000 }),
    },
    {
      name: "a decompression bomb in control.tar",
      code: "ARCHIVE_TOO_LARGE",
      spec: members(["control.tar.gz", gzipSync(makeTar([{ path: "control", content: Buffer.alloc(80 << 20) }]))]),
    },
    {
      name: "a decompression bomb in an index",
      code: "ARCHIVE_TOO_LARGE",
      spec: { prepare: plantBomb },
    },
    {
      name: "a control file with a path of its own",
      code: "ARCHIVE_UNSAFE_PATH",
      spec: members([
        "control.tar",
        Buffer.concat([control.subarray(0, 1024), makeTar([{ path: "x/../../../etc/passwd", content: "x" }])]),
      ]),
    },
    {
      name: "a control file in a folder",
      code: "PACKAGE_BROKEN",
      spec: members([
        "control.tar",
        Buffer.concat([control.subarray(0, 1024), makeTar([{ path: "x/y", content: "x" }])]),
      ]),
    },
    {
      name: "a package whose name is a path",
      code: "INDEX_SYNTAX",
      spec: {
        ...withPackages({ ...hello, name: "../../../evil", fields: { Provides: "hello" } }),
        recipe: { packages: [{ request: "hello", exclude: false }] },
      },
    },
    {
      name: "a package that is another than its index says",
      code: "PACKAGE_BROKEN",
      spec: spoiled(() => makeDeb({ ...hello, name: "holle" })),
    },
  ];

  const messages: string[] = [];
  for (const { name, code, spec, edit, options } of attacks) {
    test(name, async (t) => {
      const place = await openWorkplace(t, { signer, suites: { trixie: sound }, ...spec, ...(edit ? { edit } : {}) });
      const output = place.out("image.tar");
      writeFileSync(output, "what was there");
      const wanted = place.options({ outputs: [{ kind: "oci", destination: output }], ...options });
      const failure = await build(wanted).catch((error: unknown) => error);
      messages.push(`${name}\n${toldAs(failure, [[place.folder, "PLACE"]])}`);
      assert.equal((failure as DodaiError).code, code);
      assert.equal(readFileSync(output, "utf8"), "what was there");
      assert.deepEqual(readdirSync(dirname(output)), ["image.tar"]);
      assert.deepEqual(readdirSync(join(place.cache, "tmp")), []);

      rmSync(place.archive, { recursive: true });
      await writeRepository(place.archive, makeArchive({ suites: { trixie: sound } }, signer));
      const packages = [{ request: "hello", exclude: false }];
      await build({ ...wanted, recipe: { ...place.recipe, packages } });
      assert.notEqual(readFileSync(output, "utf8"), "what was there");
    });
  }

  test("all this in these words", (t) => {
    t.assert.fileSnapshot(messages.join("\n"), "test/golden/hostile/refused.txt", { serializers: [String] });
  });

  test("an older Release that is replayed against a newer lock", async (t) => {
    const place = await openWorkplace(t, { signer, suites: { trixie: sound } });
    const lockFile = join(place.folder, "test.lock.json");
    await lock({ ...place.options(), lockFile });
    const before = readFileSync(lockFile);
    const older = makeArchive({ suites: { trixie: sound }, date: new Date("2025-05-01T00:00:00Z") }, signer);
    await writeRepository(place.archive, older);
    await assert.rejects(lock({ ...place.options(), lockFile }), { code: "LOCK_DOWNGRADE" });
    assert.deepEqual(readFileSync(lockFile), before);
  });

  test("no unsigned repository that it is told to take, and says so", async (t) => {
    const unsigned = attacks.find(({ name }) => name === "an unsigned repository");
    const place = await openWorkplace(t, {
      signer,
      suites: { trixie: sound },
      ...(unsigned?.edit ? { edit: unsigned.edit } : {}),
    });
    const warnings: string[] = [];
    const onEvent = (event: BuildEvent): void => void (event.kind === "warning" && warnings.push(event.text));
    const lockFile = join(place.folder, "test.lock.json");
    await build(place.options({ insecureUnsigned: ["recipe-1/trixie"], onEvent }));
    assert.match(
      warnings.join("\n"),
      /^Repository "recipe-1\/trixie" is used without a good signature, as was asked: /,
    );
    await lock({ ...place.options({ insecureUnsigned: true }), lockFile });
    assert.match(readFileSync(lockFile, "utf8"), /"signedBy": \[\]/);
    await assert.rejects(build(place.options({ insecureUnsigned: ["another"] })), { code: "SIGNATURE_MISSING" });
  });
});
