// Reading images that are on disk: what dodai writes itself, what other tools write, and what is broken or hostile.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cp, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it, type TestContext, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { collect } from "../../src/core/bytes.ts";
import { sha256 } from "../../src/core/digest.ts";
import { formatPlatform, parsePlatform } from "../../src/core/platform.ts";
import { type ImageBundle, rootDocument } from "../../src/image/bundle.ts";
import { openImage } from "../../src/io/image-input.ts";
import type { ImageChoice, InputImage } from "../../src/io/image-input-contract.ts";
import type { OutputName } from "../../src/io/output-contract.ts";
import { outputs } from "../../src/io/output-kinds.ts";
import { file, folder, hardlink, symlink as linkTo, makeBundle, tarOfDrawn } from "../kit/image.ts";
import { fixture, needs, run } from "../kit/oracle.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const amd64: ImageChoice = { hostPlatform: parsePlatform("linux/amd64") };

async function write(t: TestContext, kind: OutputName, bundle: ImageBundle = makeBundle()): Promise<string> {
  const destination = join(await temporaryFolder(t), "image");
  await outputs[kind]({ bundle, destination, baseName: "debian-trixie" });
  return destination;
}

interface Read {
  readonly image: InputImage;
  /** Digests of the uncompressed layers. */
  readonly layers: readonly string[];
}

/** Opens, chooses, and reads every layer to its end. */
async function read(place: string, choice: ImageChoice = amd64, temporary = `${place}.temporary`): Promise<Read> {
  const input = await openImage({ place, temporary: () => temporary });
  try {
    const image = await input.choose(choice);
    const layers: string[] = [];
    for (const layer of image.layers)
      layers.push(sha256(await collect(layer.open(), { maxBytes: 1 << 26, what: place })));
    return { image, layers };
  } finally {
    await input.close();
  }
}

const diffIds = ({ images: [image] }: ImageBundle): readonly string[] => image.layers.map(({ diffId }) => diffId);

describe("reading back what dodai writes", () => {
  for (const kind of ["oci", "oci-layout", "docker"] as const) {
    for (const compression of ["gzip", "zstd", "none"] as const) {
      it(`gives the same image from ${kind} with layers of ${compression}`, async (t) => {
        const bundle = makeBundle({ compression });
        const { image, layers } = await read(await write(t, kind, bundle));
        assert.deepEqual(layers, diffIds(bundle));
        assert.deepEqual(image.digest, kind === "docker" ? undefined : bundle.images[0].manifest.digest);
        assert.deepEqual(image.config, {
          platform: "linux/amd64",
          diffIds: diffIds(bundle),
          entrypoint: [],
          cmd: ["sh", "-c", 'echo "$HOME"'],
          env: { PATH: "/usr/bin:/bin", LANG: "C.UTF-8" },
          user: "65532:65532",
          workdir: "/",
        });
      });
    }
  }

  it("takes a tar of a root for one layer without a config", async (t) => {
    const place = await write(t, "tar");
    const { image, layers } = await read(place);
    assert.deepEqual([image.config, image.digest, layers], [undefined, undefined, [sha256(readFileSync(place))]]);
  });

  const packed = [
    { name: "gzip", pack: gzipSync },
    { name: "zstd", pack: zstdCompressSync },
    { name: "xz", pack: (bytes: Uint8Array) => execFileSync("xz", ["-c"], { input: bytes }) },
  ];
  for (const kind of ["oci", "docker", "tar"] as const) {
    for (const { name, pack } of packed) {
      it(`reads ${kind} that is compressed as a whole by ${name}, and leaves nothing`, needs("xz"), async (t) => {
        const place = await write(t, kind);
        const plain = await read(place);
        await writeFile(place, pack(readFileSync(place)));
        assert.deepEqual((await read(place)).layers, plain.layers);
        assert.deepEqual(await readdir(join(place, "..")), ["image"]);
      });
    }
  }
});

describe("choosing", () => {
  const several = makeBundle({ platforms: ["linux/arm64", "linux/amd64", "linux/arm/v7"], names: ["a:1", "b:2"] });

  it("takes the host's platform", async (t) => {
    const { image } = await read(await write(t, "oci", several));
    assert.equal(image.digest, several.images[1]?.manifest.digest);
  });

  it("takes the platform that is asked for", async (t) => {
    const place = await write(t, "oci-layout", several);
    for (const { platform, manifest } of several.images) {
      const { image } = await read(place, { ...amd64, platform });
      assert.deepEqual([image.digest, image.config?.platform], [manifest.digest, formatPlatform(platform)]);
    }
  });

  it("takes the only image there is, of another platform too", async (t) => {
    const { image } = await read(await write(t, "oci", makeBundle({ platforms: ["linux/arm64"] })));
    assert.equal(image.config?.platform, "linux/arm64");
  });

  for (const kind of ["oci", "docker"] as const) {
    it(`refuses a platform that ${kind} has not`, async (t) => {
      const place = await write(t, kind);
      await assert.rejects(read(place, { ...amd64, platform: parsePlatform("s390x") }), {
        code: "PLATFORM_UNSUPPORTED",
      });
    });
  }

  const references = ["1", "2", "docker.io/library/a:1", rootDocument(several).digest];
  for (const reference of references) {
    it(`finds an image by ${reference.slice(0, 30)}`, async (t) => {
      const { image } = await read(await write(t, "oci", several), { ...amd64, reference });
      assert.equal(image.digest, several.images[1]?.manifest.digest);
    });
  }

  for (const kind of ["oci", "docker"] as const) {
    it(`tells what there is when ${kind} has no such tag`, async (t) => {
      const place = await write(t, kind);
      await assert.rejects(read(place, { ...amd64, reference: "9" }), { code: "IMAGE_UNKNOWN", fix: /trixie/ });
    });
  }

  it("asks for a name where there are several images", needs("skopeo"), async (t) => {
    const layout = await write(t, "oci-layout");
    const other = await write(t, "oci-layout", makeBundle({ names: ["other:2"], settings: { cmd: ["b"] } }));
    run("skopeo", ["--insecure-policy", "copy", `oci:${other}:2`, `oci:${layout}:2`]);
    await assert.rejects(read(layout), { code: "USAGE" });
    assert.deepEqual((await read(layout, { ...amd64, reference: "2" })).image.config?.cmd, ["b"]);
    assert.deepEqual((await read(layout, { ...amd64, reference: "trixie" })).image.config?.cmd, [
      "sh",
      "-c",
      'echo "$HOME"',
    ]);
  });
});

describe("images of other tools", () => {
  for (const form of ["docker-archive", "oci-archive", "oci"] as const) {
    it(`are read as skopeo writes ${form}`, needs("skopeo"), async (t) => {
      const bundle = makeBundle();
      const from = await write(t, "oci", bundle);
      const place = `${from}.other`;
      run("skopeo", ["--insecure-policy", "copy", `oci-archive:${from}`, `${form}:${place}:x:1`]);
      const { layers } = await read(place, { ...amd64, reference: form === "docker-archive" ? "x:1" : undefined });
      assert.deepEqual(layers, diffIds(bundle));
    });
  }

  const busybox = fixture("oci/busybox-layouts/docker-library+busybox/latest-1/glibc/amd64");
  it("are read from the layout of an official image, whose blobs are links", needs(busybox), async (t) => {
    const place = join(await temporaryFolder(t), "layout");
    await copyWithLinks(busybox, place);
    const { image } = await read(place, { ...amd64, reference: "busybox:1.37.0-glibc" });
    assert.deepEqual(image.config?.cmd, ["sh"]);
  });

  it("are read where layers are links to one another, as old Docker wrote them", async (t) => {
    const place = join(await temporaryFolder(t), "x.tar");
    const layer = tarOfDrawn([file("a", "1")]);
    const diffIds = [sha256(layer), sha256(layer), sha256(layer)];
    const [first, second, third] = ["a", "b", "c"].map((digit) => `${digit.repeat(64)}/layer.tar`) as [
      string,
      string,
      string,
    ];
    const config = JSON.stringify({ os: "linux", architecture: "amd64", rootfs: { diff_ids: diffIds } });
    const manifest = JSON.stringify([{ Config: "config.json", Layers: [first, second, third] }]);
    const members = [
      file("manifest.json", manifest),
      file("config.json", config),
      file(first, Buffer.from(layer).toString("latin1")),
      linkTo(second, `../${first}`),
      hardlink(third, first),
    ];
    await writeFile(place, tarOfDrawn(members));
    assert.deepEqual((await read(place)).layers, diffIds);
  });

  const ggcr = fixture("oci/ggcr/google+go-containerregistry/pkg/v1");
  for (const path of ["tarball/testdata/test_image_1.tar", "mutate/testdata/whiteout_image.tar"]) {
    const place = join(ggcr, path);
    it(`are read from ${path}`, needs(place), async () => {
      const { image, layers } = await read(place);
      assert.deepEqual(layers, image.config?.diffIds);
      assert.ok(layers.length > 0);
    });
  }
});

describe("a broken image", () => {
  let layout = "";
  let bundle: ImageBundle = makeBundle();
  const blobOf = (which: "manifest" | "config" | "layer"): string => {
    const [{ manifest, config, layers }] = bundle.images;
    const { digest } = { manifest, config, layer: layers[0] ?? manifest }[which];
    return join(layout, "blobs/sha256", digest.slice("sha256:".length));
  };
  const prepare = async (t: TestContext): Promise<void> => {
    bundle = makeBundle();
    layout = await write(t, "oci-layout", bundle);
  };
  before(() => {
    layout = "";
  });

  for (const which of ["manifest", "config", "layer"] as const) {
    it(`is refused when a byte of its ${which} differs`, async (t) => {
      await prepare(t);
      const bytes = await readFile(blobOf(which));
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      await writeFile(blobOf(which), bytes);
      await assert.rejects(read(layout), (error: { code: string }) =>
        ["DIGEST_MISMATCH", "COMPRESSION_BROKEN"].includes(error.code),
      );
    });

    it(`is refused when its ${which} is cut short`, async (t) => {
      await prepare(t);
      await truncate(blobOf(which), 20);
      await assert.rejects(read(layout), (error: { code: string }) =>
        ["DIGEST_MISMATCH", "COMPRESSION_BROKEN"].includes(error.code),
      );
    });

    it(`is refused when its ${which} is not there`, async (t) => {
      await prepare(t);
      await rm(blobOf(which));
      await assert.rejects(read(layout), { code: "IMAGE_BROKEN" });
    });

    it(`is refused when its ${which} is a link to somewhere else`, async (t) => {
      await prepare(t);
      await cp(blobOf(which), `${layout}.elsewhere`);
      await rm(blobOf(which));
      await symlink(`${layout}.elsewhere`, blobOf(which));
      await assert.rejects(read(layout), { code: "IMAGE_BROKEN" });
    });
  }

  const indexes = [
    { name: "no JSON", text: "{" },
    { name: "a list", text: "[]" },
    { name: "no descriptors", text: '{"manifests":[1]}' },
    { name: "a digest that leads out", text: '{"manifests":[{"digest":"sha256:../../etc/passwd","size":1}]}' },
    { name: "a size below zero", text: `{"manifests":[{"digest":"${sha256("")}","size":-1}]}` },
    { name: "nothing", text: '{"manifests":[]}' },
    { name: "more than 4 MiB", text: " ".repeat((4 << 20) + 1) },
  ];
  for (const { name, text } of indexes) {
    it(`is refused when its index is ${name}`, async (t) => {
      await prepare(t);
      await writeFile(join(layout, "index.json"), text);
      await assert.rejects(read(layout), { code: "IMAGE_BROKEN" });
    });
  }

  const dockers = [
    { name: "a layer outside", layers: ["../../../etc/passwd"], code: "ARCHIVE_UNSAFE_PATH" },
    { name: "a layer that is not there", layers: ["x/layer.tar"], code: "IMAGE_BROKEN" },
    { name: "a layer that is not what the config says", layers: ["manifest.json"], code: "DIGEST_MISMATCH" },
    { name: "fewer layers than the config", layers: [], code: "IMAGE_BROKEN" },
  ];
  for (const { name, layers, code } of dockers) {
    it(`is refused when a Docker archive names ${name}`, async (t) => {
      const place = join(await temporaryFolder(t), "x.tar");
      const config = JSON.stringify({ os: "linux", architecture: "amd64", rootfs: { diff_ids: [sha256("other")] } });
      const manifest = JSON.stringify([{ Config: "config.json", RepoTags: null, Layers: layers }]);
      await writeFile(place, tarOfDrawn([file("manifest.json", manifest), file("config.json", config)]));
      await assert.rejects(read(place), { code });
    });
  }

  it("is refused when the config of a Docker archive is not what its name says", async (t) => {
    const place = join(await temporaryFolder(t), "x.tar");
    const name = `${"0".repeat(64)}.json`;
    const manifest = JSON.stringify([{ Config: name, Layers: [] }]);
    await writeFile(place, tarOfDrawn([file("manifest.json", manifest), file(name, "{}")]));
    await assert.rejects(read(place), { code: "DIGEST_MISMATCH" });
  });

  it("is refused when its archive ends early", async (t) => {
    const place = await write(t, "oci");
    await truncate(place, 6000);
    await assert.rejects(read(place), { code: "IMAGE_BROKEN" });
  });

  it("is refused when it ends early inside its compression, and leaves nothing", async (t) => {
    const place = await write(t, "oci");
    await writeFile(place, gzipSync(readFileSync(place).subarray(0, 6000)));
    await assert.rejects(read(place), { code: "IMAGE_BROKEN" });
    assert.deepEqual(await readdir(join(place, "..")), ["image"]);
  });

  it("is refused when it is no archive at all", async (t) => {
    const place = join(await temporaryFolder(t), "x.tar");
    await writeFile(place, "x".repeat(2000));
    await assert.rejects(read(place), { code: "IMAGE_BROKEN" });
  });

  it("is refused when it is a folder of something else", async (t) => {
    await assert.rejects(read(await temporaryFolder(t)), { code: "IMAGE_BROKEN" });
  });

  it("is refused when it is not there, or no file", async () => {
    await assert.rejects(read("/nowhere/x.tar"), { code: "FILE_UNREADABLE" });
    await assert.rejects(read("/dev/null"), { code: "FILE_UNREADABLE" });
  });
});

/** The fixture has links as files that say where they lead. */
async function copyWithLinks(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true });
  run("chmod", ["-R", "u+w", to]);
  for (const name of await readdir(to, { recursive: true })) {
    if (!name.endsWith(".SYMLINK")) continue;
    await symlink((await readFile(join(to, name), "utf8")).trim(), join(to, name.replace(".SYMLINK", "")));
  }
}

test("a root's tar may hold files that an image's archive has as well", async (t) => {
  const place = join(await temporaryFolder(t), "x.tar");
  await writeFile(place, tarOfDrawn([folder("."), file("manifest.json", "{}"), folder("etc"), file("etc/a", "1")]));
  assert.equal((await read(place)).image.config, undefined);
});
