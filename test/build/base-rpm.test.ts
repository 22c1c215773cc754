// Packages added to images of rpm packages: built here or by dnf, in each form of rpm's database; rpm and dnf look at what came out.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import { build } from "../../src/build/build.ts";
import type { BuildOptions, BuildResult } from "../../src/build/contract.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { outputs } from "../../src/io/output-kinds.ts";
import { readNdb } from "../../src/packages/rpm/ndb.ts";
import { digestsOf, recipeOf } from "../kit/build.ts";
import { makeBundle, makeLayer } from "../kit/image.ts";
import { needs, run } from "../kit/oracle.ts";
import { createSigner, writeRepository } from "../kit/repository.ts";
import { makeRpm, type RpmSpec } from "../kit/rpm.ts";
import { makeRpmRepository } from "../kit/rpm-repository.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { entriesOf, type ReadImage, readLayout } from "./picture.ts";

const signer = createSigner("packager");
after(() => signer.close());

const release = (text: string): RpmSpec => ({
  name: "release",
  tree: [
    { path: "etc", kind: "directory" },
    { path: "etc/os-release", content: text },
    { path: "usr", kind: "directory" },
    { path: "usr/bin", kind: "directory" },
    { path: "usr/lib", kind: "directory" },
    { path: "usr/share", kind: "directory" },
    { path: "var", kind: "directory" },
  ],
});

const stream9 = 'NAME="CentOS Stream"\nID="centos"\nVERSION_ID="9"\n';
const centos7 = 'NAME="CentOS Linux"\nID="centos"\nVERSION_ID="7"\n';

const older: readonly RpmSpec[] = [
  {
    name: "libold",
    version: "1",
    provides: ["soname(1)"],
    tree: [
      { path: "usr/lib/libold.so.1", content: "old" },
      { path: "usr/share/shared", content: "both" },
      { path: "etc/libold.conf", content: "a=1\n", flags: 1 },
      { path: "var/cache.libold", content: "", flags: 64 },
    ],
  },
  { name: "other", tree: [{ path: "usr/share/shared", content: "both" }] },
  { name: "lacks", requires: ["nobody-has-this", "(x if libold)", "libold"], conflicts: ["(y and z)"] },
  {
    name: "tool",
    version: "2",
    requires: ["libold", "libtool"],
    tree: [{ path: "usr/bin/tool", content: "t", mode: 0o755 }],
  },
  {
    name: "libtool",
    scripts: { post: "true" },
    tree: [
      { path: "usr/lib/libtool.so.1", content: "libtool" },
      { path: "usr/share/libtool.txt", content: "read me", flags: 2 },
    ],
  },
];

const newer: readonly RpmSpec[] = [
  { name: "libold", version: "2", tree: [{ path: "usr/lib/libold.so.2", content: "newer" }] },
  {
    name: "fresh",
    requires: ["libold >= 2", "(libold with libold >= 2)"],
    tree: [{ path: "usr/bin/fresh", content: "f" }],
  },
];

const ask = (...names: readonly string[]): Recipe["packages"] => names.map((request) => ({ request, exclude: false }));

interface Place {
  readonly folder: string;
  lower(changes?: Partial<Recipe>): Promise<string>;
  upper(image: string, changes?: Partial<Recipe>, options?: Partial<BuildOptions>): Promise<BuildResult>;
  read(): ReadImage;
  /** Unpacks what came out. */
  root(): string;
}

async function openPlace(t: TestContext, osRelease: string): Promise<Place> {
  const folder = await temporaryFolder(t);
  chmodSync(folder, 0o755);
  const archive = join(folder, "archive");
  const packages = [release(osRelease), ...older, ...newer].map((one) => ({ signer, ...one }));
  await writeRepository(archive, makeRpmRepository({ packages }));
  const recipe = recipeOf([archive], { suites: {}, signer });
  const options = { hostRoot: "", now: new Date("2100-01-01"), cacheDirectory: join(folder, "cache") };
  return {
    folder,
    lower: async (changes = {}) => {
      const asked = ask("release", "libold=1-1", "other");
      const to = join(folder, "lower");
      await build({
        ...options,
        recipe: {
          ...recipe,
          name: "lower",
          distribution: { name: "centos", release: "stream9" },
          packages: asked,
          ...changes,
        },
        outputs: [{ kind: "oci-layout", destination: to }],
      });
      return to;
    },
    upper: (image, changes = {}, more = {}) =>
      build({
        ...options,
        recipe: {
          ...recipe,
          name: "upper",
          distribution: { name: "base", release: "" },
          base: { image, upgrade: false },
          packages: ask("tool"),
          ...changes,
        },
        outputs: [{ kind: "oci-layout", destination: join(folder, "upper") }],
        ...more,
      }),
    read: () => readLayout(join(folder, "upper")),
    root: () => unpacked(readLayout(join(folder, "upper")), folder),
  };
}

/** Layer by layer, whiteouts done by name. */
function unpacked({ layers }: ReadImage, folder: string): string {
  const root = join(folder, "root");
  mkdirSync(root);
  for (const { plain } of layers) {
    for (const { path } of entriesOf(plain)) {
      const [, parent = "", name] = /^(.*?)\.wh\.([^/]+)$/.exec(path) ?? [];
      if (name !== undefined) run("rm", ["-rf", join(root, parent, name)]);
    }
    execFileSync("tar", ["-x", "-p", "-C", root, "--exclude=.wh.*"], { input: plain });
  }
  return root;
}

const rpmIn = (root: string, ...words: readonly string[]): string =>
  run("rpm", ["--root", root, "--dbpath", "/var/lib/rpm", ...words]);
const lines = (text: string): readonly string[] => text.trim().split("\n");
const listed = (root: string): readonly string[] =>
  lines(rpmIn(root, "-qa", "--qf", "%{DBINSTANCE} %{NAME}-%{VERSION}\n")).toSorted(
    (a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10),
  );
const verify: readonly string[] = ["-Va", "--nodeps", "--noscripts", "--nocaps"];

describe("rpm packages added to an image that dodai built", needs("rpm"), () => {
  it("are in one layer above those of the image, and in its database behind what was there", async (t) => {
    const place = await openPlace(t, stream9);
    const below = readLayout(await place.lower());
    const result = await place.upper(join(place.folder, "lower"));
    assert.deepEqual(
      result.platforms[0]?.packages.map(({ name }) => name),
      ["libtool", "tool"],
    );
    const { layers } = place.read();
    assert.deepEqual(
      layers.slice(0, -1).map(({ compressed }) => compressed),
      below.layers.map(({ compressed }) => compressed),
    );
    assert.equal(layers.length, below.layers.length + 1);
    const root = place.root();
    assert.deepEqual(listed(root), ["1 libold-1", "2 other-1.0", "3 release-1.0", "4 libtool-1.0", "5 tool-2"]);
    assert.equal(rpmIn(root, ...verify), "");
    assert.deepEqual(lines(rpmIn(root, "-q", "--whatrequires", "libold", "--qf", "%{NAME}\n")), ["tool"]);
    assert.deepEqual(lines(rpmIn(root, "-qf", "--qf", "%{NAME}\n", "/usr/bin/tool", "/usr/lib/libold.so.1")), [
      "tool",
      "libold",
    ]);
  });

  it("do not make others newer, unless that is asked for", async (t) => {
    const place = await openPlace(t, stream9);
    const image = await place.lower();
    await assert.rejects(place.upper(image, { packages: ask("fresh") }), { code: "UNSATISFIABLE" });
    await place.upper(image, { packages: ask("fresh"), base: { image, upgrade: true } });
    const root = place.root();
    assert.deepEqual(listed(root), ["2 other-1.0", "3 release-1.0", "4 libold-2", "5 fresh-1.0"]);
    assert.equal(rpmIn(root, ...verify), "");
    assert.deepEqual(pathsIn(root), [
      "etc",
      "etc/os-release",
      "usr/lib",
      "usr/lib/libold.so.2",
      "usr/share",
      "usr/share/shared",
    ]);
  });

  it("leave configuration that somebody changed where packages become newer", async (t) => {
    const place = await openPlace(t, stream9);
    const files = [{ kind: "file", path: "etc/libold.conf", content: "a=2\n", mode: 0o644, uid: 0, gid: 0 }] as const;
    const image = await place.lower({ files });
    await place.upper(image, { packages: ask("fresh"), base: { image, upgrade: true } });
    assert.ok(pathsIn(place.root()).includes("etc/libold.conf"));
  });

  it("are there twice in the same way", async (t) => {
    const place = await openPlace(t, stream9);
    const image = await place.lower();
    const [a, b] = [await place.upper(image, {}, { outputs: [] }), await place.upper(image, {}, { outputs: [] })];
    assert.deepEqual(digestsOf(a), digestsOf(b));
  });

  it("come on top of what lacks something", async (t) => {
    const place = await openPlace(t, stream9);
    const image = await place.lower({ packages: ask("release", "libold=1-1") });
    // Put there by rpm itself, which was told not to look.
    await place.upper(image, { packages: ask("other") });
    const root = place.root();
    const file = join(place.folder, "lacks.rpm");
    writeFileSync(file, makeRpm(older[2] as RpmSpec));
    rpmIn(root, "-i", "--justdb", "--nodeps", "--ignorearch", "--nosignature", file);
    const hand = await layoutOf(root, place.folder);
    await place.upper(hand);
    run("rm", ["-rf", root]);
    assert.deepEqual(
      listed(place.root()).map((one) => one.replace(/^\d+ /, "")),
      ["libold-1", "release-1.0", "other-1.0", "lacks-1.0", "libtool-1.0", "tool-2"],
    );
  });

  it("are without documentation where rpm in the image leaves it out", async (t) => {
    for (const [path, content] of [
      ["etc/rpm/macros.image", "%_excludedocs 1\n"],
      ["etc/dnf/dnf.conf", "[main]\ntsflags=nodocs\n"],
    ] as const) {
      const place = await openPlace(t, stream9);
      const files = [{ kind: "file", path, content, mode: 0o644, uid: 0, gid: 0 }] as const;
      await place.upper(await place.lower({ files }));
      const root = place.root();
      assert.match(rpmIn(root, "-q", "--state", "libtool"), /^not installed +\/usr\/share\/libtool\.txt$/m);
      assert.equal(rpmIn(root, ...verify), "");
    }
  });

  it("are in SUSE's own form where the image has that", async (t) => {
    const place = await openPlace(t, 'ID="opensuse-leap"\nVERSION_ID="15.6"\n');
    const image = await place.lower({ distribution: { name: "opensuse", release: "15.6" } });
    await place.upper(image);
    const { records, generation, next } = readNdb(
      readFileSync(join(place.root(), "usr/lib/sysimage/rpm/Packages.db")),
      "x",
    );
    assert.deepEqual([records.map(({ id }) => id), generation, next], [[1, 2, 3, 4, 5], 2, 6]);
    await place.upper(image, { packages: ask("fresh"), base: { image, upgrade: true } }, { outputs: [] });
  });

  it("are in the files of Berkeley DB where the image has those", async (t) => {
    const place = await openPlace(t, centos7);
    const image = await place.lower({ distribution: { name: "centos", release: "7" } });
    await place.upper(image);
    const root = place.root();
    const rpm = (...words: readonly string[]): readonly string[] =>
      lines(run("rpm", ["--define", "_db_backend bdb_ro", "--root", root, "--dbpath", "/var/lib/rpm", ...words]));
    assert.deepEqual(rpm("-qa", "--qf", "%{NAME} %{DBINSTANCE}\n").toSorted(), [
      "libold 1",
      "libtool 4",
      "other 2",
      "release 3",
      "tool 5",
    ]);
    assert.deepEqual(rpm("-q", "--whatrequires", "libold", "--qf", "%{NAME}\n"), ["tool"]);
  });
});

const pathsIn = (root: string): readonly string[] =>
  lines(run("find", ["etc", "usr/lib", "usr/share"], { cwd: root })).toSorted();

/** A root folder as an image of one layer. */
async function layoutOf(root: string, folder: string): Promise<string> {
  const tar = execFileSync("tar", ["-c", "-C", root, "--numeric-owner", "."], { maxBuffer: 256 << 20 });
  const to = join(folder, "by-hand");
  const bundle = makeBundle({ layers: [makeLayer("by hand", tar)] });
  await outputs["oci-layout"]({ bundle, destination: to, baseName: "hand" });
  return to;
}

describe("rpm packages added to an image that dnf made", needs("rpm", "dnf", "createrepo_c"), () => {
  it("are as dnf itself would have added them", async (t) => {
    const place = await openPlace(t, stream9);
    const [root, home] = [join(place.folder, "dnf-root"), join(place.folder, "home")];
    mkdirSync(home);
    writeFileSync(join(home, ".rpmmacros"), "%_dbpath /var/lib/rpm\n");
    const env = { ...process.env, HOME: home };
    const dnf = (at: string, ...words: readonly string[]): string =>
      run(
        "dnf",
        [
          ...[
            "--installroot",
            at,
            "--repofrompath",
            `r,${join(place.folder, "archive")}`,
            "--repo",
            "r",
            "-y",
            "--nogpgcheck",
          ],
          ...[
            "--releasever=9",
            "--forcearch=x86_64",
            `--setopt=cachedir=${join(place.folder, "dnf-cache")}`,
            "--setopt=pluginpath=/none",
          ],
          ...[
            "--setopt=reposdir=/none",
            "--noplugins",
            "--setopt=persistdir=/var/lib/dnf",
            `--setopt=logdir=${place.folder}`,
          ],
          ...words,
        ],
        { env },
      );
    dnf(root, "install", "release", "libold-1", "other");
    const image = await layoutOf(root, place.folder);
    await place.upper(image);
    dnf(root, "install", "tool");
    const ours = place.root();
    assert.deepEqual(listed(ours), listed(root));
    assert.equal(rpmIn(ours, ...verify), "");
    const table = (at: string): string => dnf(at, "-C", "list", "installed").replaceAll(/@\S+/g, "@");
    assert.equal(table(ours), table(root));
    for (const words of [
      ["--whatrequires", "libold"],
      ["--whatprovides", "soname(1)"],
      ["-f", "/usr/bin/tool"],
    ]) {
      assert.equal(rpmIn(ours, "-q", ...words), rpmIn(root, "-q", ...words));
    }

    await place.upper(image, { packages: ask("fresh"), base: { image, upgrade: true } });
    run("rm", ["-rf", ours]);
    dnf(root, "remove", "tool", "libtool");
    dnf(root, "install", "fresh");
    const numberless = (at: string): readonly string[] => listed(at).map((one) => one.replace(/^\d+ /, ""));
    assert.deepEqual(numberless(place.root()), numberless(root));
    assert.equal(rpmIn(ours, ...verify), "");
    const files = (at: string): string =>
      run("sh", ["-c", `cd ${at} && find etc usr -path etc/dnf -prune -o -print | sort`]);
    assert.equal(files(ours), files(root));
  });
});
