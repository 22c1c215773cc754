import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext, test } from "node:test";
import { collect } from "../../src/core/bytes.ts";
import { parseImageName } from "../../src/core/image-name.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import { bundleSource } from "../../src/image/bundle-source.ts";
import { type ImageGraph, readImageGraph } from "../../src/image/image-graph.ts";
import type { ImageSource } from "../../src/image/image-source.ts";
import type { Registry } from "../../src/io/registry.ts";
import type { Pushed } from "../../src/io/registry-push.ts";
import { type BundleParts, file, makeBundle, makeLayer, tarOfDrawn } from "../kit/image.ts";
import { needs, run } from "../kit/oracle.ts";
import { type ClientOptions, registryClient, startRegistry } from "../kit/registry.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const here = needs("docker-registry", "skopeo", "umoci");
const noTls = "--dest-tls-verify=false";

/** Every blob and document of an image, read and so checked. */
async function readAll(source: ImageSource): Promise<ImageGraph> {
  const graph = await readImageGraph(source);
  for (const pointer of graph.blobs) await collect(source.blob(pointer), { maxBytes: 1 << 20, what: pointer.digest });
  return graph;
}

async function pushBundle(client: Registry, name: string, parts: BundleParts = {}): Promise<Pushed> {
  const source = bundleSource(makeBundle(parts));
  return client.push({ source, graph: await readImageGraph(source), name: parseImageName(name) });
}

const sent: readonly { readonly name: string; readonly parts: BundleParts; readonly client?: ClientOptions }[] = [
  { name: "one platform, gzip", parts: {} },
  { name: "one platform, zstd", parts: { compression: "zstd" } },
  { name: "one platform, uncompressed", parts: { compression: "none" } },
  { name: "three platforms", parts: { platforms: ["linux/amd64", "linux/arm64", "linux/arm/v7"] } },
  { name: "chunks of 100 bytes", parts: { compression: "none" }, client: { chunkBytes: 100 } },
];

describe("what is pushed to docker-registry", () => {
  for (const { name, parts, client: options = {} } of sent) {
    it(`is read by skopeo and by dodai: ${name}`, here, async (t) => {
      const server = await startRegistry(t);
      const client = registryClient(t, options);
      const image = `${server.host}/team/app:1`;
      const { digest } = await pushBundle(client, image, parts);
      const raw = run("skopeo", ["inspect", "--raw", "--tls-verify=false", `docker://${image}`]);
      const graph = await readImageGraph(bundleSource(makeBundle(parts)));
      assert.equal(raw, graph.root.text);
      const folder = await temporaryFolder(t);
      run("skopeo", ["copy", "-q", "--all", "--src-tls-verify=false", `docker://${image}`, `oci:${folder}/skopeo:1`]);
      const pulled = await readAll(client.source(parseImageName(image)));
      assert.equal(pulled.root.digest, digest);
      assert.deepEqual(
        pulled.blobs.map((one) => one.digest).toSorted(),
        graph.blobs.map((one) => one.digest).toSorted(),
      );
    });
  }
});

describe("umoci unpacks what dodai pushed", () => {
  for (const compression of ["gzip", "zstd", "none"] as const) {
    // skopeo unpacks zstd for umoci, which does not know it.
    it(`with layers of ${compression}`, needs("docker-registry", "skopeo", "umoci"), async (t) => {
      const server = await startRegistry(t);
      const image = `${server.host}/team/app:1`;
      const layers = [
        makeLayer("one", tarOfDrawn([file("a", "lower"), file("b", "b")]), compression),
        makeLayer("two", tarOfDrawn([file("a", "upper"), file(".wh.b", "")]), compression),
      ];
      await pushBundle(registryClient(t), image, { layers });
      const place = await temporaryFolder(t);
      const format = compression === "zstd" ? "gzip" : compression;
      const recompress = compression === "zstd" ? ["--dest-compress-format", format] : [];
      run("skopeo", ["copy", "-q", "--src-tls-verify=false", ...recompress, `docker://${image}`, `oci:${place}/l:1`]);
      run("umoci", ["unpack", "--rootless", "--image", `${place}/l:1`, `${place}/bundle`]);
      assert.deepEqual(readdirSync(`${place}/bundle/rootfs`), ["a"]);
      assert.equal(readFileSync(`${place}/bundle/rootfs/a`, "utf8"), "upper");
    });
  }
});

test("an unchanged image costs one request, and a new tag of it no blob", here, async (t) => {
  const server = await startRegistry(t);
  const client = registryClient(t);
  await pushBundle(client, `${server.host}/app:1`);
  const before = (await server.seen()).length;
  assert.equal((await pushBundle(registryClient(t), `${server.host}/app:1`)).unchanged, true);
  assert.deepEqual((await server.seen()).slice(before), ["HEAD /v2/app/manifests/1 200"]);
  const tagged = await pushBundle(registryClient(t), `${server.host}/app:2`);
  assert.deepEqual([tagged.unchanged, tagged.sent, tagged.mounted], [false, 0, 0]);
  const requests = (await server.seen()).slice(before + 1);
  assert.ok(!requests.some((one) => one.includes("/blobs/")), requests.join("\n"));
});

test("of an image with one changed layer that layer is sent, and its config", here, async (t) => {
  const server = await startRegistry(t);
  const base = makeLayer("base", tarOfDrawn([file("a", "base")]));
  const app = (text: string): BundleParts => ({ layers: [base, makeLayer("app", tarOfDrawn([file("b", text)]))] });
  assert.equal((await pushBundle(registryClient(t), `${server.host}/app:1`, app("1"))).sent, 3);
  const { sent: blobs, there } = await pushBundle(registryClient(t), `${server.host}/app:2`, app("2"));
  assert.deepEqual({ blobs, there }, { blobs: 2, there: 1 });
});

test("what one repository has is mounted into another", here, async (t) => {
  const server = await startRegistry(t);
  const client = registryClient(t);
  await pushBundle(client, `${server.host}/a/app:1`);
  assert.deepEqual(pick(await pushBundle(client, `${server.host}/b/app:1`)), { sent: 0, mounted: 3, there: 0 });
  const other = registryClient(t);
  const from = parseImageName(`${server.host}/a/app:1`);
  const source = other.source(from);
  const graph = await readImageGraph(source);
  const copied = await other.push({ source, graph, from, name: parseImageName(`${server.host}/c/app:1`) });
  assert.deepEqual(pick(copied), { sent: 0, mounted: 3, there: 0 });
  await readAll(client.source(parseImageName(`${server.host}/c/app:1`)));
});

const pick = ({ sent: blobs, mounted, there }: Pushed): object => ({ sent: blobs, mounted, there });

const pushedByOthers: readonly { readonly name: string; readonly flags: readonly string[]; readonly type: RegExp }[] = [
  { name: "OCI", flags: ["--format", "oci"], type: /oci.*tar\+gzip/ },
  { name: "Docker schema 2", flags: ["--format", "v2s2"], type: /docker.*tar\.gzip/ },
  {
    name: "zstd layers",
    flags: ["--format", "oci", "--dest-compress", "--dest-compress-format", "zstd"],
    type: /zstd/,
  },
];

describe("what skopeo pushed is read", () => {
  for (const { name, flags, type } of pushedByOthers) {
    it(name, here, async (t) => {
      const server = await startRegistry(t);
      const layout = await makeUmociLayout(t);
      run("skopeo", ["copy", "-q", noTls, ...flags, `oci:${layout}:1`, `docker://${server.host}/app:1`]);
      const graph = await readAll(registryClient(t).source(parseImageName(`${server.host}/app:1`)));
      const types = graph.blobs.map(({ mediaType }) => mediaType).filter((one) => !/config|container/.test(one));
      assert.match(types.join(), type);
      const stated = run("skopeo", [
        "inspect",
        "--tls-verify=false",
        "-f",
        "{{.Digest}}",
        `docker://${server.host}/app:1`,
      ]);
      assert.equal(graph.root.digest, stated.trim());
    });
  }
});

/** A layout whose one layer umoci made. */
async function makeUmociLayout(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t);
  const layout = join(folder, "layout");
  run("umoci", ["init", "--layout", layout]);
  run("umoci", ["new", "--image", `${layout}:1`]);
  run("umoci", ["unpack", "--rootless", "--image", `${layout}:1`, join(folder, "bundle")]);
  run("sh", [
    "-c",
    'mkdir -p "$0/rootfs/etc" && head -c 100000 /dev/zero > "$0/rootfs/etc/zeros"',
    join(folder, "bundle"),
  ]);
  run("umoci", ["repack", "--image", `${layout}:1`, join(folder, "bundle")]);
  return layout;
}

test("one platform of several is chosen, and its name told when it is not there", here, async (t) => {
  const server = await startRegistry(t);
  const client = registryClient(t);
  await pushBundle(client, `${server.host}/app:1`, { platforms: ["linux/amd64", "linux/arm64"] });
  const source = client.source(parseImageName(`${server.host}/app:1`));
  const { documents, blobs } = await readImageGraph(source, parsePlatform("arm64"));
  assert.deepEqual([documents.length, blobs.length], [1, 3]);
  await assert.rejects(readImageGraph(source, parsePlatform("s390x")), {
    code: "IMAGE_MISSING",
    fix: "It has linux/amd64, linux/arm64: name one with --platform.",
  });
});

const missing: readonly { readonly name: string; readonly image: string }[] = [
  { name: "a tag", image: "app:2" },
  { name: "a digest", image: `app@sha256:${"0".repeat(64)}` },
  { name: "a repository", image: "other/app:1" },
];

describe("what is not there is told as such", () => {
  for (const { name, image } of missing) {
    it(name, here, async (t) => {
      const server = await startRegistry(t);
      const client = registryClient(t);
      await pushBundle(client, `${server.host}/app:1`);
      await assert.rejects(client.source(parseImageName(`${server.host}/${image}`)).root(), { code: "IMAGE_MISSING" });
    });
  }
});
