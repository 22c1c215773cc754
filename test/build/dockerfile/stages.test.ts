// Stages and platforms: which are built, for what, side by side; what an unchanged build does; and the program as a whole.
import assert from "node:assert/strict";
import { chmodSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { BuildEvent } from "../../../src/build/contract.ts";
import { buildDockerfile } from "../../../src/build/dockerfile/build-dockerfile.ts";
import { parsePlatform } from "../../../src/core/platform.ts";
import { runDodai } from "../../kit/build.ts";
import { needsSandbox } from "../../sandbox/open.ts";
import { filesOf, openWorld } from "./world.ts";

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
    await assert.rejects(world.build("FROM scratch\nCOPY more /\nRUN x\n", { platforms: other }), {
      code: "DOCKERFILE_UNSUPPORTED",
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
