// What dodai writes as a context, a Dockerfile with a root tarball, builds to the root that dodai writes itself; so do the
// seeds' own Dockerfiles.
import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { build } from "../../../src/build/build.ts";
import { buildDockerfile } from "../../../src/build/dockerfile/build-dockerfile.ts";
import { platformOfHost } from "../../../src/core/platform.ts";
import { openWorkplace } from "../../kit/build.ts";
import { fixture, needs } from "../../kit/oracle.ts";
import { createSigner } from "../../kit/repository.ts";
import { shop } from "../shop.ts";
import { openWorld, readLayout } from "./world.ts";

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

const seeds = [
  {
    name: "Alpine's",
    dockerfile: fixture("alpine/minirootfs/alpinelinux+docker-alpine/x86_64/Dockerfile"),
    tarball: "alpine-minirootfs-3.20.3-x86_64.tar.gz",
  },
];

describe("the seeds' own Dockerfiles", () => {
  for (const { name, dockerfile, tarball } of seeds) {
    it(`${name} gives every file of its tarball as it is`, needs(dockerfile, "skopeo"), async () => {
      const from = join(dockerfile, "..", tarball);
      using world = openWorld({});
      copyFileSync(from, join(world.context, tarball));
      const image = await world.build(readFileSync(dockerfile, "utf8"), { sourceDateEpoch: 2_000_000_000 });
      const entries = (await image.layers())[0] ?? [];
      assert.ok(entries.length > 50);
      assert.deepEqual(image.config.config.Cmd, ["/bin/sh"]);
      const [before = ""] = image.diffIds;
      // The same tar under another name and another compression is the same layer.
      writeFileSync(join(world.context, "root"), gunzipSync(readFileSync(from)));
      const again = await world.build("FROM scratch\nADD root /\n", { sourceDateEpoch: 2_000_000_000 });
      assert.deepEqual(again.diffIds, [before]);
    });
  }

  it("CentOS's gives its labels and command", needs(centos()), async () => {
    using world = openWorld({ "centos-7-docker.tar.xz": readFileSync(fixture("alpine/minirootfs/SOURCE.txt")) });
    const image = await world.build(readFileSync(centos(), "utf8"));
    assert.deepEqual(image.config.config.Cmd, ["/bin/bash"]);
    assert.equal(Object.keys(image.config.config.Labels as object).length, 5);
  });
});

function centos(): string {
  return fixture("dockerfile/base-images/CentOS-7/CentOS+sig-cloud-instance-images/docker/Dockerfile");
}
