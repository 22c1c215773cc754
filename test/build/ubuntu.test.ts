// An image of an archive in the shape of Ubuntu's: pockets, components, packages in zstd, updates that are phased in.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import { build } from "../../src/build/build.ts";
import type { BuildEvent, BuildOptions } from "../../src/build/contract.ts";
import { resolve } from "../../src/build/resolve.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { ubuntu } from "../../src/distros/ubuntu/ubuntu.ts";
import { buildTime, released } from "../kit/build.ts";
import { type DebEntry, type DebSpec, debPath, makeDeb } from "../kit/deb.ts";
import { needs } from "../kit/oracle.ts";
import {
  createSigner,
  makeSuite,
  type RepositoryFiles,
  type Signer,
  signed,
  writeRepository,
} from "../kit/repository.ts";
import { temporaryFolder } from "../kit/temporary.ts";
import { pictureOf, readLayout } from "./picture.ts";

const links: readonly DebEntry[] = ["bin", "lib", "sbin"].flatMap((path): DebEntry[] => [
  { path: `usr/${path}`, kind: "directory" },
  { path: `${path}.usr-is-merged`, kind: "directory" },
  { path, kind: "symlink", target: `usr/${path}` },
]);

const packageOf = (name: string, version: string, more: Partial<DebSpec> = {}): DebSpec => ({
  name,
  version,
  compression: "zstd",
  tree: [{ path: `usr/bin/${name}`, content: `${name} ${version}\n`, mode: 0o755 }],
  ...more,
});

const required = { Priority: "required" };

const main: readonly DebSpec[] = [
  packageOf("base-files", "13ubuntu10", {
    fields: { Essential: "yes", ...required },
    tree: [{ path: "usr/lib/os-release", content: "ID=ubuntu\n" }, ...links],
  }),
  packageOf("dash", "0.5.12-6ubuntu5", { fields: { Essential: "yes", ...required, Depends: "libc6" } }),
  packageOf("libc6", "2.39-0ubuntu8", {
    fields: { Priority: "optional", "Multi-Arch": "same" },
    tree: [{ path: "usr/lib/x86_64-linux-gnu/libc.so.6", content: "old\n" }],
  }),
  packageOf("apt", "2.7.14build2", {
    fields: { Priority: "important", Depends: "libc6, ubuntu-keyring" },
    tree: [
      { path: "etc/apt/apt.conf.d/01-vendor-ubuntu", content: "Acquire::Changelogs::AlwaysOnline true;\n" },
      { path: "usr/bin/apt", content: "apt\n", mode: 0o755 },
      { path: "usr/share/doc/apt/README.md", content: "read\n" },
      { path: "usr/share/doc/apt/changelog.gz", content: "changed\n" },
      { path: "usr/share/doc/apt/copyright", content: "free\n" },
      { path: "usr/share/locale/de/LC_MESSAGES/apt.mo", content: "Paket\n" },
      { path: "usr/share/man/man8/apt.8.gz", content: "man\n" },
    ],
  }),
  packageOf("ubuntu-keyring", "2023.11.28.1", {
    architecture: "all",
    tree: [{ path: "usr/share/keyrings/ubuntu-archive-keyring.gpg", content: "keys\n" }],
  }),
  packageOf("tool", "1.0-1"),
];
const universe: readonly DebSpec[] = [packageOf("community", "3.0-1ubuntu1")];
const updates: readonly DebSpec[] = [
  packageOf("tool", "1.0-1ubuntu0.2", { fields: { "Phased-Update-Percentage": "10" } }),
  packageOf("libc6", "2.39-0ubuntu8.1", { tree: [{ path: "usr/lib/x86_64-linux-gnu/libc.so.6", content: "newer\n" }] }),
];
const security: readonly DebSpec[] = [
  packageOf("libc6", "2.39-0ubuntu8.4", { tree: [{ path: "usr/lib/x86_64-linux-gnu/libc.so.6", content: "safe\n" }] }),
];

/** The pockets of a release, each signed, over one pool. */
function makeUbuntu(release: string, signer: Signer): RepositoryFiles {
  const files: RepositoryFiles = new Map();
  const pockets: readonly (readonly [string, readonly DebSpec[], readonly DebSpec[]])[] = [
    [release, main, universe],
    [`${release}-updates`, updates, []],
    [`${release}-security`, security, []],
  ];
  for (const [suite, ofMain, ofUniverse] of pockets) {
    const unsigned = makeSuite({
      suite,
      codename: release,
      date: released,
      packages: { main: { amd64: ofMain }, universe: { amd64: ofUniverse } },
      endings: [".xz", ".gz"],
      byHash: true,
      fields: { Origin: "Ubuntu", Label: "Ubuntu" },
    });
    for (const [path, bytes] of signed(unsigned, signer, { at: released })) files.set(path, bytes);
    for (const one of [...ofMain, ...ofUniverse]) files.set(debPath(one), makeDeb(one));
  }
  return files;
}

function recipeOf(name: string, changes: Partial<Recipe> = {}): Recipe {
  const found = ubuntu.recipes.get(name)?.recipe;
  assert.ok(found);
  const packages = ["tool", "community"].map((request) => ({ request, exclude: false }));
  return { ...found, packages, scripts: "emulate", platforms: [parsePlatform("amd64")], ...changes };
}

describe("an image of Ubuntu", needs("gpg", "xz"), () => {
  const signer = createSigner("ubuntu");
  after(() => signer.close());

  /** `recipe` is built from an archive of the release that is named as a mirror. */
  async function optionsOf(t: TestContext, recipe: Recipe, changes: Partial<BuildOptions> = {}): Promise<BuildOptions> {
    const folder = await temporaryFolder(t);
    const mirror = join(folder, "ubuntu");
    await writeRepository(mirror, makeUbuntu(recipe.distribution.release, signer));
    return {
      recipe,
      cacheDirectory: join(folder, "cache"),
      environment: { DODAI_MIRROR_UBUNTU: mirror },
      hostRoot: "",
      now: buildTime,
      outputs: [{ kind: "oci-layout", destination: join(folder, "layout") }],
      ...changes,
    };
  }

  /** The archive alone, with the test's key. */
  async function ownOptions(t: TestContext, name: string, changes: Partial<Recipe> = {}): Promise<BuildOptions> {
    const recipe = recipeOf(name, changes);
    const options = await optionsOf(t, recipe);
    const { release } = recipe.distribution;
    const own = {
      urls: [options.environment?.DODAI_MIRROR_UBUNTU ?? ""],
      suites: [release, `${release}-updates`, `${release}-security`],
      components: ["main", "universe"],
      keys: [signer.key.armored],
      only: true,
      insecureUnsigned: false,
    };
    return { ...options, recipe: { ...recipe, repositories: [own] } };
  }

  test("is minimized, with the newest of its pockets, and merged", async (t) => {
    const options = await ownOptions(t, "ubuntu:noble");
    const { platforms } = await build(options);
    assert.deepEqual(platforms[0]?.scripts, []);
    const [output] = options.outputs;
    const image = readLayout(output?.destination ?? "");
    t.assert.fileSnapshot(pictureOf(image), "test/golden/ubuntu-noble.txt", { serializers: [String] });
  });

  test("takes updates that are phased in, as apt does where there is no machine", async (t) => {
    const { platforms } = await resolve(await ownOptions(t, "ubuntu:24.04"));
    const versions = Object.fromEntries((platforms[0]?.packages ?? []).map(({ name, version }) => [name, version]));
    assert.deepEqual(versions, {
      apt: "2.7.14build2",
      "base-files": "13ubuntu10",
      community: "3.0-1ubuntu1",
      dash: "0.5.12-6ubuntu5",
      libc6: "2.39-0ubuntu8.4",
      tool: "1.0-1ubuntu0.2",
      "ubuntu-keyring": "2023.11.28.1",
    });
  });

  test("is refused where Ubuntu's own key did not sign", async (t) => {
    const options = await optionsOf(t, recipeOf("ubuntu:noble"));
    await assert.rejects(build(options), { code: "SIGNATURE_INVALID" });
  });

  test("comes from the mirror that is named, with every pocket", async (t) => {
    const told: string[] = [];
    const onEvent = (event: BuildEvent): void => void (event.kind === "warning" && told.push(event.text));
    const options = await optionsOf(t, recipeOf("ubuntu:jammy"), { insecureUnsigned: true, onEvent });
    const { platforms } = await resolve(options);
    assert.deepEqual([...new Set(platforms[0]?.packages.map(({ repository }) => repository))].sort(), [
      "ubuntu/jammy",
      "ubuntu/jammy-security",
      "ubuntu/jammy-updates",
    ]);
    assert.equal(told.length, 3);
  });
});
