// Registries end to end: what is built is pushed, what others made is copied, as the library and as the program.
import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, it, type TestContext, test } from "node:test";
import { build } from "../../src/build/build.ts";
import { findBuilt } from "../../src/build/built-names.ts";
import type { BuildEvent, BuildOptions, CopyOptions, ImageReference } from "../../src/build/contract.ts";
import { copyImage } from "../../src/build/copy.ts";
import { inspectImage } from "../../src/build/inspect.ts";
import { lock } from "../../src/build/lock.ts";
import { sha256 } from "../../src/core/digest.ts";
import { parseImageName } from "../../src/core/image-name.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { bundleSource } from "../../src/image/bundle-source.ts";
import { readImageGraph } from "../../src/image/image-graph.ts";
import { outputs } from "../../src/io/output-kinds.ts";
import { digestsOf, openWorkplace, runDodai, type Workplace } from "../kit/build.ts";
import type { DebSpec } from "../kit/deb.ts";
import { reply, startFakeRegistry } from "../kit/fake-registry.ts";
import { type BundleParts, file, folder, makeBundle, makeLayer, tarOfDrawn } from "../kit/image.ts";
import { startLoopback } from "../kit/loopback.ts";
import { fixture, needs, run } from "../kit/oracle.ts";
import { registryClient, startRegistry } from "../kit/registry.ts";
import { createSigner } from "../kit/repository.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { noise, shop } from "./shop.ts";

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

  test("with one changed package sends its layer, and the one of the database that tells of it", async (t) => {
    const server = await startRegistry(t);
    const packages = (version: string): readonly DebSpec[] => [
      { name: "a", tree: [{ path: "usr/bin/a", content: "a" }] },
      { name: "b", version, tree: [{ path: "usr/bin/b", content: version }] },
      { name: "c", tree: [{ path: "usr/bin/c", content: "c" }] },
    ];
    const sentBlobs = async (version: string): Promise<number> => {
      const place = await openWorkplace(t, { signer, suites: { trixie: packages(version) } });
      const recipe: Recipe = { ...place.recipe, layers: { kind: "per-package", max: 100 } };
      const before = (await server.seen()).length;
      await build(
        place.options({ recipe, outputs: [{ kind: "registry", destination: `${server.host}/app:${version}` }] }),
      );
      return (await server.seen()).slice(before).filter((one) => /^PUT .*blobs/.test(one)).length;
    };
    // Folders, three packages, the database, and the config; then package, database and config.
    assert.deepEqual([await sentBlobs("1"), await sentBlobs("2")], [6, 3]);
  });

  /** A machine that has nothing but the recipe, the lock and an archive that lost its packages. */
  async function bareMachine(t: TestContext, place: Workplace): Promise<BuildOptions> {
    const cacheDirectory = await temporaryFolder(t);
    const lockFile = join(place.folder, "lock.json");
    await lock(place.options({ lockFile }));
    await rm(join(place.archive, "pool"), { recursive: true });
    return { ...place.options({ lockFile, locked: true, outputs: [] }), cacheDirectory };
  }

  test("is taken from a cache by a machine that has no package, and mounted without its layers", async (t) => {
    const server = await startRegistry(t);
    const place = await openWorkplace(t, { signer, suites: { trixie: shop } });
    const [cache, other] = [`${server.host}/team/cache`, `${server.host}/team/other`];
    const layers = { kind: "per-package", max: 100 } as const;
    const recipe: Recipe = { ...place.recipe, layers };
    const made = await build(place.options({ recipe, cacheTo: [cache] }));
    const bare = { ...(await bareMachine(t, place)), recipe };
    const before = (await server.seen()).length;
    const outputs = [{ kind: "registry", destination: `${server.host}/team/app:1` }] as const;
    const taken = await build({ ...bare, cacheFrom: [other, cache], outputs });
    assert.deepEqual(digestsOf(taken), digestsOf(made));
    assert.deepEqual(taken.platforms, made.platforms);
    const requests = (await server.seen()).slice(before);
    const fetched = requests.filter((one) => one.startsWith("GET") && one.includes("/blobs/"));
    assert.equal(fetched.length, 1, "what the cache tells of the image");
    const sent = requests.filter((one) => one.startsWith("PUT") && one.includes("/team/app/blobs/"));
    assert.equal(sent.length, 1, "the config");
    // Where its bytes are wanted they come from the cache as well.
    const archive = join(bare.cacheDirectory, "app.tar");
    const written = await build({ ...bare, cacheFrom: [cache], outputs: [{ kind: "oci", destination: archive }] });
    assert.deepEqual(digestsOf(written), digestsOf(made));
    const same = place.out("same.tar");
    await build(place.options({ recipe, outputs: [{ kind: "oci", destination: same }] }));
    assert.deepEqual(await readFile(archive), await readFile(same));
  });

  test("is made anew when anything differs from what is in the cache, or the cache is broken", async (t) => {
    const server = await startRegistry(t);
    const place = await openWorkplace(t, { signer, suites: { trixie: shop } });
    const cache = `${server.host}/team/cache`;
    await build(place.options({ cacheTo: [cache] }));
    const told: string[] = [];
    const onEvent = (event: BuildEvent): void => {
      if (event.kind !== "progress") told.push(event.text);
    };
    const taken = async (changes: Partial<BuildOptions>): Promise<boolean> => {
      told.length = 0;
      await build(place.options({ cacheFrom: [cache], onEvent, ...changes }));
      return told.some((text) => text.startsWith("taking the image"));
    };
    const labelled: Recipe = { ...place.recipe, config: { labels: { a: "b" } } };
    assert.equal(await taken({ outputs: [{ kind: "oci", destination: place.out("a.tar") }] }), true);
    assert.equal(await taken({ recipe: labelled }), false);
    assert.equal(await taken({ compression: "zstd" }), false);
    assert.equal(await taken({ sourceDateEpoch: 5 }), false);
    const [tag = ""] = (await server.seen()).flatMap((one) => /PUT .*(dodai-\w+)/.exec(one)?.[1] ?? []);
    const stranger = makeBundle();
    const source = bundleSource(stranger);
    const name = parseImageName(`${cache}:${tag}`);
    await registryClient(t).push({ source, graph: await readImageGraph(source), name });
    assert.equal(await taken({ outputs: [{ kind: "oci", destination: place.out("b.tar") }] }), false);
    assert.match(told.join("\n"), /The cache ".*" is not used: .*no cache of dodai/);
    assert.equal(
      await taken({ cacheFrom: ["127.0.0.1:1/x"], outputs: [{ kind: "oci", destination: place.out("c.tar") }] }),
      false,
    );
    assert.match(told.join("\n"), /The cache ".*" is not used/);
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

test(
  "a copy with what refers to the image takes signatures along, also from and to a registry without a list",
  here,
  async (t) => {
    const server = await startRegistry(t);
    const copy = await copying(t);
    const image = `${server.host}/app:1`;
    const { digest } = await copy({ image: placed(await writeImage(t, "oci")), outputs: to(image) });
    const { manifest } = makeBundle().images[0];
    const subject = { mediaType: manifest.mediaType, digest, size: manifest.sizeBytes };
    const text = JSON.stringify({ ...JSON.parse(manifest.text), artifactType: "application/x-signature", subject });
    const signature = { mediaType: manifest.mediaType, text, digest: sha256(text), sizeBytes: text.length };
    const source = { ...bundleSource(makeBundle()), root: async () => signature };
    const name = parseImageName(`${server.host}/app@${signature.digest}`);
    await registryClient(t).push({ source, graph: await readImageGraph(source), name });
    const target = `${server.host}/copies/app:1`;
    for (const referrers of [false, true]) {
      await copy({ image: named(image), outputs: to(target), referrers });
      const found = await registryClient(t).referrers(parseImageName(target), digest);
      assert.deepEqual(
        found.map((one) => one.artifactType),
        referrers ? ["application/x-signature"] : [],
      );
    }
  },
);

test("what was pulled once is not fetched again, and goes by its name", here, async (t) => {
  const server = await startRegistry(t);
  const cacheDirectory = await temporaryFolder(t);
  const copy = (options: Copy): ReturnType<typeof copyImage> =>
    copyImage({ cacheDirectory, hostPlatform: amd64, ...options });
  const remote = `${server.host}/app:1`;
  await copy({ image: placed(await writeImage(t, "oci")), outputs: to(remote) });
  const out = await temporaryFolder(t);
  const blobs = async (name: string): Promise<number> => {
    const before = (await server.seen()).length;
    await copy({ image: named(remote), outputs: [{ kind: "oci", destination: join(out, name) }] });
    return (await server.seen()).slice(before).filter((one) => one.includes("/blobs/")).length;
  };
  assert.deepEqual([await blobs("1.tar"), await blobs("2.tar")], [3, 0]);
  assert.equal((await findBuilt(remote, cacheDirectory))?.place, join(out, "2.tar"));
  assert.deepEqual(await readFile(join(out, "1.tar")), await readFile(join(out, "2.tar")));
});

test("what a repository got in an earlier run is mounted into another one", here, async (t) => {
  const server = await startRegistry(t);
  const copy = await copying(t);
  const layers = [makeLayer("noise", noise(100_000), "none")];
  const image = placed(await writeImage(t, "oci", { layers }));
  const pushed = async (name: string): Promise<unknown> => {
    const { outputs: done } = await copy({ image, outputs: to(`${server.host}/${name}`) });
    return done.map((one) => [one.pushed?.sent, one.pushed?.mounted]);
  };
  assert.deepEqual(await pushed("a:1"), [[2, 0]]);
  assert.deepEqual(await pushed("b:1"), [[1, 1]]);
});

test("a mirror of the environment is asked first, and what it has wrong comes from the registry", here, async (t) => {
  const server = await startRegistry(t);
  const layers = [makeLayer("noise", noise(5 << 20), "none")];
  const remote = `${server.host}/app:1`;
  await (await copying(t))({ image: placed(await writeImage(t, "oci", { layers })), outputs: to(remote) });
  const asked: string[] = [];
  const mirror = await startFakeRegistry(t, {
    instead: (request, response) => {
      asked.push(request.url ?? "");
      const wrong = request.url?.endsWith(layers[0]?.digest ?? "none") === true;
      return wrong && reply(response, 200, {}, Buffer.alloc(layers[0]?.sizeBytes ?? 0));
    },
  });
  const environment = { DODAI_REGISTRY_MIRRORS: `${server.host}=localhost:${mirror.port}/copies` };
  const folder = await temporaryFolder(t);
  const destination = join(folder, "root");
  await copyImage({
    cacheDirectory: join(folder, "cache"),
    hostPlatform: amd64,
    image: named(remote),
    outputs: [{ kind: "oci-layout", destination }],
    environment,
  });
  assert.ok(asked.some((one) => one === `/v2/copies/app/blobs/${layers[0]?.digest}`));
  run("skopeo", ["copy", "-q", `oci:${destination}`, `dir:${folder}/copied`]);
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
