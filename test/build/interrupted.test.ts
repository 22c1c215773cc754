// Builds that are stopped: by a full disk, by Ctrl-C, by kill -9; and builds that run at once. Whatever happens, nothing
// half-written is left, what was there stays, and the next build just works.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import { build } from "../../src/build/build.ts";
import type { DodaiError } from "../../src/core/dodai-error.ts";
import {
  digestsOf,
  makeArchive,
  openWorkplace,
  runDodai,
  type Started,
  startDodai,
  toldAs,
  type Workplace,
  writeRecipe,
} from "../kit/build.ts";
import type { DebSpec } from "../kit/deb.ts";
import { type Answer, type Loopback, serveFiles, startLoopback } from "../kit/loopback.ts";
import { needs } from "../kit/oracle.ts";
import { createSigner, type RepositoryFiles, type Signer } from "../kit/repository.ts";
import { noise } from "./shop.ts";

const large: DebSpec = {
  name: "large",
  tree: [{ path: "usr/share/large", content: noise(3 << 20) }],
  compression: "none",
};
const small: DebSpec = { name: "small", tree: [{ path: "usr/share/small", content: "small\n" }], compression: "none" };
const suites = { trixie: [large, small] };
const isLarge = (path: string | undefined): boolean => path?.includes("/large_") ?? false;

describe("a build that is stopped", needs("gpg"), () => {
  const signer: Signer = createSigner("archive");
  const files: RepositoryFiles = makeArchive({ suites }, signer);
  after(() => signer.close());

  interface Stage extends Workplace {
    readonly server: Loopback;
    readonly recipeFile: string;
    /** Words of a build of `recipeFile` to `image.tar`. */
    readonly words: readonly string[];
    readonly image: string;
  }

  /** An archive behind a server that answers as told, a recipe for it, and an image that is there already. */
  async function open(t: TestContext, answer: Answer = serveFiles(files)): Promise<Stage> {
    const server = await startLoopback(answer);
    t.after(() => server.close());
    const place = await openWorkplace(t, { signer, suites });
    const image = place.out("image.tar");
    writeFileSync(image, "what was there");
    const recipeFile = await writeRecipe(place.folder, {
      url: server.url,
      suites: ["trixie"],
      signer,
      lines: ["name: test", "packages: [large, small]"],
    });
    const words = ["build", recipeFile, "-o", `type=oci,dest=${image}`, "--cache-dir", place.cache, "--progress=plain"];
    return { ...place, server, recipeFile, words, image };
  }

  /** Answers with half of the large package, then waits: `reached` is called, and the rest never comes. */
  const stalling =
    (reached: () => void): Answer =>
    (request, response, nth) => {
      if (!isLarge(request.url) || nth > 1) return serveFiles(files)(request, response, nth);
      const bytes = files.get((request.url ?? "").slice(1)) ?? new Uint8Array();
      response.writeHead(200, { "content-length": String(bytes.length) });
      response.write(bytes.subarray(0, bytes.length >> 1), () => setImmediate(reached));
    };

  const leftIn = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);

  function assertClean({ cache, image }: Stage): void {
    assert.deepEqual(leftIn(join(cache, "tmp")), []);
    assert.deepEqual(leftIn(join(image, "..")), ["image.tar"]);
  }

  for (const { signal, exitCode } of [
    { signal: "SIGINT", exitCode: 130 },
    { signal: "SIGTERM", exitCode: 143 },
  ] as const) {
    test(`by ${signal} in a download exits with ${exitCode} and leaves nothing`, async (t) => {
      let child: Started | undefined;
      const stage = await open(
        t,
        stalling(() => child?.kill(signal)),
      );
      child = startDodai(stage.words, { cwd: stage.folder });
      const { status, stdout, stderr } = await child.ended;
      assert.deepEqual([status, stdout], [exitCode, ""], stderr);
      assert.match(stderr, /dodai: stopped; nothing half-written is left\n$/);
      assert.equal(readFileSync(stage.image, "utf8"), "what was there");
      assertClean(stage);
      const again = await runDodai(stage.words, { cwd: stage.folder });
      assert.equal(again.status, 0, again.stderr);
      assertClean(stage);
    });
  }

  test("by its caller throws CANCELLED and leaves nothing", async (t) => {
    for (const stop of ["index", "download", "assemble", "write"]) {
      const stage = await open(t);
      const controller = new AbortController();
      const running = build(
        stage.options({
          outputs: [{ kind: "oci", destination: stage.image }],
          signal: controller.signal,
          onEvent: (event) => void (event.kind === "stage" && event.stage === stop && controller.abort()),
        }),
      );
      await assert.rejects(running, { code: "CANCELLED" }, stop);
      assert.equal(readFileSync(stage.image, "utf8"), "what was there", stop);
      assertClean(stage);
    }
  });

  test("by kill -9 in a download leaves the image, and the next build just works", async (t) => {
    let child: Started | undefined;
    const stage = await open(
      t,
      stalling(() => child?.kill("SIGKILL")),
    );
    child = startDodai(stage.words, { cwd: stage.folder });
    assert.equal((await child.ended).signal, "SIGKILL");
    assert.equal(readFileSync(stage.image, "utf8"), "what was there");
    const again = await runDodai(stage.words, { cwd: stage.folder });
    assert.equal(again.status, 0, again.stderr);
    assertClean(stage);
    assert.equal(again.stdout.trim(), (await buildElsewhere(t)).at(0));
  });

  test("by kill -9 while it writes leaves the image, and the next build just works", async (t) => {
    const stage = await open(t);
    const killed = join(stage.folder, "killed.mjs");
    // Dies in the middle of the write, when the event of its progress comes.
    writeFileSync(killed, killerOf(stage));
    const child = startDodai([], { cwd: stage.folder, before: `exec "$0" ${killed};` });
    assert.equal((await child.ended).signal, "SIGKILL");
    assert.equal(readFileSync(stage.image, "utf8"), "what was there");
    const again = await runDodai(stage.words, { cwd: stage.folder });
    assert.equal(again.status, 0, again.stderr);
    assertClean(stage);
  });

  async function buildElsewhere(t: TestContext): Promise<readonly string[]> {
    const stage = await open(t);
    return digestsOf(await build(stage.options()));
  }

  test("at once with another on one store gives both the same image", async (t) => {
    const stage = await open(t);
    const expected = (await buildElsewhere(t)).at(0);
    const outputs = ["a.tar", "b.tar", "c.tar"].map((name) => stage.out(name));
    const runs = await Promise.all([
      ...outputs.slice(0, 2).map((dest) =>
        runDodai([...stage.words.slice(0, 2), "-o", `type=oci,dest=${dest}`, ...stage.words.slice(4)], {
          cwd: stage.folder,
        }),
      ),
      build(stage.options({ outputs: [{ kind: "oci", destination: outputs[2] ?? "" }] })),
    ]);
    const digests = runs.map((one) => ("digest" in one ? one.digest : one.stdout.trim()));
    assert.deepEqual(digests, [expected, expected, expected]);
    const [first, ...others] = outputs.map((path) => readFileSync(path));
    for (const other of others) assert.deepEqual(other, first);
    assert.deepEqual(leftIn(join(stage.cache, "tmp")), []);
  });

  describe("by a full disk", needsTmpfs(), () => {
    const messages = new Map<string, string>();
    for (const sizeKib of [16, 64, 1024, 3200, 4096, 7168, 9300]) {
      test(`whose cache has ${sizeKib} KiB: says so, and works once there is room`, async (t) => {
        const stage = await open(t);
        const disk = mountTmpfs(t, sizeKib);
        const recipe = {
          ...stage.recipe,
          repositories: stage.recipe.repositories.map((one) => ({ ...one, urls: [stage.server.url] })),
        };
        const options = stage.options({
          recipe,
          cacheDirectory: join(disk, "cache"),
          outputs: [{ kind: "oci", destination: stage.image }],
        });
        const failure = await build(options).catch((error: unknown) => error);
        messages.set("cache", shortly(failure, disk));
        assert.equal((failure as DodaiError).code, "DISK_FULL");
        assert.equal(readFileSync(stage.image, "utf8"), "what was there");
        assert.deepEqual(leftIn(join(disk, "cache/tmp")), []);
        assert.deepEqual(leftIn(join(stage.image, "..")), ["image.tar"]);
        execFileSync("mount", ["-o", "remount,size=64m", disk]);
        assert.deepEqual(digestsOf(await build(options)), await buildElsewhere(t));
      });
    }

    for (const kind of ["oci", "tar", "dir", "oci-layout", "docker", "context"] as const) {
      test(`where the ${kind} goes: says so, and the old one stays`, async (t) => {
        const stage = await open(t);
        const disk = mountTmpfs(t, 2048);
        const destination = join(disk, "image");
        const isFile = ["oci", "tar", "docker"].includes(kind);
        const before = { ...stage.recipe, packages: [{ request: "small", exclude: false }] };
        await build(stage.options({ recipe: before, outputs: [{ kind, destination }] }));
        const look = (): unknown =>
          isFile ? readFileSync(destination) : execFileSync("find", [disk, "-printf", "%P %s\n"], { encoding: "utf8" });
        const old = look();
        const failure = await build(stage.options({ outputs: [{ kind, destination }] })).catch(
          (error: unknown) => error,
        );
        messages.set(kind, shortly(failure, disk));
        assert.equal((failure as DodaiError).code, "DISK_FULL");
        assert.deepEqual(look(), old);
        assert.deepEqual(
          leftIn(disk).filter((name) => name !== ".image.dodai.json"),
          ["image"],
        );
      });
    }

    test("in these words", (t) => {
      const told = [...messages].map(([name, text]) => `${name}\n${text}`).join("\n");
      t.assert.fileSnapshot(told, "test/golden/hostile/full-disk.txt", { serializers: [String] });
    });
  });
});

/** A program that builds as `words` do, and is killed in the middle of writing the image. */
function killerOf({ cache, image, recipe }: Pick<Workplace, "cache" | "recipe"> & { readonly image: string }): string {
  return `
import { build } from ${JSON.stringify(new URL("../../src/build/build.ts", import.meta.url).href)};
await build({
  recipe: ${JSON.stringify(recipe)},
  cacheDirectory: ${JSON.stringify(cache)},
  hostRoot: "",
  outputs: [{ kind: "oci", destination: ${JSON.stringify(image)} }],
  onEvent: ({ kind, stage }) => {
    if (kind === "progress" && stage === "write") process.kill(process.pid, "SIGKILL");
  },
});
`;
}

/** What is full and what to do; which file it was depends on what was being written. */
function shortly(error: unknown, disk: string): string {
  const lines = toldAs(error, [[disk, "DISK"]]).split("\n");
  const telling = lines.filter((line) => /^dodai: |^ {2}fix: /.test(line)).join("\n");
  return `${telling.replace(/DISK\/cache\/[^"]+/, "DISK/cache/FILE")}\n`;
}

/** Skipped unless a small disk can be mounted. */
function needsTmpfs(): { readonly skip?: string } {
  if (process.getuid?.() !== 0) return { skip: "needs root, to mount a small disk" };
  const probe = mkdtempSync(join(tmpdir(), "dodai-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", probe], { stdio: "ignore" });
    execFileSync("umount", [probe]);
    return {};
  } catch {
    return { skip: "needs to mount a small disk" };
  } finally {
    rmdirSync(probe);
  }
}

/** A disk of its own for one test; its folder. */
function mountTmpfs(t: TestContext, sizeKib: number): string {
  const folder = mkdtempSync(join(tmpdir(), "dodai-disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeKib}k`, "tmpfs", folder]);
  t.after(() => {
    execFileSync("umount", ["--lazy", folder]);
    rmdirSync(folder);
  });
  return folder;
}
