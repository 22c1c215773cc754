// The lock from one end to the other: written, found, used instead of indexes, refused when it does not fit or was tampered
// with.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import { build } from "../../src/build/build.ts";
import type { BuildEvent, BuildOptions } from "../../src/build/contract.ts";
import { lock } from "../../src/build/lock.ts";
import { resolve } from "../../src/build/resolve.ts";
import type { DodaiError } from "../../src/core/dodai-error.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import {
  digestsOf,
  makeArchive,
  openWorkplace,
  runDodai,
  toldAs,
  type Workplace,
  type WorkplaceSpec,
  writeRecipe,
} from "../kit/build.ts";
import type { DebSpec } from "../kit/deb.ts";
import { type Loopback, serveFiles, startLoopback } from "../kit/loopback.ts";
import { needs } from "../kit/oracle.ts";
import { createSigner, type Signer } from "../kit/repository.ts";

const hello: DebSpec = {
  name: "hello",
  fields: { Depends: "world" },
  compression: "none",
  tree: [{ path: "usr/bin/hello", content: "hello\n", mode: 0o755 }],
  control: { postinst: "#!/bin/sh\n" },
};
const world: DebSpec = { name: "world", architecture: "all", tree: [{ path: "usr/share/world", content: "world\n" }] };
const other: DebSpec = { name: "other", tree: [{ path: "usr/share/other", content: "other\n" }] };
const trixie = [hello, world, other];

describe("a lock", needs("gpg"), () => {
  const signer: Signer = createSigner("archive");
  after(() => signer.close());

  interface LockPlace extends Workplace {
    readonly lockFile: string;
    /** Serves the archive; `seen` tells what was asked for. */
    readonly server: Loopback;
    /** Options with the lock file, the recipe's archive being the server. */
    locked(changes?: Partial<BuildOptions>): BuildOptions & { readonly lockFile: string };
    text(): string;
  }

  async function open(t: TestContext, more: Partial<WorkplaceSpec> = {}): Promise<LockPlace> {
    const spec = { signer, suites: { trixie, "trixie-security": [] }, ...more };
    const server = await startLoopback(serveFiles(makeArchive(spec, signer)));
    t.after(() => server.close());
    const place = await openWorkplace(t, spec);
    const lockFile = join(place.folder, "test.lock.json");
    const recipe = withPackages(withUrls(place.recipe, [server.url]), ["hello"]);
    return {
      ...place,
      recipe,
      lockFile,
      server,
      locked: (changes) => ({ ...place.options({ recipe, ...changes }), lockFile }),
      text: () => readFileSync(lockFile, "utf8"),
    };
  }

  const isPackage = (path: string): boolean => path.startsWith("/pool/");

  test("is written, and the second time says the same", async (t) => {
    const { locked, text, lockFile, server } = await open(t);
    const first = await lock(locked());
    assert.deepEqual([first.changed, first.lockFile], [true, lockFile]);
    assert.ok(!server.seen.some(({ path }) => isPackage(path)), "a lock downloads no package");
    t.assert.fileSnapshot(masked(text()), "test/golden/lock/written.json", { serializers: [String] });
    assert.equal((await lock(locked())).changed, false);
    assert.deepEqual(first.resolution, await resolve(locked()));
  });

  test("that fits is used: nothing is solved, no index is fetched", async (t) => {
    const { locked, server } = await open(t);
    await lock(locked());
    const asked = server.seen.length;
    const stages: string[] = [];
    const onEvent = (event: BuildEvent): void => void (event.kind === "stage" && stages.push(event.stage));
    const { platforms } = await build(
      locked({ locked: true, cacheDirectory: `${locked().cacheDirectory}-2`, onEvent }),
    );
    const paths = server.seen.slice(asked).map(({ path }) => path);
    assert.deepEqual(paths.toSorted(), [
      "/pool/main/h/hello/hello_1.0-1_amd64.deb",
      "/pool/main/w/world/world_1.0-1_all.deb",
    ]);
    assert.ok(!stages.includes("index") && !stages.includes("solve"));
    assert.deepEqual(
      platforms[0]?.packages.map(({ name }) => name),
      ["hello", "world"],
    );
  });

  test("gives what a build without it gives", async (t) => {
    const { locked, options, recipe } = await open(t);
    const without = digestsOf(await build(options({ recipe })));
    await lock(locked());
    assert.deepEqual(digestsOf(await build(locked({ locked: true }))), without);
  });

  test("keeps what it has when the archive moves on", async (t) => {
    const place = await open(t);
    await lock(place.locked());
    const newer = await startLoopback(
      serveFiles(makeArchive({ suites: { trixie: [...trixie, { ...world, version: "2.0-1" }] } }, signer)),
    );
    t.after(() => newer.close());
    const recipe = withUrls(place.recipe, [newer.url]);
    const versions = async (more: Partial<BuildOptions>): Promise<readonly string[]> => {
      const { platforms } = await build(place.locked({ recipe, ...more }));
      return platforms.flatMap(({ packages }) => packages.map(({ version }) => version));
    };
    assert.deepEqual(await versions({ locked: true }), ["1.0-1", "1.0-1"]);
    const moved = { ...recipe, repositories: recipe.repositories.map((one) => ({ ...one, suites: ["trixie"] })) };
    assert.deepEqual(await versions({ recipe: moved }), ["1.0-1", "2.0-1"]);
  });

  test("of another mirror is served by any", async (t) => {
    const { locked, archive, recipe, server } = await open(t);
    await lock(locked());
    const asked = server.seen.length;
    await build(locked({ locked: true, recipe: withUrls(recipe, [archive]) }));
    assert.equal(server.seen.length, asked);
  });

  describe("still fits when the recipe changes", () => {
    const changes: readonly {
      readonly what: string;
      readonly change: (recipe: Recipe) => Recipe;
      readonly fits: boolean;
    }[] = [
      { what: "its labels", change: (one) => ({ ...one, config: { labels: { a: "b" } } }), fits: true },
      { what: "its name", change: (one) => ({ ...one, name: "other" }), fits: true },
      { what: "its layers", change: (one) => ({ ...one, layers: { kind: "per-package", max: 9 } }), fits: true },
      { what: "what it removes", change: (one) => ({ ...one, remove: ["/usr/share/world"] }), fits: true },
      { what: "its packages", change: (one) => withPackages(one, ["hello", "other"]), fits: false },
      { what: "its variant", change: (one) => ({ ...one, variant: "distroless" }), fits: false },
      { what: "whether recommends come", change: (one) => ({ ...one, recommends: true }), fits: false },
      {
        what: "its platforms",
        change: (one) => ({ ...one, platforms: [parsePlatform("linux/arm64")] }),
        fits: false,
      },
      {
        what: "its keys",
        change: (one) => ({ ...one, repositories: one.repositories.map((two) => ({ ...two, keys: [] })) }),
        fits: false,
      },
    ];
    for (const { what, change, fits } of changes) {
      test(`${what}: ${fits ? "yes" : "no"}`, async (t) => {
        const { locked, recipe } = await open(t);
        await lock(locked());
        const changed = build(locked({ recipe: change(recipe), locked: true }));
        if (fits) await changed;
        else await assert.rejects(changed, { code: "LOCK_OUT_OF_DATE" });
      });
    }
  });

  test("that does not fit is told of and left as it is, without --locked", async (t) => {
    const { locked, recipe, text } = await open(t);
    await lock(locked());
    const before = text();
    const warnings: string[] = [];
    const onEvent = (event: BuildEvent): void => void (event.kind === "warning" && warnings.push(event.text));
    await build(locked({ recipe: withPackages(recipe, ["other"]), onEvent }));
    assert.match(warnings.join("\n"), /^The lock ".*test\.lock\.json" is not used: the recipe asks for something else/);
    assert.equal(text(), before);
  });

  test("and a warm cache are enough offline", async (t) => {
    const { locked, server } = await open(t);
    await lock(locked());
    const online = await build(locked());
    const asked = server.seen.length;
    // Pieces suffice: packages and indexes are gone.
    await rm(join(locked().cacheDirectory, "blobs"), { recursive: true });
    await rm(join(locked().cacheDirectory, "values"), { recursive: true });
    assert.deepEqual(digestsOf(await build(locked({ offline: true }))), digestsOf(online));
    assert.equal(server.seen.length, asked);
  });

  test("alone is not enough offline, and nothing is asked for", async (t) => {
    const { locked, server } = await open(t);
    await lock(locked());
    const asked = server.seen.length;
    await assert.rejects(build(locked({ offline: true })), { code: "NETWORK_OFFLINE" });
    await assert.rejects(lock(locked({ offline: true })), { code: "NETWORK_OFFLINE" });
    assert.equal(server.seen.length, asked);
  });

  test("refuses an older Release that is replayed", async (t) => {
    const place = await open(t, { date: new Date("2025-06-02T06:00:00Z") });
    await lock(place.locked());
    const before = place.text();
    const replayed = await startLoopback(
      serveFiles(makeArchive({ suites: { trixie, "trixie-security": [] } }, signer)),
    );
    t.after(() => replayed.close());
    const recipe = withUrls(place.recipe, [replayed.url]);
    const wanted = { code: "LOCK_DOWNGRADE" };
    await assert.rejects(lock(place.locked({ recipe })), wanted);
    await assert.rejects(build(place.locked({ recipe: withPackages(recipe, ["other"]) })), wanted);
    assert.equal(place.text(), before);
  });

  test("records what a build did about scripts, and keeps it", async (t) => {
    const { locked, text } = await open(t);
    await lock(locked());
    assert.doesNotMatch(text(), /"scripts"/);
    await build(locked({ locked: true }));
    assert.doesNotMatch(text(), /"scripts"/, "--locked writes nothing");
    await build(locked());
    assert.match(text(), /"scripts": \{\s*"skipped": \[\s*"hello\.postinst"\s*\]/);
    const told = text();
    assert.equal((await lock(locked())).changed, false);
    await build(locked({ cacheDirectory: `${locked().cacheDirectory}-2` }));
    assert.equal(text(), told);
  });

  test("holds every platform, and serves each alone", async (t) => {
    const arm64 = { ...hello, architecture: "arm64", tree: [{ path: "usr/bin/hello", content: "arm\n" }] };
    const platforms = ["linux/amd64", "linux/arm64"].map(parsePlatform);
    const { locked } = await open(t, { suites: { trixie: [...trixie, arm64] } });
    const both = await lock(locked({ platforms }));
    assert.deepEqual(
      both.resolution.platforms.map(({ platform }) => platform),
      ["linux/amd64", "linux/arm64"],
    );
    const index = await build(locked({ platforms, locked: true }));
    for (const [at, platform] of platforms.entries()) {
      const alone = await build(locked({ platforms: [platform], locked: true }));
      assert.equal(alone.digest, index.platforms[at]?.manifest);
    }
    assert.ok(!index.platforms.some(({ manifest }) => manifest === index.digest));
  });

  describe("that was tampered with is refused", () => {
    const zeros = `sha256:${"0".repeat(64)}`;
    const rows: readonly { readonly name: string; readonly edit: (text: string) => string; readonly code: string }[] = [
      {
        name: "a package's digest",
        edit: (text) => text.replace(/"sha256": "sha256:\w+"/, `"sha256": "${zeros}"`),
        code: "DIGEST_MISMATCH",
      },
      { name: "a package's size", edit: (text) => text.replace(/"size": \d+/, '"size": 12'), code: "DIGEST_MISMATCH" },
      { name: "a package's path", edit: (text) => text.replace("hello_1.0-1", "hello_9"), code: "DOWNLOAD_FAILED" },
      {
        name: "a path that leads out",
        edit: (text) => text.replace("pool/main/h/hello", "../../../etc"),
        code: "LOCK_SYNTAX",
      },
      {
        name: "an absolute path",
        edit: (text) => text.replace("pool/main/h/hello", "/etc"),
        code: "LOCK_SYNTAX",
      },
      {
        name: "a package's repository",
        edit: (text) => text.replace('"repository": "recipe-1/trixie"', '"repository": "debian/trixie"'),
        code: "LOCK_OUT_OF_DATE",
      },
      {
        name: "a package's name",
        edit: (text) => text.replace('"name": "hello"', '"name": "helo"'),
        code: "PACKAGE_BROKEN",
      },
      {
        name: "a package's version",
        edit: (text) => text.replace('"version": "1.0-1"', '"version": "9.0-1"'),
        code: "PACKAGE_BROKEN",
      },
      {
        name: "the recipe's digest",
        edit: (text) => text.replace(/"recipe": "\S+"/, `"recipe": "${zeros}"`),
        code: "LOCK_OUT_OF_DATE",
      },
      { name: "cut short", edit: (text) => text.slice(0, 300), code: "LOCK_SYNTAX" },
      {
        name: "of a later form",
        edit: (text) => text.replace('"schemaVersion": 1', '"schemaVersion": 2'),
        code: "LOCK_SYNTAX",
      },
      { name: "a digest that is none", edit: (text) => text.replace(/sha256:\w+/, "md5:abc"), code: "LOCK_SYNTAX" },
      { name: "a size that is none", edit: (text) => text.replace(/"size": \d+/, '"size": -1'), code: "LOCK_SYNTAX" },
      { name: "without packages", edit: (text) => text.replace('"packages"', '"pakages"'), code: "LOCK_SYNTAX" },
      { name: "a list", edit: () => "[]", code: "LOCK_SYNTAX" },
      { name: "empty", edit: () => "", code: "LOCK_SYNTAX" },
    ];
    const messages: string[] = [];
    for (const { name, edit, code } of rows) {
      test(name, async (t) => {
        const { locked, lockFile, text, folder, server } = await open(t);
        await lock(locked());
        const edited = edit(text());
        assert.notEqual(edited, text());
        writeFileSync(lockFile, edited);
        const output = join(folder, "out.tar");
        writeFileSync(output, "what was there");
        const failure = await build(locked({ locked: true, outputs: [{ kind: "oci", destination: output }] })).catch(
          (error: unknown) => error,
        );
        messages.push(
          `${name}\n${toldAs(failure, [
            [folder, "PLACE"],
            [server.url, "http://MIRROR"],
          ])}`,
        );
        assert.equal((failure as DodaiError).code, code);
        assert.equal(readFileSync(output, "utf8"), "what was there");
        assert.equal(text(), edited);
      });
    }
    test("in these words", (t) => {
      t.assert.fileSnapshot(messages.join("\n"), "test/golden/lock/refused.txt", { serializers: [String] });
    });
  });

  test("is found beside its recipe by the program, which exits with 6 when it should be there and is not", async (t) => {
    const place = await open(t);
    const cwd = place.folder;
    const url = place.server.url;
    const write = (packages: string, more: readonly string[] = []): Promise<string> =>
      writeRecipe(cwd, { url, suites: ["trixie"], signer, lines: [`packages: [${packages}]`, ...more] });
    const dodai = async (...words: readonly string[]): Promise<number | null> => {
      const ended = await runDodai([...words, "--cache-dir", "cache", "--progress", "quiet"], { cwd });
      return ended.status;
    };
    await write("hello");
    assert.equal(await dodai("build", "recipe.yaml", "--locked"), 6);
    assert.equal(await dodai("lock", "recipe.yaml"), 0);
    assert.equal(await dodai("build", "recipe.yaml", "--locked"), 0);
    await write("hello", ["config: {labels: {a: b}}"]);
    assert.equal(await dodai("build", "recipe.yaml", "--locked", "--offline"), 0);
    await write("hello, other");
    assert.equal(await dodai("build", "recipe.yaml", "--locked"), 6);
    writeFileSync(join(cwd, "recipe.lock.json"), "{");
    assert.equal(await dodai("build", "recipe.yaml"), 6);
  });
});

const withUrls = (recipe: Recipe, urls: readonly string[]): Recipe => ({
  ...recipe,
  repositories: recipe.repositories.map((one) => ({ ...one, urls })),
});

const withPackages = (recipe: Recipe, names: readonly string[]): Recipe => ({
  ...recipe,
  packages: names.map((request) => ({ request, exclude: false })),
});

/** A lock without what differs from run to run: keys are made anew, and so signatures, and zlib differs by Node. */
function masked(text: string): string {
  return text
    .replace(/sha256:\w{64}/g, "sha256:HEX")
    .replace(/[0-9A-F]{40}/g, "FINGERPRINT")
    .replace(/"size": \d+/g, '"size": 0');
}
