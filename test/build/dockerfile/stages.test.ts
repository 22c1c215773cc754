// Stages and platforms: which are built, for what, side by side; what an unchanged build does; and the program as a whole.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { BuildEvent } from "../../../src/build/contract.ts";
import { buildDockerfile } from "../../../src/build/dockerfile/build-dockerfile.ts";
import { parsePlatform } from "../../../src/core/platform.ts";
import { runDodai } from "../../kit/build.ts";
import { needs } from "../../kit/oracle.ts";
import { needsSandbox } from "../../sandbox/open.ts";
import { filesOf, openWorld, smallTar } from "./world.ts";

const files = { "tree/a": "a", "tree/sub/b": "b", more: "more" };

const stepsOf = (events: readonly BuildEvent[]): readonly string[] =>
  events.flatMap((event) => (event.kind === "stage" && event.stage === "step" ? [event.text] : []));

const sandbox = await needsSandbox("sh", "sleep", "touch");

describe("stages", () => {
  it("that nothing needs are not built", async () => {
    using world = openWorld(files);
    const { events } = await world.build("FROM 127.0.0.1:1/none AS unused\nRUN false\nFROM scratch\nCOPY more /\n");
    assert.deepEqual(stepsOf(events), ["COPY more /"]);
  });

  it("fail with the fault of the first that fails", async () => {
    using world = openWorld(files);
    const text =
      "FROM scratch AS good\nCOPY more /\nFROM scratch AS bad\nCOPY nothing /\nFROM scratch\nCOPY --from=good / /\nCOPY --from=bad / /\n";
    await assert.rejects(world.build(text), { code: "STEP_FAILED", where: { file: "Dockerfile", line: 4, column: 1 } });
  });

  it("run side by side and end together", sandbox, async () => {
    using world = openWorld(await filesOf({ runs: true }));
    const text = `FROM scratch AS base
ADD root.tar /
FROM base AS slow
RUN sleep 600
FROM base AS bad
RUN exit 7
FROM base
COPY --from=slow /x /
COPY --from=bad /x /
`;
    await assert.rejects(world.build(text), { code: "STEP_FAILED", message: /exit code 7/ });
  });
});

describe("platforms", () => {
  it("each have an image of their own under one index", async () => {
    using world = openWorld({ "app-amd64": "x", "app-armv7": "y" });
    const platforms = [parsePlatform("amd64"), parsePlatform("arm/v7")];
    const layout = { kind: "oci-layout", destination: join(world.folder, "image.oci") } as const;
    const text = `FROM scratch AS files
ARG TARGETARCH TARGETVARIANT
COPY app-$TARGETARCH$TARGETVARIANT /app
FROM files
LABEL for=$TARGETPLATFORM
ARG BUILDPLATFORM
LABEL by=$BUILDPLATFORM
`;
    const result = await buildDockerfile({
      ...(await optionsOf(world)),
      dockerfile: { file: "Dockerfile", text },
      platforms,
      outputs: [layout],
    });
    assert.deepEqual(platformsOf(result), ["linux/amd64", "linux/arm/v7"]);
    assert.notEqual(result.platforms[0]?.layers[0]?.digest, result.platforms[1]?.layers[0]?.digest);
  });

  it("whose programs do not run here can be built, but RUN nothing", async () => {
    using world = openWorld(files);
    const other = [parsePlatform(process.arch === "x64" ? "s390x" : "amd64")];
    await world.build("FROM scratch\nCOPY more /\n", { platforms: other });
    // There may be an emulator here, which then finds nothing to run.
    await assert.rejects(world.build("FROM scratch\nCOPY more /\nRUN x\n", { platforms: other }), {
      code: /^(?:SANDBOX_UNAVAILABLE|SANDBOX_FAILED|STEP_FAILED)$/,
    });
  });
});

const platformsOf = ({ platforms }: { platforms: readonly { platform: string }[] }): readonly string[] =>
  platforms.map(({ platform }) => platform);

async function optionsOf(world: {
  readonly folder: string;
  readonly context: string;
}): Promise<Omit<Parameters<typeof buildDockerfile>[0], "dockerfile" | "outputs">> {
  return {
    name: "test",
    contextDirectory: world.context,
    ignoreText: "",
    cacheDirectory: join(world.folder, "cache"),
    hostPlatform: parsePlatform("amd64"),
    buildArgs: {},
    labels: {},
    secrets: [],
    sshSockets: [],
    squash: false,
    noCache: false,
    sourceDateEpoch: 1_700_000_000,
    findRecipe: async () => undefined,
  };
}

describe("a build", () => {
  const text = "FROM scratch AS one\nCOPY tree /t\nFROM scratch\nCOPY --from=one /t/a /\nCOPY more /\n";

  it("that was done is not done again", async () => {
    using world = openWorld(files);
    const first = await world.build(text);
    const second = await world.build(text);
    assert.deepEqual(second.diffIds, first.diffIds);
    assert.ok(stepsOf(second.events).every((step) => step.endsWith("(as before)")));
    const forced = await world.build(text, { noCache: true });
    assert.deepEqual(forced.diffIds, first.diffIds);
    assert.ok(stepsOf(forced.events).every((step) => !step.endsWith("(as before)")));
  });

  it("does again what a changed file is in, and nothing for a new time", async () => {
    using world = openWorld(files);
    await world.build(text);
    utimesSync(join(world.context, "tree/a"), 1, 1);
    assert.ok(stepsOf((await world.build(text)).events).every((step) => step.endsWith("(as before)")));
    chmodSync(join(world.context, "more"), 0o600);
    const changed = stepsOf((await world.build(text)).events).filter((step) => !step.endsWith("(as before)"));
    assert.deepEqual(changed, ["COPY more /"]);
    writeFileSync(join(world.context, "tree/a"), "b");
    const { events, root } = await world.build(text);
    assert.ok((await root()).includes('a 0644 0:0 "b"'));
    assert.equal(stepsOf(events).filter((step) => !step.endsWith("(as before)")).length, 3);
  });

  it("with everything there writes nothing", async () => {
    using world = openWorld(files);
    const destination = join(world.folder, "out.tar");
    const options = {
      ...(await optionsOf(world)),
      dockerfile: { file: "Dockerfile", text },
      outputs: [{ kind: "oci", destination }],
    } as const;
    const first = await buildDockerfile(options);
    const { mtimeMs } = statSync(destination);
    const second = await buildDockerfile(options);
    assert.deepEqual([first.unchanged, second.unchanged], [false, true]);
    assert.equal(second.digest, first.digest);
    assert.equal(statSync(destination).mtimeMs, mtimeMs);
  });

  it("writes one root where an output has no layers", async () => {
    using world = openWorld(files);
    const destination = join(world.folder, "root");
    await buildDockerfile({
      ...(await optionsOf(world)),
      dockerfile: { file: "Dockerfile", text: "FROM scratch\nCOPY tree /t\nCOPY more /t/a\n" },
      outputs: [{ kind: "dir", destination }],
    });
    assert.equal(statSync(join(destination, "t/a")).size, "more".length);
  });
});

describe("dodai build", () => {
  it("takes a Dockerfile, its folder, or any file with -f", async () => {
    using world = openWorld({
      ...files,
      Dockerfile: "FROM scratch\nARG X=1\nCOPY more /\nLABEL x=$X\n",
      ".dockerignore": "tree\n",
    });
    const run = (...words: readonly string[]): ReturnType<typeof runDodai> =>
      runDodai(["build", ...words, "--cache-dir", join(world.folder, "cache"), "--progress", "quiet"], {
        cwd: world.context,
      });
    const digests: string[] = [];
    for (const words of [["Dockerfile"], ["."], ["-f", "Dockerfile"], ["Dockerfile", "."]]) {
      const { stdout, status, stderr } = await run(...words);
      assert.equal(status, 0, stderr);
      digests.push(stdout);
    }
    assert.equal(new Set(digests).size, 1);
    const other = await run(".", "--build-arg", "X=2", "--label", "y=3");
    assert.notEqual(other.stdout, digests[0]);
    const wrong = await run(".", "--target", "none");
    assert.equal(wrong.status, 2);
  });
});

describe("COPY --link", () => {
  it("is not done again for another base", async () => {
    using world = openWorld(files);
    const text = (more: string): string => `FROM scratch\nCOPY tree /${more}\nCOPY --link more /x/y/\n`;
    const first = await world.build(text("a"));
    const second = await world.build(text("b"));
    assert.deepEqual(stepsOf(second.events), ["COPY tree /b", "COPY --link more /x/y/ (as before)"]);
    assert.equal(second.diffIds[1], first.diffIds[1]);
    assert.deepEqual((await second.layers())[1], ["x/ 0755 0:0", "x/y/ 0755 0:0", 'x/y/more 0644 0:0 "more"']);
  });
});

describe("ADD", () => {
  const compressions = {
    "a.tar": [],
    "a.gz": ["gzip", "-n"],
    "a.bz2": ["bzip2"],
    "a.xz": ["xz"],
    "a.zst": ["zstd", "-q"],
  };

  it(
    "takes archives apart whatever they are called, and leaves others whole",
    needs("gzip", "bzip2", "xz", "zstd"),
    async () => {
      const tar = await smallTar();
      const packed = Object.entries(compressions).map(([name, [program, ...args]]) => {
        const bytes = program === undefined ? tar : execFileSync(program, [...args, "-c"], { input: tar });
        return [`in/${name}.txt`, bytes] as const;
      });
      using world = openWorld({ ...Object.fromEntries(packed), "in/not.tar.gz": "not", "in/empty.tar": "" });
      const trees: (readonly string[])[] = [];
      for (const [name] of packed) trees.push(await (await world.build(`FROM scratch\nADD ${name} /\n`)).root());
      assert.equal(new Set(trees.map((tree) => tree.join("\n"))).size, 1);
      assert.ok(trees[0]?.includes('two 0644 0:0 "2"'));
      const whole = await world.build(
        "FROM scratch\nADD in/not.tar.gz in/empty.tar /\nADD --unpack=false in/a.tar.txt /\n",
      );
      assert.equal((await whole.root()).length, 3);
    },
  );
});

describe("RUN", await needsSandbox("sh", "chmod", "chown", "setcap", "touch", "sleep", "mkdir", "rm", "ls"), () => {
  it("keeps what gives programs powers", async () => {
    using world = openWorld(await filesOf({ runs: true }));
    const built = await world.build(
      "FROM scratch\nADD root.tar /\nRUN touch /a /b && chown app:daemon /a && chmod 6755 /a && setcap cap_net_raw+ep /b\nRUN touch /c\n",
    );
    const root = await built.root();
    assert.ok(root.includes('a 6755 1000:1 ""'), root.join("\n"));
    assert.ok(root.some((line) => line.startsWith("b 0644 0:0 {security.capability}")));
    assert.deepEqual((await built.layers())[2], ['c 0644 0:0 ""']);
  });

  it("has a locked cache for itself", async () => {
    using world = openWorld(await filesOf({ runs: true }));
    const stage = (name: string): string =>
      `FROM base AS ${name}\nRUN --mount=type=cache,target=/c,sharing=locked mkdir /c/busy && sleep 0.2 && rm -r /c/busy && touch /${name}\n`;
    const text = `FROM scratch AS base\nADD root.tar /\n${stage("one")}${stage("two")}FROM scratch\nCOPY --from=one /one /\nCOPY --from=two /two /\n`;
    assert.deepEqual(await (await world.build(text)).root(), ['one 0644 0:0 ""', 'two 0644 0:0 ""']);
  });
});
