// The same recipe and packages give the same digest, whoever builds, where, when, and on what.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chown, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { Entry } from "../../src/archive/entry.ts";
import { build } from "../../src/build/build.ts";
import type { BuildOptions, OutputKind } from "../../src/build/contract.ts";
import type { LayerStrategy } from "../../src/core/recipe.ts";
import {
  buildTime,
  digestsOf,
  openWorkplace,
  type ProgramOptions,
  released,
  runDodai,
  type Workplace,
  type WorkplaceSpec,
  writeRecipe,
} from "../kit/build.ts";
import type { DebSpec } from "../kit/deb.ts";
import { needs, run } from "../kit/oracle.ts";
import { createSigner, type Signer } from "../kit/repository.ts";
import { entriesOf, filesOf, hashOf, pictureOf, readLayout } from "./picture.ts";
import { noise, shop } from "./shop.ts";

/** Larger than one run of the compressor, so that its parts are made in any order. */
const large: DebSpec = {
  name: "large",
  tree: [{ path: "usr/share/large", content: Buffer.concat([Buffer.alloc(1 << 20, "text "), noise(1.2 * 2 ** 20)]) }],
  compression: "none",
};
const everything: readonly DebSpec[] = [...shop, large];
/** A user that owns nothing. */
const nobody = 65534;
const yearMs = 366 * 86_400_000;

describe("the same bits", needs("gpg"), () => {
  const signer: Signer = createSigner("archive");
  after(() => signer.close());

  const open = (t: TestContext, more: Partial<WorkplaceSpec> = {}): Promise<Workplace> =>
    openWorkplace(t, { signer, suites: { trixie: everything }, ...more });

  async function digestsIn(place: Workplace, changes: Partial<BuildOptions> = {}): Promise<readonly string[]> {
    return digestsOf(await build(place.options(changes)));
  }

  /** What the first build gave. */
  let known: readonly string[] | undefined;
  async function expected(t: TestContext): Promise<readonly string[]> {
    known ??= await digestsIn(await open(t));
    return known;
  }

  const variations: readonly {
    readonly name: string;
    readonly spec?: Partial<WorkplaceSpec>;
    readonly options?: Partial<BuildOptions>;
  }[] = [
    { name: "twice, in another folder, with nothing kept" },
    { name: "a year later", options: { now: new Date(buildTime.getTime() + yearMs) } },
    { name: "with the index in another order", spec: { suites: { trixie: everything.toReversed() } } },
    {
      name: "with updates and security suites that have nothing newer",
      spec: { suites: { trixie: everything, "trixie-updates": [], "trixie-security": [] } },
    },
    { name: "with indexes in another compression", spec: { suite: { endings: [".zst"], byHash: false } } },
  ];
  for (const { name, spec, options } of variations) {
    test(`come out ${name}`, async (t) => {
      assert.deepEqual(await digestsIn(await open(t, spec), options), await expected(t));
    });
  }

  test("come out with requests in another order", async (t) => {
    const place = await open(t);
    const recipe = { ...place.recipe, packages: place.recipe.packages.toReversed() };
    assert.deepEqual(await digestsIn(place, { recipe }), await expected(t));
  });

  test("come out with everything kept, and when results are forgotten", async (t) => {
    const place = await open(t);
    const outputs = [{ kind: "oci", destination: place.out("a.tar") }] as const;
    assert.deepEqual(await digestsIn(place, { outputs }), await expected(t));
    assert.deepEqual(await digestsIn(place, { outputs }), await expected(t));
    // Another destination is another result: pieces and layers are there, the archive is put together anew.
    assert.deepEqual(
      await digestsIn(place, { outputs: [{ kind: "oci", destination: place.out("b.tar") }] }),
      await expected(t),
    );
    assert.deepEqual(readFileSync(place.out("a.tar")), readFileSync(place.out("b.tar")));
  });

  test("come out when pieces were made by other images, in another order", async (t) => {
    const place = await open(t);
    const { packages } = place.recipe;
    for (const some of [packages.slice(5), packages.slice(2, 5), packages.slice(0, 4)]) {
      await build(place.options({ recipe: { ...place.recipe, packages: some } }));
    }
    assert.deepEqual(await digestsIn(place), await expected(t));
  });

  const strategies: readonly LayerStrategy[] = [
    { kind: "per-package", max: 20 },
    { kind: "grouped", max: 4 },
  ];
  for (const layers of strategies) {
    for (const compression of ["gzip", "zstd"] as const) {
      test(`come out twice, layers ${layers.kind}, ${compression}`, async (t) => {
        const digestsOfArchive = async (trixie: readonly DebSpec[]): Promise<readonly string[]> => {
          const place = await open(t, { suites: { trixie } });
          return digestsIn(place, { recipe: { ...place.recipe, layers }, compression });
        };
        assert.deepEqual(await digestsOfArchive(shop), await digestsOfArchive(shop.toReversed()));
      });
    }
  }

  test("SOURCE_DATE_EPOCH changes the times of what dodai makes, and nothing else", async (t) => {
    const place = await open(t);
    const pictureAt = async (sourceDateEpoch: number): Promise<string> => {
      const destination = place.out(`layout-${sourceDateEpoch}`);
      await build(place.options({ outputs: [{ kind: "oci-layout", destination }], sourceDateEpoch }));
      return pictureOf(readLayout(destination));
    };
    const usual = Math.floor(released.getTime() / 1000);
    assert.equal((await pictureAt(1234567890)).replaceAll(" 1234567890 ", ` ${usual} `), await pictureAt(usual));
    assert.deepEqual(await digestsIn(place, { sourceDateEpoch: usual }), await expected(t));
    assert.notDeepEqual(await digestsIn(place, { sourceDateEpoch: usual + 1 }), await expected(t));
  });

  test("every output holds the same root", needs("xz", "tar"), async (t) => {
    const place = await open(t);
    const out = (kind: OutputKind, name: string) => ({ kind, destination: place.out(name) });
    const outputs = [
      out("oci-layout", "layout"),
      out("oci", "oci.tar"),
      out("docker", "docker.tar"),
      out("tar", "root.tar"),
      out("tar", "root.tar.gz"),
      out("context", "context"),
      out("dir", "dir"),
    ];
    const { digest } = await build(place.options({ outputs }));
    const [layer, ...others] = readLayout(place.out("layout")).layers;
    assert.ok(layer && others.length === 0);
    const hash = hashOf(layer.plain);
    assert.equal(hashOf(readFileSync(place.out("root.tar"))), hash, "tar");
    assert.equal(hashOf(gunzipSync(readFileSync(place.out("root.tar.gz")))), hash, "tar.gz");
    for (const name of ["oci.tar", "docker.tar"]) {
      assert.equal(hashOf(onlyLayerOf(place.out(name))), hash, name);
    }
    const rootfs = run("find", [place.out("context"), "-name", "*.tar.xz"]).trim();
    run("xz", ["--decompress", "--keep", rootfs]);
    assert.equal(hashOf(readFileSync(rootfs.replace(/\.xz$/, ""))), hash, "context");
    assert.deepEqual(
      listFolder(place.out("dir")),
      entriesOf(layer.plain).filter(isBelowRoot).map(asFound).toSorted(),
      "dir",
    );
    assert.ok(run("tar", ["-xOf", place.out("oci.tar"), "index.json"]).includes(digest));
  });

  test("a folder has the image's modes under any umask", async (t) => {
    const place = await open(t);
    const before = process.umask(0o077);
    try {
      await build(place.options({ outputs: [{ kind: "dir", destination: place.out("dir") }] }));
    } finally {
      process.umask(before);
    }
    await build(place.options({ outputs: [{ kind: "tar", destination: place.out("root.tar") }] }));
    const plain = readFileSync(place.out("root.tar"));
    assert.deepEqual(listFolder(place.out("dir")), entriesOf(plain).filter(isBelowRoot).map(asFound).toSorted());
  });

  describe("as a process", () => {
    /** One run in a folder and with a cache of its own; what it printed. */
    async function runIn(t: TestContext, changes: Partial<ProgramOptions> = {}): Promise<string> {
      const place = await open(t);
      const cwd = join(place.folder, "work");
      await mkdir(cwd);
      if (changes.id !== undefined) await chown(cwd, changes.id, changes.id);
      const names = everything.map(({ name }) => name).join(", ");
      const recipe = await writeRecipe(place.folder, {
        url: place.archive,
        suites: ["trixie"],
        signer,
        lines: ["name: test", `packages: [${names}]`],
      });
      const env = { DODAI_CACHE_DIR: join(cwd, "cache"), HOME: cwd, ...changes.env };
      const ended = await runDodai(["build", recipe], { cwd, ...changes, env });
      assert.equal(ended.status, 0, ended.stderr);
      assert.ok(existsSync(join(cwd, "test.tar")));
      return ended.stdout.trim();
    }

    const rows: readonly {
      readonly name: string;
      readonly changes: Partial<ProgramOptions>;
      readonly wants?: string;
    }[] = [
      { name: "with the usual environment", changes: {} },
      { name: "under umask 077", changes: { before: "umask 077; exec" } },
      {
        name: "in another time zone and locale",
        changes: {
          env: { TZ: "Pacific/Kiritimati", LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8" },
          before: "umask 0; exec",
        },
      },
      { name: "on one processor", changes: { before: "exec taskset -c 0" }, wants: "taskset" },
    ];
    for (const { name, changes, wants } of rows) {
      test(`come out ${name}`, wants === undefined ? {} : needs(wants), async (t) => {
        assert.equal(await runIn(t, changes), (await expected(t))[0]);
      });
    }

    test("come out as an ordinary user", needsOthers(), async (t) => {
      assert.equal(await runIn(t, { id: nobody }), (await expected(t))[0]);
    });

    const node24 = process.env.DODAI_TEST_NODE24 ?? "node_modules/node24-linux-x64/bin/node";
    test("come out on Node 24", existsSync(node24) ? {} : { skip: "needs DODAI_TEST_NODE24" }, async (t) => {
      assert.equal(await runIn(t, { node: node24 }), (await expected(t))[0]);
    });
  });
});

/** Skipped unless this process can become someone else who can read the checkout. */
function needsOthers(): { readonly skip?: string } {
  if (process.getuid?.() !== 0) return { skip: "needs root, to become someone else" };
  const { status } = spawnSync(process.execPath, ["--version"], { cwd: process.cwd(), uid: nobody, gid: nobody });
  return status === 0 ? {} : { skip: "needs a checkout that everybody can read" };
}

/** The one layer of an archive that `docker load` takes, as its manifest.json names it, uncompressed. */
function onlyLayerOf(archive: string): Uint8Array {
  const files = new Map(filesOf(readFileSync(archive)).map(({ entry, text }) => [entry.path, text]));
  const [image] = JSON.parse(files.get("manifest.json") ?? "[]") as readonly { readonly Layers: readonly string[] }[];
  const layer = Buffer.from(files.get(image?.Layers[0] ?? "") ?? "", "latin1");
  return layer[0] === 0x1f && layer[1] === 0x8b ? gunzipSync(layer) : layer;
}

const isBelowRoot = ({ path }: Entry): boolean => path !== ".";

/** A folder on disk, a line a path: `kind mode path target`, without the folder itself. */
function listFolder(folder: string): readonly string[] {
  const lines = run("find", [folder, "-mindepth", "1", "-printf", "%y %m %P %l\\n"]).trimEnd().split("\n");
  return lines.map((line) => line.trimEnd()).sort();
}

/** The same line for an entry of the image; a further name of a file is a file on disk. Owners are root's to give. */
function asFound(entry: Entry): string {
  const letters: Readonly<Record<string, string>> = { directory: "d", file: "f", hardlink: "f", symlink: "l" };
  const target = entry.kind === "symlink" ? ` ${entry.target}` : "";
  return `${letters[entry.kind]} ${entry.mode.toString(8)} ${entry.path}${target}`;
}
