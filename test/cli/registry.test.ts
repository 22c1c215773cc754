import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, test } from "node:test";
import type { BuildOptions, CopyOptions, InspectOptions, InspectResult } from "../../src/build/contract.ts";
import { digest, manifest, type Ran, resultOf, runCli, temporaryFolder } from "./world.ts";

interface Copied {
  readonly options: CopyOptions;
  readonly ran: Ran;
}

async function copied(words: readonly string[], cwd = "/nowhere", pushed = true): Promise<Copied> {
  const seen: CopyOptions[] = [];
  const ran = await runCli(words, {
    cwd,
    library: {
      findBuilt: async () => undefined,
      copyImage: async (options) => {
        seen.push(options);
        const counts = { unchanged: !pushed, sent: 2, sentBytes: 31_234_567, mounted: 1, there: 3 };
        const outputs = options.outputs.map((one) => (one.kind === "registry" ? { ...one, pushed: counts } : one));
        return { digest, outputs };
      },
    },
  });
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.ok(seen[0]);
  return { options: seen[0], ran };
}

const amd64 = { os: "linux", architecture: "amd64" } as const;
const debian = { kind: "registry", name: "docker.io/library/debian:trixie" } as const;
const mirror = { kind: "registry", destination: "registry.example/debian:trixie" } as const;

const rows: readonly {
  readonly name: string;
  readonly words: readonly string[];
  readonly expected: Partial<CopyOptions>;
}[] = [
  {
    name: "pull takes this machine's platform into NAME-TAG.tar",
    words: ["pull", "debian:trixie"],
    expected: { image: debian, platform: amd64, outputs: [{ kind: "oci", destination: "/nowhere/debian-trixie.tar" }] },
  },
  {
    name: "pull of all platforms into a layout",
    words: ["pull", "debian:trixie", "--platform", "all", "-o", "type=oci-layout,dest=x"],
    expected: { image: debian, platform: undefined, outputs: [{ kind: "oci-layout", destination: "/nowhere/x" }] },
  },
  {
    name: "pull into a registry",
    words: ["pull", "debian:trixie", "-o", "type=registry,ref=registry.example/debian:trixie"],
    expected: { image: debian, outputs: [mirror] },
  },
  {
    name: "copy from registry to registry, all platforms",
    words: ["copy", "debian:trixie", "registry.example/debian:trixie"],
    expected: { image: debian, platform: undefined, outputs: [mirror], offline: false, insecureHttp: false },
  },
  {
    name: "copy to files and folders",
    words: ["copy", "debian:trixie", "x.tar", "x.oci", "./y/", "./z", "--platform", "arm64"],
    expected: {
      platform: { os: "linux", architecture: "arm64" },
      outputs: [
        { kind: "oci", destination: "/nowhere/x.tar" },
        { kind: "oci-layout", destination: "/nowhere/x.oci" },
        { kind: "oci-layout", destination: "/nowhere/y" },
        { kind: "oci", destination: "/nowhere/z" },
      ],
    },
  },
  {
    name: "flags of the network",
    words: ["copy", "--insecure-http", "--offline", "a", "b"],
    expected: { insecureHttp: true, offline: true },
  },
];

describe("the library is asked for", () => {
  for (const { name, words, expected } of rows) {
    it(name, async () => {
      const { options } = await copied(words);
      const asked = Object.fromEntries(Object.keys(expected).map((key) => [key, options[key as keyof CopyOptions]]));
      assert.deepEqual(asked, expected);
    });
  }
});

test("push takes a file, and one of several images in it", async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, "app.tar"), "");
  const { options } = await copied(["push", "app.tar:1.0", "registry.example/app", "registry.example/app:1"], cwd);
  assert.deepEqual(options.image, { kind: "file", path: join(cwd, "app.tar"), reference: "1.0" });
  assert.deepEqual(
    options.outputs.map(({ destination }) => destination),
    ["registry.example/app:latest", "registry.example/app:1"],
  );
});

test("the digest is all that goes to standard output; what was sent is told", async () => {
  const { ran } = await copied(["copy", "debian:trixie", "registry.example/debian", "x.tar"]);
  assert.equal(ran.stdout, `${digest}\n`);
  assert.equal(
    ran.stderr,
    `registry.example/debian:latest: 2 blobs sent, 31.2 MB, 1 mounted, 3 there already
x.tar (oci)
done in 0.0 s
`,
  );
  const again = await copied(["copy", "debian:trixie", "registry.example/debian"], "/nowhere", false);
  assert.match(again.ran.stderr, /^registry.example\/debian:latest: it was there already\n/);
});

test("--json of a copy", async () => {
  const { ran } = await copied(["copy", "--json", "debian:trixie", "registry.example/debian", "x.tar"]);
  assert.deepEqual(JSON.parse(ran.stdout), {
    schemaVersion: 1,
    digest,
    outputs: [
      {
        type: "registry",
        ref: "registry.example/debian:latest",
        unchanged: false,
        sent: 2,
        sentBytes: 31_234_567,
        mounted: 1,
        there: 3,
      },
      { type: "oci", dest: "/nowhere/x.tar" },
    ],
  });
});

async function built(words: readonly string[]): Promise<{ readonly options: BuildOptions; readonly ran: Ran }> {
  const seen: BuildOptions[] = [];
  const build = async (options: BuildOptions) => {
    seen.push(options);
    return resultOf(options);
  };
  const ran = await runCli(words, { library: { build } });
  assert.ok(seen[0], ran.stderr);
  return { options: seen[0], ran };
}

test("build --push goes to each name, and to a file only when asked", async () => {
  const words = ["build", "distroless/base", "-t", "registry.example/base:1", "-t", "team/base", "--push"];
  const { options, ran } = await built(words);
  const pushed = ["registry.example/base:1", "docker.io/team/base:latest"].map((destination) => ({
    kind: "registry",
    destination,
  }));
  assert.deepEqual(options.outputs, pushed);
  assert.match(ran.stderr, /\npushed registry\.example\/base:1\npushed docker\.io\/team\/base:latest\n/);
  const both = await built([...words, "-o", "type=oci"]);
  assert.deepEqual(both.options.outputs, [{ kind: "oci", destination: "/nowhere/distroless-base.tar" }, ...pushed]);
  const json = await built([...words, "--json"]);
  assert.equal(JSON.parse(json.ran.stdout).outputs[0].ref, "registry.example/base:1");
});

test("build takes caches in either order of words", async () => {
  const from = ["--cache-from", "type=registry,ref=registry.example/cache", "--cache-from", "ref=b/c,type=registry"];
  const { options } = await built(["build", "distroless/base", ...from, "--cache-to=type=registry,ref=a/b:x"]);
  assert.deepEqual(options.cacheFrom, ["registry.example/cache:latest", "docker.io/b/c:latest"]);
  assert.deepEqual(options.cacheTo, ["docker.io/a/b:x"]);
});

const layers = [{ digest, mediaType: "layer", sizeBytes: 1234 }];
const shown: InspectResult = {
  name: "registry.example/app:1",
  digest,
  mediaType: "index",
  raw: '{"raw": 1}',
  manifests: [{ digest: manifest, mediaType: "manifest", sizeBytes: 5, platform: "linux/amd64" }],
  manifest: {
    digest: manifest,
    mediaType: "manifest",
    sizeBytes: 5,
    platform: "linux/amd64",
    config: '{"os": "linux"}',
    layers,
  },
  referrers: [{ digest: manifest, mediaType: "manifest", sizeBytes: 6, artifactType: "sbom\u001b[31m" }],
};

async function inspected(words: readonly string[]): Promise<{ readonly options: InspectOptions; readonly ran: Ran }> {
  const seen: InspectOptions[] = [];
  const inspectImage = async (options: InspectOptions) => {
    seen.push(options);
    return shown;
  };
  const ran = await runCli(["inspect", "registry.example/app:1", ...words], { library: { inspectImage } });
  assert.ok(seen[0], ran.stderr);
  return { options: seen[0], ran };
}

test("inspect is for people, and safe for their terminals", async () => {
  const { ran } = await inspected(["--referrers"]);
  assert.equal(
    ran.stdout,
    `name: registry.example/app:1
digest: ${digest}
type: index
linux/amd64: ${manifest}
manifest: ${manifest} (linux/amd64)
layer: ${digest} 1.2 kB
referrer: ${manifest} sbom\ufffd[31m
`,
  );
});

test("inspect prints stored documents as they are", async () => {
  assert.equal((await inspected(["--raw"])).ran.stdout, '{"raw": 1}');
  const { options, ran } = await inspected(["--config"]);
  assert.equal(ran.stdout, '{"os": "linux"}');
  assert.deepEqual(options.platform, amd64);
});

test("--json of inspect", async () => {
  const { options, ran } = await inspected(["--json", "--platform", "arm64"]);
  assert.equal(options.platform?.architecture, "arm64");
  const value = JSON.parse(ran.stdout) as Record<string, Record<string, unknown>>;
  assert.deepEqual(value.manifest, {
    digest: manifest,
    mediaType: "manifest",
    size: 5,
    platform: "linux/amd64",
    config: { os: "linux" },
    layers: [{ digest, mediaType: "layer", size: 1234 }],
  });
});
