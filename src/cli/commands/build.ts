import { resolve } from "node:path";
import type { BuildResult, BuiltPlatform, Output, ScriptRecord } from "../../build/contract.ts";
import type { ScriptMode } from "../../core/recipe.ts";
import type { Context, World } from "../context.ts";
import { type FoundDockerfile, findDockerfile } from "../dockerfile-argument.ts";
import type { DockerfileFlags } from "../dockerfile-flags.ts";
import {
  type CachePlace,
  type CommonFlags,
  parseSourceDateEpoch,
  placeOutputs,
  type RequestedOutput,
  usage,
} from "../flags.ts";
import { isKickstartFile } from "../kickstart-argument.ts";
import { withOptions } from "../options.ts";
import { showPath } from "../places.ts";
import { warningLine } from "../progress/display.ts";
import { startProgress } from "../progress/progress.ts";
import { count, formatBytes, formatSeconds } from "../quantities.ts";
import { safeText } from "../safe-text.ts";
import { sourceValue } from "./resolve.ts";

export interface BuildFlags extends CommonFlags, DockerfileFlags {
  readonly tag?: readonly string[];
  readonly output?: readonly RequestedOutput[];
  readonly push?: boolean;
  readonly insecureHttp?: boolean;
  readonly cacheFrom?: readonly CachePlace[];
  readonly cacheTo?: readonly CachePlace[];
  readonly locked?: boolean;
  readonly scripts?: ScriptMode;
  readonly compression?: "gzip" | "zstd" | "none";
  readonly ledger?: string;
  /** Milliseconds. */
  readonly scriptTimeout?: number;
  /** Milliseconds. */
  readonly runTimeout?: number;
  readonly json?: boolean;
}

/** `--push`: under each of the image's names. */
const pushed: RequestedOutput = { kind: "registry", destination: undefined };

/** Digest, or JSON, on standard output; the summary on standard error. */
export async function build(this: Context, flags: BuildFlags, first?: string, second?: string): Promise<void> {
  const startedMs = this.elapsedMs();
  const { file, ...others } = flags;
  const named = file !== undefined && (await isKickstartFile(file, this)) ? file : undefined;
  if (named !== undefined && first !== undefined)
    throw usage(`Cannot use argument "${first}": a kickstart has no context`, "Leave it out.");
  const found = named === undefined ? await findDockerfile({ file, first, second }, this) : undefined;
  const { name, result } = found
    ? await buildDockerfile(found, flags, this)
    : await buildRecipe(named ?? first ?? "", others, this);
  tell({ name, result, isDockerfile: found !== undefined, startedMs }, flags, this);
}

interface Built {
  readonly name: string;
  readonly result: BuildResult;
}

const requestedOutputs = (flags: BuildFlags): readonly RequestedOutput[] => [
  ...(flags.output ?? []),
  ...(flags.push ? [pushed] : []),
];

async function buildDockerfile(found: FoundDockerfile, flags: BuildFlags, world: Context): Promise<Built> {
  const { dockerfileOptions } = await import("../dockerfile-options.ts");
  const progress = startProgress(flags.progress, world);
  try {
    const options = dockerfileOptions(found, flags, { world, onEvent: (event) => progress.onEvent(event) });
    const { name } = options;
    const outputs = placeOutputs(requestedOutputs(flags), { name, cwd: world.cwd, tags: flags.tag ?? [] });
    return { name, result: await world.library.buildDockerfile({ ...options, outputs }) };
  } finally {
    progress.end();
  }
}

async function buildRecipe(recipe: string, flags: BuildFlags, world: Context): Promise<Built> {
  refuseDockerfileFlags(flags);
  const { cwd, env, library } = world;
  const sourceDateEpoch = parseSourceDateEpoch(env.SOURCE_DATE_EPOCH);
  const { scripts, compression, locked = false, tag: names } = flags;
  let name = "";
  const result = await withOptions({ recipe, flags, world }, (options) => {
    name = options.recipe.name;
    const outputs = placeOutputs(requestedOutputs(flags), { name, cwd, tags: names ?? [] });
    return library.build({
      ...options,
      outputs,
      locked,
      ...(names ? { names } : {}),
      insecureHttp: flags.insecureHttp ?? false,
      ...(flags.cacheFrom ? { cacheFrom: flags.cacheFrom.map(({ name }) => name) } : {}),
      ...(flags.cacheTo ? { cacheTo: flags.cacheTo.map(({ name }) => name) } : {}),
      ...(scripts ? { scripts } : {}),
      ...(compression ? { compression } : {}),
      ...(flags.ledger === undefined ? {} : { ledgerFile: resolve(cwd, flags.ledger) }),
      ...(flags.scriptTimeout === undefined ? {} : { scriptTimeoutSeconds: flags.scriptTimeout / 1000 }),
      ...(sourceDateEpoch === undefined ? {} : { sourceDateEpoch }),
    });
  });
  return { name, result };
}

const dockerfileOnly = ["buildArg", "target", "secret", "ssh", "label", "squash", "noCache", "runTimeout"] as const;

function refuseDockerfileFlags(flags: BuildFlags): void {
  const used = dockerfileOnly.find((one) => flags[one] !== undefined);
  if (used === undefined) return;
  const flag = `--${used.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw usage(`Cannot use ${flag}: it is for Dockerfiles, and this is a recipe`);
}

function tell(
  { name, result, isDockerfile, startedMs }: Built & { readonly isDockerfile: boolean; readonly startedMs: number },
  flags: BuildFlags,
  world: Context,
): void {
  const { stdout, stderr } = world;
  if (flags.progress !== "quiet") {
    for (const line of describeResult(name, { result, isDockerfile }, world)) stderr.write(`${line}\n`);
    stderr.write(
      `${result.unchanged ? "nothing had changed" : "done"} in ${formatSeconds(world.elapsedMs() - startedMs)}\n`,
    );
  }
  for (const line of describeSkipped(result.platforms)) stderr.write(warningLine(line, world));
  stdout.write(flags.json ? formatResult(result) : `${result.digest}\n`);
}

function describeResult(
  name: string,
  { result: { platforms, outputs }, isDockerfile }: { readonly result: BuildResult; readonly isDockerfile: boolean },
  { cwd }: World,
): readonly string[] {
  const built = platforms.map(({ platform, packages, layers, manifest, scripts, steps = [], source }) => {
    const sizeBytes = layers.reduce((sum, layer) => sum + layer.sizeBytes, 0);
    const size = `${formatBytes(sizeBytes)} in ${count(layers.length, "layer")}`;
    const what = source?.path ?? count(packages.length, "package");
    const contents = isDockerfile ? "" : `${what}${describeDone("scripts", scripts)}${describeDone("steps", steps)}, `;
    return `${name} for ${platform}: ${contents}${size}, ${manifest}`;
  });
  const written = outputs.map(({ kind, destination }) =>
    kind === "registry" ? `pushed ${destination}` : `${showPath(destination, cwd)} (${kind})`,
  );
  return [...built, ...written].map(safeText);
}

const doneWords: Readonly<Partial<Record<ScriptRecord["done"], string>>> = {
  run: "run",
  native: "done natively",
  "not-needed": "not needed",
};

/** `, scripts: 43 run, 5 not needed`; skipped ones are told of as a warning. */
function describeDone(what: string, all: readonly Pick<ScriptRecord, "done">[]): string {
  const counts = Object.entries(doneWords).flatMap(([done, words]) => {
    const many = all.filter((one) => one.done === done).length;
    return many === 0 ? [] : [`${many} ${words}`];
  });
  return counts.length === 0 ? "" : `, ${what}: ${counts.join(", ")}`;
}

const skippedOf = ({ scripts }: BuiltPlatform): readonly ScriptRecord[] =>
  scripts.filter(({ done }) => done === "skipped");

/** Scripts that an image lacks the effects of are never left unsaid, in any mode. */
function describeSkipped(platforms: readonly BuiltPlatform[]): readonly string[] {
  const told = platforms.map((one) => {
    const names = skippedOf(one).map(({ package: name, script }) => `${name}: ${script}`);
    return { platform: one.platform, names };
  });
  const steps = platforms.flatMap(({ platform, steps: all = [] }) => {
    const left = all.filter(({ done }) => done === "skipped").length;
    return left === 0 ? [] : [`${platform}: ${count(left, "step")} of the recipe left out`];
  });
  const scripts = told
    .filter(({ names }) => names.length > 0)
    .map(
      ({ platform, names }) =>
        `${platform}: ${count(names.length, "script")} not run and not covered: ${names.join(", ")}`,
    );
  return [...scripts, ...steps];
}

function formatResult({ digest, platforms, outputs, unchanged }: BuildResult): string {
  const value = {
    schemaVersion: 1,
    digest,
    platforms: platforms.map((one) => ({
      platform: one.platform,
      ...sourceValue(one.source),
      manifest: one.manifest,
      layers: one.layers.map((layer) => ({ digest: layer.digest, size: layer.sizeBytes })),
      packages: one.packages,
      scripts: one.scripts.map(({ package: name, script, done }) => ({ package: name, script, done })),
      ...(one.steps && { steps: one.steps.map(({ step, done, exitCode }) => ({ step, done, exitCode })) }),
      skippedScripts: skippedOf(one).map(({ package: name, script }) => ({ package: name, script })),
    })),
    outputs: outputs.map(outputValue),
    unchanged,
  };
  return `${JSON.stringify(value)}\n`;
}

/** An output in JSON. */
export function outputValue({ kind, destination }: Output): Readonly<Record<string, string>> {
  return kind === "registry" ? { type: kind, ref: destination } : { type: kind, dest: destination };
}
