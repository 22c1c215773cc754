// What an image holds: a recipe and a picture of its image in a folder each, `test/golden/build/CASE`; and what other
// programs see in it.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import type { Entry } from "../../src/archive/entry.ts";
import { build } from "../../src/build/build.ts";
import type { BuildOptions } from "../../src/build/contract.ts";
import { platformOfHost } from "../../src/core/platform.ts";
import { loadRecipe } from "../../src/frontends/native/load.ts";
import { openWorkplace, type Workplace } from "../kit/build.ts";
import { type DebSpec, makeDeb } from "../kit/deb.ts";
import { needs, run } from "../kit/oracle.ts";
import { createSigner, type Signer } from "../kit/repository.ts";
import { entriesOf, filesOf, pictureOf, type ReadImage, readLayout, textIn } from "./picture.ts";
import { noise, shop } from "./shop.ts";

const cases = resolve("test/golden/build");

/** What a recipe cannot say. */
const optionsOf: Readonly<Record<string, Partial<BuildOptions>>> = { zstd: { compression: "zstd" } };

describe("an image", needs("gpg"), () => {
  const signer: Signer = createSigner("archive");
  after(() => signer.close());

  for (const name of readdirSync(cases)) {
    test(`of golden/build/${name}`, async (t) => {
      const { image } = await buildCase(t, name);
      t.assert.fileSnapshot(pictureOf(image), join(cases, name, "tree.txt"), { serializers: [String] });
    });
  }

  async function buildCase(
    t: TestContext,
    name: string,
  ): Promise<{ readonly place: Workplace; readonly image: ReadImage; readonly layout: string }> {
    const place = await openWorkplace(t, { signer, suites: { trixie: shop } });
    const loaded = await loadRecipe({
      path: join(cases, name, "recipe.yaml"),
      hostPlatform: platformOfHost("x64"),
      world: {
        readFile: async (path) => readFileSync(path, "utf8"),
        hasFile: async () => true,
        findBuiltIn: async () => undefined,
        builtInNames: async () => [],
      },
    });
    const recipe = { ...loaded, name, repositories: place.recipe.repositories };
    const layout = place.out("layout");
    const outputs = [{ kind: "oci-layout", destination: layout }] as const;
    await build(place.options({ recipe, outputs, ...optionsOf[name] }));
    return { place, image: readLayout(layout), layout };
  }

  test("dpkg's database says what packages said", async (t) => {
    const { image } = await buildCase(t, "conffiles");
    const info = "var/lib/dpkg/info";
    assert.equal(
      textIn(image, "var/lib/dpkg/status"),
      `Package: settings
Status: install ok installed
Maintainer: Test <test@example.org>
Architecture: amd64
Version: 1.0-1
Conffiles:
 /etc/settings.conf 9358f2568f3316fe7e78a4fa7707c414
 /etc/settings.d/more.conf 428df326aafe59e79ff81e2bd3aaa3c4
Description: test package settings

`,
    );
    assert.equal(textIn(image, `${info}/settings.conffiles`), "/etc/settings.conf\n/etc/settings.d/more.conf\n");
    assert.equal(textIn(image, `${info}/settings.postinst`), "#!/bin/sh\nset -e\n");
    assert.equal(textIn(image, "var/lib/dpkg/triggers/File"), "/usr/share/settings settings/noawait\n");
  });

  test("a file that was taken over has the bytes of who took it, and only that owner", async (t) => {
    const { image } = await buildCase(t, "replaces");
    assert.equal(textIn(image, "usr/share/tool/data"), "data of the new tool\n");
    assert.match(textIn(image, "var/lib/dpkg/info/new-tool.list"), /^\/usr\/share\/tool\/data$/m);
    assert.doesNotMatch(textIn(image, "var/lib/dpkg/info/old-tool.list"), /data/);
  });

  test("a file keeps its bytes when the name that carried them is removed", async (t) => {
    const { image } = await buildCase(t, "hard-links-first-name-removed");
    assert.equal(textIn(image, "usr/bin/perl5"), Buffer.from(noise(5000)).toString("latin1"));
  });

  test("dpkg writes the same database for these packages", needs("dpkg"), async (t) => {
    const { place, layout } = await buildCase(t, "database");
    const root = place.out("dpkg");
    mkdirSync(join(root, "var/lib/dpkg/info"), { recursive: true });
    mkdirSync(join(root, "var/lib/dpkg/updates"));
    writeFileSync(join(root, "var/lib/dpkg/status"), "");
    const debs = ["old-tool", "new-tool", "split"].map((name) => place.out(`${name}.deb`));
    for (const [at, name] of ["old-tool", "new-tool", "split"].entries()) {
      const spec = shop.find((one) => one.name === name);
      writeFileSync(debs[at] as string, makeDeb(spec as DebSpec));
    }
    for (const deb of debs) run("dpkg", [`--root=${root}`, "--log=/dev/null", "--force-not-root", "--install", deb]);
    const image = readLayout(layout);
    for (const name of readdirSync(join(root, "var/lib/dpkg/info"))) {
      const path = `var/lib/dpkg/info/${name}`;
      assert.equal(textIn(image, path), readFileSync(join(root, path), "utf8"), name);
    }
    assert.equal(textIn(image, "var/lib/dpkg/status"), readFileSync(join(root, "var/lib/dpkg/status"), "utf8"));
  });

  test("dpkg finds nothing amiss in it", needs("dpkg", "umoci"), async (t) => {
    const { layout, place } = await buildCase(t, "everything");
    const root = unpack(layout, place);
    const dpkg = (...words: readonly string[]): string => run("dpkg", [`--root=${root}`, ...words]);
    const listed = dpkg("--list")
      .split("\n")
      .filter((line) => line.startsWith("ii"));
    assert.deepEqual(
      listed.map((line) => line.split(/\s+/)[1]),
      shop.map(({ name }) => name).toSorted(),
    );
    assert.equal(dpkg("--audit"), "");
    assert.equal(dpkg("--verify"), "");
    assert.equal(dpkg("--search", "/usr/share/tool/data"), "new-tool: /usr/share/tool/data\n");
  });

  test("umoci unpacks what the picture shows", needs("umoci"), async (t) => {
    for (const name of ["everything", "layers-grouped"]) {
      const { image, layout, place } = await buildCase(t, name);
      const root = unpack(layout, place);
      const told = image.layers
        .flatMap(({ plain }) => entriesOf(plain).map(({ path }) => path))
        .filter((path) => path !== ".");
      const there = run("find", [root, "-mindepth", "1", "-printf", "%P\\n"]).trimEnd().split("\n");
      assert.deepEqual(there.toSorted(), told.toSorted());
      for (const { entry, text } of image.layers.flatMap(({ plain }) => filesOf(plain))) {
        if (entry.kind === "file") assert.equal(readFileSync(join(root, entry.path), "latin1"), text, entry.path);
      }
    }
  });

  test("GNU tar lists what the picture shows", needs("tar"), async (t) => {
    const { image, place } = await buildCase(t, "everything");
    const path = place.out("layer.tar");
    const plain = image.layers[0]?.plain ?? new Uint8Array();
    writeFileSync(path, plain);
    const listed = run("tar", ["--list", "--verbose", "--numeric-owner", "--utc", "--full-time", "--file", path]);
    assert.deepEqual(
      listed
        .trimEnd()
        .split("\n")
        .map((line) => line.replace(/ +/g, " ")),
      entriesOf(plain).map(asTarLists),
    );
  });
});

/** The root of an image as umoci unpacks it. */
function unpack(layout: string, place: Workplace): string {
  const bundle = place.out("bundle");
  run("umoci", ["unpack", "--rootless", "--image", `${layout}:latest`, bundle]);
  return join(bundle, "rootfs");
}

/** A line of `tar --list --verbose --numeric-owner`. */
function asTarLists(entry: Entry): string {
  const letters = { file: "-", directory: "d", symlink: "l", hardlink: "h" } as const;
  const letter = letters[entry.kind as keyof typeof letters];
  const time = new Date(entry.mtime * 1000).toISOString().replace("T", " ").replace(".000Z", "");
  const size = entry.kind === "file" ? entry.sizeBytes : 0;
  const arrow = { symlink: " -> ", hardlink: " link to " };
  const target = "target" in entry ? `${arrow[entry.kind]}${entry.target}` : "";
  const name = entry.path === "." ? "./" : entry.kind === "directory" ? `${entry.path}/` : entry.path;
  return `${letter}${permissions(entry.mode)} ${entry.uid}/${entry.gid} ${size} ${time} ${name}${target}`;
}

/** `rwsr-xr-t` */
function permissions(mode: number): string {
  const bits = [0o400, 0o200, 0o100, 0o40, 0o20, 0o10, 4, 2, 1].map((bit, at) => (mode & bit ? "rwx"[at % 3] : "-"));
  for (const [at, bit, letter] of [
    [2, 0o4000, "s"],
    [5, 0o2000, "s"],
    [8, 0o1000, "t"],
  ] as const) {
    if (mode & bit) bits[at] = bits[at] === "x" ? letter : letter.toUpperCase();
  }
  return bits.join("");
}
