// The root tarballs that Alpine releases as the source of an image: whom they are trusted by, and the context that they give.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { Entry } from "../../src/archive/entry.ts";
import { build } from "../../src/build/build.ts";
import type { BuildEvent, BuildOptions } from "../../src/build/contract.ts";
import { lock } from "../../src/build/lock.ts";
import { type LockedSource, parseLock } from "../../src/build/lock-file.ts";
import { why } from "../../src/build/why.ts";
import { comparePaths } from "../../src/core/path-order.ts";
import { formatPlatform, parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { alpine } from "../../src/distros/alpine/alpine.ts";
import { alpineArchitectures, makeMinirootfs, makeReleases, type ReleasesSpec } from "../kit/alpine-releases.ts";
import { buildTime } from "../kit/build.ts";
import { type Files, serveFiles, startLoopback } from "../kit/loopback.ts";
import { fixture, needs, run } from "../kit/oracle.ts";
import { createSigner, type RepositoryFiles, type Signer, writeRepository } from "../kit/repository.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { entriesOf, readLayout } from "./picture.ts";

const signers = {
  alpine: createSigner("alpine"),
  other: createSigner("other"),
  late: createSigner("late", { expires: "20250201T000000" }),
};
after(() => {
  for (const one of Object.values(signers)) one.close();
});

const builtIn = (name: string): Recipe => {
  const found = alpine.recipes.get(name);
  assert.ok(found, name);
  return found.recipe;
};

/** The built-in recipe, with releases that a key of the tests signs. */
function recipeOf(name: string, url: string, changes: Partial<Recipe> & { readonly signer?: Signer } = {}): Recipe {
  const { signer = signers.alpine, ...rest } = changes;
  const keys = [signer.key.armored];
  const own = { urls: [url], suites: [], components: [], keys, only: true, insecureUnsigned: false };
  return { ...builtIn(name), repositories: [own], platforms: [parsePlatform("amd64")], ...rest };
}

const spec = (changes: Partial<ReleasesSpec> = {}): ReleasesSpec => ({
  branch: "v3.20",
  version: "3.20.3",
  tarballs: { x86_64: makeMinirootfs("3.20.3", "x86_64") },
  signer: signers.alpine,
  at: new Date("2025-06-01T00:00:00Z"),
  ...changes,
});

interface Place {
  readonly folder: string;
  readonly mirror: string;
  options(recipe: Recipe, changes?: Partial<BuildOptions>): BuildOptions;
}

async function openPlace(t: TestContext, files: Files): Promise<Place> {
  const folder = await temporaryFolder(t);
  const mirror = join(folder, "mirror");
  await writeRepository(mirror, new Map(files));
  return {
    folder,
    mirror,
    options: (recipe, changes = {}) => ({
      recipe,
      cacheDirectory: join(folder, "cache"),
      hostRoot: "",
      now: buildTime,
      outputs: [{ kind: "oci-layout", destination: join(folder, "layout") }],
      ...changes,
    }),
  };
}

const path = "v3.20/releases/x86_64/alpine-minirootfs-3.20.3-x86_64.tar.gz";

describe("a release of Alpine", () => {
  test("becomes an image, from a folder and over the network", async (t) => {
    const files = makeReleases(spec());
    const { folder, mirror, options } = await openPlace(t, files);
    const first = await build(options(recipeOf("alpine:3.20", mirror)));
    const server = await startLoopback(serveFiles(files));
    t.after(() => server.close());
    const second = await build(
      options(recipeOf("alpine:3.20", server.url), { cacheDirectory: join(folder, "other-cache") }),
    );
    assert.equal(second.digest, first.digest);
    const { config, layers } = readLayout(join(folder, "layout"));
    assert.deepEqual(config.Cmd, ["/bin/sh"]);
    assert.deepEqual(config.Env, ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]);
    assert.equal(layers.length, 1);
    assert.equal(layers[0]?.createdBy, `dodai: root file system of ${path}`);
  });

  test("is locked by version, path, sums and signer, and built from the lock wherever the mirror is", async (t) => {
    const files = makeReleases(spec());
    const { folder, mirror, options } = await openPlace(t, files);
    const lockFile = join(folder, "dodai.lock");
    await lock(options(recipeOf("alpine:3.20", mirror), { lockFile }));
    const [locked] = parseLock(readFileSync(lockFile, "utf8"), lockFile).platforms;
    const tarball = files.get(path) ?? new Uint8Array();
    const { date, ...source } = locked?.source ?? ({} as LockedSource);
    assert.deepEqual(source, {
      path,
      serial: "3.20.3",
      sizeBytes: tarball.byteLength,
      digest: `sha256:${createHash("sha256").update(tarball).digest("hex")}`,
      sha512: createHash("sha512").update(tarball).digest("hex"),
      signedBy: [signers.alpine.key.fingerprint],
    });
    assert.equal(date.toISOString(), "2025-05-30T12:00:00.000Z");
    // A newer release does not count, nor does an index that is gone: the lock is enough.
    const other = join(folder, "other");
    await writeRepository(other, new Map([[path, tarball]]));
    const fresh = { lockFile, locked: true, cacheDirectory: join(folder, "other-cache") };
    const result = await build(options(recipeOf("alpine:3.20", other), fresh));
    assert.equal(result.platforms[0]?.source?.serial, "3.20.3");
  });

  test("has the same version for all nine architectures", async (t) => {
    const platforms = Object.values(alpineArchitectures).map(parsePlatform);
    const words = Object.keys(alpineArchitectures);
    const tarballs = Object.fromEntries(words.map((word) => [word, makeMinirootfs("3.22.1", word)]));
    const files = makeReleases(spec({ branch: "v3.22", version: "3.22.1", tarballs }));
    const { folder, mirror, options } = await openPlace(t, files);
    const destination = join(folder, "context");
    const result = await build(
      options(recipeOf("alpine:3.22", mirror, { platforms }), { outputs: [{ kind: "context", destination }] }),
    );
    assert.deepEqual(
      result.platforms.map(({ platform, source }) => [platform, source?.serial]),
      platforms.map((platform) => [formatPlatform(platform), "3.22.1"]),
    );
    assert.deepEqual(readdirSync(destination).sort(), ["VERSION", ...words, "checksums.sha512"].sort());
    run("sha512sum", ["--strict", "-c", "checksums.sha512"], { cwd: destination });
    for (const word of words) {
      const file = `alpine-minirootfs-3.22.1-${word}.tar.gz`;
      assert.deepEqual(readdirSync(join(destination, word)).sort(), ["Dockerfile", file]);
      assert.equal(
        readFileSync(join(destination, word, "Dockerfile"), "utf8"),
        `FROM scratch\nADD ${file} /\nCMD ["/bin/sh"]\n`,
      );
      assert.deepEqual(readFileSync(join(destination, word, file)), Buffer.from(tarballs[word] ?? ""));
    }
    assert.equal(readFileSync(join(destination, "VERSION"), "utf8"), "3.22.1");
  });

  test("is refused where architectures disagree, before a tarball is fetched", async (t) => {
    const files = makeReleases(spec());
    const late = makeReleases(spec({ version: "3.20.2", tarballs: { aarch64: makeMinirootfs("3.20.2", "aarch64") } }));
    const server = await startLoopback(serveFiles(new Map([...files, ...late])));
    t.after(() => server.close());
    const { options } = await openPlace(t, new Map());
    const platforms = ["amd64", "arm64"].map(parsePlatform);
    await assert.rejects(build(options(recipeOf("alpine:3.20", server.url, { platforms }))), {
      code: "SERIAL_MISMATCH",
      message:
        'Cannot make one image of the source: its version is "3.20.3" for linux/amd64, and "3.20.2" for linux/arm64',
    });
    assert.deepEqual(
      server.seen.filter(({ path: one }) => !one.endsWith(".yaml")),
      [],
    );
  });

  test("may be edge, which is numbered by its day", async (t) => {
    const tarballs = { x86_64: makeMinirootfs("3.23.0_alpha20250601", "x86_64") };
    const { mirror, options } = await openPlace(
      t,
      makeReleases(spec({ branch: "edge", version: "20250601", tarballs })),
    );
    const result = await build(options(recipeOf("alpine:edge", mirror)));
    assert.equal(result.platforms[0]?.source?.serial, "20250601");
  });

  test("comes from the next mirror where one has not all of it", async (t) => {
    const files = makeReleases(spec());
    const { folder, mirror, options } = await openPlace(t, files);
    const index = "v3.20/releases/x86_64/latest-releases.yaml";
    const partly = join(folder, "partly");
    await writeRepository(partly, new Map([[index, files.get(index) ?? new Uint8Array()]]));
    const recipe = recipeOf("alpine:3.20", mirror);
    const repositories = recipe.repositories.map((one) => ({ ...one, urls: [join(folder, "gone"), partly, mirror] }));
    const result = await build(options({ ...recipe, repositories }));
    assert.deepEqual(result.platforms[0]?.source?.signedBy, [signers.alpine.key.fingerprint]);
  });

  test("takes no packages, and says where they can be had", async (t) => {
    const { mirror, options } = await openPlace(t, makeReleases(spec()));
    const packages = [{ request: "curl", exclude: false }];
    await assert.rejects(build(options(recipeOf("alpine:3.20", mirror, { packages }))), {
      code: "RECIPE_SYNTAX",
      fix: 'Leave it out, or write "variant: packages".',
    });
  });

  test("has nothing that was chosen here, and says so when asked why", async (t) => {
    const { mirror, options } = await openPlace(t, new Map());
    const [result] = await why({ ...options(recipeOf("alpine:3.20", mirror)), packageName: "busybox" });
    assert.deepEqual([result?.installed, result?.lines.length], [false, 1]);
  });

  test("is not taken when the lock has seen a newer one", async (t) => {
    const { folder, mirror, options } = await openPlace(t, makeReleases(spec()));
    const lockFile = join(folder, "dodai.lock");
    const recipe = recipeOf("alpine:3.20", mirror);
    await lock(options(recipe, { lockFile }));
    const older = spec({ version: "3.20.2", tarballs: { x86_64: makeMinirootfs("3.20.2", "x86_64") } });
    await writeRepository(mirror, makeReleases(older));
    await assert.rejects(lock(options(recipe, { lockFile })), { code: "LOCK_DOWNGRADE" });
  });

  test("takes the recipe's files and settings over it, and then the context is made anew", async (t) => {
    const { folder, mirror, options } = await openPlace(t, makeReleases(spec()));
    const destination = join(folder, "context");
    const outputs = [{ kind: "context", destination }] as const;
    const config = { cmd: ["/bin/ash"], env: { LANG: "C.UTF-8" } };
    await build(options(recipeOf("alpine:3.20", mirror, { config }), { outputs }));
    const dockerfile = (): string => readFileSync(join(destination, "Dockerfile"), "utf8");
    assert.equal(
      dockerfile(),
      'FROM scratch\nADD alpine-minirootfs-3.20.3-x86_64.tar.gz /\nENV LANG="C.UTF-8"\nCMD ["/bin/ash"]\n',
    );
    const remove = ["/etc/alpine-release"];
    await build(options(recipeOf("alpine:3.20", mirror, { remove }), { outputs }));
    assert.match(dockerfile(), /ADD alpine-3\.20-amd64\.tar\.xz/);
    assert.deepEqual(readdirSync(destination).sort(), ["Dockerfile", "SHA256SUMS", "alpine-3.20-amd64.tar.xz"]);
  });
});

describe("whom a release of Alpine is trusted by", () => {
  const changed = (files: RepositoryFiles, changes: Readonly<Record<string, Uint8Array | undefined>>): Files => {
    const result = new Map(files);
    for (const [name, bytes] of Object.entries(changes)) {
      if (bytes) result.set(name, bytes);
      else result.delete(name);
    }
    return result;
  };
  const made = (): RepositoryFiles => makeReleases(spec());
  const other = makeMinirootfs("3.20.3", "x86_64", [{ path: "etc/evil", content: "evil\n" }]);
  const x86 = makeMinirootfs("3.20.3", "x86");
  const old = makeMinirootfs("3.20.2", "x86_64");

  const cases: readonly (readonly [name: string, files: () => Files, code: string])[] = [
    ["no index", () => new Map(), "INDEX_MISSING"],
    ["no tarball", () => changed(made(), { [path]: undefined }), "DOWNLOAD_FAILED"],
    ["a tarball of another sum", () => changed(made(), { [path]: other }), "DIGEST_MISMATCH"],
    [
      "a tarball whose SHA-512 alone is another",
      () => makeReleases(spec({ item: { sha512: "0".repeat(128) } })),
      "DIGEST_MISMATCH",
    ],
    [
      "a tarball whose SHA-256 alone is another",
      () => makeReleases(spec({ item: { sha256: "0".repeat(64) } })),
      "DIGEST_MISMATCH",
    ],
    ["no signature", () => changed(made(), { [`${path}.asc`]: undefined }), "SIGNATURE_MISSING"],
    ["an empty signature", () => changed(made(), { [`${path}.asc`]: new Uint8Array() }), "SIGNATURE_MISSING"],
    ["a signature by another key", () => makeReleases(spec({ signer: signers.other })), "SIGNATURE_INVALID"],
    [
      "sums that are changed with the tarball, and a signature that is not",
      () =>
        changed(makeReleases(spec({ tarballs: { x86_64: other } })), {
          [`${path}.asc`]: made().get(`${path}.asc`),
        }),
      "SIGNATURE_INVALID",
    ],
    [
      "a key that has expired since it signed",
      () => makeReleases(spec({ signer: signers.late, at: new Date("2025-01-01T00:00:00Z") })),
      "SIGNATURE_INVALID",
    ],
    [
      "a signature of tomorrow",
      () => makeReleases(spec({ at: new Date(buildTime.getTime() + 86_400_000 * 3) })),
      "SIGNATURE_INVALID",
    ],
    [
      "an older release under the newer's name",
      () => makeReleases(spec({ tarballs: { x86_64: old } })),
      "SERIAL_MISMATCH",
    ],
    [
      "another machine's root under the name of this one's",
      () => makeReleases(spec({ tarballs: { x86_64: x86 } })),
      "SERIAL_MISMATCH",
    ],
  ];
  for (const [name, files, code] of cases) {
    test(`${name}: ${code}`, async (t) => {
      const { mirror, options } = await openPlace(t, files());
      const keys = name.startsWith("a key") ? { signer: signers.late } : {};
      await assert.rejects(build(options(recipeOf("alpine:3.20", mirror, keys))), (error: Error) => {
        assert.equal((error as Error & { readonly code?: string }).code, code, String(error));
        t.diagnostic(error.message.replace(/file:\S+\//g, ""));
        return true;
      });
    });
  }

  test("Alpine's own key is what counts where the recipe names none", async (t) => {
    const { mirror, options } = await openPlace(t, made());
    const environment = { DODAI_MIRROR_ALPINE: mirror };
    const recipe = { ...builtIn("alpine:3.20"), platforms: [parsePlatform("amd64")] };
    await assert.rejects(build(options(recipe, { environment })), { code: "SIGNATURE_INVALID" });
  });

  test("the mirror's sums alone are believed on demand, with a warning", async (t) => {
    const { mirror, options } = await openPlace(t, changed(made(), { [`${path}.asc`]: undefined }));
    const told: BuildEvent[] = [];
    const environment = { DODAI_MIRROR_ALPINE: mirror };
    const recipe = { ...builtIn("alpine:3.20"), platforms: [parsePlatform("amd64")] };
    const allowed = { environment, insecureUnsigned: ["source"], onEvent: (event: BuildEvent) => told.push(event) };
    const result = await build(options(recipe, allowed));
    assert.deepEqual(result.platforms[0]?.source?.signedBy, []);
    const [warning] = told.flatMap((event) => (event.kind === "warning" ? [event.text] : []));
    assert.match(warning ?? "", /no mirror has its signature .*\.asc, as was asked/);
    const wrong = changed(made(), { [path]: other, [`${path}.asc`]: undefined });
    const second = await openPlace(t, wrong);
    const again = { ...allowed, environment: { DODAI_MIRROR_ALPINE: second.mirror } };
    await assert.rejects(build(second.options(recipe, again)), { code: "DIGEST_MISMATCH" });
  });
});

describe("Alpine's real root tarballs", () => {
  const folder = fixture("alpine/minirootfs/alpinelinux+docker-alpine");
  const sums = fixture("alpine/minirootfs-sums/v3.20/alpinelinux+docker-alpine/checksums.sha512");
  const words = ["aarch64", "x86_64"];
  const file = (word: string): string => `alpine-minirootfs-3.20.3-${word}.tar.gz`;

  async function openReal(t: TestContext): Promise<Place & { readonly recipe: Recipe }> {
    const tarballs = Object.fromEntries(words.map((word) => [word, readFileSync(join(folder, word, file(word)))]));
    const place = await openPlace(t, makeReleases(spec({ tarballs })));
    const platforms = ["arm64", "amd64"].map(parsePlatform);
    return { ...place, recipe: recipeOf("alpine:3.20", place.mirror, { platforms }) };
  }

  test("give the context that docker-alpine has", needs(folder, sums), async (t) => {
    const { folder: here, options, recipe } = await openReal(t);
    const destination = join(here, "context");
    await build(options(recipe, { outputs: [{ kind: "context", destination }] }));
    for (const word of words) {
      for (const name of ["Dockerfile", file(word)]) {
        assert.deepEqual(readFileSync(join(destination, word, name)), readFileSync(join(folder, word, name)));
      }
    }
    const published = readFileSync(sums, "utf8").split("\n");
    const written = readFileSync(join(destination, "checksums.sha512"), "utf8").split("\n");
    assert.deepEqual(written, [...published.filter((line) => / (?:aarch64|x86_64)\//.test(line)).sort(byPath), ""]);
    assert.deepEqual(
      readFileSync(join(destination, "VERSION")),
      readFileSync(sums.replace("checksums.sha512", "VERSION")),
    );
  });

  test("give a context of one platform in one folder", needs(folder, sums), async (t) => {
    const { folder: here, options, recipe } = await openReal(t);
    const destination = join(here, "context");
    const one = { ...recipe, platforms: [parsePlatform("amd64")] };
    await build(options(one, { outputs: [{ kind: "context", destination }] }));
    assert.deepEqual(readdirSync(destination).sort(), ["Dockerfile", "VERSION", file("x86_64"), "checksums.sha512"]);
    assert.deepEqual(readFileSync(join(destination, "Dockerfile")), readFileSync(join(folder, "x86_64", "Dockerfile")));
    run("sha512sum", ["--strict", "-c", "checksums.sha512"], { cwd: destination });
  });

  test("keep every path, mode and owner in the image", needs(folder), async (t) => {
    const { folder: here, options, recipe } = await openReal(t);
    for (const [platform, word] of [
      ["amd64", "x86_64"],
      ["arm64", "aarch64"],
    ] as const) {
      const destination = join(here, word);
      const outputs = [{ kind: "oci-layout", destination }] as const;
      await build(options({ ...recipe, platforms: [parsePlatform(platform)] }, { outputs }));
      const [layer] = readLayout(destination).layers;
      const original = gunzipSync(readFileSync(join(folder, word, file(word))));
      assert.deepEqual(sortedEntries(layer?.plain ?? new Uint8Array()), sortedEntries(original));
    }
  });
});

const byPath = (a: string, b: string): number => (a.slice(128) < b.slice(128) ? -1 : 1);

/** As one set, whatever the order. */
function sortedEntries(bytes: Uint8Array): readonly Entry[] {
  return entriesOf(bytes).toSorted((a, b) => comparePaths(a.path, b.path));
}
