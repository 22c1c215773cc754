import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { DodaiError } from "../../../src/core/dodai-error.ts";
import type { OpenRepository, Repository } from "../../../src/packages/contract.ts";
import { openDebRepository } from "../../../src/packages/deb/repository.ts";
import type { DebSpec } from "../../kit/deb.ts";
import { needs } from "../../kit/oracle.ts";
import {
  accessTo,
  createSigner,
  type MemoryRepositoryAccess,
  makeFlat,
  makeSuite,
  type RepositoryFiles,
  repositoryOf,
  type Signer,
  type SuiteSpec,
  signed,
} from "../../kit/repository.ts";

const golden = fileURLToPath(new URL("../../golden/repository/refused.txt", import.meta.url));
const date = new Date("2026-11-21T09:15:44Z");
const now = new Date("2026-11-24T08:00:00Z");
const hello: DebSpec = { name: "hello", version: "2.10-3" };
const docs: DebSpec = { name: "hello-doc", architecture: "all" };
const spec: SuiteSpec = { suite: "stable", codename: "sable", date, packages: { main: { amd64: [hello, docs] } } };

describe("a repository of deb packages", needs("gpg", "xz"), () => {
  let signer: Signer;
  let stranger: Signer;
  before(() => {
    signer = createSigner("archive");
    stranger = createSigner("stranger");
  });
  after(() => {
    signer.close();
    stranger.close();
  });

  const atSuite = (files: RepositoryFiles, from = "stable", to = "sable"): RepositoryFiles =>
    new Map([...files].map(([path, bytes]) => [path.replace(`dists/${from}/`, `dists/${to}/`), bytes]));
  const usual = (changes: Partial<SuiteSpec> = {}): RepositoryFiles =>
    atSuite(signed(makeSuite({ ...spec, ...changes }), signer, { at: date }));

  interface Opening {
    readonly repository?: Partial<Repository>;
    readonly architecture?: string;
    readonly at?: Date;
  }
  interface Opened extends OpenRepository {
    readonly access: MemoryRepositoryAccess;
  }
  const open = async (files: RepositoryFiles, options: Opening = {}): Promise<Opened> => {
    const access = accessTo(files, options.at ?? now);
    const repository = repositoryOf({ keys: [signer.key], ...options.repository });
    return { access, ...(await openDebRepository(repository, options.architecture ?? "amd64", access)) };
  };
  const names = ({ index }: OpenRepository): readonly string[] => [...index.names()];

  test("gives its packages and the chain that vouches for them", async () => {
    const opened = await open(usual());
    assert.deepEqual(names(opened), ["hello", "hello-doc"]);
    assert.equal(opened.index.named("hello")[0]?.version, "2.10-3");
    const { chain } = opened;
    assert.deepEqual(chain.signedBy, [signer.key.fingerprint]);
    assert.equal(chain.release.path, "dists/sable/InRelease");
    assert.deepEqual(chain.release.date, date);
    assert.deepEqual(
      chain.indexes.map(({ path }) => path),
      ["dists/sable/main/binary-amd64/Packages.gz"],
    );
    assert.deepEqual(opened.access.warnings, []);
  });

  test("is opened a second time without fetching an index, and fetched anew when the compiled one is damaged", async () => {
    const access = accessTo(usual(), now);
    const repository = repositoryOf({ keys: [signer.key] });
    const first = await openDebRepository(repository, "amd64", access);
    access.fetched.length = 0;
    const second = await openDebRepository(repository, "amd64", access);
    assert.deepEqual(access.fetched, ["dists/sable/InRelease"]);
    assert.deepEqual([...second.index.names()], [...first.index.names()]);
    for (const [key, bytes] of access.kept) access.kept.set(key, bytes.subarray(0, 20));
    const third = await openDebRepository(repository, "amd64", access);
    assert.equal(third.index.named("hello").length, 1);
  });

  test("is read from Release and Release.gpg where there is no InRelease", async () => {
    const files = atSuite(signed(makeSuite(spec), signer, { form: "Release.gpg", at: date }));
    const { chain } = await open(files);
    assert.equal(chain.release.path, "dists/sable/Release");
    assert.deepEqual(chain.signedBy, [signer.key.fingerprint]);
  });

  const endings = [
    { endings: ["", ".gz", ".xz"], read: ".xz" },
    { endings: [".gz", ".zst"], read: ".zst" },
    { endings: [""], read: "" },
  ] as const;
  for (const { endings: there, read } of endings) {
    test(`reads Packages${read} of ${there.map((one) => `Packages${one}`).join(", ")}`, async () => {
      const opened = await open(usual({ endings: there }));
      assert.deepEqual(names(opened), ["hello", "hello-doc"]);
      assert.equal(opened.access.fetched.at(-1), `dists/sable/main/binary-amd64/Packages${read}`);
    });
  }

  test("falls back to another form of an index when the first is not there", async () => {
    const files = usual({ endings: [".gz", ".xz"] });
    files.delete("dists/sable/main/binary-amd64/Packages.xz");
    assert.deepEqual(names(await open(files)), ["hello", "hello-doc"]);
  });

  test("reads indexes by their digest, and by their name where there is none of that digest", async () => {
    const files = usual({ byHash: true });
    const { access } = await open(files);
    assert.match(access.fetched.at(-1) ?? "", /^dists\/sable\/main\/binary-amd64\/by-hash\/SHA256\/[0-9a-f]{64}$/);
    files.delete(access.fetched.at(-1) ?? "");
    assert.equal((await open(files)).access.fetched.at(-1), "dists/sable/main/binary-amd64/Packages.gz");
  });

  test("reads several components as one index", async () => {
    const packages = { main: { amd64: [hello] }, contrib: { amd64: [docs] }, "non-free": { amd64: [] } };
    const repository = { components: ["main", "contrib", "non-free"] };
    const opened = await open(usual({ packages }), { repository });
    assert.deepEqual(names(opened), ["hello", "hello-doc"]);
    assert.equal(opened.chain.indexes.length, 3);
  });

  test("reads binary-all beside its own architecture where the release keeps it apart", async () => {
    const packages = { main: { amd64: [hello], all: [docs] } };
    assert.deepEqual(names(await open(usual({ packages }))), ["hello", "hello-doc"]);
    const fields = { "No-Support-for-Architecture-all": "Packages" };
    assert.deepEqual(names(await open(usual({ packages, fields }))), ["hello"]);
  });

  test("may be asked for by the name of its suite", async () => {
    const files = signed(makeSuite(spec), signer, { at: date });
    assert.equal((await open(files, { repository: { suite: "stable" } })).index.size, 2);
  });

  for (const folder of ["", "tools/"]) {
    test(`may be flat, in "${folder || "./"}", and gives the packages of one architecture`, async () => {
      const foreign: DebSpec = { name: "foreign", architecture: "arm64" };
      const files = signed(makeFlat(folder, [hello, docs, foreign], date), signer, { at: date });
      const opened = await open(files, { repository: { flat: true, suite: folder || "./", components: [] } });
      assert.equal(opened.index.named("hello").length, 1);
      assert.equal(opened.index.named("hello-doc").length, 1);
      assert.equal(opened.index.named("foreign").length, 0);
      assert.equal(opened.chain.release.path, `${folder}InRelease`);
    });
  }

  test("names every trusted key that signed, once", async () => {
    const files = usual();
    const both = await open(files, { repository: { keys: [signer.key, stranger.key, signer.key] } });
    assert.deepEqual(both.chain.signedBy, [signer.key.fingerprint]);
  });

  describe("is refused", () => {
    const tamper = (files: RepositoryFiles, path: RegExp, change: (bytes: Buffer) => Uint8Array): RepositoryFiles =>
      new Map([...files].map(([name, bytes]) => [name, path.test(name) ? change(Buffer.from(bytes)) : bytes]));
    const flip = (bytes: Buffer): Uint8Array => {
      const at = bytes.byteLength >> 1;
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([(bytes[at] ?? 0) ^ 1]), bytes.subarray(at + 1)]);
    };
    const replaceText = (from: string | RegExp, to: string) => (bytes: Buffer) =>
      Buffer.from(bytes.toString("latin1").replace(from, to), "latin1");
    const bomb = gzipSync(Buffer.concat([Buffer.from("Package: bomb\nX: "), Buffer.alloc(2 << 20, "a")]));

    const cases: readonly {
      readonly name: string;
      readonly code: string;
      readonly files: () => RepositoryFiles;
      readonly options?: Opening;
    }[] = [
      {
        name: "when its release expired",
        code: "RELEASE_EXPIRED",
        files: () => usual({ validUntil: new Date("2026-11-23T00:00:00Z") }),
      },
      {
        name: "when its release is dated in the future",
        code: "RELEASE_FROM_FUTURE",
        files: () => usual({ date: new Date("2026-11-25T00:00:00Z") }),
      },
      {
        name: "when its signature is dated in the future",
        code: "SIGNATURE_INVALID",
        files: () => usual(),
        options: { at: new Date("2026-11-20T00:00:00Z") },
      },
      {
        name: "when it has no signature",
        code: "SIGNATURE_MISSING",
        files: () => atSuite(makeSuite(spec)),
      },
      {
        name: "when another key signed it",
        code: "SIGNATURE_INVALID",
        files: () => atSuite(signed(makeSuite(spec), stranger, { at: date })),
      },
      {
        name: "when another key signed its Release.gpg",
        code: "SIGNATURE_INVALID",
        files: () => atSuite(signed(makeSuite(spec), stranger, { form: "Release.gpg", at: date })),
      },
      {
        name: "when it has no keys",
        code: "SIGNATURE_INVALID",
        files: () => usual(),
        options: { repository: { keys: [] } },
      },
      {
        name: "when a replay serves another suite under its name",
        code: "RELEASE_WRONG_SUITE",
        files: () => usual({ suite: "stable", codename: "older" }),
      },
      {
        name: "when InRelease was changed",
        code: "SIGNATURE_INVALID",
        files: () => tamper(usual(), /InRelease$/, replaceText("Codename: sable", "Codename: sabel")),
      },
      {
        name: "when text was put before what InRelease signs",
        code: "SIGNATURE_INVALID",
        files: () => tamper(usual(), /InRelease$/, replaceText(/^/, "Suite: evil\n\n")),
      },
      {
        name: "when text was put after what InRelease signs",
        code: "SIGNATURE_INVALID",
        files: () => tamper(usual(), /InRelease$/, replaceText(/$/, "\nSuite: evil\n")),
      },
      {
        name: "when its damaged InRelease stands beside an unsigned Release",
        code: "SIGNATURE_INVALID",
        files: () => new Map([...makeSuite({ ...spec, suite: "sable" }), ...tamper(usual(), /InRelease$/, flip)]),
      },
      {
        name: "when its Release was changed",
        code: "SIGNATURE_INVALID",
        files: () =>
          tamper(
            atSuite(signed(makeSuite(spec), signer, { form: "Release.gpg", at: date })),
            /Release$/,
            replaceText("sable", "sabel"),
          ),
      },
      {
        name: "when Packages was changed",
        code: "DIGEST_MISMATCH",
        files: () => tamper(usual(), /Packages/, flip),
      },
      {
        name: "when a file by hash was changed",
        code: "DIGEST_MISMATCH",
        files: () => tamper(usual({ byHash: true }), /by-hash/, flip),
      },
      {
        name: "when Packages is cut short",
        code: "DIGEST_MISMATCH",
        files: () => tamper(usual(), /Packages/, (bytes) => bytes.subarray(0, -10)),
      },
      {
        name: "when the index is larger than the release says",
        code: "DIGEST_MISMATCH",
        files: () => tamper(usual(), /Packages/, (bytes) => Buffer.concat([bytes, bytes])),
      },
      {
        name: "when a component has no packages for the architecture",
        code: "INDEX_MISSING",
        files: () => usual(),
        options: { architecture: "riscv64" },
      },
      {
        name: "when it lacks a component",
        code: "INDEX_MISSING",
        files: () => usual(),
        options: { repository: { components: ["main", "contrib"] } },
      },
      {
        name: "when no mirror has the index that it lists",
        code: "INDEX_MISSING",
        files: () => new Map([...usual()].filter(([path]) => !path.includes("Packages"))),
      },
      { name: "when there is nothing of it", code: "INDEX_MISSING", files: () => new Map() },
      {
        name: "when a trusted key's text is another key",
        code: "KEY_SYNTAX",
        files: () => usual(),
        options: { repository: { keys: [] } },
      },
    ];
    const openCase = ({ code, files, options = {} }: (typeof cases)[number]): Promise<Opened> => {
      const keys = code === "KEY_SYNTAX" ? [{ ...signer.key, armored: stranger.key.armored }] : undefined;
      return open(files(), { ...options, repository: { ...options.repository, ...(keys ? { keys } : {}) } });
    };
    for (const one of cases) {
      test(one.name, () => assert.rejects(openCase(one), { code: one.code }));
    }

    test("with messages that say what, where and what to do", async (t) => {
      const told = cases.map(async (one) => {
        const error = await openCase(one).then(
          () => assert.fail(one.name),
          (reason: DodaiError) => reason,
        );
        return `${one.name}\n  ${error.code}: ${error.message}\n  ${error.fix ?? ""}\n`;
      });
      const text = (await Promise.all(told)).join("\n");
      // Keys are made anew for each run, and compressed sizes differ between builds of zlib.
      const stable = text
        .replaceAll(signer.key.fingerprint ?? "", "ARCHIVE-KEY")
        .replaceAll(stranger.key.fingerprint ?? "", "STRANGER-KEY")
        .replaceAll(/[0-9a-f]{64}/g, "HEX")
        .replaceAll(/\b\d+ bytes|more than \d+|wanted \d+/g, (match) => match.replace(/\d+/, "N"));
      t.assert.fileSnapshot(stable, golden, { serializers: [String] });
    });

    /** A release that a key owner signed, whose sums are of a bomb. */
    const withBomb = (plainSize: number): RepositoryFiles => {
      const files = makeSuite(spec);
      files.set("dists/stable/main/binary-amd64/Packages.gz", bomb);
      const hex = createHash("sha256").update(bomb).digest("hex");
      const edit = (text: string): string =>
        text
          .replace(/[0-9a-f]{64} \d+ (main\/binary-amd64\/Packages\.gz)/, `${hex} ${bomb.byteLength} $1`)
          .replace(/([0-9a-f]{64}) \d+ (main\/binary-amd64\/Packages)$/m, `$1 ${plainSize} $2`);
      return atSuite(signed(files, signer, { at: date, edit }));
    };

    test("when an index decompresses to more than the release says", async () => {
      await assert.rejects(open(withBomb(100)), { code: /ARCHIVE_TOO_LARGE|DIGEST_MISMATCH/ });
    });

    test("when an index decompresses to other text than the release says", async () => {
      await assert.rejects(open(withBomb((2 << 20) + 17)), { code: "DIGEST_MISMATCH" });
    });

    test("with what it has instead, when something is missing", async () => {
      await assert.rejects(open(usual(), { repository: { components: ["universe"] } }), {
        message: 'Cannot use InRelease of "test/sable": it has no component "universe"',
        fix: "It has components main; architectures amd64.",
      });
    });
  });

  describe("is taken all the same", () => {
    const unsafe = { insecureUnsigned: true };
    test("without a signature when that was asked for, with a warning", async () => {
      const { chain, access, index } = await open(atSuite(makeSuite(spec)), { repository: unsafe });
      assert.deepEqual(chain.signedBy, []);
      assert.equal(index.size, 2);
      assert.match(access.warnings.join(), /used without a good signature.*it has no signature/);
    });

    test("with an unknown key's signature when that was asked for, with a warning", async () => {
      const files = atSuite(signed(makeSuite(spec), stranger, { at: date }));
      const { chain, access } = await open(files, { repository: unsafe });
      assert.deepEqual(chain.signedBy, []);
      assert.equal(access.warnings.length, 1);
    });

    test("with its good signature and without a warning, though it may be unsigned", async () => {
      const { chain, access } = await open(usual(), { repository: unsafe });
      assert.deepEqual(chain.signedBy, [signer.key.fingerprint]);
      assert.deepEqual(access.warnings, []);
    });

    test("but not with wrong digests, whatever was asked for", async () => {
      const files = atSuite(makeSuite(spec));
      files.set("dists/sable/main/binary-amd64/Packages.gz", gzipSync("Package: evil\n"));
      await assert.rejects(open(files, { repository: unsafe }), { code: "DIGEST_MISMATCH" });
    });

    test("after it expired when it is archived", async () => {
      const files = usual({ validUntil: new Date("2026-11-23T00:00:00Z") });
      assert.equal((await open(files, { repository: { archived: true } })).index.size, 2);
    });
  });
});
