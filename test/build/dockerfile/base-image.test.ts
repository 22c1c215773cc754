// What FROM can name: layouts and archives on disk, images in registries, recipes; and that their layers stay as they are.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of Dockerfiles.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { openWorkplace } from "../../kit/build.ts";
import { startFakeRegistry } from "../../kit/fake-registry.ts";
import { needs } from "../../kit/oracle.ts";
import { createSigner } from "../../kit/repository.ts";
import { type BuiltDockerfile, type DockerfileWorld, openWorld } from "./world.ts";

const base = `FROM scratch
COPY tree /tree
ENV A=1
LABEL l=base
CMD ["base"]
ONBUILD COPY late /late
`;

const files = { "tree/a": "a", "tree/sub/b": "b", late: "late", more: "more" };

const child = (from: string): string => `FROM ${from}
COPY more /tree/sub/
ENV B="\${A}2"
`;

async function assertChild(built: BuiltDockerfile, below: BuiltDockerfile): Promise<void> {
  assert.deepEqual(await built.root(), [
    'late 0644 0:0 "late"',
    "tree/ 0755 0:0",
    'tree/a 0644 0:0 "a"',
    "tree/sub/ 0755 0:0",
    'tree/sub/b 0644 0:0 "b"',
    'tree/sub/more 0644 0:0 "more"',
  ]);
  assert.deepEqual(built.config.config.Env, [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "A=1",
    "B=12",
  ]);
  assert.deepEqual(built.config.config.Cmd, ["base"]);
  assert.equal(built.config.config.OnBuild, undefined);
  assert.equal(built.diffIds[0], below.diffIds[0]);
  assert.equal(built.result.platforms[0]?.layers[0]?.digest, below.result.platforms[0]?.layers[0]?.digest);
  assert.equal(built.config.history.length, below.config.history.length + 3);
}

/** The base in a form, with the same layout beside it for what its layers are. */
async function buildBase(
  world: DockerfileWorld,
  output: { readonly kind: "oci" | "oci-layout" | "docker" | "registry"; readonly destination: string },
  names: readonly string[] = [],
): Promise<BuiltDockerfile> {
  const layout = { kind: "oci-layout", destination: join(world.folder, "image.oci") } as const;
  return world.build(base, { outputs: [layout, output], names, compression: "gzip" });
}

const forms = [
  { kind: "oci-layout", from: "oci-layout://../base" },
  { kind: "oci-layout", from: "../base:1.0", names: ["base:1.0"] },
  { kind: "oci", from: "oci-archive:../base" },
  { kind: "oci", from: "../base" },
] as const;

describe("FROM an image on disk", () => {
  for (const { kind, from, ...more } of forms) {
    it(`reads ${from} (${kind})`, async () => {
      using world = openWorld(files);
      const names = "names" in more ? more.names : [];
      const below = await buildBase(world, { kind, destination: join(world.folder, "base") }, names);
      await assertChild(await world.build(child(from)), below);
    });
  }

  it("tells that there is none", async () => {
    using world = openWorld(files);
    await assert.rejects(world.build(child("./nothing")), { code: "FILE_UNREADABLE" });
  });
});

describe("FROM an image in a registry", () => {
  it("keeps its layers as they are, and asks for them once", async (t) => {
    const registry = await startFakeRegistry(t);
    using world = openWorld(files);
    const name = `${registry.host}/team/base:1`;
    const below = await buildBase(world, { kind: "registry", destination: name });
    const fresh = { cacheDirectory: join(world.folder, "fresh") };
    await assertChild(await world.build(child(name), fresh), below);
    const asked = registry.told().length;
    await world.build(`${child(name)}LABEL more=1\n`, fresh);
    assert.deepEqual(
      registry
        .told()
        .slice(asked)
        .filter((line) => line.includes("/blobs/")),
      [
        registry
          .told()
          .slice(asked)
          .find((line) => line.includes("/blobs/")),
      ],
      "only its config is read again",
    );
    const offline = await world.build(child(name), { ...fresh, offline: true });
    await assertChild(offline, below);
    await assert.rejects(world.build(child(`${registry.host}/team/other`), { ...fresh, offline: true }), {
      code: "NETWORK_OFFLINE",
    });
  });

  it("refuses a layer that is not what the manifest says", async (t) => {
    const registry = await startFakeRegistry(t);
    using world = openWorld(files);
    const name = `${registry.host}/team/base:1`;
    const below = await buildBase(world, { kind: "registry", destination: name });
    const digest = below.result.platforms[0]?.layers[0]?.digest ?? "";
    const bytes = Buffer.from(registry.blobs.get(digest) ?? "");
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    registry.blobs.set(digest, bytes);
    await assert.rejects(world.build(child(name), { cacheDirectory: join(world.folder, "fresh") }), {
      code: "DIGEST_MISMATCH",
    });
  });
});

describe("FROM a recipe", needs("gpg"), () => {
  const signer = createSigner("archive");
  after(() => signer.close());

  it("builds it first", async (t) => {
    const suites = { trixie: [{ name: "hello", tree: [{ path: "usr/share/hello", content: "hello\n" }] }] };
    const place = await openWorkplace(t, { signer, suites });
    using world = openWorld(files);
    const { hostRoot = "", now = new Date(0) } = place.options();
    const built = await world.build("FROM my/recipe\nCOPY more /usr/share/\n", {
      hostRoot,
      now,
      platforms: place.recipe.platforms,
      findRecipe: async (name) =>
        name === "my/recipe" ? { recipe: place.recipe, lockFile: join(place.folder, "lock.json") } : undefined,
    });
    assert.equal(built.diffIds.length, 2);
    const root = await built.root();
    assert.ok(root.includes('usr/share/hello 0644 0:0 "hello\\n"'));
    assert.ok(root.includes('usr/share/more 0644 0:0 "more"'));
  });
});
