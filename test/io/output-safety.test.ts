import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, mkdir, readdir, readFile, readlink, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { describe, test } from "node:test";
import { DodaiError } from "../../src/core/dodai-error.ts";
import type { ImageBundle } from "../../src/image/bundle.ts";
import { fileNameOf, type OutputName, type OutputProgress } from "../../src/io/output-contract.ts";
import { outputs } from "../../src/io/output-kinds.ts";
import { makeBundle } from "../kit/image.ts";
import { hasProgram, run } from "../kit/oracle.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const kinds = Object.keys(outputs) as OutputName[];
const fileKinds = ["docker", "oci", "tar"] as const;

/** The bundle with its last layer's bytes passed through `change`. */
function withBytes(change: (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>): ImageBundle {
  const bundle = makeBundle();
  const [image] = bundle.images;
  const layers = image.layers.map((layer, at) =>
    at === 0
      ? layer
      : { ...layer, open: () => change(layer.open()), openUncompressed: () => change(layer.openUncompressed()) },
  );
  return { ...bundle, images: [{ ...image, layers }] };
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(100);
  throw new DodaiError("CACHE_BROKEN", "Cannot read the piece: it is gone");
}

async function* corrupted(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // In the tar it is a byte of a file's body, in the gzip its last.
  for await (const chunk of bytes) {
    const place = Math.min(1100, chunk.byteLength - 1);
    yield chunk.map((byte, at) => (at === place ? byte ^ 1 : byte));
  }
}

describe("when it fails, nothing is left and what was there stays", () => {
  for (const kind of kinds) {
    const cases: readonly { readonly name: string; readonly bundle: ImageBundle; readonly code: string }[] = [
      { name: "a layer that cannot be read", bundle: withBytes(failing), code: "CACHE_BROKEN" },
      {
        name: "a layer's file that is gone",
        bundle: withBytes(() => createReadStream("/nonexistent")),
        code: "CACHE_BROKEN",
      },
      { name: "a layer that changed in the store", bundle: withBytes(corrupted), code: "DIGEST_MISMATCH" },
    ];
    for (const { name, bundle, code } of cases) {
      test(`${kind}: ${name}`, async (t) => {
        const folder = await temporaryFolder(t);
        await assert.rejects(outputs[kind]({ bundle, destination: join(folder, "new/x"), baseName: "b" }), { code });
        assert.deepEqual(await readdir(folder), []);
        const destination = join(folder, "x");
        await outputs[kind]({ bundle: makeBundle(), destination, baseName: "b" });
        const before = await picture(folder);
        await assert.rejects(outputs[kind]({ bundle, destination, baseName: "b" }), { code });
        assert.deepEqual(await picture(folder), before);
      });
    }

    test(`${kind}: cancelled in the middle`, async (t) => {
      const folder = await temporaryFolder(t);
      const cancel = new AbortController();
      const onProgress = (): void => cancel.abort();
      const options = {
        bundle: makeBundle(),
        destination: join(folder, "x"),
        baseName: "b",
        signal: cancel.signal,
        onProgress,
      };
      await assert.rejects(outputs[kind](options), { code: "CANCELLED" });
      assert.deepEqual(await readdir(folder), []);
    });
  }
});

describe("progress", () => {
  for (const kind of kinds) {
    test(`${kind} ends at its total and never goes back`, async (t) => {
      const seen: OutputProgress[] = [];
      const destination = join(await temporaryFolder(t), "x");
      await outputs[kind]({ bundle: makeBundle(), destination, baseName: "b", onProgress: (one) => seen.push(one) });
      const last = seen.at(-1);
      assert.equal(last?.doneBytes, last?.totalBytes);
      assert.ok(seen.every((one, at) => at === 0 || one.doneBytes >= (seen[at - 1]?.doneBytes ?? 0)));
    });
  }
});

describe("places", () => {
  for (const kind of fileKinds) {
    test(`${kind} refuses a folder and a device`, async (t) => {
      const folder = await temporaryFolder(t);
      const bundle = makeBundle();
      await assert.rejects(outputs[kind]({ bundle, destination: folder, baseName: "b" }), {
        code: "OUTPUT_UNWRITABLE",
      });
      await assert.rejects(outputs[kind]({ bundle, destination: "/dev/null", baseName: "b" }), {
        code: "OUTPUT_UNWRITABLE",
      });
      assert.equal((await lstat("/dev/null")).isCharacterDevice(), true);
    });
  }

  test("a link to a file stays a link, and its target is replaced", async (t) => {
    const folder = await temporaryFolder(t);
    await mkdir(join(folder, "there"));
    await writeFile(join(folder, "there/image.tar"), "old");
    await symlink("there/image.tar", join(folder, "latest.tar"));
    await outputs.oci({ bundle: makeBundle(), destination: join(folder, "latest.tar"), baseName: "b" });
    assert.equal(await readlink(join(folder, "latest.tar")), "there/image.tar");
    assert.ok((await lstat(join(folder, "there/image.tar"))).size > 1000);
  });

  test("a part of the path that is a file is told", async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, "file"), "");
    const destination = join(folder, "file/x.tar");
    await assert.rejects(outputs.oci({ bundle: makeBundle(), destination, baseName: "b" }), {
      code: "OUTPUT_UNWRITABLE",
    });
  });

  test("what a killed process left a day ago is cleared away, what is younger is not", async (t) => {
    const folder = await temporaryFolder(t);
    for (const name of [".x.tar.dodai-oldold", ".x.tar.dodai-young1"]) await mkdir(join(folder, name));
    await writeFile(join(folder, ".x.tar.dodai-oldold/file"), "part");
    await utimes(join(folder, ".x.tar.dodai-oldold"), 1, 1);
    await outputs.oci({ bundle: makeBundle(), destination: join(folder, "x.tar"), baseName: "b" });
    assert.deepEqual((await readdir(folder)).toSorted(), [".x.tar.dodai-young1", "x.tar"]);
  });

  test("a full disk is told with its path, and nothing is left", {
    skip: canMount() ? false : "needs a private mount",
  }, () => {
    const output = inPrivateMount(`
      for (const kind of Object.keys(outputs)) {
        await outputs[kind]({ bundle: makeBundle({ layers: [big] }), destination: "x", baseName: "b" }).then(
          () => console.log(kind, "was written"),
          (error) => console.log(kind, error.code, error.message.split(":")[0], fs.readdirSync(".").length),
        );
      }`);
    assert.deepEqual(
      output.trim().split("\n"),
      kinds.map((kind) => `${kind} DISK_FULL Cannot write "/mnt/x" 0`),
    );
  });

  test("an empty mount point is told as one", { skip: canMount() ? false : "needs a private mount" }, () => {
    const output = inPrivateMount(`
      await outputs["oci-layout"]({ bundle: makeBundle(), destination: "/mnt", baseName: "b" }).catch((error) => console.log(error.code, error.fix));
      console.log(fs.readdirSync("/mnt").length, fs.readdirSync("/").filter((name) => name.includes("dodai")).length);`);
    assert.match(output, /^OUTPUT_UNWRITABLE It may be a mount point.*\n0 0\n$/);
  });

  test("a read-only file system is told", { skip: canMount() ? false : "needs a private mount" }, () => {
    const output = inPrivateMount(`
      execFileSync("mount", ["-o", "remount,ro", process.cwd()]);
      for (const kind of Object.keys(outputs)) {
        await outputs[kind]({ bundle: makeBundle(), destination: "x", baseName: "b" }).catch((error) => console.log(kind, error.code));
      }`);
    assert.deepEqual(
      output.trim().split("\n"),
      kinds.map((kind) => `${kind} OUTPUT_UNWRITABLE`),
    );
  });
});

test("two runs give the same bytes, whatever umask, time zone, locale and folder", async (t) => {
  const pictures: unknown[] = [];
  for (const [umask, zone, locale] of [
    ["000", "Asia/Tokyo", "tr_TR.UTF-8"],
    ["077", "America/Lima", "C"],
  ] as const) {
    const folder = await temporaryFolder(t);
    const script = `${imports}
      for (const kind of Object.keys(outputs)) {
        await outputs[kind]({ bundle: makeBundle(), destination: kind, baseName: "b" });
      }
      for (const kind of ["oci", "oci-layout", "context"]) {
        const bundle = makeBundle({ platforms: ["linux/arm64", "linux/amd64"] });
        await outputs[kind]({ bundle, destination: "several-" + kind, baseName: "b" });
      }`;
    const shell = `umask ${umask}; exec "$0" --input-type=module-typescript -e "$1"`;
    execFileSync("sh", ["-c", shell, process.execPath, script], {
      cwd: folder,
      env: { PATH: process.env.PATH, TZ: zone, LC_ALL: locale },
    });
    const shown = await picture(folder);
    pictures.push(shown.filter((line) => !line.includes(".dodai.json")));
  }
  assert.deepEqual(pictures[0], pictures[1]);
  assert.ok(pictures.length === 2);
});

test("two writers of one archive: one after the other, both whole", async (t) => {
  const destination = join(await temporaryFolder(t), "x.tar");
  await Promise.all([1, 2, 3].map(() => outputs.oci({ bundle: makeBundle(), destination, baseName: "b" })));
  assert.deepEqual(await readdir(dirname(destination)), ["x.tar"]);
});

test("names become file names", () => {
  const names = ["distroless/base", "debian:trixie", "./../x", "a b", "", "ü"];
  assert.deepEqual(names.map(fileNameOf), ["distroless-base", "debian-trixie", "x", "a-b", "image", "image"]);
});

/** Everything below a folder, one line each: path, content's digest or link target; modes inside folder outputs. */
async function picture(folder: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const item of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(item.parentPath, item.name);
    const name = relative(folder, path);
    const { mode } = await lstat(path);
    const shownMode = name.includes("/") && !item.isSymbolicLink() ? (mode & 0o7777).toString(8) : "";
    let content = "";
    if (item.isFile())
      content = createHash("sha256")
        .update(await readFile(path))
        .digest("hex");
    if (item.isSymbolicLink()) content = await readlink(path);
    lines.push(`${name} ${shownMode} ${content}`);
  }
  return lines.toSorted();
}

const href = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

const imports = `
  import fs from "node:fs";
  import { execFileSync } from "node:child_process";
  import { outputs } from ${href("../../src/io/output-kinds.ts")};
  import { createHash } from "node:crypto";
  import { file, makeBundle, makeLayer, tarOfDrawn } from ${href("../kit/image.ts")};`;

function canMount(): boolean {
  if (!hasProgram("unshare")) return false;
  try {
    run("unshare", ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]);
    return true;
  } catch {
    return false;
  }
}

/** Runs a script with a disk of 128 KiB, empty, as its working folder. */
function inPrivateMount(body: string): string {
  const script = `${imports}
    const noise = createHash("shake256", { outputLength: 1 << 19 }).digest("hex");
    const big = makeLayer("big", tarOfDrawn([file("noise", noise)]), "none");
    ${body}`;
  const shell = `mount -t tmpfs -o size=128k none /mnt && cd /mnt && exec "$0" --input-type=module-typescript -e "$1"`;
  return run("unshare", ["-rm", "sh", "-c", shell, process.execPath, script]);
}
