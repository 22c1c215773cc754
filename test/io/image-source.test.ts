import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, type TestContext, test } from "node:test";
import { parseImageName } from "../../src/core/image-name.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import { readImageGraph } from "../../src/image/image-graph.ts";
import type { ImageSource } from "../../src/image/image-source.ts";
import { openImage } from "../../src/io/image-input.ts";
import { chooseManifest } from "../../src/io/image-input-chosen.ts";
import { outputs } from "../../src/io/output-kinds.ts";
import { parseRegistryMirrors, placesOf } from "../../src/io/registry-place.ts";
import { openStore } from "../../src/io/store.ts";
import { type BundleParts, makeBundle } from "../kit/image.ts";
import { temporaryFolder } from "../kit/temporary.ts";

async function writeLayout(t: TestContext, parts: BundleParts = {}): Promise<string> {
  const destination = join(await temporaryFolder(t), "layout");
  await outputs["oci-layout"]({ bundle: makeBundle(parts), destination, baseName: "image" });
  return destination;
}

async function open(t: TestContext, place: string, reference?: string): Promise<ImageSource> {
  const store = await openStore(await temporaryFolder(t));
  const input = await openImage({ place, temporary: () => store.temporary() });
  t.after(() => input.close());
  return input.source({ reference, store });
}

type Descriptors = { manifests: { digest: string; annotations?: Record<string, string> }[] };

/** Two layouts in one, and what its index.json lists. */
async function mergeLayouts(t: TestContext, parts: readonly BundleParts[]): Promise<string> {
  const layouts = await Promise.all(parts.map((one) => writeLayout(t, one)));
  const [first = "", ...others] = layouts;
  const index = JSON.parse(await readFile(join(first, "index.json"), "utf8")) as Descriptors;
  for (const other of others) {
    await cp(join(other, "blobs"), join(first, "blobs"), { recursive: true });
    index.manifests.push(...(JSON.parse(await readFile(join(other, "index.json"), "utf8")) as Descriptors).manifests);
  }
  await writeFile(join(first, "index.json"), JSON.stringify(index));
  return first;
}

const names = (tag: string): Pick<BundleParts, "names"> => ({ names: [`registry.example/app:${tag}`] });

test("of several images in a layout a tag, a name or a digest chooses one", async (t) => {
  const place = await mergeLayouts(t, [names("1"), { ...names("2"), platforms: ["linux/arm64"] }]);
  const wanted = makeBundle({ platforms: ["linux/arm64"] }).images[0].manifest.digest;
  for (const reference of ["2", "registry.example/app:2", wanted]) {
    assert.equal((await (await open(t, place, reference)).root()).digest, wanted);
  }
  await assert.rejects(open(t, place, "3"), { code: "IMAGE_UNKNOWN", fix: "It holds 1, 2." });
});

test("images without a choice are refused, and platforms side by side are one", async (t) => {
  const several = await mergeLayouts(t, [names("1"), { ...names("2"), compression: "zstd" }]);
  const source = await open(t, several);
  await assert.rejects(source.root(), { code: "USAGE", fix: /There are 1, 2/ });
  const place = await mergeLayouts(t, [{ names: [] }, { names: [], platforms: ["linux/arm64"] }]);
  const { root, documents } = await readImageGraph(await open(t, place));
  assert.equal(root.mediaType, "application/vnd.oci.image.index.v1+json");
  assert.equal(documents.length, 3);
});

test("a platform is found with and without its usual variant", async (t) => {
  const source = await open(t, await writeLayout(t, { platforms: ["linux/amd64", "linux/arm/v7", "linux/arm/v6"] }));
  const choose = async (text: string): Promise<string> =>
    (await chooseManifest(source, parsePlatform(text))).config.replace(/.*"architecture":"(\w+)".*/s, "$1");
  assert.equal(await choose("arm64/v8").catch((error: { code: string }) => error.code), "IMAGE_MISSING");
  assert.equal(await choose("armhf"), "arm");
  assert.equal(await choose("amd64"), "amd64");
});

test("a 32-bit ARM takes the newest of older ones, and never a newer one", async (t) => {
  const source = await open(t, await writeLayout(t, { platforms: ["linux/arm/v5", "linux/arm/v6"] }));
  const { documents } = await readImageGraph(source, parsePlatform("arm/v7"));
  const { manifest } = makeBundle({ platforms: ["linux/arm/v6"] }).images[0];
  assert.deepEqual(
    documents.map(({ digest }) => digest),
    [manifest.digest],
  );
  const newer = await open(t, await writeLayout(t, { platforms: ["linux/arm/v7", "linux/amd64"] }));
  await assert.rejects(readImageGraph(newer, parsePlatform("arm/v6")), { code: "IMAGE_MISSING" });
});

test("one manifest alone is not taken for another platform when one is asked for", async (t) => {
  const source = await open(t, await writeLayout(t));
  await assert.rejects(readImageGraph(source, parsePlatform("arm64")), {
    code: "IMAGE_MISSING",
    fix: "It has linux/amd64: name one with --platform.",
  });
});

test("a blob of a layout that was changed is refused where it is read", async (t) => {
  const place = await writeLayout(t);
  const { manifest } = makeBundle().images[0];
  const path = join(place, "blobs/sha256", manifest.digest.slice(7));
  await writeFile(path, (await readFile(path, "utf8")).replace("2026", "2027"));
  await assert.rejects((await open(t, place)).root(), { code: "DIGEST_MISMATCH" });
});

const mirrors: readonly { readonly name: string; readonly image: string; readonly hosts: readonly string[] }[] = [
  {
    name: "a registry",
    image: "debian",
    hosts: ["mirror.example/hub/library/debian", "registry-1.docker.io/library/debian"],
  },
  {
    name: "a part of one, before all of it",
    image: "registry.example/team/app",
    hosts: ["localhost:5000/copies/app", "other.example/team/app", "registry.example/team/app"],
  },
  {
    name: "not what only begins so",
    image: "registry.example/teamwork",
    hosts: ["other.example/teamwork", "registry.example/teamwork"],
  },
  { name: "no other", image: "r.example/a", hosts: ["r.example/a"] },
];

describe("a mirror is for", () => {
  const text =
    "docker.io=mirror.example/hub\n registry.example/team=localhost:5000/copies registry.example=other.example";
  for (const { name, image, hosts } of mirrors) {
    it(name, () => {
      const places = placesOf(parseImageName(image), parseRegistryMirrors(text));
      assert.deepEqual(
        places.map(({ host, repository }) => `${host}/${repository}`),
        hosts,
      );
    });
  }
  for (const wrong of [
    "mirror.example",
    "a=b",
    "docker.io=https://mirror.example",
    "docker.io=",
    "=x.example",
    "a.b=c.d=e.f",
  ]) {
    it(`not "${wrong}"`, () => assert.throws(() => parseRegistryMirrors(wrong), { code: "USAGE" }));
  }
});
