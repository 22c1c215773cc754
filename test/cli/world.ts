// A world for commands: what they write is kept, and the library is what a test says.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { BuildOptions, BuildResult, ResolvedPackage } from "../../src/build/contract.ts";
import type { Library, Output, World } from "../../src/cli/context.ts";
import { runCommandLine } from "../../src/cli/run.ts";
import { bytesOf } from "../../src/core/bytes.ts";
import { type Digest, parseDigest } from "../../src/core/digest.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import { plainRecipe, type Recipe } from "../../src/core/recipe.ts";

export const digest: Digest = parseDigest(`sha256:${"a".repeat(64)}`);
export const manifest: Digest = parseDigest(`sha256:${"b".repeat(64)}`);

export const builtIn: Recipe = {
  ...plainRecipe,
  name: "distroless/base",
  distribution: { name: "debian", release: "trixie" },
  variant: "distroless",
  packages: [{ request: "libc6", exclude: false }],
};

export function resultOf({ outputs }: BuildOptions): BuildResult {
  return {
    digest,
    platforms: [
      {
        platform: "linux/amd64",
        manifest,
        layers: [{ digest, sizeBytes: 31_234_567 }],
        packages: [
          { name: "libc6", version: "2.41-12", architecture: "amd64" },
          { name: "tzdata", version: "2026b-1", architecture: "all" },
        ],
        scripts: [{ package: "tzdata", script: "postinst", done: "skipped", changed: [] }],
        normalized: [],
      },
    ],
    outputs,
    unchanged: false,
  };
}

export const resolved: ResolvedPackage = {
  name: "libc6",
  version: "2.41-12",
  architecture: "amd64",
  source: "glibc",
  sourceVersion: "2.41-12",
  repository: "debian",
  path: "pool/main/g/glibc/libc6_2.41-12_amd64.deb",
  sizeBytes: 2_847_404,
  digest,
};

/** A library whose verbs are refused unless the test gives them. */
function fakeLibrary(verbs: Partial<Library> = {}): Library {
  const unexpected = async (): Promise<never> => {
    throw new Error("the test did not expect this");
  };
  return {
    build: unexpected,
    buildDockerfile: unexpected,
    lock: unexpected,
    resolve: unexpected,
    why: unexpected,
    copyImage: unexpected,
    inspectImage: unexpected,
    runImage: unexpected,
    findBuilt: async () => undefined,
    sizeOfStore: unexpected,
    pruneStore: unexpected,
    findRecipe: async (name) => (name === builtIn.name ? { summary: "", recipe: builtIn } : undefined),
    builtInRecipes: async () =>
      new Map([
        ["distroless/base", { summary: "the C library", recipe: builtIn }],
        ["distroless/base:nonroot", { summary: "the C library, as user 65532", recipe: builtIn }],
      ]),
    ...verbs,
  };
}

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly library?: Partial<Library>;
  readonly cwd?: string;
  readonly env?: World["env"];
  readonly stderr?: Partial<Output>;
  readonly signal?: AbortSignal;
  readonly stdin?: Partial<World["stdin"]>;
  readonly takeSignals?: World["takeSignals"];
  /** What the clock says at each look; the last one stays. */
  readonly times?: readonly number[];
}

export async function runCli(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const written = { stdout: "", stderr: "" };
  const outputTo = (name: "stdout" | "stderr"): Output => ({
    write: (text) => {
      written[name] += text;
    },
    isTerminal: false,
    colors: false,
    columns: 80,
  });
  const times = [...(options.times ?? [])];
  const exitCode = await runCommandLine(words, {
    stdout: outputTo("stdout"),
    stderr: { ...outputTo("stderr"), ...options.stderr },
    stdin: { isTerminal: false, read: () => bytesOf(), ...options.stdin },
    takeSignals: options.takeSignals ?? (() => () => {}),
    env: { HOME: options.cwd === undefined ? "/home/someone" : join(options.cwd, "home"), ...options.env },
    cwd: options.cwd ?? "/nowhere",
    hostPlatform: parsePlatform("amd64"),
    library: fakeLibrary(options.library),
    signal: options.signal ?? new AbortController().signal,
    elapsedMs: () => (times.length > 1 ? (times.shift() ?? 0) : (times[0] ?? 0)),
    now: () => new Date("2026-11-01T00:00:00Z"),
  });
  return { exitCode, ...written };
}

/** A folder that is gone after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "dodai-cli-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
