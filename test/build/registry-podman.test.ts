// Podman beside dodai: each reads what the other pushed or wrote.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { ImageReference } from "../../src/build/contract.ts";
import { copyImage } from "../../src/build/copy.ts";
import { inspectImage } from "../../src/build/inspect.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import type { ImageBundle } from "../../src/image/bundle.ts";
import type { LayerCompression } from "../../src/image/media-types.ts";
import { outputs } from "../../src/io/output-kinds.ts";
import { file, folder, makeBundle, makeLayer, tarOfDrawn } from "../kit/image.ts";
import { needs, run } from "../kit/oracle.ts";
import { startRegistry } from "../kit/registry.ts";
import { temporaryFolder } from "../kit/temporary.ts";

const here =
  process.getuid?.() === 0
    ? needs("docker-registry", "podman", "skopeo")
    : { skip: "needs root: without it Podman wants ids of other users" };
const hostPlatform = parsePlatform("amd64");
const noTls = ["--src-tls-verify=false", "--dest-tls-verify=false"];

/** Runs Podman with images of its own. */
async function podmanOf(t: TestContext): Promise<(...words: readonly string[]) => string> {
  const place = await temporaryFolder(t);
  const storage = ["--root", `${place}/root`, "--runroot", `${place}/run`, "--tmpdir", `${place}/tmp`];
  const quiet = ["--storage-driver", "vfs", "--events-backend", "none"];
  return (...words) => run("podman", [...storage, ...quiet, ...words]).trim();
}

/** Two layers, of which the upper one changes a file and takes one away. */
function twoLayers(compression: LayerCompression): ImageBundle {
  const lower = tarOfDrawn([folder("etc"), file("etc/motd", "old"), file("etc/gone", "x"), file("kept", "k")]);
  const upper = tarOfDrawn([folder("etc"), file("etc/motd", "new", { mode: 0o600 }), file("etc/.wh.gone", "")]);
  return makeBundle({ layers: [makeLayer("lower", lower, compression), makeLayer("upper", upper, compression)] });
}

function assertRoot(root: string): void {
  assert.deepEqual(readdirSync(root).toSorted(), ["etc", "kept"]);
  assert.deepEqual(readdirSync(join(root, "etc")), ["motd"]);
  assert.equal(readFileSync(join(root, "etc/motd"), "utf8"), "new");
}

/** That Podman has the image, by its config, and lays it out right. */
function assertInPodman(podman: (...words: readonly string[]) => string, name: string, bundle: ImageBundle): void {
  assert.equal(`sha256:${podman("image", "inspect", "-f", "{{.Id}}", name)}`, bundle.images[0].config.digest);
  assertRoot(podman("image", "mount", name));
}

describe("Podman pulls what dodai pushed", () => {
  const copying = async (t: TestContext): Promise<(image: ImageReference, name: string) => Promise<unknown>> => {
    const cacheDirectory = await temporaryFolder(t);
    return (image, name) =>
      copyImage({ cacheDirectory, hostPlatform, image, outputs: [{ kind: "registry", destination: name }] });
  };

  for (const compression of ["gzip", "zstd", "none"] as const) {
    it(`with layers of ${compression}`, here, async (t) => {
      const [server, podman, copy] = [await startRegistry(t), await podmanOf(t), await copying(t)];
      const bundle = twoLayers(compression);
      const path = join(await temporaryFolder(t), "layout");
      await outputs["oci-layout"]({ bundle, destination: path, baseName: "image" });
      const name = `${server.host}/team/app:1`;
      await copy({ kind: "file", path }, name);
      podman("pull", "-q", "--tls-verify=false", name);
      assertInPodman(podman, name, bundle);
    });
  }

  it("in Docker's own form, as another registry had it", here, async (t) => {
    const [server, podman, copy] = [await startRegistry(t), await podmanOf(t), await copying(t)];
    const bundle = twoLayers("gzip");
    const path = join(await temporaryFolder(t), "layout");
    await outputs["oci-layout"]({ bundle, destination: path, baseName: "image" });
    const [first, name] = [`${server.host}/first:1`, `${server.host}/team/app:1`];
    run("skopeo", ["copy", "-q", ...noTls, "--format", "v2s2", `oci:${path}`, `docker://${first}`]);
    await copy({ kind: "registry", name: first }, name);
    assert.match(run("skopeo", ["inspect", "--raw", "--tls-verify=false", `docker://${name}`]), /docker\.distribution/);
    podman("pull", "-q", "--tls-verify=false", name);
    assertRoot(podman("image", "mount", name));
  });
});

interface Form {
  readonly name: string;
  /** Of the archive that Podman loads. */
  readonly kind: "oci" | "docker";
  readonly flags: readonly string[];
  /** Of the layers in the registry. */
  readonly type: RegExp;
}

const forms: readonly Form[] = [
  {
    name: "an OCI image",
    kind: "oci",
    flags: ["--format", "oci"],
    type: /oci\.image\.layer\.v1\.tar\+gzip$/,
  },
  {
    name: "an image in Docker's form",
    kind: "docker",
    flags: ["--format", "v2s2"],
    type: /docker\.image\.rootfs\.diff\.tar\.gzip$/,
  },
  {
    name: "zstd layers",
    kind: "oci",
    flags: ["--format", "oci", "--compression-format", "zstd"],
    type: /oci\.image\.layer\.v1\.tar\+zstd$/,
  },
];

describe("Podman loads what dodai wrote, and dodai reads what it pushes then", () => {
  for (const { name: form, kind, flags, type } of forms) {
    it(`${form}, from an archive of kind ${kind}`, here, async (t) => {
      const [server, podman] = [await startRegistry(t), await podmanOf(t)];
      const bundle = twoLayers("gzip");
      const cacheDirectory = await temporaryFolder(t);
      const archive = join(cacheDirectory, "image.tar");
      await outputs[kind]({ bundle, destination: archive, baseName: "image" });
      const loaded = podman("load", "-q", "-i", archive).replace(/^Loaded image: /, "");
      assertInPodman(podman, loaded, bundle);
      const name = `${server.host}/team/app:1`;
      podman("push", "-q", "--tls-verify=false", ...flags, loaded, `docker://${name}`);
      const image = { kind: "registry", name } as const;
      const { manifest } = await inspectImage({ cacheDirectory, hostPlatform, image });
      assert.equal(manifest?.layers.length, 2);
      for (const { mediaType } of manifest.layers) assert.match(mediaType, type);
      const root = join(cacheDirectory, "out");
      await copyImage({ cacheDirectory, hostPlatform, image, outputs: [{ kind: "dir", destination: root }] });
      assertRoot(root);
    });
  }
});
