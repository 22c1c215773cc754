// Packages added to an image that is there: built here or by hand, from a small signed archive, read back by others' tools.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, it, type TestContext, test } from "node:test";
import { build } from "../../src/build/build.ts";
import type { BuildOptions, BuildResult } from "../../src/build/contract.ts";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe, RecipeBase } from "../../src/core/recipe.ts";
import { outputs } from "../../src/io/output-kinds.ts";
import { openWorkplace, type Workplace } from "../kit/build.ts";
import type { DebSpec } from "../kit/deb.ts";
import { type Drawn, file, folder, makeBundle, makeLayer, symlink, tarOfDrawn } from "../kit/image.ts";
import { needs, run } from "../kit/oracle.ts";
import { createSigner } from "../kit/repository.ts";
import { entriesOf, filesOf, type ReadImage, readLayout } from "./picture.ts";

const osRelease = 'ID=debian\nVERSION_CODENAME=trixie\nVERSION_ID="13"\n';

const packages: readonly DebSpec[] = [
  {
    name: "base-files",
    version: "13",
    architecture: "amd64",
    tree: [
      { path: "usr/lib/os-release", content: osRelease },
      { path: "etc/os-release", kind: "symlink", target: "../usr/lib/os-release" },
      { path: "usr/share/doc/base-files/copyright", content: "free\n" },
    ],
  },
  { name: "libold", version: "1", tree: [{ path: "usr/lib/libold.so.1", content: "old\n" }] },
  { name: "zlib", version: "3", tree: [{ path: "usr/lib/libz.so.1", content: "z\n" }] },
  {
    name: "tool",
    version: "2",
    fields: { Depends: "libold, libtool" },
    tree: [{ path: "usr/bin/tool", content: "tool\n", mode: 0o755 }],
  },
  {
    name: "libtool",
    tree: [{ path: "lib/libtool.so.1", content: "libtool\n" }],
    control: { triggers: "activate-noawait ldconfig\n" },
  },
];

const newer: readonly DebSpec[] = [
  { name: "libold", version: "2", tree: [{ path: "usr/lib/libold.so.2", content: "newer\n" }] },
  {
    name: "fresh",
    fields: { Depends: "libold (>= 2)" },
    tree: [{ path: "usr/bin/fresh", content: "fresh\n", mode: 0o755 }],
  },
];

const ask = (...names: readonly string[]): Recipe["packages"] =>
  names.map((request) => ({ request, exclude: false }));

describe("packages added to an image", needs("gpg", "dpkg", "umoci"), () => {
  const signer = createSigner("archive");
  after(() => signer.close());

  interface Place extends Workplace {
    /** Builds the lower image as a layout and gives its place. */
    lower(changes?: Partial<Recipe>): Promise<string>;
    upper(image: string, changes?: Partial<Recipe>, options?: Partial<BuildOptions>): Promise<BuildResult>;
    read(): ReadImage;
  }

  async function open(t: TestContext, more: readonly DebSpec[] = []): Promise<Place> {
    const place = await openWorkplace(t, { signer, suites: { trixie: [...packages, ...more] } });
    const baseOf = (image: string): RecipeBase => ({ image, upgrade: false });
    return {
      ...place,
      lower: async (changes = {}) => {
        const recipe = {
          ...place.recipe,
          name: "lower",
          packages: ask("base-files", "libold", "zlib").map((one) => ({ ...one, request: one.request === "libold" ? "libold=1" : one.request })),
          config: { env: { LANG: "C" }, entrypoint: ["/usr/bin/tool"], cmd: ["--help"], labels: { a: "1", b: "1" } },
          ...changes,
        };
        await build(place.options({ recipe, outputs: [{ kind: "oci-layout", destination: place.out("lower") }] }));
        return place.out("lower");
      },
      upper: (image, changes = {}, options = {}) => {
        const recipe = {
          ...place.recipe,
          name: "upper",
          distribution: { name: "base", release: "" },
          base: baseOf(image),
          packages: ask("tool"),
          ...changes,
        };
        const to = [{ kind: "oci-layout", destination: place.out("upper") }] as const;
        return build(place.options({ recipe, outputs: to, ...options }));
      },
      read: () => readLayout(place.out("upper")),
    };
  }

  /** Unpacks it with umoci and gives the root. */
  async function unpacked(place: Place): Promise<string> {
    const to = join(place.folder, "bundle");
    const tag = run("umoci", ["ls", "--layout", place.out("upper")]).trim().split("\n")[0] ?? "latest";
    run("umoci", ["unpack", "--rootless", "--image", `${place.out("upper")}:${tag}`, to]);
    return join(to, "rootfs");
  }

  test("are in one layer above those of the image, which stay as they are", async (t) => {
    const place = await open(t);
    const before = readLayout(await place.lower());
    await place.upper(place.out("lower"), { config: { labels: { b: "2" }, env: { A: "1" } } });
    const { layers, config } = place.read();
    assert.deepEqual(
      layers.slice(0, -1).map(({ compressed }) => compressed),
      before.layers.map(({ compressed }) => compressed),
    );
    const paths = entriesOf(layers.at(-1)?.plain ?? new Uint8Array()).map(({ path }) => path);
    assert.deepEqual(
      paths.filter((path) => !/^var(?:\/|$)/.test(path)),
      ["usr", "usr/bin", "usr/lib", "usr/lib/libtool.so.1", "usr/bin/tool", "bin"],
    );
    assert.deepEqual(config, {
      Cmd: ["--help"],
      Entrypoint: ["/usr/bin/tool"],
      Env: ["A=1", "LANG=C"],
      Labels: { a: "1", b: "2" },
    });
  });

  test("are in dpkg's database beside those that were there", async (t) => {
    const place = await open(t);
    await place.upper(await place.lower());
    const root = await unpacked(place);
    const listed = run("dpkg-query", [`--root=${root}`, "-W", "-f", "${Package} ${Version} ${db:Status-Status}\n"]);
    assert.equal(listed, "base-files 13 installed\nlibold 1 installed\nlibtool 1.0-1 installed\ntool 2 installed\nzlib 3 installed\n");
    assert.equal(run("dpkg", [`--root=${root}`, "--audit"]), "");
    assert.equal(run("dpkg", [`--root=${root}`, "-L", "tool"]), "/.\n/usr\n/usr/bin\n/usr/bin/tool\n");
  });
});
