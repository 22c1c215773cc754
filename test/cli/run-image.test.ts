// `dodai run` up to the library: what flags mean, and which file an image's name stands for.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { RunOptions, StopSignal } from "../../src/build/contract.ts";
import type { World } from "../../src/cli/context.ts";
import { parseDigest } from "../../src/core/digest.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import { type RunOptions as CliOptions, type Ran, runCli, temporaryFolder } from "./world.ts";

interface Seen extends Ran {
  readonly options: RunOptions | undefined;
}

/** Runs the command line with a library that only looks, in a folder with `image.tar`. */
async function see(words: readonly string[], { library, ...options }: CliOptions = {}, code = 0): Promise<Seen> {
  let seen: RunOptions | undefined;
  const runImage = async (given: RunOptions): Promise<number> => {
    seen = given;
    return code;
  };
  const ran = await runCli(["run", ...words], { ...options, library: { runImage, ...library } });
  return { ...ran, options: seen };
}

function folderWithImage(t: Parameters<typeof temporaryFolder>[0]): string {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, "image.tar"), "");
  return cwd;
}

describe("flags of dodai run", () => {
  const rows: readonly { words: readonly string[]; member: keyof RunOptions; value: unknown }[] = [
    { words: ["image.tar"], member: "command", value: [] },
    { words: ["image.tar", "ls", "/"], member: "command", value: ["ls", "/"] },
    { words: ["image.tar", "--", "ls", "-l", "--", "-t"], member: "command", value: ["ls", "-l", "--", "-t"] },
    {
      words: ["-e", "A=1", "-e", "B=a=b\n", "--env", "C=", "image.tar"],
      member: "environment",
      value: { A: "1", B: "a=b\n", C: "" },
    },
    {
      words: ["-e", "HERE", "-e", "GONE", "image.tar"],
      member: "environment",
      value: { HERE: "yes", GONE: undefined },
    },
    { words: ["image.tar", "-w", "/srv"], member: "workdir", value: "/srv" },
    { words: ["--user", "app:1", "image.tar"], member: "user", value: "app:1" },
    { words: ["image.tar", "--entrypoint", "/bin/x"], member: "entrypoint", value: "/bin/x" },
    { words: ["image.tar"], member: "network", value: false },
    { words: ["--network", "image.tar"], member: "network", value: true },
    { words: ["--platform", "arm64", "image.tar"], member: "platform", value: parsePlatform("linux/arm64") },
    { words: ["-i", "image.tar"], member: "input", value: true },
    { words: ["-it", "image.tar"], member: "terminal", value: true },
    { words: ["-it", "image.tar"], member: "input", value: true },
  ];
  for (const { words, member, value } of rows) {
    it(`${words.join(" ")} gives ${member}`, async (t) => {
      const options = { cwd: folderWithImage(t), env: { HERE: "yes" }, stdin: { isTerminal: true } };
      const { options: seen, exitCode, stderr } = await see(words, options);
      assert.deepEqual([exitCode, stderr], [0, ""]);
      assert.deepEqual(seen?.[member], value);
    });
  }

  it("volumes are from this machine's folder, and may be read-only", async (t) => {
    const cwd = folderWithImage(t);
    const { options } = await see(["-v", "./a:/b", "-v", "/c:/d/e:ro", "image.tar"], { cwd });
    assert.deepEqual(options?.mounts, [
      { source: join(cwd, "a"), target: "/b", readOnly: false },
      { source: "/c", target: "/d/e", readOnly: true },
    ]);
  });

  const refused = [
    { name: "no image", words: [] },
    { name: "a variable without a name", words: ["-e", "=1", "image.tar"] },
    { name: "a volume without a target", words: ["-v", "/a", "image.tar"] },
    { name: "a volume to a relative place", words: ["-v", "/a:b", "image.tar"] },
    { name: "a volume with an unknown mode", words: ["-v", "/a:/b:z", "image.tar"] },
    { name: "a terminal where there is none", words: ["-it", "image.tar"] },
  ];
  for (const { name, words } of refused) {
    it(`refuse ${name}`, async (t) => {
      const { exitCode, stderr, options } = await see(words, { cwd: folderWithImage(t) });
      assert.deepEqual([exitCode, options], [2, undefined]);
      assert.match(stderr, /error\[USAGE\]/);
    });
  }
});

it("says where a command's own flags go", async (t) => {
  const cwd = folderWithImage(t);
  for (const words of [
    ["image.tar", "ls", "-l"],
    ["image.tar", "ls", "--human-readable"],
  ]) {
    assert.match((await see(words, { cwd })).stderr, /dodai run IMAGE -- ls -l/);
  }
});

it("dodai run ends with the command's exit code", async (t) => {
  for (const code of [0, 1, 125, 127, 137]) {
    assert.equal((await see(["image.tar"], { cwd: folderWithImage(t) }, code)).exitCode, code);
  }
});

describe("the image of dodai run", () => {
  const hex = `sha256:${"a".repeat(64)}`;
  const rows = [
    { text: "image.tar", place: "image.tar", reference: undefined },
    { text: "./image.tar:v1", place: "image.tar", reference: "v1" },
    { text: `layout@${hex}`, place: "layout", reference: hex },
    { text: "layout:1.2", place: "layout", reference: "1.2" },
    { text: "odd:name", place: "odd:name", reference: undefined },
    { text: "./plain", place: "plain", reference: undefined },
    { text: "debian:trixie", place: "debian-trixie.tar", reference: undefined },
    { text: "distroless/base", place: "distroless-base.oci", reference: undefined },
    { text: "known:1", place: "elsewhere.tar", reference: hex },
  ];
  for (const { text, place, reference } of rows) {
    it(`${text} is ${place}`, async (t) => {
      const cwd = folderWithImage(t);
      for (const name of ["odd:name", "debian-trixie.tar"]) writeFileSync(join(cwd, name), "");
      for (const name of ["plain", "debian", "layout", "distroless-base.oci"]) mkdirSync(join(cwd, name));
      writeFileSync(join(cwd, "layout/index.json"), "");
      const findBuilt = async (name: string) =>
        name === "known:1" ? { place: join(cwd, "elsewhere.tar"), digest: parseDigest(hex) } : undefined;
      const { options, stderr } = await see([text], { cwd, library: { findBuilt } });
      assert.equal(stderr, "");
      assert.deepEqual([options?.image, options?.reference], [join(cwd, place), reference]);
    });
  }

  it("is told of when it is not there, with what was meant", async (t) => {
    const cwd = folderWithImage(t);
    const told: string[] = [];
    for (const text of ["distroless/base", "distroless/bose", "imgae.tar", "./image.rat", "nothing-like-it"]) {
      const { exitCode, stderr } = await see([text], { cwd });
      assert.equal(exitCode, 2);
      told.push(stderr);
    }
    t.assert.fileSnapshot(told.join("\n"), "test/golden/cli/refused/run-image.txt", { serializers: [String] });
  });
});

describe("signals to dodai run", () => {
  /** Sends signals while the command runs: those that it gets, and whether dodai took each. */
  async function send(words: readonly string[], signals: readonly StopSignal[], cwd: string) {
    const sent: StopSignal[] = [];
    let taker: Parameters<World["takeSignals"]>[0] = () => false;
    let taken: readonly boolean[] = [];
    const takeSignals: World["takeSignals"] = (next) => {
      taker = next;
      return () => {};
    };
    const runImage = async (options: RunOptions): Promise<number> => {
      options.takeSignals?.((signal) => void sent.push(signal));
      taken = signals.map((signal) => taker(signal));
      return 0;
    };
    await see(words, { cwd, takeSignals, library: { runImage }, stdin: { isTerminal: true } });
    return { sent, taken };
  }

  it("reach the command, and the third ends it", async (t) => {
    const cwd = folderWithImage(t);
    assert.deepEqual(await send(["image.tar"], ["SIGINT", "SIGTERM", "SIGTERM"], cwd), {
      sent: ["SIGINT", "SIGTERM"],
      taken: [true, true, false],
    });
  });

  it("are the terminal's own where the command has it", async (t) => {
    const cwd = folderWithImage(t);
    assert.deepEqual(await send(["-it", "image.tar"], ["SIGINT", "SIGINT", "SIGINT", "SIGTERM"], cwd), {
      sent: ["SIGTERM"],
      taken: [true, true, true, true],
    });
  });
});
