// The program as a process: streams, exit codes, signals, the guard in front of it.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { version } from "../../src/core/version.ts";
import { needs } from "../kit/oracle.ts";
import { temporaryFolder } from "./world.ts";

const main = resolve("src/cli/main.ts");

function dodai(words: readonly string[], options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], { encoding: "utf8", ...options });
  return { status, stdout, stderr };
}

test("--version and -V print the version alone", () => {
  for (const flag of ["--version", "-V"]) {
    assert.deepEqual(dodai([flag]), { status: 0, stdout: `${version}\n`, stderr: "" });
  }
});

test("the version is that of package.json", () => {
  assert.equal((JSON.parse(readFileSync("package.json", "utf8")) as { version: string }).version, version);
});

test("a mistake exits with 2 and writes to standard error only", () => {
  const { status, stdout, stderr } = dodai(["bild"]);
  assert.deepEqual([status, stdout], [2, ""]);
  assert.match(stderr, /Did you mean "build"\?/);
});

test("NO_COLOR and FORCE_COLOR are heeded", (t) => {
  const cwd = temporaryFolder(t);
  const { NO_COLOR: _, FORCE_COLOR: __, ...env } = process.env;
  const isColored = (more: NodeJS.ProcessEnv): boolean =>
    dodai(["build", "a.yaml"], { cwd, env: { ...env, ...more } }).stderr.includes("\x1b[");
  assert.equal(isColored({}), false);
  assert.equal(isColored({ FORCE_COLOR: "1" }), true);
  assert.equal(isColored({ FORCE_COLOR: "0" }), false);
  assert.equal(isColored({ NO_COLOR: "1" }), false);
});

test("a reader that stops reading is no error", needs("sh", "head"), () => {
  const command = `"${process.execPath}" "${main}" build --help | head -n 1; exit 0`;
  assert.equal(spawnSync("sh", ["-c", command], { encoding: "utf8" }).stderr, "");
});

test("a run that waits for what does not come is told as a bug, and none that ends", (t) => {
  const script = join(temporaryFolder(t), "idle.mjs");
  const end = (run: string) => {
    writeFileSync(
      script,
      `import { endOf } from ${JSON.stringify(resolve("src/cli/process-context.ts"))};\nprocess.exitCode = await endOf(${run});\n`,
    );
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: "utf8" });
    return { status, stdout, stderr: stderr.split("\n")[0] };
  };
  assert.deepEqual(end("new Promise(() => {})"), {
    status: 1,
    stdout: "",
    stderr: "dodai: bug: Error: It waits for something that does not come any more",
  });
  assert.deepEqual(end("Promise.resolve(3)"), { status: 3, stdout: "", stderr: "" });
});

/** A program that waits in `build` until it is told to stop, and cleans up for a while. */
const waiting = `
import { runCommandLine } from ${JSON.stringify(resolve("src/cli/run.ts"))};
import { worldOfProcess } from ${JSON.stringify(resolve("src/cli/process-context.ts"))};
import { builtIn } from ${JSON.stringify(resolve("test/cli/world.ts"))};
const world = worldOfProcess();
const build = async ({ signal }) => {
  process.stdout.write("ready\\n");
  const alive = setInterval(() => {}, 1000);
  await new Promise((done) => signal.addEventListener("abort", done));
  if (process.env.CLEANS_FOREVER) await new Promise(() => {});
  clearInterval(alive);
  process.stdout.write("cleaned\\n");
  throw new Error("stopped");
};
const findRecipe = async () => ({ summary: "", recipe: builtIn });
process.exitCode = await runCommandLine(["build", "a"], { ...world, library: { ...world.library, findRecipe, build } });
`;

for (const { signal, exitCode } of [
  { signal: "SIGINT", exitCode: 130 },
  { signal: "SIGTERM", exitCode: 143 },
] as const) {
  test(`${signal} waits for the clean-up and exits with ${exitCode}`, async (t) => {
    const script = join(temporaryFolder(t), "waiting.mjs");
    writeFileSync(script, waiting);
    const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (text.includes("ready")) child.kill(signal);
    });
    assert.deepEqual(await once(child, "close"), [exitCode, null]);
    assert.equal(stdout, "ready\ncleaned\n");
  });
}

test("an error that nobody awaits is told as a bug", (t) => {
  const script = join(temporaryFolder(t), "late.mjs");
  writeFileSync(
    script,
    `import { worldOfProcess } from ${JSON.stringify(resolve("src/cli/process-context.ts"))};
worldOfProcess();
setTimeout(() => Promise.reject(new TypeError("late")), 1);`,
  );
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: "utf8" });
  assert.equal(status, 1);
  assert.match(stderr, /^dodai: bug: TypeError: late\n/);
});

test("a second SIGINT exits at once", async (t) => {
  const script = join(temporaryFolder(t), "waiting.mjs");
  writeFileSync(script, waiting);
  const env = { ...process.env, CLEANS_FOREVER: "1" };
  const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "ignore"], env });
  await once(child.stdout, "data");
  const closed = once(child, "close");
  const again = setInterval(() => child.kill("SIGINT"), 50);
  assert.deepEqual(await closed, [130, null]);
  clearInterval(again);
});

test("the guard is in syntax that old versions of Node read, and names the version that is needed", (t) => {
  const guard = readFileSync("bin/dodai.js", "utf8");
  assert.doesNotMatch(guard, /=>|`|\b(?:const|let|class|async|await)\b|\?\.|\?\?/);
  const old = join(temporaryFolder(t), "old.mjs");
  const pretend = 'Object.defineProperty(process.versions, "node", { value: "18.20.0" });\n';
  writeFileSync(old, pretend + guard.replace(/^#!.*\n/, ""));
  const { status, stderr } = spawnSync(process.execPath, [old, "--version"], { encoding: "utf8" });
  assert.deepEqual([status, stderr.split("(")[0]], [2, "dodai: needs Node 24 or later, and this is Node 18.20.0 "]);
});

test("bin/dodai.js runs the program, and keeps compiled code in the cache", (t) => {
  const cache = temporaryFolder(t);
  const env = { ...process.env, DODAI_CACHE_DIR: cache };
  assert.equal(
    execFileSync(process.execPath, ["bin/dodai.js", "--version"], { encoding: "utf8", env }),
    `${version}\n`,
  );
});

test("importing the command line without a recipe file loads neither zod nor yaml", () => {
  const script = `
    import { registerHooks } from "node:module";
    const seen = [];
    registerHooks({ resolve: (name, context, next) => (seen.push(name), next(name, context)) });
    process.argv = [process.execPath, "dodai", "cache", "dir"];
    await import(${JSON.stringify(main)});
    console.log(JSON.stringify(seen.filter((name) => name === "zod" || name === "yaml")));
  `;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  assert.equal(stdout.trim().split("\n").at(-1), "[]");
});
