// An image on top of another: of apko's test packages, the lower one built here, as apko's own test has it.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { build } from "../../src/build/build.ts";
import type { BuildResult } from "../../src/build/contract.ts";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { type Platform, parsePlatform } from "../../src/core/platform.ts";
import { loadApkoLazily } from "../../src/frontends/apko/lazy.ts";
import { fixture, needs } from "../kit/oracle.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { entriesOf, filesOf, type ReadImage, readLayout, textIn } from "./picture.ts";

const testdata = fixture("alpine/apko-testdata/chainguard-dev+apko/internal/cli/testdata");
const amd64 = parsePlatform("amd64");

interface Place {
  readonly folder: string;
  /** Of the lower image. */
  readonly layout: string;
}

async function buildAt(
  { folder }: Pick<Place, "folder">,
  recipe: {
    readonly path: string;
    readonly cwd: string;
    readonly to: string;
    readonly platform?: Platform;
    readonly kind?: "oci";
  },
): Promise<BuildResult> {
  const { path, cwd, to, platform = amd64, kind = "oci-layout" } = recipe;
  return build({
    recipe: await loadApkoLazily({
      path,
      cwd,
      hostPlatform: amd64,
      world: {
        readFile: (name) => readFile(name, "utf8"),
        hasFile: async (name) => statSync(name, { throwIfNoEntry: false })?.isFile() ?? false,
      },
    }),
    platforms: [platform],
    cacheDirectory: join(folder, "cache"),
    hostRoot: "",
    now: new Date("2026-11-01T00:00:00Z"),
    outputs: [{ kind, destination: to }],
  });
}

/** The lower image, and its database beside it under the name that apko wants. */
async function lower(t: TestContext): Promise<Place> {
  const folder = await temporaryFolder(t);
  const layout = join(folder, "base");
  await buildAt({ folder }, { path: join(testdata, "base_image.apko.yaml"), cwd: testdata, to: layout });
  mkdirSync(join(folder, "metadata/x86_64"), { recursive: true });
  const database = textIn(readLayout(layout), "usr/lib/apk/db/installed");
  writeFileSync(join(folder, "metadata/x86_64/APKINDEX"), database, "latin1");
  writeFileSync(
    join(folder, "top.apko.yaml"),
    `contents:
  baseimage: {image: ./base, apkindex: ./metadata}
  keyring: [${testdata}/melange.rsa.pub]
  repositories: [${testdata}/packages]
  packages: [replayout]
`,
  );
  return { folder, layout };
}

async function upper(place: Place): Promise<ReadImage> {
  const to = join(place.folder, "top");
  await buildAt(place, { path: join(place.folder, "top.apko.yaml"), cwd: place.folder, to });
  return readLayout(to);
}

const codeOf = async (task: Promise<unknown>): Promise<string> => {
  const error = await task.then(
    () => assert.fail("it was built"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DodaiError, String(error));
  return error.code;
};

describe("an image on top of another", needs(testdata), () => {
  test("has the layers of the other as they are, and one with what is new", async (t) => {
    const place = await lower(t);
    const before = readLayout(place.layout);
    const { layers, config } = await upper(place);
    assert.deepEqual(
      layers.slice(0, -1).map(({ plain }) => plain),
      before.layers.map(({ plain }) => plain),
    );
    const [top] = layers.slice(-1);
    assert.ok(top);
    const paths = entriesOf(top.plain).map(({ path }) => path);
    assert.ok(paths.includes("etc/os-release") && !paths.includes("y/hello.txt") && !paths.includes("etc/passwd"));
    const database = filesOf(top.plain).find(({ entry }) => entry.path === "usr/lib/apk/db/installed")?.text ?? "";
    const names = [...database.matchAll(/^P:(.*)$/gm)].map(([, name]) => name);
    assert.deepEqual(names, ["package-x", "package-y", "pretend-baselayout", "replayout"]);
    const world = filesOf(top.plain).find(({ entry }) => entry.path === "etc/apk/world")?.text;
    assert.equal(world, "package-x\npackage-y\npretend-baselayout\nreplayout\n");
    assert.deepEqual(config.Entrypoint, ["/bin/sh", "-l"], "how the other is run stays");
  });

  test("is built anew when the other has changed", async (t) => {
    const place = await lower(t);
    const to = join(place.folder, "top.tar");
    const wanted = { path: join(place.folder, "top.apko.yaml"), cwd: place.folder, to, kind: "oci" } as const;
    assert.equal((await buildAt(place, wanted)).unchanged, false);
    assert.equal((await buildAt(place, wanted)).unchanged, true);
    const other = join(place.folder, "other.apko.yaml");
    writeFileSync(other, `${readFileSync(join(testdata, "base_image.apko.yaml"), "utf8")}\ncmd: /bin/true\n`);
    await buildAt(place, { path: other, cwd: testdata, to: place.layout });
    assert.equal((await buildAt(place, wanted)).unchanged, false);
  });

  test("is refused for a platform that the other does not have", async (t) => {
    const place = await lower(t);
    mkdirSync(join(place.folder, "metadata/aarch64"));
    writeFileSync(join(place.folder, "metadata/aarch64/APKINDEX"), "");
    const path = join(place.folder, "top.apko.yaml");
    const wanted = { path, cwd: place.folder, to: join(place.folder, "top"), platform: parsePlatform("arm64") };
    assert.equal(await codeOf(buildAt(place, wanted)), "BASE_IMAGE_UNUSABLE");
  });

  const damages: readonly (readonly [string, string, (place: Place) => void])[] = [
    ["a changed blob", "DIGEST_MISMATCH", ({ layout }) => changeBlobs(layout, (bytes) => bytes.fill(0x20, 0, 1))],
    ["an index of nothing", "BASE_IMAGE_UNUSABLE", ({ layout }) => writeFileSync(join(layout, "index.json"), "{}")],
    ["an index that is no JSON", "BASE_IMAGE_UNUSABLE", ({ layout }) => writeFileSync(join(layout, "index.json"), "x")],
  ];
  for (const [state, code, damage] of damages) {
    test(`is refused with ${state} below`, async (t) => {
      const place = await lower(t);
      damage(place);
      assert.equal(await codeOf(upper(place)), code);
    });
  }
});

function changeBlobs(layout: string, change: (bytes: Buffer) => void): void {
  for (const name of readdirSync(join(layout, "blobs/sha256"))) {
    const path = join(layout, "blobs/sha256", name);
    const bytes = readFileSync(path);
    change(bytes);
    writeFileSync(path, bytes);
  }
}
