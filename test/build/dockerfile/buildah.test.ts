// The same Dockerfiles by Buildah: same files, modes, owners, links and config. What differs is named, with its reason.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { needs } from "../../kit/oracle.ts";
import { startRegistry } from "../../kit/registry.ts";
import { cases, type DockerfileCase } from "./cases.ts";
import { oddCases } from "./odd-cases.ts";
import { type BuiltDockerfile, type DockerfileWorld, filesOf, openWorld, readLayout } from "./world.ts";

const asRoot =
  process.env.DODAI_TEST_BUILDAH !== "1"
    ? { skip: "DODAI_TEST_BUILDAH=1 lets it run Buildah, which takes a minute" }
    : process.getuid?.() === 0
      ? {}
      : { skip: "needs root, as Buildah's chroot isolation does" };

describe("Dockerfiles, beside Buildah", { ...needs("buildah", "skopeo"), ...asRoot }, () => {
  for (const one of [...cases, ...oddCases].filter(({ onlyHere }) => onlyHere === undefined)) {
    it(`gives the same of ${one.name}`, async () => {
      using world = openWorld(await filesOf(one));
      const ours = await world.build(one.dockerfile, {
        buildArgs: one.buildArgs ?? {},
        labels: one.labels ?? {},
        ignoreText: one.ignore ?? "",
        ...(one.target === undefined ? {} : { target: one.target }),
      });
      const theirs = buildWithBuildah(one, world);
      assert.deepEqual(await comparableRoot(ours, one), await comparableRoot(theirs, one));
      assert.deepEqual(comparableConfig(ours), comparableConfig(theirs));
    });
  }
});

const registry = needs("buildah", "docker-registry");

it("Buildah builds on what dodai pushed, and dodai on what Buildah pushed", { ...registry, ...asRoot }, async (t) => {
  const server = await startRegistry(t);
  using world = openWorld({ a: "a", b: "b", c: "c" });
  const [first, second] = [`${server.host}/team/ours:1`, `${server.host}/team/theirs:1`];
  for (const compression of ["gzip", "zstd", "none"] as const) {
    const ours = await world.build('FROM scratch\nCOPY a b /\nENV A=1\nCMD ["x"]\n', {
      outputs: [
        { kind: "oci-layout", destination: join(world.folder, "image.oci") },
        { kind: "registry", destination: first },
      ],
      compression,
    });
    const buildah = buildahIn(join(world.folder, compression));
    const dockerfile = join(world.folder, "Dockerfile");
    writeFileSync(dockerfile, `FROM ${first}\nCOPY b /a\nENV B=$A\n`);
    buildah(["bud", "--tls-verify=false", "--layers", "-f", dockerfile, "-t", "test", world.context]);
    // Docker's own form has no zstd.
    for (const format of compression === "zstd" ? ["oci"] : ["docker", "oci"]) {
      buildah(["push", "-q", "--tls-verify=false", "--format", format, "test", `docker://${second}-${format}`]);
      const again = await world.build(`FROM ${second}-${format}\nCOPY c /\n`);
      assert.deepEqual(await again.root(), ['a 0644 0:0 "b"', 'b 0644 0:0 "b"', 'c 0644 0:0 "c"']);
      assert.equal(again.diffIds[0], ours.diffIds[0]);
      assert.deepEqual(again.config.config.Cmd, ["x"]);
      assert.ok((again.config.config.Env as readonly string[]).includes("B=1"));
    }
  }
});

/** Runs Buildah with images of its own. */
function buildahIn(storage: string): (words: readonly string[]) => void {
  mkdirSync(storage);
  const conf = join(storage, "storage.conf");
  writeFileSync(conf, `[storage]\ndriver = "vfs"\nrunroot = "${storage}/run"\ngraphroot = "${storage}/root"\n`);
  const env = { ...process.env, CONTAINERS_STORAGE_CONF: conf, BUILDAH_ISOLATION: "chroot" };
  return (words) => void execFileSync("buildah", words, { env, stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
}

type Readable = Pick<BuiltDockerfile, "config" | "root">;

/** What Buildah mounts things on it leaves in the image; it makes `/` a folder of its own. */
const mountPoints = ["./ ", "dev/", "proc/", "sys/", "run/", "etc/hostname ", "etc/hosts ", "etc/resolv.conf "];

async function comparableRoot({ root }: Readable, { runs = false }: DockerfileCase): Promise<readonly string[]> {
  const left = runs ? mountPoints : mountPoints.slice(0, 1);
  return (await root()).filter((line) => !left.some((one) => line.startsWith(one)));
}

function comparableConfig({ config: { config } }: Readable): Readonly<Record<string, unknown>> {
  const known = ["User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal"];
  const picked = [...known, "Healthcheck", "OnBuild", "Shell"].flatMap((name) => {
    const value = config[name] ?? undefined;
    const isEmpty =
      value === undefined || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
    return isEmpty ? [] : [[name, Array.isArray(value) && name === "Env" ? value.toSorted() : value] as const];
  });
  // Docker's usual folder, said or not.
  return Object.fromEntries(picked.filter(([name, value]) => !(name === "WorkingDir" && value === "/")));
}

function buildWithBuildah(one: DockerfileCase, { folder, context }: DockerfileWorld): Readable {
  const run = buildahIn(join(folder, "storage"));
  const dockerfile = join(folder, "Dockerfile");
  const ignore = join(folder, "ignore");
  writeFileSync(dockerfile, one.dockerfile);
  writeFileSync(ignore, one.ignore ?? "");
  run([
    ...["bud", "--format", "docker", "--layers=false", "--identity-label=false", "--ignorefile", ignore],
    ...["-f", dockerfile, "-t", "test", "--network=none"],
    ...Object.entries(one.buildArgs ?? {}).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
    ...Object.entries(one.labels ?? {}).flatMap(([name, value]) => ["--label", `${name}=${value}`]),
    ...(one.target === undefined ? [] : ["--target", one.target]),
    context,
  ]);
  // Docker's own form: the layout that OCI has leaves health checks and more out.
  const layout = join(folder, "theirs");
  run(["push", "-q", "--format", "docker", "test", `dir:${layout}`]);
  const { config: descriptor, layers } = JSON.parse(readFileSync(join(layout, "manifest.json"), "utf8")) as {
    config: { digest: string };
    layers: { digest: string }[];
  };
  const blobs = join(layout, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const hex = (digest: string): string => digest.slice("sha256:".length);
  for (const { digest } of [descriptor, ...layers]) {
    writeFileSync(join(blobs, hex(digest)), readFileSync(join(layout, hex(digest))));
  }
  const manifest = join(blobs, "m");
  writeFileSync(manifest, JSON.stringify({ config: descriptor, layers }));
  writeFileSync(join(layout, "index.json"), JSON.stringify({ manifests: [{ digest: "sha256:m" }] }));
  return readLayout(layout);
}
