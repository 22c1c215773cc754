import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, test } from "node:test";
import type { BuildOptions } from "../../src/build/contract.ts";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { digest, manifest, resultOf, runCli, temporaryFolder } from "./world.ts";

async function optionsOf(words: readonly string[], options: Parameters<typeof runCli>[1] = {}): Promise<BuildOptions> {
  const seen: BuildOptions[] = [];
  const library = {
    build: async (one: BuildOptions) => {
      seen.push(one);
      return resultOf(one);
    },
  };
  const ran = await runCli(words, { ...options, library });
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.ok(seen[0]);
  return seen[0];
}

test("the digest is all that goes to standard output", async () => {
  const ran = await runCli(["build", "distroless/base"], { library: { build: async (one) => resultOf(one) } });
  assert.equal(ran.stdout, `${digest}\n`);
  assert.equal(
    ran.stderr,
    `distroless/base for linux/amd64: 2 packages, 31.2 MB in 1 layer, ${manifest}
distroless-base.tar (oci)
done in 0.0 s
dodai: warning: linux/amd64: 1 script not run and not covered: tzdata: postinst
`,
  );
});

test("--progress quiet leaves only warnings on standard error", async () => {
  const ran = await runCli(["build", "distroless/base", "--progress=quiet"], {
    library: { build: async (one) => resultOf(one) },
  });
  assert.match(ran.stderr, /^dodai: warning: .*tzdata: postinst\n$/);
});

test("--json gives one document on standard output", async () => {
  const ran = await runCli(["build", "--json", "distroless/base"], {
    library: { build: async (one) => resultOf(one) },
  });
  assert.deepEqual(JSON.parse(ran.stdout), {
    schemaVersion: 1,
    digest,
    platforms: [
      {
        platform: "linux/amd64",
        manifest,
        layers: [{ digest, size: 31_234_567 }],
        packages: [
          { name: "libc6", version: "2.41-12", architecture: "amd64" },
          { name: "tzdata", version: "2026b-1", architecture: "all" },
        ],
        scripts: [{ package: "tzdata", script: "postinst", done: "skipped" }],
        skippedScripts: [{ package: "tzdata", script: "postinst" }],
      },
    ],
    outputs: [{ type: "oci", dest: "/nowhere/distroless-base.tar" }],
    unchanged: false,
  });
});

describe("what reaches the library", () => {
  const rows: readonly {
    readonly name: string;
    readonly words: readonly string[];
    readonly env?: Record<string, string>;
    readonly expected: Partial<Record<keyof BuildOptions, unknown>>;
  }[] = [
    {
      name: "a ledger and a time limit",
      words: ["--ledger", "out/l.json", "--script-timeout", "2m"],
      expected: { ledgerFile: "/nowhere/out/l.json", scriptTimeoutSeconds: 120 },
    },
    {
      name: "defaults",
      words: [],
      expected: {
        outputs: [{ kind: "oci", destination: "/nowhere/distroless-base.tar" }],
        lockFile: "/nowhere/distroless-base.lock.json",
        cacheDirectory: "/home/someone/.cache/dodai",
        offline: false,
        locked: false,
        insecureUnsigned: false,
        platforms: undefined,
        scripts: undefined,
      },
    },
    { name: "names", words: ["-t", "a/b:1", "--tag=c"], expected: { names: ["a/b:1", "c"] } },
    {
      name: "outputs in any order of their parts, with commas in the path",
      words: ["-o", "dest=out/a,b.tar,type=docker", "--output", "type=dir,dest=/abs,x"],
      expected: {
        outputs: [
          { kind: "docker", destination: "/nowhere/out/a,b.tar" },
          { kind: "dir", destination: "/abs,x" },
        ],
      },
    },
    {
      name: "outputs without a place",
      words: ["-o", "type=oci-layout", "-o", "type=tar"],
      expected: {
        outputs: [
          { kind: "oci-layout", destination: "/nowhere/distroless-base.oci" },
          { kind: "tar", destination: "/nowhere/distroless-base.rootfs.tar" },
        ],
      },
    },
    {
      name: "platforms by any of their names",
      words: ["--platform", "linux/amd64,aarch64"],
      expected: {
        platforms: [
          { os: "linux", architecture: "amd64" },
          { os: "linux", architecture: "arm64" },
        ],
      },
    },
    { name: "every repository unsigned", words: ["--insecure-unsigned"], expected: { insecureUnsigned: true } },
    {
      name: "one repository unsigned",
      words: ["--insecure-unsigned=a", "--insecure-unsigned=b"],
      expected: { insecureUnsigned: ["a", "b"] },
    },
    {
      name: "switches",
      words: ["--locked", "--offline", "--scripts", "skip", "--compression", "zstd"],
      expected: { locked: true, offline: true, scripts: "skip", compression: "zstd" },
    },
    {
      name: "SOURCE_DATE_EPOCH",
      words: [],
      env: { SOURCE_DATE_EPOCH: "1700000000" },
      expected: { sourceDateEpoch: 1_700_000_000 },
    },
    { name: "--cache-dir", words: ["--cache-dir", "c"], expected: { cacheDirectory: "/nowhere/c" } },
    { name: "DODAI_CACHE_DIR", words: [], env: { DODAI_CACHE_DIR: "/c" }, expected: { cacheDirectory: "/c" } },
    { name: "XDG_CACHE_HOME", words: [], env: { XDG_CACHE_HOME: "/x" }, expected: { cacheDirectory: "/x/dodai" } },
    {
      name: "a relative XDG_CACHE_HOME, which the specification ignores",
      words: [],
      env: { XDG_CACHE_HOME: "x" },
      expected: { cacheDirectory: "/home/someone/.cache/dodai" },
    },
  ];
  for (const { name, words, env = {}, expected } of rows) {
    it(name, async () => {
      const options = await optionsOf(["build", ...words, "distroless/base"], { env });
      for (const [key, value] of Object.entries(expected))
        assert.deepEqual(options[key as keyof BuildOptions], value, key);
    });
  }

  it("flags before the command, between and after its arguments", async () => {
    const options = await optionsOf(["--offline", "build", "--locked", "distroless/base", "--insecure-unsigned"]);
    assert.deepEqual([options.offline, options.locked, options.insecureUnsigned], [true, true, true]);
  });

  it("the environment, for mirrors and proxies", async () => {
    const options = await optionsOf(["build", "distroless/base"], { env: { DODAI_MIRROR_DEBIAN: "file:///mirror" } });
    assert.equal(options.environment?.DODAI_MIRROR_DEBIAN, "file:///mirror");
  });

  it("a recipe file, with its lock beside it", async (t) => {
    const cwd = temporaryFolder(t);
    mkdirSync(join(cwd, "images"));
    writeFileSync(join(cwd, "images/app.yaml"), "distro: debian:trixie\npackages: [curl]\n");
    const options = await optionsOf(["build", "images/app.yaml"], { cwd });
    assert.equal(options.lockFile, join(cwd, "images/app.lock.json"));
    assert.equal(options.recipe.packages[0]?.request, "curl");
    assert.equal(options.outputs[0]?.destination, join(cwd, "app.tar"));
  });
});

describe("exit codes", () => {
  const rows = [
    { code: "PACKAGE_BROKEN", exitCode: 1 },
    { code: "RECIPE_SYNTAX", exitCode: 2 },
    { code: "DOWNLOAD_FAILED", exitCode: 3 },
    { code: "SIGNATURE_INVALID", exitCode: 4 },
    { code: "UNSATISFIABLE", exitCode: 5 },
    { code: "LOCK_OUT_OF_DATE", exitCode: 6 },
  ] as const;
  for (const { code, exitCode } of rows) {
    it(`${exitCode} for ${code}`, async () => {
      const build = async (): Promise<never> => {
        throw new DodaiError(code, "Cannot do it");
      };
      const ran = await runCli(["build", "distroless/base"], { library: { build } });
      assert.equal(ran.exitCode, exitCode);
      assert.equal(ran.stdout, "");
    });
  }

  for (const { name, exitCode } of [
    { name: "SIGINT", exitCode: 130 },
    { name: "SIGTERM", exitCode: 143 },
  ]) {
    it(`${exitCode} after ${name}, with a line that is no error`, async () => {
      const controller = new AbortController();
      const build = async (): Promise<never> => {
        controller.abort(exitCode);
        throw new DodaiError("CANCELLED", "Cannot go on: the build was cancelled");
      };
      const ran = await runCli(["build", "distroless/base"], { library: { build }, signal: controller.signal });
      assert.deepEqual([ran.exitCode, ran.stderr], [exitCode, "dodai: stopped; nothing half-written is left\n"]);
    });
  }
});
