import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { hexOf } from "../../src/core/digest.ts";
import { formatImageName, parseImageName } from "../../src/core/image-name.ts";
import { type ImageBundle, rootDocument } from "../../src/image/bundle.ts";
import type { OutputName } from "../../src/io/output-contract.ts";
import { outputs } from "../../src/io/output-kinds.ts";
import { makeBundle } from "../kit/image.ts";
import { schemaFaults } from "../kit/json-schema.ts";
import { fixture, needs, run } from "../kit/oracle.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const schemas = fixture("oci/image-spec/opencontainers+image-spec/schema");
const several = ["linux/arm64", "linux/amd64", "linux/arm/v7"];

const skopeo = (...args: readonly string[]): string => run("skopeo", ["--insecure-policy", ...args]);

interface Inspected {
  readonly Digest: string;
  readonly Name: string;
  readonly RepoTags: readonly string[];
  readonly Architecture: string;
  readonly Layers: readonly string[];
}

const inspect = (reference: string, ...options: readonly string[]): Inspected =>
  JSON.parse(skopeo(...options, "inspect", reference)) as Inspected;

/** The config as skopeo says it; it changes the order of members when it makes a Docker image's into one of OCI. */
const configOf = (reference: string): unknown => JSON.parse(skopeo("inspect", "--config", "--raw", reference));

async function write(kind: OutputName, destination: string, bundle: ImageBundle): Promise<string> {
  await outputs[kind]({ bundle, destination, baseName: "debian-trixie" });
  return destination;
}

const member = (archive: string, path: string): string => run("tar", ["-xOf", archive, path]);

describe("oci", () => {
  test("its members, with modes, owners and times", needs("tar"), async (t) => {
    const archive = await write("oci", join(await temporaryFolder(t), "x.tar"), makeBundle({ compression: "none" }));
    const listing = run("tar", ["--numeric-owner", "--full-time", "-tvf", archive], {
      env: { ...process.env, TZ: "UTC" },
    });
    t.assert.fileSnapshot(listing.trimEnd().replace(/ +/g, " "), "test/golden/output-oci.txt", {
      serializers: [String],
    });
  });

  test("skopeo reads it as an OCI archive, by tag or alone", needs("skopeo"), async (t) => {
    const bundle = makeBundle();
    const archive = await write("oci", join(await temporaryFolder(t), "x.tar"), bundle);
    const [image] = bundle.images;
    for (const reference of [`oci-archive:${archive}`, `oci-archive:${archive}:trixie`]) {
      const seen = inspect(reference);
      assert.equal(seen.Digest, image.manifest.digest);
      assert.deepEqual(
        seen.Layers,
        image.layers.map((layer) => layer.digest),
      );
    }
    assert.equal(skopeo("inspect", "--config", "--raw", `oci-archive:${archive}`), image.config.text);
  });

  test("skopeo reads it as a Docker archive too, and copies each way", needs("skopeo"), async (t) => {
    const folder = await temporaryFolder(t);
    const bundle = makeBundle();
    const archive = await write("oci", join(folder, "x.tar"), bundle);
    const [image] = bundle.images;
    assert.deepEqual(configOf(`docker-archive:${archive}`), JSON.parse(image.config.text));
    assert.deepEqual(
      inspect(`docker-archive:${archive}:debian:trixie`).Layers,
      image.layers.map((layer) => layer.diffId),
    );
    skopeo("copy", `oci-archive:${archive}`, `docker-archive:${join(folder, "y.tar")}:debian:trixie`);
    skopeo("copy", `docker-archive:${archive}`, `oci:${join(folder, "z")}:t`);
    assert.deepEqual(configOf(`oci:${join(folder, "z")}:t`), JSON.parse(image.config.text));
  });

  test("several platforms are one index, which skopeo takes apart", needs("skopeo"), async (t) => {
    const folder = await temporaryFolder(t);
    const bundle = makeBundle({ platforms: several });
    const archive = await write("oci", join(folder, "x.tar"), bundle);
    assert.equal(skopeo("inspect", "--raw", `oci-archive:${archive}`), rootDocument(bundle).text);
    assert.equal(inspect(`oci-archive:${archive}`, "--override-arch", "arm64").Architecture, "arm64");
    skopeo("copy", "--all", `oci-archive:${archive}`, `oci:${join(folder, "all")}:t`);
    assert.equal(skopeo("inspect", "--raw", `oci:${join(folder, "all")}:t`), rootDocument(bundle).text);
  });

  test("of several platforms, readers of manifest.json get linux/amd64", needs("skopeo"), async (t) => {
    const archive = await write("oci", join(await temporaryFolder(t), "x.tar"), makeBundle({ platforms: several }));
    assert.equal(inspect(`docker-archive:${archive}`).Architecture, "amd64");
    assert.equal(JSON.parse(member(archive, "manifest.json")).length, 1);
  });

  test("each name is in both indexes", needs("tar", "skopeo"), async (t) => {
    const names = ["debian:trixie", "registry.example:5000/team/base"];
    const bundle = makeBundle({ names });
    const archive = await write("oci", join(await temporaryFolder(t), "x.tar"), bundle);
    assert.deepEqual(JSON.parse(member(archive, "manifest.json"))[0].RepoTags, [
      "debian:trixie",
      "registry.example:5000/team/base:latest",
    ]);
    assert.deepEqual(
      JSON.parse(member(archive, "index.json")).manifests.map(
        (one: { readonly annotations: unknown }) => one.annotations,
      ),
      [
        {
          "io.containerd.image.name": "docker.io/library/debian:trixie",
          "org.opencontainers.image.ref.name": "trixie",
        },
        {
          "io.containerd.image.name": "registry.example:5000/team/base:latest",
          "org.opencontainers.image.ref.name": "latest",
        },
      ],
    );
    for (const tag of ["trixie", "latest"]) {
      assert.equal(inspect(`oci-archive:${archive}:${tag}`).Digest, rootDocument(bundle).digest);
    }
  });

  test("without a name it is still an archive of one image", needs("skopeo"), async (t) => {
    const bundle = makeBundle({ names: [] });
    const archive = await write("oci", join(await temporaryFolder(t), "x.tar"), bundle);
    assert.equal(inspect(`oci-archive:${archive}`).Digest, rootDocument(bundle).digest);
    assert.deepEqual(configOf(`docker-archive:${archive}`), JSON.parse(bundle.images[0].config.text));
  });

  for (const compression of ["none", "zstd"] as const) {
    test(`layers may be stored with ${compression}`, needs("skopeo"), async (t) => {
      const folder = await temporaryFolder(t);
      const bundle = makeBundle({ compression });
      const archive = await write("oci", join(folder, "x.tar"), bundle);
      assert.equal(inspect(`oci-archive:${archive}`).Digest, rootDocument(bundle).digest);
      skopeo("copy", `docker-archive:${archive}`, `oci:${join(folder, "z")}:t`);
      assert.deepEqual(configOf(`oci:${join(folder, "z")}:t`), JSON.parse(bundle.images[0].config.text));
    });
  }

  test("its JSON fits the image-spec", needs(schemas, "tar"), async (t) => {
    const archive = await write("oci", join(await temporaryFolder(t), "x.tar"), makeBundle({ platforms: several }));
    const parsed = (path: string): unknown => JSON.parse(member(archive, path));
    assert.deepEqual(schemaFaults(`${schemas}/image-layout-schema.json`, parsed("oci-layout")), []);
    assert.deepEqual(schemaFaults(`${schemas}/image-index-schema.json`, parsed("index.json")), []);
  });
});

describe("docker", () => {
  test("its members", needs("tar"), async (t) => {
    const bundle = makeBundle({ names: ["debian:trixie", "debian:13"] });
    const archive = await write("docker", join(await temporaryFolder(t), "x.tar"), bundle);
    const [{ config, layers }] = bundle.images;
    const hex = layers.map((layer) => hexOf(layer.diffId));
    assert.deepEqual(run("tar", ["-tf", archive]).trim().split("\n"), [
      "manifest.json",
      "repositories",
      `${hexOf(config.digest)}.json`,
      ...hex.flatMap((one) => [`${one}/`, `${one}/layer.tar`]),
    ]);
    assert.deepEqual(JSON.parse(member(archive, "manifest.json")), [
      {
        Config: `${hexOf(config.digest)}.json`,
        RepoTags: ["debian:trixie", "debian:13"],
        Layers: hex.map((one) => `${one}/layer.tar`),
      },
    ]);
    assert.deepEqual(JSON.parse(member(archive, "repositories")), { debian: { 13: hex[1], trixie: hex[1] } });
  });

  test("skopeo reads it by name and copies it", needs("skopeo"), async (t) => {
    const folder = await temporaryFolder(t);
    const bundle = makeBundle({ names: ["debian:trixie"] });
    const archive = await write("docker", join(folder, "x.tar"), bundle);
    const reference = `docker-archive:${archive}:debian:trixie`;
    assert.deepEqual(
      inspect(reference).Layers,
      bundle.images[0].layers.map((layer) => layer.diffId),
    );
    skopeo("copy", reference, `oci:${join(folder, "z")}:t`);
    assert.deepEqual(configOf(`oci:${join(folder, "z")}:t`), JSON.parse(bundle.images[0].config.text));
  });
});

describe("image names", () => {
  const names = ["debian", "library/debian:x", "team/app:1.2", "registry.example:5000/a/b_c/d--e:_T", "localhost/app"];
  for (const name of names) {
    test(`skopeo reads ${name} as we do`, needs("skopeo", "tar"), async (t) => {
      const folder = await temporaryFolder(t);
      const layout = await write("oci-layout", join(folder, "layout"), makeBundle());
      const whole = formatImageName(parseImageName(name));
      skopeo("copy", `oci:${layout}:trixie`, `docker-archive:${join(folder, "y.tar")}:${name}`);
      const [entry] = JSON.parse(member(join(folder, "y.tar"), "manifest.json")) as [
        { readonly RepoTags: readonly string[] },
      ];
      assert.deepEqual(
        entry.RepoTags.map((tag) => formatImageName(parseImageName(tag))),
        [whole],
      );
    });
  }
});

describe("tar", () => {
  const endings = [".tar", ".tar.gz", ".tar.xz", ".tar.zst", ".tgz", ""];
  for (const ending of endings) {
    test(`a name that ends in "${ending}" holds the whole tree`, needs("tar", "xz", "zstd"), async (t) => {
      const archive = await write("tar", join(await temporaryFolder(t), `rootfs${ending}`), makeBundle());
      assert.deepEqual(run("tar", ["-tf", archive]).trim().split("\n"), [
        "./",
        "etc/",
        "etc/motd",
        "usr/",
        "usr/bin/",
        "bin",
        "opt/",
        "opt/a b",
        "opt/c",
        "opt/platform",
      ]);
    });
  }

  test("one gzip layer is its own .tar.gz", async (t) => {
    const layers = makeBundle().images[0].layers.slice(0, 1);
    const bundle = makeBundle({ layers });
    const archive = await write("tar", join(await temporaryFolder(t), "rootfs.tar.gz"), bundle);
    assert.deepEqual(
      await readFile(archive),
      Buffer.concat(await Array.fromAsync(bundle.images[0].layers[0]?.open() ?? [])),
    );
  });
});

for (const kind of ["docker", "tar", "dir"] as const) {
  test(`${kind} refuses several platforms and leaves nothing`, async (t) => {
    const folder = await temporaryFolder(t);
    const bundle = makeBundle({ platforms: several });
    await assert.rejects(write(kind, join(folder, "x"), bundle), {
      code: "USAGE",
      message: `Cannot write output "${kind}": it holds one platform, and there are linux/arm64, linux/amd64, linux/arm/v7`,
    });
    assert.deepEqual(await readdir(folder), []);
  });
}
