// Packages added to an image that is there: built here or by hand, from a small signed archive, read back by others' tools.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, it, type TestContext, test } from "node:test";
import { build } from "../../src/build/build.ts";
import type { BuildOptions, BuildResult } from "../../src/build/contract.ts";
import { lock } from "../../src/build/lock.ts";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe, RecipeBase } from "../../src/core/recipe.ts";
import { outputs } from "../../src/io/output-kinds.ts";
import { openWorkplace, type Workplace } from "../kit/build.ts";
import type { DebSpec } from "../kit/deb.ts";
import { type Drawn, file, folder, makeBundle, makeLayer, symlink, tarOfDrawn } from "../kit/image.ts";
import { needs, run } from "../kit/oracle.ts";
import { startRegistry } from "../kit/registry.ts";
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

const ask = (...names: readonly string[]): Recipe["packages"] => names.map((request) => ({ request, exclude: false }));

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
          packages: ask("base-files", "libold", "zlib").map((one) => ({
            ...one,
            request: one.request === "libold" ? "libold=1" : one.request,
          })),
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
    const tag =
      run("umoci", ["ls", "--layout", place.out("upper")])
        .trim()
        .split("\n")[0] ?? "latest";
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
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own
    const listed = run("dpkg-query", [`--root=${root}`, "-W", "-f", "${Package} ${Version} ${db:Status-Status}\n"]);
    assert.equal(
      listed,
      "base-files 13 installed\nlibold 1 installed\nlibtool 1.0-1 installed\ntool 2 installed\nzlib 3 installed\n",
    );
    assert.equal(run("dpkg", [`--root=${root}`, "--audit"]), "");
    assert.equal(run("dpkg", [`--root=${root}`, "-L", "tool"]), "/.\n/usr\n/usr/bin\n/usr/bin/tool\n");
  });

  const codeOf = async (task: Promise<unknown>): Promise<string> => {
    const error = await task.then(
      () => assert.fail("it was built"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof DodaiError, String(error));
    return error.code;
  };

  /** An image by hand: `layers` of drawn entries, written as it is asked for. */
  async function byHand(
    place: Place,
    layers: readonly (readonly Drawn[])[],
    {
      kind = "oci-layout",
      platforms = ["linux/amd64"],
    }: { kind?: "oci" | "oci-layout" | "docker"; platforms?: string[] } = {},
  ): Promise<string> {
    const destination = place.out(`hand-${kind}`);
    const made = layers.map((drawn, at) => makeLayer(`layer ${at}`, tarOfDrawn(drawn), at % 2 === 0 ? "gzip" : "zstd"));
    await outputs[kind]({ bundle: makeBundle({ layers: made, platforms }), destination, baseName: "hand" });
    return destination;
  }

  const status = (...stanzas: readonly string[]): Drawn => file("var/lib/dpkg/status", `${stanzas.join("\n\n")}\n\n`);
  const stanza = (name: string, version: string, more = ""): string =>
    `Package: ${name}\nStatus: install ok installed\nMaintainer: x\nArchitecture: amd64\nVersion: ${version}${more}\nDescription: ${name}`;
  const release: Drawn = file("etc/os-release", osRelease);
  const old: readonly Drawn[] = [
    release,
    file("usr/lib/libold.so.1", "old\n"),
    file("var/lib/dpkg/info/libold.list", "/.\n/usr\n/usr/lib\n/usr/lib/libold.so.1\n"),
  ];

  for (const kind of ["oci", "oci-layout", "docker"] as const) {
    test(`come to an image that somebody else made, as ${kind}`, async (t) => {
      const place = await open(t);
      await place.upper(await byHand(place, [[...old, status(stanza("libold", "1"))]], { kind }));
      const root = await unpacked(place);
      // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own
      assert.equal(run("dpkg-query", [`--root=${root}`, "-W", "-f", "${Package} "]), "libold libtool tool ");
    });
  }

  test("find what the layers leave: what is whited out is not installed", async (t) => {
    const place = await open(t);
    const gone: Drawn = file("var/lib/dpkg/.wh.status", "");
    const image = await byHand(place, [
      [...old, status(stanza("libold", "1"), stanza("libtool", "1.0-1"))],
      [gone],
      [status(stanza("libold", "1"))],
    ]);
    const { platforms } = await place.upper(image);
    assert.deepEqual(
      platforms.map((one) => one.packages.map(({ name }) => name)),
      [["libtool", "tool"]],
    );
    assert.equal(place.read().layers.length, 4);
  });

  test("may lie below links of the image", async (t) => {
    const place = await open(t);
    const merged = [folder("usr/lib"), symlink("lib", "usr/lib")];
    await place.upper(await byHand(place, [[...old, status(stanza("libold", "1"))], merged]));
    const paths = entriesOf(place.read().layers.at(-1)?.plain ?? new Uint8Array()).map(({ path }) => path);
    assert.ok(paths.includes("usr/lib/libtool.so.1"), "lib is a link there");
  });

  test("lie where the package has them in an image whose usr is not merged", async (t) => {
    const place = await open(t);
    await place.upper(await byHand(place, [[...old, folder("lib"), status(stanza("libold", "1"))]]));
    const paths = entriesOf(place.read().layers.at(-1)?.plain ?? new Uint8Array()).map(({ path }) => path);
    assert.ok(paths.includes("lib/libtool.so.1") && !paths.includes("bin"));
  });

  test("are one stanza a file where the image has it so", async (t) => {
    const place = await open(t);
    const one = stanza("libold", "1").replace(/Status.*\n/, "");
    const image = await byHand(place, [[...old, file("var/lib/dpkg/status.d/libold", `${one}\n`)]]);
    await place.upper(image);
    const paths = entriesOf(place.read().layers.at(-1)?.plain ?? new Uint8Array()).map(({ path }) => path);
    assert.deepEqual(
      paths.filter((path) => path.startsWith("var/lib/dpkg/")),
      ["status.d", "status.d/libtool", "status.d/libtool.md5sums", "status.d/tool", "status.d/tool.md5sums"].map(
        (name) => `var/lib/dpkg/${name}`,
      ),
    );
  });

  test("bring nothing that only packages of the image lack", async (t) => {
    const place = await open(t);
    const broken = stanza("libold", "1", "\nDepends: zlib, nothing-like-it\nConflicts: libold");
    const { platforms } = await place.upper(await byHand(place, [[...old, status(broken)]]));
    assert.deepEqual(
      platforms[0]?.packages.map(({ name }) => name),
      ["libtool", "tool"],
    );
  });

  test("leave stanzas of others as they are, also of what is removed or of another architecture", async (t) => {
    const place = await open(t);
    const kept = [
      stanza("libold", "1", "\nX-Odd:  two  blanks"),
      stanza("tool", "1").replace("install ok installed", "deinstall ok config-files"),
      stanza("tool", "1").replace("amd64", "armhf"),
    ];
    await place.upper(await byHand(place, [[...old, status(...kept)]]));
    const [found] = filesOf(place.read().layers.at(-1)?.plain ?? new Uint8Array()).filter(
      ({ entry }) => entry.path === "var/lib/dpkg/status",
    );
    const text = found?.text ?? "";
    assert.ok(text.includes(`${kept[0]}\n\n`) && text.includes(`${kept[2]}\n\n`));
    assert.equal([...text.matchAll(/^Package: tool\n/gm)].length, 2, "the one that was removed is there again");
  });

  test("are without the files that the image's dpkg would leave out", async (t) => {
    const page: DebSpec = {
      name: "pages",
      tree: [
        { path: "usr/share/man/man1/pages.1.gz", content: "page\n" },
        { path: "usr/share/doc/pages/copyright", content: "free\n" },
        { path: "usr/share/doc/pages/changelog.gz", content: "old\n" },
      ],
    };
    const place = await open(t, [page]);
    const slim =
      "# no pages\npath-exclude /usr/share/man/*\npath-exclude=/usr/share/doc/*\npath-include=/usr/share/doc/*/copyright\n";
    const image = await byHand(place, [
      [...old, file("etc/dpkg/dpkg.cfg.d/slim", slim), status(stanza("libold", "1"))],
    ]);
    await place.upper(image, { packages: ask("pages") });
    const paths = entriesOf(place.read().layers.at(-1)?.plain ?? new Uint8Array()).map(({ path }) => path);
    assert.deepEqual(
      paths.filter((path) => path.startsWith("usr/share")),
      ["usr/share", "usr/share/doc", "usr/share/doc/pages", "usr/share/man", "usr/share/doc/pages/copyright"],
    );
  });

  test("are refused when one of the image would have to change, unless it may", async (t) => {
    const place = await open(t, newer);
    const image = await place.lower();
    const packages = ask("fresh");
    assert.equal(await codeOf(place.upper(image, { packages })), "UNSATISFIABLE");
    const { platforms } = await place.upper(image, { packages, base: { image, upgrade: true } });
    assert.deepEqual(
      platforms[0]?.packages.map(({ name, version }) => `${name} ${version}`),
      ["fresh 1.0-1", "libold 2"],
    );
    const root = await unpacked(place);
    assert.equal(run("dpkg", [`--root=${root}`, "-L", "libold"]), "/.\n/usr\n/usr/lib\n/usr/lib/libold.so.2\n");
    assert.equal(run("ls", [join(root, "usr/lib")]), "libold.so.2\nlibz.so.1\nos-release\n");
    assert.equal(run("dpkg", [`--root=${root}`, "--audit"]), "");
  });

  test("need not be any: files of the recipe alone, and what it takes away", async (t) => {
    const place = await open(t);
    const image = await place.lower();
    const files = [{ kind: "file", path: "etc/motd", mode: 0o644, uid: 0, gid: 0, content: "hello\n" }] as const;
    await place.upper(image, { packages: [], files, remove: ["/usr/share/doc/**", "/usr/share/doc"] });
    const [top] = place.read().layers.slice(-1);
    const paths = entriesOf(top?.plain ?? new Uint8Array()).map(({ path }) => path);
    assert.deepEqual(paths, ["etc", "usr", "usr/share", "usr/share/.wh.doc", "etc/motd"]);
    assert.equal(run("ls", [join(await unpacked(place), "usr")]), "lib\nlocal\nshare\n");
  });

  test("leave health check, shell and triggers of the image as they are", async (t) => {
    const place = await open(t);
    const image = makeBundle({
      layers: [makeLayer("x", tarOfDrawn([file("etc/os-release", osRelease)]))],
      inherited: {
        Healthcheck: { Test: ["CMD", "/usr/bin/tool"], Interval: 5_000_000_000 },
        OnBuild: ["RUN true"],
        Shell: ["/bin/bash", "-c"],
        ArgsEscaped: true,
      },
    });
    await outputs["oci-layout"]({ bundle: image, destination: place.out("lower"), baseName: "x" });
    await place.upper(place.out("lower"), { packages: [], config: { user: "7" } });
    const { config } = place.read();
    assert.deepEqual(
      [config.Healthcheck, config.OnBuild, config.Shell, config.ArgsEscaped, config.User],
      [{ Interval: 5_000_000_000, Test: ["CMD", "/usr/bin/tool"] }, ["RUN true"], ["/bin/bash", "-c"], true, "7"],
    );
  });

  test("may be none at all: then there is no layer, and only the settings are other", async (t) => {
    const place = await open(t);
    const before = readLayout(await place.lower());
    await place.upper(place.out("lower"), { packages: [], config: { user: "7" } });
    const { layers, config } = place.read();
    assert.equal(layers.length, before.layers.length);
    assert.equal(config.User, "7");
  });

  test("are put on each platform's image, and the lock has the digests of both", async (t) => {
    const both = ["linux/amd64", "linux/arm64"];
    const place = await open(t);
    const image = await byHand(place, [[release, folder("var")]], { platforms: both });
    const platforms = both.map(parsePlatform);
    const files = [{ kind: "symlink", path: "a", target: "b" }] as const;
    const lockFile = place.out("lock.json");
    const recipe = { ...place.recipe, packages: [], files, platforms, distribution: { name: "base", release: "" } };
    const wanted = place.options({ recipe: { ...recipe, base: { image, upgrade: false } }, lockFile });
    await lock(wanted);
    const text = JSON.parse(await readFile(lockFile, "utf8")) as {
      platforms: Record<string, { base: { sha256: string } }>;
    };
    const result = await build({
      ...wanted,
      locked: true,
      outputs: [{ kind: "oci-layout", destination: place.out("both") }],
    });
    assert.deepEqual(Object.keys(text.platforms), both);
    assert.equal(result.platforms.length, 2);
    assert.notEqual(text.platforms["linux/amd64"]?.base.sha256, text.platforms["linux/arm64"]?.base.sha256);
    const annotations = result.platforms.map(({ manifest }) => manifestIn(place.out("both"), manifest).annotations);
    assert.deepEqual(
      annotations.map((one) => one["org.opencontainers.image.base.digest"]),
      both.map((one) => text.platforms[one]?.base.sha256),
    );
  });

  test("are refused when the image is another than the lock has", async (t) => {
    const place = await open(t);
    const image = await byHand(place, [[...old, status(stanza("libold", "1"))]]);
    const lockFile = place.out("lock.json");
    const recipe = { ...place.recipe, packages: ask("tool"), distribution: { name: "base", release: "" } };
    const wanted = place.options({ recipe: { ...recipe, base: { image, upgrade: false } }, lockFile, locked: true });
    await lock(wanted);
    const to = [{ kind: "oci", destination: place.out("x.tar") }] as const;
    const { digest } = await build({ ...wanted, outputs: to });
    await byHand(place, [[...old, file("new", "x"), status(stanza("libold", "1"))]]);
    // What was read before is kept, and the lock says which it is.
    assert.equal((await build({ ...wanted, outputs: to })).digest, digest);
    const elsewhere = { ...wanted, cacheDirectory: join(place.folder, "other-cache") };
    assert.equal(await codeOf(build({ ...elsewhere, outputs: to })), "LOCK_OUT_OF_DATE");
  });

  const wrong: readonly {
    readonly name: string;
    readonly code: string;
    readonly layers: readonly (readonly Drawn[])[];
    readonly changes?: Partial<Recipe>;
  }[] = [
    { name: "without a database", code: "BASE_IMAGE_UNUSABLE", layers: [[release]] },
    { name: "that names no distribution", code: "BASE_IMAGE_UNUSABLE", layers: [[status(stanza("a", "1"))]] },
    {
      name: "of a distribution that dodai does not know",
      code: "BASE_IMAGE_UNUSABLE",
      layers: [[file("etc/os-release", "ID=plan9\n"), status(stanza("a", "1"))]],
    },
    {
      name: "of another distribution than the recipe",
      code: "BASE_IMAGE_UNUSABLE",
      layers: [[file("etc/os-release", "ID=alpine\nVERSION_ID=3.22.1\n"), status(stanza("a", "1"))]],
      changes: { distribution: { name: "debian", release: "trixie" } },
    },
    {
      name: "of another platform",
      code: "BASE_IMAGE_UNUSABLE",
      layers: [[release, status(stanza("a", "1"))]],
      changes: { platforms: [parsePlatform("arm64")] },
    },
    {
      name: "whose database cannot be read",
      code: "CONTROL_SYNTAX",
      layers: [[release, file("var/lib/dpkg/status", "this is no stanza\n")]],
    },
    {
      name: "with a link that leads out of it",
      code: "BASE_IMAGE_UNUSABLE",
      layers: [[release, symlink("var/lib/dpkg", "../../../../../../../var/lib/dpkg")]],
    },
    {
      name: "with a path through a circle of links",
      code: "ARCHIVE_UNSAFE_PATH",
      layers: [[release, symlink("a", "b"), symlink("b", "a")], [file("a/x", "x")]],
    },
  ];
  for (const { name, code, layers, changes } of wrong) {
    test(`are refused on an image ${name}`, async (t) => {
      const place = await open(t);
      assert.equal(await codeOf(place.upper(await byHand(place, layers), changes)), code);
    });
  }

  test("are refused where a folder of the package is a file of the image", async (t) => {
    const place = await open(t);
    const image = await byHand(place, [[...old, file("usr/bin", "no folder"), status(stanza("libold", "1"))]]);
    assert.equal(await codeOf(place.upper(image)), "FILE_CONFLICT");
  });

  describe("in a registry", needs("docker-registry", "skopeo"), () => {
    test("are pushed alone: the layers below are mounted, and pulled once", async (t) => {
      const server = await startRegistry(t);
      const place = await open(t);
      await place.lower();
      run("skopeo", [
        "copy",
        "-q",
        "--dest-tls-verify=false",
        `oci:${place.out("lower")}`,
        `docker://${server.host}/base:1`,
      ]);
      const base: RecipeBase = { image: `${server.host}/base:1`, upgrade: false };
      const recipe = { ...place.recipe, packages: ask("tool"), base, distribution: { name: "base", release: "" } };
      const to = (name: string): BuildOptions["outputs"] => [
        { kind: "registry", destination: `${server.host}/${name}` },
      ];
      const { digest, platforms } = await build(place.options({ recipe, outputs: to("app:1") }));
      const seen = await server.seen();
      const layer = platforms[0]?.layers[0]?.digest ?? "";
      assert.ok(
        seen.some((one) => one.startsWith("POST") && one.includes(`mount=${encodeURIComponent(layer)}`)),
        seen.join("\n"),
      );
      assert.equal(
        seen.filter((one) => one.startsWith("PUT") && one.includes("/app/blobs/")).length,
        2,
        "layer and config",
      );
      const shown = run("skopeo", ["inspect", "--tls-verify=false", "--raw", `docker://${server.host}/app:1`]);
      const { annotations } = JSON.parse(shown) as { annotations: Record<string, string> };
      assert.equal(annotations["org.opencontainers.image.base.name"], `${server.host}/base:1`);
      const lower = run("skopeo", [
        "inspect",
        "--tls-verify=false",
        "-f",
        "{{.Digest}}",
        `docker://${server.host}/base:1`,
      ]);
      assert.equal(annotations["org.opencontainers.image.base.digest"], lower.trim());
      const before = (await server.seen()).length;
      const again = await build(
        place.options({ recipe, outputs: [{ kind: "oci-layout", destination: place.out("again") }] }),
      );
      assert.equal(again.digest, digest);
      const later = (await server.seen()).slice(before);
      assert.deepEqual(
        later.filter((one) => one.includes("/blobs/sha256:") && !one.startsWith("GET /v2/base/blobs")),
        [],
      );
    });

    test("are put on the digest of the lock, when the tag has moved", async (t) => {
      const server = await startRegistry(t);
      const place = await open(t);
      const push = (from: string): string =>
        run("skopeo", ["copy", "-q", "--dest-tls-verify=false", `oci:${from}`, `docker://${server.host}/base:1`]);
      push(await place.lower());
      const base: RecipeBase = { image: `${server.host}/base:1`, upgrade: false };
      const recipe = { ...place.recipe, packages: ask("tool"), base, distribution: { name: "base", release: "" } };
      const outputsOf = (name: string): BuildOptions["outputs"] => [
        { kind: "oci-layout", destination: place.out(name) },
      ];
      const lockFile = place.out("lock.json");
      await lock(place.options({ recipe, lockFile }));
      push(await place.lower({ config: { labels: { moved: "yes" } } }));
      const cacheDirectory = join(place.folder, "empty");
      const pinned = await build(
        place.options({ recipe, lockFile, locked: true, cacheDirectory, outputs: outputsOf("a") }),
      );
      const moved = await build(place.options({ recipe, cacheDirectory, outputs: outputsOf("b") }));
      assert.notEqual(pinned.digest, moved.digest);
      assert.equal(readLayout(place.out("b")).config.Labels instanceof Object, true);
      assert.deepEqual((readLayout(place.out("b")).config.Labels as Record<string, string>).moved, "yes");
    });
  });

  it("may be what was built last under a name", async (t) => {
    const place = await open(t);
    const image = await place.lower();
    assert.notEqual(image, "lower");
    const { platforms } = await place.upper("lower");
    assert.deepEqual(
      platforms[0]?.packages.map(({ name }) => name),
      ["libtool", "tool"],
    );
  });
});

function manifestIn(layout: string, digest: string): { readonly annotations: Readonly<Record<string, string>> } {
  return JSON.parse(readFileSync(join(layout, "blobs", digest.replace(":", "/")), "utf8")) as {
    annotations: Record<string, string>;
  };
}
