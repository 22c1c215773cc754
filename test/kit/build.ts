// Builds for tests, end to end and without a network: a small signed archive in a folder or behind a loopback server, a
// recipe that has it alone, and what came out as a picture.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";
import type { BuildOptions, BuildResult, CommonOptions } from "../../src/build/contract.ts";
import { describeError } from "../../src/cli/describe-error.ts";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { parsePlatform } from "../../src/core/platform.ts";
import type { Recipe } from "../../src/core/recipe.ts";
import { type DebSpec, debPath, makeDeb } from "./deb.ts";
import { makeSuite, type RepositoryFiles, type Signer, type SuiteSpec, signed, writeRepository } from "./repository.ts";
import { temporaryFolder } from "./temporary.ts";

/** When the archive of the tests was released, and when they build unless they say otherwise. */
export const released: Date = new Date("2025-06-01T12:00:00Z");
export const buildTime: Date = new Date("2025-06-02T12:00:00Z");

export interface ArchiveSpec {
  /** Packages by suite; each is for amd64 unless it says another architecture. */
  readonly suites: Readonly<Record<string, readonly DebSpec[]>>;
  readonly date?: Date;
  /** More of what a suite says. */
  readonly suite?: Partial<SuiteSpec>;
  /** Changes the files of a suite before they are signed. */
  readonly prepare?: (unsigned: RepositoryFiles) => void;
}

/** The files of an archive: signed suites that share one pool. */
export function makeArchive(spec: ArchiveSpec, signer: Signer): RepositoryFiles {
  const date = spec.date ?? released;
  const files: RepositoryFiles = new Map();
  for (const [suite, packages] of Object.entries(spec.suites)) {
    const architectures = Map.groupBy(packages, ({ architecture = "amd64" }) => architecture);
    const main = { amd64: [], ...Object.fromEntries(architectures) };
    const unsigned = makeSuite({ suite, date, packages: { main }, byHash: true, ...spec.suite });
    spec.prepare?.(unsigned);
    for (const [path, bytes] of signed(unsigned, signer, { at: date })) files.set(path, bytes);
    for (const one of packages) files.set(debPath(one), makeDeb(one));
  }
  return files;
}

/** A place of its own for one test: an archive on disk, a cache that is empty, and room for outputs. */
export interface Workplace {
  readonly folder: string;
  /** Folder of the archive; a recipe's URL. */
  readonly archive: string;
  readonly cache: string;
  readonly recipe: Recipe;
  /** Options of a call in this place, with changes. */
  options(changes?: Partial<BuildOptions>): BuildOptions;
  /** Absolute path of an output. */
  out(name: string): string;
}

export interface WorkplaceSpec extends ArchiveSpec {
  readonly signer: Signer;
  readonly recipe?: Partial<Recipe>;
  /** Changes the archive's files before they are written. */
  readonly edit?: (files: RepositoryFiles) => void;
}

export async function openWorkplace(t: TestContext, spec: WorkplaceSpec): Promise<Workplace> {
  const folder = await temporaryFolder(t);
  // mkdtemp gives 0700, and some tests build as another user.
  await chmod(folder, 0o755);
  const archive = join(folder, "archive");
  const files = makeArchive(spec, spec.signer);
  spec.edit?.(files);
  await writeRepository(archive, files);
  await mkdir(join(folder, "out"));
  const cache = join(folder, "cache");
  const recipe = recipeOf([archive], spec, spec.recipe);
  return {
    folder,
    archive,
    cache,
    recipe,
    options: (changes = {}) => ({ ...usualOptions, recipe, cacheDirectory: cache, ...changes }),
    out: (name) => join(folder, "out", name),
  };
}

const usualOptions: Pick<BuildOptions, "hostRoot" | "now" | "outputs"> & Partial<CommonOptions> = {
  hostRoot: "",
  now: buildTime,
  outputs: [],
};

/** A recipe of this archive alone, that asks for every package of its first suite unless it says otherwise. */
export function recipeOf(
  urls: readonly string[],
  { suites, signer }: Pick<ArchiveSpec, "suites"> & { readonly signer: Signer },
  changes: Partial<Recipe> = {},
): Recipe {
  const [first = []] = Object.values(suites);
  return {
    name: "test",
    distribution: { name: "debian", release: "trixie" },
    variant: "empty",
    packages: [...new Set(first.map(({ name }) => name))].map((request) => ({ request, exclude: false })),
    recommends: false,
    repositories: [
      {
        urls,
        suites: Object.keys(suites),
        components: ["main"],
        keys: [signer.key.armored],
        only: true,
        insecureUnsigned: false,
      },
    ],
    scripts: "emulate",
    allowUnknownScripts: [],
    platforms: [parsePlatform("linux/amd64")],
    accounts: { users: [], groups: [] },
    files: [],
    remove: [],
    config: {},
    layers: { kind: "single" },
    ...changes,
  };
}

/** The digest and every layer's, as one value to compare. */
export function digestsOf({ digest, platforms }: BuildResult): readonly string[] {
  return [digest, ...platforms.flatMap(({ layers }) => layers.map((layer) => layer.digest))];
}

/** Writes `recipe.yaml` for the program: the archive alone, and these lines. */
export async function writeRecipe(
  folder: string,
  { url, suites, signer, lines }: { url: string; suites: readonly string[]; signer: Signer; lines: readonly string[] },
): Promise<string> {
  await writeFile(join(folder, "archive.asc"), signer.key.armored);
  const text = [
    "distro: debian:trixie",
    "platforms: [linux/amd64]",
    "repositories:",
    `  - {url: "${url}", suites: [${suites.join(", ")}], components: [main], keys: [./archive.asc], only: true}`,
    ...lines,
  ];
  const path = join(folder, "recipe.yaml");
  await writeFile(path, `${text.join("\n")}\n`);
  return path;
}

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** User and group to be. */
  readonly id?: number;
  readonly node?: string;
  /** A shell's words before the program: `umask 077; exec`. */
  readonly before?: string;
}

const main = resolve("src/cli/main.ts");

/** Runs the program as a process to its end. The environment has PATH and what is given. */
export function runDodai(words: readonly string[], options: ProgramOptions): Promise<Ended> {
  return startDodai(words, options).ended;
}

export interface Started {
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
}

export function startDodai(words: readonly string[], options: ProgramOptions): Started {
  return startNode([main, ...words], options);
}

/** Starts Node on a script. */
export function startNode(words: readonly string[], options: ProgramOptions): Started {
  const { cwd, env = {}, id, node = process.execPath, before = "exec" } = options;
  const child = spawn("sh", ["-c", `${before} "$0" "$@"`, node, ...words], {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    ...(id === undefined ? {} : { uid: id, gid: id }),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((done, fail) => {
    child.on("error", fail);
    child.on("close", (status, signal) => done({ status, signal, stdout, stderr }));
  });
  return { ended, kill: (signal) => void child.kill(signal) };
}

/**
 * An error as the program tells it, with what differs from run to run replaced: places by the words given, digests and
 * fingerprints by a few dots. Anything but a DodaiError fails the test.
 */
export function toldAs(error: unknown, places: readonly (readonly [place: string, word: string])[] = []): string {
  assert.ok(error instanceof DodaiError, error instanceof Error ? (error.stack ?? "") : "it succeeded");
  const text = describeError(error, { colors: false, debug: false, sourceOf: () => undefined });
  const placed = places.reduce((known, [place, word]) => known.replaceAll(place, word), text);
  return placed.replace(/\b[0-9a-f]{64}\b/g, "HEX").replace(/\b[0-9A-F]{40}\b/g, "FINGERPRINT");
}
