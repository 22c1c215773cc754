// What dodai writes as a context, a Dockerfile with a root tarball, builds to the root that dodai writes itself; so do the
// seeds' own Dockerfiles.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { build } from "../../../src/build/build.ts";
import { buildDockerfile } from "../../../src/build/dockerfile/build-dockerfile.ts";
import { collect } from "../../../src/core/bytes.ts";
import { hexOf, sha256 } from "../../../src/core/digest.ts";
import { parsePlatform, platformOfHost } from "../../../src/core/platform.ts";
import type { Recipe } from "../../../src/core/recipe.ts";
import { baseRecipe } from "../../../src/distros/rpm-family.ts";
import { parseDockerfile } from "../../../src/frontends/dockerfile/dockerfile.ts";
import { openWorkplace } from "../../kit/build.ts";
import { fixture, needs } from "../../kit/oracle.ts";
import { createSigner } from "../../kit/repository.ts";
import { file, folder, hostRoot, tarOf } from "../../sandbox/host-root.ts";
import { needsSandbox } from "../../sandbox/open.ts";
import { centosPackages, centosRecipe, centosRepository } from "../centos.ts";
import { shop } from "../shop.ts";
import { type DockerfileWorld, openWorld, readLayout, smallTar, sourceDateEpoch } from "./world.ts";

describe("a context that dodai wrote", needs("gpg"), () => {
  const signer = createSigner("archive");
  after(() => signer.close());

  it("builds to the same layer and config", async (t) => {
    const place = await openWorkplace(t, {
      signer,
      suites: { trixie: shop },
      recipe: {
        config: {
          entrypoint: ["/bin/y"],
          cmd: ["a b", "$c"],
          env: { A: 'say "$x" \\', PATH: "/usr/bin" },
          labels: { "org.example.a": "it's\t$here" },
          ports: ["80"],
          volumes: ["/data"],
          user: "7",
          workdir: "/srv",
          stopSignal: "SIGINT",
        },
        files: [{ kind: "directory", path: "srv", mode: 0o755, uid: 0, gid: 0 }],
      },
    });
    const [direct, context, layout] = [place.out("direct"), place.out("context"), place.out("layout")];
    const outputs = [
      { kind: "oci-layout", destination: direct },
      { kind: "context", destination: context },
    ] as const;
    await build(place.options({ outputs }));
    await buildDockerfile({
      ...built,
      dockerfile: { file: "Dockerfile", text: readFileSync(join(context, "Dockerfile"), "utf8") },
      contextDirectory: context,
      cacheDirectory: place.cache,
      outputs: [{ kind: "oci-layout", destination: layout }],
    });
    const [ours, again] = [readLayout(direct), readLayout(layout)];
    assert.deepEqual(again.diffIds, ours.diffIds);
    assert.deepEqual(sortedEnv(again.config.config), sortedEnv(ours.config.config));
  });
});

/** FROM scratch gives variables an order of its own. */
function sortedEnv(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...config, Env: (config.Env as readonly string[]).toSorted() };
}

const built = {
  name: "test",
  ignoreText: "",
  hostPlatform: platformOfHost("x64"),
  buildArgs: {},
  labels: {},
  secrets: [],
  sshSockets: [],
  squash: false,
  noCache: false,
  compression: "none",
  findRecipe: async () => undefined,
} as const;

const sandbox = await needsSandbox("sh", "chmod", "rm");
const alpine = fixture("alpine/minirootfs/alpinelinux+docker-alpine/x86_64");
const minirootfs = "alpine-minirootfs-3.20.3-x86_64.tar.gz";

describe("the seeds' own Dockerfiles", () => {
  it("Alpine's gives the layer of the same tarball as a recipe's source", needs(alpine), async () => {
    const tarball = readFileSync(join(alpine, minirootfs));
    using world = openWorld({ [minirootfs]: tarball });
    const direct = await buildSource(world, tarball);
    const image = await world.build(readFileSync(join(alpine, "Dockerfile"), "utf8"));
    assert.deepEqual(image.config.config.Cmd, ["/bin/sh"]);
    assert.deepEqual(image.diffIds, direct);
    const lines = await image.root();
    // The same tar under another name and another compression, or copied from another stage, is the same root.
    writeFileSync(join(world.context, "root"), gunzipSync(tarball));
    assert.deepEqual((await world.build("FROM scratch\nADD root /\n")).diffIds, direct);
    const copied = await world.build("FROM scratch AS one\nADD root /\nFROM scratch\nCOPY --from=one / /\n");
    const withoutTop = (lines: readonly string[]): readonly string[] => lines.filter((line) => !line.startsWith("./ "));
    assert.deepEqual(await copied.root(), withoutTop(lines));
  });

  it("Ubuntu's adds its settings with RUN, and is as one layer what files of a recipe give", sandbox, async () => {
    const root = [
      folder("."),
      ...hostRoot(),
      folder("etc/apt/apt.conf.d"),
      folder("etc/dpkg/dpkg.cfg.d"),
      folder("tmp"),
      ...more,
    ];
    const tarball = await collect(tarOf(root), { maxBytes: 1 << 28, what: "the root" });
    using world = openWorld({ "ubuntu-xenial-core-cloudimg-amd64-root.tar.gz": gzipSync(tarball, { level: 1 }) });
    const direct = await buildSource(world, tarball, { files: settings, remove: ["/var/lib/apt/lists/a"] });
    const image = await world.build(xenial, { squash: true });
    assert.deepEqual(image.config.config.Cmd, ["/bin/bash"]);
    assert.deepEqual(image.diffIds, direct);
  });
});

const more = [
  folder("usr/sbin"),
  ...["var", "var/lib", "var/lib/apt", "var/lib/apt/lists"].map((path) => folder(path)),
  file("var/lib/apt/lists/a", "a"),
];

const settings: Recipe["files"] = [
  ["usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755] as const,
  ["etc/dpkg/dpkg.cfg.d/docker-apt-speedup", "force-unsafe-io\n", 0o644] as const,
  ["etc/apt/apt.conf.d/docker-no-languages", 'Acquire::Languages "none";\n', 0o644] as const,
].map(([path, content, mode]) => ({ kind: "file", path, content, mode, uid: 0, gid: 0 }));

/** In the shape of docker-brew-ubuntu-core's. */
const xenial = `FROM scratch
ADD ubuntu-xenial-core-cloudimg-amd64-root.tar.gz /
RUN set -xe \\
	\\
	&& echo '#!/bin/sh' > /usr/sbin/policy-rc.d \\
	&& echo 'exit 101' >> /usr/sbin/policy-rc.d \\
	&& chmod +x /usr/sbin/policy-rc.d \\
	\\
	&& echo 'force-unsafe-io' > /etc/dpkg/dpkg.cfg.d/docker-apt-speedup \\
	\\
	&& echo 'Acquire::Languages "none";' > /etc/apt/apt.conf.d/docker-no-languages
RUN rm -rf /var/lib/apt/lists/*
CMD ["/bin/bash"]
`;

/** DiffIds of the image of a tarball that is a recipe's source. */
async function buildSource(
  world: DockerfileWorld,
  tarball: Uint8Array,
  changes: Partial<Recipe> = {},
): Promise<readonly string[]> {
  const path = join(world.folder, "root.tar");
  writeFileSync(path, tarball);
  const recipe: Recipe = {
    ...baseRecipe("test", { name: "scratch", release: "" }, "empty"),
    source: { rootfs: path, sha256: hexOf(sha256(tarball)), keys: [], platforms: {} },
    platforms: [parsePlatform("amd64")],
    ...changes,
  };
  const destination = join(world.folder, "direct");
  const outputs = [{ kind: "oci-layout", destination }] as const;
  const cacheDirectory = join(world.folder, "cache");
  await build({ recipe, cacheDirectory, hostRoot: "", now: new Date("2026-11-24"), sourceDateEpoch, outputs });
  return readLayout(destination).diffIds;
}

const centos = fixture("dockerfile/base-images/CentOS-7/CentOS+sig-cloud-instance-images/docker/Dockerfile");
const fedora = fixture("dockerfile/base-images/44/fedora-cloud+docker-brew-fedora/x86_64/Dockerfile");

describe("roots of CentOS that dodai made", needs(centos, fedora, centosPackages, "createrepo_c", "xz"), () => {
  it("are the same layer by CentOS's, Fedora's and Rocky's Dockerfiles", async (t) => {
    const { folder: place, repository } = await centosRepository(t);
    const recipe = centosRecipe(repository, ["bash", "setup"]);
    using world = openWorld({}, place);
    const direct = join(place, "direct");
    const tar = join(world.context, "fedora-20260222.tar");
    const outputs = [
      { kind: "oci-layout", destination: direct },
      { kind: "tar", destination: tar },
    ] as const;
    await build({ recipe, cacheDirectory: join(place, "cache"), hostRoot: "", now: new Date("2026-11-24"), outputs });
    for (const name of ["centos-7-docker.tar.xz", "layer.tar.xz"]) {
      writeFileSync(join(world.context, name), execFileSync("xz", ["-1c", tar], { maxBuffer: 1 << 30 }));
    }
    const rocky = 'FROM scratch\nADD layer.tar.xz /\nCMD ["/bin/bash"]\n';
    for (const text of [readFileSync(centos, "utf8"), readFileSync(fedora, "utf8"), rocky]) {
      // Without a time from outside, that of the packages stays.
      const { sourceDateEpoch: _none, ...options } = { sourceDateEpoch, ...built };
      const layout = join(place, "again");
      await buildDockerfile({
        ...options,
        dockerfile: { file: "Dockerfile", text },
        contextDirectory: world.context,
        cacheDirectory: join(place, "cache"),
        outputs: [{ kind: "oci-layout", destination: layout }],
      });
      const { diffIds, config } = readLayout(layout);
      assert.deepEqual(diffIds, readLayout(direct).diffIds);
      assert.deepEqual(config.config.Cmd, ["/bin/bash"]);
      if (text.includes("LABEL org.label")) assert.equal(Object.keys(config.config.Labels as object).length, 5);
    }
  });
});

const images = fixture("dockerfile/base-images");

/** Official images' Dockerfiles that only add a root: one of each kind. */
const shapes = [
  "44/fedora-cloud+docker-brew-fedora/x86_64/Dockerfile",
  "al2022/amazonlinux+container-images/Dockerfile",
  "dist-amd64/debuerreotype+docker-debian-artifacts/bookworm/Dockerfile",
  "dist-amd64/debuerreotype+docker-debian-artifacts/bookworm/slim/Dockerfile",
  "dist-amd64/docker-library+busybox/latest/glibc/Dockerfile",
  "dist-amd64/oracle+container-images/9/Dockerfile",
];

describe("Dockerfiles of official images", () => {
  for (const path of shapes) {
    it(`builds ${path}`, needs(join(images, path)), async () => {
      const text = readFileSync(join(images, path), "utf8");
      const { stages } = parseDockerfile(text, path);
      const added = stages.flatMap(({ instructions }) =>
        instructions.flatMap((one) =>
          one.kind === "add" || one.kind === "copy" ? one.sources.map((word) => word.text) : [],
        ),
      );
      const root = gzipSync(await smallTar());
      using world = openWorld(Object.fromEntries(added.map((name) => [name, root])));
      const image = await world.build(text);
      assert.deepEqual(await image.root(), ["d/ 0755 0:0", 'd/one 0600 5:0 "1"', 'two 0644 0:0 "2"']);
      assert.notEqual(image.config.config.Cmd, undefined);
    });
  }
});
