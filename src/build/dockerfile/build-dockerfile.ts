// `dodai build Dockerfile`: parsed, its stages built as far as the wanted one needs them, and the image written.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { formatCanonicalJson } from "../../core/canonical-json.ts";
import { hexOf, sha256 } from "../../core/digest.ts";
import { formatImageName, parseImageName } from "../../core/image-name.ts";
import { oneAtATime } from "../../core/one-at-a-time.ts";
import { formatPlatform, type Platform } from "../../core/platform.ts";
import { version } from "../../core/version.ts";
import { globalVariables } from "../../frontends/dockerfile/arguments.ts";
import { type Dockerfile, parseDockerfile } from "../../frontends/dockerfile/dockerfile.ts";
import type { Stage } from "../../frontends/dockerfile/instruction.ts";
import { findTarget, neededStages, stagesBelow } from "../../frontends/dockerfile/stage-graph.ts";
import { type BundleImage, bundleImages, type ImageBundle, rootDocument } from "../../image/bundle.ts";
import { variablesOf } from "../../image/container-config.ts";
import { assertOutputFits } from "../../io/output-fit.ts";
import { keepBuiltNames } from "../built-names.ts";
import type { BuildResult, Output } from "../contract.ts";
import { assertReachable, isPushed } from "../pushed.ts";
import { findUnchanged, keepResult } from "../results.ts";
import { type Session, withSession } from "../session.ts";
import { openBaseImage } from "./base-image.ts";
import { tellWarnings } from "./check.ts";
import { type BuildContext, openContext } from "./context.ts";
import type { DockerfileBuildOptions } from "./contract.ts";
import { defined } from "./defined.ts";
import { type Finished, finish, imageOf, squashed } from "./image.ts";
import { buildStage, usualPath } from "./stage.ts";
import { type Building, lazyTree, type StageState } from "./state.ts";
import type { StepCache } from "./step-cache.ts";

/**
 * Builds a Dockerfile's image for each platform and writes the outputs. Steps that were done before on the same input are not
 * done again; when outputs are there too, nothing is written (`unchanged`). Throws DodaiError.
 */
export async function buildDockerfile(options: DockerfileBuildOptions): Promise<BuildResult> {
  const platforms = options.platforms ?? [options.hostPlatform];
  for (const { kind } of options.outputs) assertOutputFits(kind, platforms);
  assertReachable(options);
  const dockerfile = {
    ...parseDockerfile(options.dockerfile.text, options.dockerfile.file),
    contexts: new Set(Object.keys(options.namedContexts ?? {})),
  };
  tellWarnings(dockerfile, options.onEvent);
  return withSession(options, async (session) => {
    const context = await openOwnContext(options, session);
    const cache = await openCache(options, session);
    const states: StageState[] = [];
    for (const platform of platforms)
      states.push(await buildPlatform({ dockerfile, platform, options, session, context, cache }));
    await context.keep();
    await cache?.keep();
    const finished: Finished[] = [];
    for (const state of states) finished.push(await finish(state, { options, session }));
    const key = resultKey(finished, options);
    const before = await findUnchanged(key, session.store, (names, digest) => isPushed(names, digest, session));
    const result = before ?? (await writeAll(finished, key, { options, session }));
    await keepBuiltNames(options.names ?? [], result, session.store);
    return result;
  });
}

async function openOwnContext(options: DockerfileBuildOptions, session: Session): Promise<BuildContext> {
  const { ignoreText, contextDirectory, contextArchive } = options;
  const { store, now, pieces } = session;
  if (contextArchive === undefined) return openContext(contextDirectory, { ignoreText, store, now });
  const { openArchiveContext } = await import("./archive-context.ts");
  return openArchiveContext(contextArchive, { ignoreText, spool: pieces.temporary() });
}

async function openCache(options: DockerfileBuildOptions, session: Session): Promise<StepCache | undefined> {
  const { cacheFrom = [], cacheTo = [], compression = "gzip" } = options;
  if (cacheFrom.length + cacheTo.length === 0) return undefined;
  const { startStepCache } = await import("./step-cache.ts");
  return startStepCache({ cacheFrom, cacheTo, compression, session });
}

interface PlatformBuild {
  readonly dockerfile: Dockerfile;
  readonly platform: Platform;
  readonly options: DockerfileBuildOptions;
  readonly session: Session;
  readonly context: BuildContext;
  readonly cache: StepCache | undefined;
}

async function buildPlatform(build: PlatformBuild): Promise<StageState> {
  const { dockerfile, platform, options } = build;
  const target = findTarget(dockerfile, options.target);
  const buildArgs = new Map(Object.entries(options.buildArgs));
  const globals = new Map(
    globalVariables(dockerfile, {
      buildPlatform: options.hostPlatform,
      targetPlatform: platform,
      targetStage: target.name ?? "default",
      buildArgs,
    }),
  );
  if (options.sourceDateEpoch !== undefined) globals.set("SOURCE_DATE_EPOCH", String(options.sourceDateEpoch));
  const stages = new Map<number, Promise<StageState>>();
  const stopping = new AbortController();
  const ofImage = stagesBelow(target, dockerfile, globals);
  const building = startBuilding({ ...build, globals, buildArgs, ofImage }, stages, stopping.signal);
  try {
    // Stages that do not need each other go side by side; the first that fails ends the others.
    await Promise.all(neededStages(target, dockerfile, globals).map((index) => building.stage(index)));
    return await building.stage(target.index);
  } catch (error) {
    stopping.abort();
    await Promise.allSettled(stages.values());
    throw error;
  }
}

type BuildingParts = Omit<Building, "alone" | "image" | "named" | "signal" | "stage" | "warn">;

function startBuilding(parts: BuildingParts, stages: Map<number, Promise<StageState>>, stopped: AbortSignal): Building {
  const { dockerfile, options, session } = parts;
  const images = new Map<string, Promise<StageState>>();
  const warned = new Set<string>();
  const queues = new Map<string, ReturnType<typeof oneAtATime>>();
  const building: Building = {
    ...parts,
    signal: session.signal ? AbortSignal.any([session.signal, stopped]) : stopped,
    alone: (name, task) => {
      const queue = queues.get(name) ?? oneAtATime();
      queues.set(name, queue);
      return queue(task);
    },
    warn: (text) => {
      if (!warned.has(text)) session.emit({ kind: "warning", text });
      warned.add(text);
    },
    named: (name, platform) =>
      once(images, `context ${name} ${formatPlatform(platform)}`, () => openNamed({ name, platform }, building)),
    stage: (index) => once(stages, index, () => buildStage(dockerfile.stages[index] as Stage, building)),
    image: (name, platform) =>
      once(images, `${name} ${formatPlatform(platform)}`, () => startFromImage({ name, platform, options, session })),
  };
  return building;
}

function once<Key, Value>(known: Map<Key, Promise<Value>>, key: Key, make: () => Promise<Value>): Promise<Value> {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

/** A folder is what `COPY . /` makes of it. */
async function openNamed(
  { name, platform }: { readonly name: string; readonly platform: Platform },
  building: Building,
): Promise<StageState> {
  const { options, session } = building;
  const found = options.namedContexts?.[name];
  if (found === undefined) throw new Error(`There is no context "${name}"`);
  if (found.kind === "image") return building.image(found.name, platform);
  const ignoreText = await readIgnoreFile(found.path);
  const context = await openContext(found.path, { ignoreText, store: session.store, now: session.now });
  const dockerfile = parseDockerfile("FROM scratch\nCOPY . /\n", `the context "${name}"`);
  const [stage] = dockerfile.stages;
  return buildStage(stage as Stage, { ...building, platform, dockerfile, context, ofImage: new Set() });
}

async function readIgnoreFile(folder: string): Promise<string> {
  try {
    return await readFile(join(folder, ".dockerignore"), "utf8");
  } catch {
    return "";
  }
}

async function startFromImage(base: Parameters<typeof openBaseImage>[0]): Promise<StageState> {
  const { platform, options, session } = base;
  const { state, layers } = await openBaseImage(base);
  const { config, history, author, created = 0 } = state;
  return {
    platform,
    layers,
    config,
    history,
    author,
    variables: new Map([["PATH", usualPath], ...variablesOf(config.env)]),
    args: new Set(),
    declared: new Set(),
    epoch: options.sourceDateEpoch ?? created,
    hasOwnCmd: false,
    tree: lazyTree(layers, session),
  };
}

function resultKey(finished: readonly Finished[], options: DockerfileBuildOptions): string {
  const { outputs, names = [], compression = "gzip" } = options;
  const value = {
    version,
    dockerfile: finished.map(({ config, layers }) => ({
      config: config.text,
      layers: layers.map(({ diffId, stored }) => stored?.digest ?? diffId),
    })),
    outputs: outputs.map(({ kind, destination }) => [kind, destination]),
    names,
    compression,
  };
  return hexOf(sha256(formatCanonicalJson(value)));
}

interface Writing {
  readonly options: DockerfileBuildOptions;
  readonly session: Session;
}

/** Outputs that hold one root and no layers. */
const flat: readonly Output["kind"][] = ["context", "dir", "tar"];

async function writeAll(finished: readonly Finished[], key: string, writing: Writing): Promise<BuildResult> {
  const { options, session } = writing;
  const { outputs } = options;
  const bundle = await bundleOf(finished, writing);
  const { writeOutputs } = await import("../write-outputs.ts");
  const { signal, name } = options;
  const world = { ...defined({ signal }), recipe: { name } };
  const layered = outputs.filter(({ kind }) => !flat.includes(kind));
  await writeOutputs(bundle, { ...world, outputs: layered }, session);
  const whole = outputs.filter(({ kind }) => flat.includes(kind));
  if (whole.length > 0) {
    const merged: Finished[] = [];
    for (const one of finished) merged.push(await squashed(one, session));
    await writeOutputs(await bundleOf(merged, writing), { ...world, outputs: whole }, session);
  }
  const result = resultOf(bundle, options);
  await keepResult(key, result, session.store);
  return result;
}

async function bundleOf(finished: readonly Finished[], { options, session }: Writing): Promise<ImageBundle> {
  const images: BundleImage[] = [];
  for (const one of finished) images.push(await imageOf(one, { options, session }));
  const names = (options.names ?? []).map((one) => parseImageName(formatImageName(parseImageName(one))));
  return bundleImages(images as [BundleImage, ...BundleImage[]], names);
}

function resultOf(bundle: ImageBundle, { outputs }: DockerfileBuildOptions): BuildResult {
  return {
    digest: rootDocument(bundle).digest,
    platforms: bundle.images.map(({ platform, manifest, layers }) => ({
      platform: formatPlatform(platform),
      manifest: manifest.digest,
      layers: layers.map(({ digest, sizeBytes }) => ({ digest, sizeBytes })),
      packages: [],
      scripts: [],
      normalized: [],
    })),
    outputs,
    unchanged: false,
  };
}
