import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, it, test } from "node:test";
import type { CommonOptions, ResolveOptions, WhyOptions } from "../../src/build/contract.ts";
import { starterRecipe } from "../../src/cli/commands/init.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import { loadRecipe } from "../../src/frontends/native/load.ts";
import type { PruneOptions } from "../../src/io/store-prune.ts";
import { digest, resolved, runCli, temporaryFolder } from "./world.ts";

const one = { platforms: [{ platform: "linux/amd64", packages: [resolved, { ...resolved, name: "tzdata" }] }] };
const two = { platforms: [...one.platforms, { platform: "linux/arm64", packages: [resolved] }] };

describe("dodai resolve", () => {
  it("prints a name and a version on each line", async () => {
    const { stdout } = await runCli(["resolve", "distroless/base"], { library: { resolve: async () => one } });
    assert.equal(stdout, "libc6 2.41-12\ntzdata 2.41-12\n");
  });

  it("prints platforms one below the other", async () => {
    const { stdout } = await runCli(["resolve", "distroless/base"], { library: { resolve: async () => two } });
    assert.equal(stdout, "# linux/amd64\nlibc6 2.41-12\ntzdata 2.41-12\n\n# linux/arm64\nlibc6 2.41-12\n");
  });

  it("gives JSON by platform", async () => {
    const { stdout } = await runCli(["resolve", "--json", "distroless/base"], {
      library: { resolve: async () => ({ platforms: [{ platform: "linux/amd64", packages: [resolved] }] }) },
    });
    assert.deepEqual(JSON.parse(stdout), {
      schemaVersion: 1,
      platforms: {
        "linux/amd64": {
          packages: [
            {
              name: "libc6",
              version: "2.41-12",
              architecture: "amd64",
              source: "glibc",
              sourceVersion: "2.41-12",
              repository: "debian",
              path: "pool/main/g/glibc/libc6_2.41-12_amd64.deb",
              size: 2_847_404,
              sha256: digest.slice("sha256:".length),
            },
          ],
        },
      },
    });
  });

  describe("with --advisories", () => {
    const advisory = {
      id: "FEDORA-2025-1",
      type: "security",
      severity: "Important",
      title: "libc6-2.41",
      issued: new Date("2025-06-01"),
      cves: ["CVE-2025-1111", "CVE-2025-2222"],
    };
    const other = { ...advisory, id: "F-2\x1b[1m", severity: undefined, issued: undefined, cves: [] };
    const packages = [
      { ...resolved, advisories: [advisory, other] },
      { ...resolved, name: "tzdata", advisories: [] },
    ];
    const platforms = [{ platform: "linux/amd64", packages, withoutAdvisories: ["epel"] }];
    const seen: ResolveOptions[] = [];
    const library = {
      resolve: async (options: ResolveOptions) => {
        seen.push(options);
        return { platforms };
      },
    };
    it("prints those of a package below it", async () => {
      const { stdout } = await runCli(["resolve", "--advisories", "distroless/base"], { library });
      assert.equal(seen.at(-1)?.advisories, true);
      assert.equal(
        stdout,
        "libc6 2.41-12\n  FEDORA-2025-1 security Important CVE-2025-1111 CVE-2025-2222\n  F-2\ufffd[1m security\ntzdata 2.41-12\n",
      );
    });
    it("gives them in JSON, without what is not stated", async () => {
      const { stdout } = await runCli(["resolve", "--advisories", "--json", "distroless/base"], { library });
      const told = JSON.parse(stdout).platforms["linux/amd64"];
      const { title, type, cves } = advisory;
      assert.deepEqual(told.withoutAdvisories, ["epel"]);
      assert.deepEqual(
        told.packages.map((one: { advisories: unknown }) => one.advisories),
        [
          [
            { id: "FEDORA-2025-1", type, severity: "Important", title, issued: "2025-06-01T00:00:00.000Z", cves },
            { id: other.id, type, title, cves: [] },
          ],
          [],
        ],
      );
    });
  });
});

describe("dodai lock", () => {
  it("prints the lock's path, and what it did on standard error", async () => {
    const seen: CommonOptions[] = [];
    const lock = async (options: CommonOptions) => {
      seen.push(options);
      return { lockFile: options.lockFile ?? "", changed: true, resolution: one };
    };
    const ran = await runCli(["lock", "distroless/base"], { library: { lock } });
    assert.deepEqual(ran, {
      exitCode: 0,
      stdout: "distroless-base.lock.json\n",
      stderr: "linux/amd64: 2 packages\nthe lock was written\n",
    });
    assert.equal(seen[0]?.lockFile, "/nowhere/distroless-base.lock.json");
  });
});

describe("dodai why", () => {
  it("prints the chain", async () => {
    const seen: WhyOptions[] = [];
    const why = async (options: WhyOptions) => {
      seen.push(options);
      return [{ platform: "linux/amd64", installed: true, lines: ["the recipe asks for libc6"] }];
    };
    const ran = await runCli(["why", "distroless/base", "libc6"], { library: { why } });
    assert.equal(ran.stdout, "the recipe asks for libc6\n");
    assert.equal(seen[0]?.packageName, "libc6");
  });
});

test("dodai recipes lists names and what they are", async () => {
  const { stdout } = await runCli(["recipes"]);
  assert.equal(
    stdout,
    "distroless/base          the C library\ndistroless/base:nonroot  the C library, as user 65532\n",
  );
});

describe("dodai init", () => {
  it("writes a recipe that is one, named after its folder", async (t) => {
    const cwd = temporaryFolder(t);
    const ran = await runCli(["init", "images/My App"], { cwd });
    assert.deepEqual([ran.exitCode, ran.stdout], [0, "images/My App/recipe.yaml\n"]);
    assert.equal(readFileSync(join(cwd, "images/My App/recipe.yaml"), "utf8"), starterRecipe("My-App"));
  });

  it("writes the file that is named", async (t) => {
    const cwd = temporaryFolder(t);
    assert.equal((await runCli(["init", "web.yml"], { cwd })).stdout, "web.yml\n");
    assert.equal(readFileSync(join(cwd, "web.yml"), "utf8"), starterRecipe("web"));
  });

  it("never writes over a file", async (t) => {
    const cwd = temporaryFolder(t);
    writeFileSync(join(cwd, "recipe.yaml"), "mine");
    const ran = await runCli(["init"], { cwd });
    assert.equal(ran.exitCode, 2);
    assert.equal(readFileSync(join(cwd, "recipe.yaml"), "utf8"), "mine");
  });

  it("starts from a recipe that every one of its comments fits", async () => {
    const text = starterRecipe("a").replaceAll(
      /^(\s*)# (?=files:|remove:|config:|platforms:|entrypoint:|- | {2}-)/gm,
      "$1",
    );
    const recipe = await loadRecipe({
      path: resolve("/a/recipe.yaml"),
      hostPlatform: parsePlatform("amd64"),
      world: {
        readFile: async () => text,
        hasFile: async () => true,
        findBuiltIn: async () => undefined,
        builtInNames: async () => [],
      },
    });
    assert.deepEqual(
      [recipe.files.length, recipe.platforms.length, recipe.config.entrypoint, recipe.remove.length],
      [2, 2, ["/usr/local/bin/app"], 1],
    );
    assert.ok(recipe.packages.some(({ exclude }) => exclude));
  });
});

describe("dodai cache", () => {
  it("prints its folder", async () => {
    assert.equal((await runCli(["cache", "dir"], { env: { DODAI_CACHE_DIR: "/c" } })).stdout, "/c\n");
  });

  it("prints its size, and the kinds on standard error", async () => {
    const size = { kinds: new Map([["blobs", { files: 2, sizeBytes: 1_500_000 }]]), sizeBytes: 1_500_000 };
    const ran = await runCli(["cache", "size"], { library: { sizeOfStore: async () => size } });
    assert.deepEqual([ran.stdout, ran.stderr], ["1.5 MB\n", "blobs: 1.5 MB in 2 files\n"]);
  });

  it("prunes by age and by size", async () => {
    const seen: PruneOptions[] = [];
    const pruneStore = async (_: string, options: PruneOptions) => {
      seen.push(options);
      return { files: 1, sizeBytes: 1000 };
    };
    const ran = await runCli(["cache", "prune", "--max-size", "1.5GB", "--older-than", "30d"], {
      library: { pruneStore },
    });
    assert.deepEqual(seen, [{ olderThan: new Date("2026-10-02T00:00:00Z") }, { maxBytes: 1_500_000_000 }]);
    assert.equal(ran.stdout, "removed 2 files, 2.0 kB\n");
  });
});

test("help of every command", async (t) => {
  const commands = [
    "",
    "build",
    "lock",
    "resolve",
    "why",
    "run",
    "recipes",
    "init",
    "cache",
    "cache prune",
    "completion",
  ];
  const told: string[] = [];
  for (const command of commands) {
    const ran = await runCli([...command.split(" ").filter((word) => word !== ""), "--help"]);
    assert.deepEqual([ran.exitCode, ran.stderr], [0, ""]);
    assert.match(ran.stdout, /EXIT CODES[\s\S]*EXAMPLES|EXAMPLES[\s\S]*EXIT CODES/);
    told.push(`$ dodai ${command} --help\n${ran.stdout}`);
  }
  t.assert.fileSnapshot(told.join("\n"), "test/golden/cli/help.txt", { serializers: [String] });
});

test("dodai help COMMAND is dodai COMMAND --help", async () => {
  assert.deepEqual(await runCli(["help", "lock"]), await runCli(["lock", "--help"]));
});
