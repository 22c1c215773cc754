// Registries end to end: what is built is pushed, what others made is copied, as the library and as the program.
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, it, type TestContext, test } from "node:test";
import { build } from "../../src/build/build.ts";
import type { CopyOptions, ImageReference } from "../../src/build/contract.ts";
import { copyImage } from "../../src/build/copy.ts";
import { inspectImage } from "../../src/build/inspect.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import { outputs } from "../../src/io/output-kinds.ts";
import { openWorkplace, runDodai } from "../kit/build.ts";
import { type BundleParts, file, folder, makeBundle, makeLayer, tarOfDrawn } from "../kit/image.ts";
import { startLoopback } from "../kit/loopback.ts";
import { fixture, needs, run } from "../kit/oracle.ts";
import { startRegistry } from "../kit/registry.ts";
import { createSigner } from "../kit/repository.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const here = needs("docker-registry", "skopeo");
const amd64 = parsePlatform("amd64");

const noTls = ["--src-tls-verify=false", "--dest-tls-verify=false"];
const skopeoDigest = (name: string): string =>
  run("skopeo", ["inspect", "--tls-verify=false", "-f", "{{.Digest}}", `docker://${name}`]).trim();

type Copy = Pick<CopyOptions, "image" | "outputs"> & Partial<CopyOptions>;

/** Copies with a cache of the test's own, and without anybody's credentials. */
async function copying(t: TestContext): Promise<(options: Copy) => ReturnType<typeof copyImage>> {
  const cacheDirectory = await temporaryFolder(t);
  return (options) => copyImage({ cacheDirectory, hostPlatform: amd64, ...options });
}

const named = (name: string): ImageReference => ({ kind: "registry", name });
const placed = (path: string, reference?: string): ImageReference => ({ kind: "file", path, reference });
const to = (name: string): CopyOptions["outputs"] => [{ kind: "registry", destination: name }];

async function writeImage(
  t: TestContext,
  kind: "oci" | "oci-layout" | "docker",
  parts: BundleParts = {},
): Promise<string> {
  const destination = join(await temporaryFolder(t), `image-${kind}`);
  await outputs[kind]({ bundle: makeBundle(parts), destination, baseName: "image" });
  return destination;
}

describe("a build", needs("gpg", "docker-registry", "skopeo"), () => {
  const signer = createSigner("archive");
  after(() => signer.close());

  test("is pushed under each name, and the second time nothing is sent", async (t) => {
    const server = await startRegistry(t);
    const suites = { trixie: [{ name: "hello", tree: [{ path: "usr/bin/hello", content: "hello\n" }] }] };
    const place = await openWorkplace(t, { signer, suites });
    const names = [`${server.host}/a/hello:1`, `${server.host}/b/hello:1`];
    const pushed = names.map((destination) => ({ kind: "registry", destination }) as const);
    const { digest } = await build(place.options({ outputs: pushed }));
    for (const name of names) assert.equal(skopeoDigest(name), digest);
    const requests = await server.seen();
    assert.equal(requests.filter((one) => one.startsWith("PUT") && one.includes("/a/hello/blobs/")).length, 2);
    assert.equal(requests.filter((one) => one.startsWith("PUT") && one.includes("/b/hello/blobs/")).length, 0);
    const before = requests.length;
    assert.equal((await build(place.options({ outputs: pushed }))).unchanged, true);
    assert.deepEqual(
      (await server.seen()).slice(before).filter((one) => !one.startsWith("GET")),
      ["a", "b"].map((part) => `HEAD /v2/${part}/hello/manifests/1 200`),
    );
    // A name that leads elsewhere now is set right.
    run("skopeo", ["copy", "-q", ...noTls, `docker://${names[0]}`, `docker://${names[1]}`, "--format", "v2s2"]);
    assert.notEqual(skopeoDigest(names[1] ?? ""), digest);
    assert.equal((await build(place.options({ outputs: pushed }))).unchanged, false);
    assert.equal(skopeoDigest(names[1] ?? ""), digest);
    await assert.rejects(build(place.options({ outputs: pushed, offline: true })), { code: "NETWORK_OFFLINE" });
  });
});

const local: readonly { readonly name: string; readonly kind: "oci" | "oci-layout"; readonly parts: BundleParts }[] = [
  { name: "an OCI archive", kind: "oci", parts: {} },
  { name: "a layout of two platforms", kind: "oci-layout", parts: { platforms: ["linux/amd64", "linux/arm64"] } },
  { name: "zstd layers", kind: "oci-layout", parts: { compression: "zstd" } },
];

describe("what goes to a registry and back is the same", () => {
  for (const { name, kind, parts } of local) {
    it(name, here, async (t) => {
      const server = await startRegistry(t);
      const copy = await copying(t);
      const image = await writeImage(t, kind, parts);
      const remote = `${server.host}/app:1`;
      const { digest } = await copy({ image: placed(image), outputs: to(remote) });
      assert.equal(skopeoDigest(remote), digest);
      const out = await temporaryFolder(t);
      const back = [
        { kind: "oci", destination: join(out, "back.tar") },
        { kind: "oci-layout", destination: join(out, "back") },
      ] as const;
      const pulled = await copy({ image: named(remote), outputs: back });
      assert.equal(pulled.digest, digest);
      for (const at of [`oci-archive:${out}/back.tar`, `oci:${out}/back`]) {
        run("skopeo", ["copy", "-q", "--all", at, `dir:${await temporaryFolder(t)}/copied`]);
      }
      // What was written is an image again.
      const again = await copy({ image: placed(join(out, "back.tar")), outputs: to(`${server.host}/again:1`) });
      assert.equal(again.digest, digest);
    });
  }
});

test("a Docker archive is pushed with compressed layers, and its config as it is", here, async (t) => {
  const server = await startRegistry(t);
  const copy = await copying(t);
  const archive = await writeImage(t, "docker");
  const remote = `${server.host}/app:1`;
  await copy({ image: placed(archive), outputs: to(remote) });
  const config = run("skopeo", ["inspect", "--config", "--raw", "--tls-verify=false", `docker://${remote}`]);
  assert.equal(config, makeBundle().images[0].config.text);
  assert.match(run("skopeo", ["inspect", "--raw", "--tls-verify=false", `docker://${remote}`]), /tar\+gzip/);
  run("skopeo", ["copy", "-q", "--src-tls-verify=false", `docker://${remote}`, `dir:${await temporaryFolder(t)}/x`]);
});

const ggcr = fixture("oci/ggcr/google+go-containerregistry/pkg/v1");
const archives = ["tarball/testdata/test_image_1.tar", "mutate/testdata/whiteout_image.tar"];

describe("Docker archives of others are pushed", () => {
  for (const archive of archives) {
    it(archive, needs("docker-registry", "skopeo", ggcr), async (t) => {
      const server = await startRegistry(t);
      const copy = await copying(t);
      const remote = `${server.host}/app:1`;
      await copy({ image: placed(join(ggcr, archive)), outputs: to(remote) });
      const at = ["inspect", "--config", "--raw"];
      const config = run("skopeo", [...at, "--tls-verify=false", `docker://${remote}`]);
      assert.equal(config, run("skopeo", [...at, `docker-archive:${join(ggcr, archive)}`]));
      run("skopeo", [
        "copy",
        "-q",
        "--src-tls-verify=false",
        `docker://${remote}`,
        `dir:${await temporaryFolder(t)}/x`,
      ]);
    });
  }
});

test("of a layout that lacks a blob nothing gets a name", needs("docker-registry", ggcr), async (t) => {
  const server = await startRegistry(t);
  const copy = await copying(t);
  const image = placed(join(ggcr, "layout/testdata/test_index_one_image"));
  await assert.rejects(copy({ image, outputs: to(`${server.host}/app:1`) }), { code: "IMAGE_BROKEN" });
  assert.ok(!(await server.seen()).some((one) => one.startsWith("PUT /v2/app/manifests")));
});

test("one platform of several is pulled, and as a root merged of its layers", here, async (t) => {
  const server = await startRegistry(t);
  const copy = await copying(t);
  const layers = [
    makeLayer("base", tarOfDrawn([folder("etc"), file("etc/motd", "old"), file("etc/gone", "x")])),
    makeLayer("top", tarOfDrawn([folder("etc"), file("etc/motd", "new"), file("etc/.wh.gone", "")])),
  ];
  const remote = `${server.host}/app:1`;
  const image = await writeImage(t, "oci-layout", { platforms: ["linux/amd64", "linux/arm64"], layers });
  await copy({ image: placed(image), outputs: to(remote) });
  const out = await temporaryFolder(t);
  const { digest } = await copy({
    image: named(remote),
    platform: parsePlatform("arm64"),
    outputs: [
      { kind: "dir", destination: join(out, "root") },
      { kind: "tar", destination: join(out, "root.tar.gz") },
      { kind: "oci", destination: join(out, "arm64.tar") },
    ],
  });
  assert.equal(await readFile(join(out, "root/etc/motd"), "utf8"), "new");
  assert.equal(run("tar", ["tf", join(out, "root.tar.gz")]), "etc/\netc/motd\n");
  const shown = await inspectImage({
    image: placed(join(out, "arm64.tar")),
    hostPlatform: amd64,
    cacheDirectory: await temporaryFolder(t),
  });
  assert.equal(shown.digest, digest);
  assert.match(String(shown.manifest?.config), /"architecture":"arm64"/);
});

test("what was pulled once is not fetched again", here, async (t) => {
  const server = await startRegistry(t);
  const copy = await copying(t);
  const remote = `${server.host}/app:1`;
  await copy({ image: placed(await writeImage(t, "oci")), outputs: to(remote) });
  const out = await temporaryFolder(t);
  const blobs = async (name: string): Promise<number> => {
    const before = (await server.seen()).length;
    await copy({ image: named(remote), outputs: [{ kind: "oci", destination: join(out, name) }] });
    return (await server.seen()).slice(before).filter((one) => one.includes("/blobs/")).length;
  };
  assert.deepEqual([await blobs("1.tar"), await blobs("2.tar")], [3, 0]);
  assert.deepEqual(await readFile(join(out, "1.tar")), await readFile(join(out, "2.tar")));
});

test("offline nothing is asked", here, async (t) => {
  const server = await startRegistry(t);
  const copy = await copying(t);
  const image = placed(await writeImage(t, "oci"));
  for (const wanted of [
    { image: named(`${server.host}/app:1`), outputs: [] },
    { image, outputs: to(`${server.host}/app:1`) },
  ]) {
    await assert.rejects(copy({ ...wanted, offline: true }), { code: "NETWORK_OFFLINE" });
  }
  assert.deepEqual(await server.seen(), []);
});

test(
  "the program pushes and pulls over TLS with a password, and not past a certificate that nobody vouches for",
  here,
  async (t) => {
    const server = await startRegistry(t, { tls: true, auth: true });
    const cwd = await temporaryFolder(t);
    await mkdir(join(cwd, ".docker"));
    const auth = Buffer.from("someone:secret").toString("base64");
    await writeFile(join(cwd, ".docker/config.json"), JSON.stringify({ auths: { [server.host]: { auth } } }));
    const archive = await writeImage(t, "oci");
    const env = { HOME: cwd, DODAI_CACHE_DIR: join(cwd, "cache") };
    const trusting = { ...env, NODE_EXTRA_CA_CERTS: server.certificate ?? "" };
    const remote = `${server.host}/team/app:1`;
    const refused = await runDodai(["push", "--insecure-http", archive, remote], { cwd, env });
    assert.equal(refused.status, 3);
    assert.match(refused.stderr, /REGISTRY_FAILED.*certificate/);
    const pushed = await runDodai(["push", archive, remote], { cwd, env: trusting });
    assert.equal(pushed.status, 0, pushed.stderr);
    const pulled = await runDodai(["pull", remote, "--json"], { cwd, env: trusting });
    const { digest, outputs: written } = JSON.parse(pulled.stdout) as { digest: string; outputs: { dest: string }[] };
    assert.equal(`${digest}\n`, pushed.stdout);
    assert.deepEqual(
      written.map(({ dest }) => dest),
      [join(cwd, "app-1.tar")],
    );
    const shown = await runDodai(["inspect", remote, "--raw"], { cwd, env: trusting });
    assert.equal(shown.stdout, makeBundle().images[0].manifest.text);
    const denied = await runDodai(["inspect", remote], { cwd, env: { ...trusting, HOME: "/nowhere" } });
    assert.match(denied.stderr, /REGISTRY_DENIED/);
  },
);

test("the program reaches a registry through a proxy, which sees no credentials", here, async (t) => {
  const server = await startRegistry(t, { tls: true, auth: true });
  const proxy = await startLoopback((_, response) => void response.writeHead(502).end(), {
    tunnelTo: Number(server.host.split(":")[1]),
  });
  t.after(() => proxy.close());
  const cwd = await temporaryFolder(t);
  const auth = Buffer.from("someone:secret").toString("base64");
  await writeFile(join(cwd, "config.json"), JSON.stringify({ auths: { "registry.example": { auth } } }));
  const env = {
    HOME: cwd,
    DOCKER_CONFIG: cwd,
    HTTPS_PROXY: proxy.url,
    NODE_EXTRA_CA_CERTS: server.certificate ?? "",
  };
  const archive = await writeImage(t, "oci");
  const pushed = await runDodai(["push", archive, "registry.example/team/app:1"], { cwd, env });
  assert.equal(pushed.status, 0, pushed.stderr);
  const shown = await runDodai(["inspect", "registry.example/team/app:1", "--json"], { cwd, env });
  assert.equal((JSON.parse(shown.stdout) as { digest: string }).digest, pushed.stdout.trim());
  assert.ok(proxy.seen.length > 0);
  for (const { path, headers } of proxy.seen) {
    assert.equal(path, "CONNECT registry.example:443");
    assert.equal(headers.authorization, undefined);
  }
});
