// Steps in a registry, each under what it depends on: a machine that has nothing yet takes what they made in place of making it.
// A layer is fetched when somebody reads it; one that is only pushed on is mounted there.
//
// A step is an artifact of its own, as an image in image-cache.ts is: its config says what dodai has to know, its layer is the
// step's, or there is none.
import { collect } from "../../core/bytes.ts";
import type { Json } from "../../core/canonical-json.ts";
import { parseDiffId } from "../../core/digest.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import { formatImageName, type ImageName, parseImageName } from "../../core/image-name.ts";
import type { BundleLayer } from "../../image/bundle.ts";
import { makeDocument } from "../../image/descriptor.ts";
import { readImageGraph } from "../../image/image-graph.ts";
import type { ImageSource, Pointer } from "../../image/image-source.ts";
import { formatManifest } from "../../image/manifest.ts";
import { parseDocument } from "../../image/parse-document.ts";
import { artifactSource, passOver } from "../image-cache.ts";
import { type Compression, codecOf } from "../segments.ts";
import type { Session } from "../session.ts";
import { keepLayer } from "./base-image.ts";
import type { CacheTarget } from "./contract.ts";
import { bundleLayer, compressContext } from "./image.ts";
import type { LayerFile } from "./layer-file.ts";
import type { Made } from "./step.ts";

const configType = "application/vnd.dodai.step-cache.v1+json";
const maxConfigBytes = 1 << 20;

export interface UsedStep {
  readonly key: string;
  readonly createdBy: string;
  readonly made: Pick<Made, "layer" | "newestTime">;
  /** Whether it belongs to what becomes the image. */
  readonly isOfImage: boolean;
}

export interface StepCache {
  /** What the first cache that has it tells of a step; one that fails is told of and passed over. */
  find(key: string): Promise<Made | undefined>;
  note(step: UsedStep): void;
  /** Keeps what was noted. */
  keep(): Promise<void>;
}

export interface StepCacheOptions {
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly CacheTarget[];
  readonly compression: Compression;
  readonly session: Session;
}

/** What is told of a step. */
interface Kept {
  readonly schemaVersion: 1;
  readonly layer?: { readonly diffId: string; readonly sizeBytes: number; readonly codec: string };
  readonly newestTime?: number;
}

export function startStepCache(options: StepCacheOptions): StepCache {
  const { cacheFrom, cacheTo, session } = options;
  const broken = new Set<string>();
  const used = new Map<string, UsedStep>();
  const trying = async <Result>(
    name: string,
    state: string,
    task: () => Promise<Result>,
  ): Promise<Result | undefined> => {
    if (broken.has(name)) return undefined;
    try {
      return await task();
    } catch (error) {
      passOver(error, state, session);
      broken.add(name);
      return undefined;
    }
  };
  return {
    find: async (key) => {
      for (const cache of cacheFrom) {
        const made = await trying(cache, `The cache "${cache}" is not used`, () => readStep(cache, key, options));
        if (made) return made;
      }
      return undefined;
    },
    note: (step) => {
      const before = used.get(step.key);
      used.set(step.key, before?.isOfImage ? before : step);
    },
    keep: async () => {
      for (const { name, mode } of cacheTo) {
        const steps = [...used.values()].filter(({ isOfImage }) => mode === "max" || isOfImage);
        await trying(name, `Steps were not kept in the cache "${name}"`, async () => {
          for (const step of steps) await keepStep(name, step, options);
        });
      }
    },
  };
}

const nameIn = (cache: string, key: string): ImageName => ({
  ...parseImageName(cache),
  tag: `dodai-step-${key}`,
  digest: undefined,
});

async function readStep(cache: string, key: string, options: StepCacheOptions): Promise<Made | undefined> {
  const { session } = options;
  const registry = await session.registry();
  const name = nameIn(cache, key);
  if ((await registry.find(name)) === undefined) return undefined;
  const source = registry.source(name);
  const what = formatImageName(name);
  const manifest = parseDocument(await source.root(), what);
  if (manifest.kind !== "manifest" || manifest.config.mediaType !== configType) throw notKept(what, "it is no step");
  const bytes = await collect(source.blob(manifest.config), { maxBytes: maxConfigBytes, what });
  const kept = readKept(JSON.parse(Buffer.from(bytes).toString()), what);
  const time = kept.newestTime === undefined ? {} : { newestTime: kept.newestTime };
  const [pointer] = manifest.layers;
  if (manifest.layers.length !== (kept.layer ? 1 : 0)) throw notKept(what, "its layers are not those that it tells of");
  if (pointer === undefined || kept.layer === undefined) return { layer: undefined, ...time };
  registry.remember(name, [pointer.digest]);
  return { layer: remoteLayer(pointer, kept.layer, { source, options }), ...time };
}

function readKept(value: unknown, what: string): Kept {
  const { schemaVersion, layer, newestTime } = (value ?? {}) as Partial<Record<keyof Kept, unknown>>;
  if (schemaVersion !== 1) throw notKept(what, "it is of another form");
  const time = newestTime === undefined ? {} : { newestTime: wholeNumber(newestTime, what) };
  if (layer === undefined) return { schemaVersion, ...time };
  const { diffId, sizeBytes, codec } = (layer ?? {}) as Partial<Record<keyof NonNullable<Kept["layer"]>, unknown>>;
  const about = { diffId: parseDiffId(String(diffId)), sizeBytes: wholeNumber(sizeBytes, what), codec: String(codec) };
  return { schemaVersion, layer: about, ...time };
}

function wholeNumber(value: unknown, what: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw notKept(what, "a number is wrong");
}

const notKept = (what: string, state: string): DodaiError =>
  new DodaiError("IMAGE_BROKEN", `Cannot read "${what}": ${state}`);

interface Remote {
  readonly source: ImageSource;
  readonly options: StepCacheOptions;
}

/** Stored as it is in the cache when it would be compressed just so here. */
function remoteLayer(
  pointer: Pointer,
  { diffId: text, sizeBytes, codec }: NonNullable<Kept["layer"]>,
  { source, options: { session, compression } }: Remote,
): LayerFile {
  const diffId = parseDiffId(text);
  let fetched: Promise<void> | undefined;
  const fetch = async (): Promise<void> => {
    const layer = await keepLayer({ diffId, pointer }, source, session);
    if (layer.sizeBytes !== sizeBytes) throw notKept(source.name, "its layer has another size than it tells");
  };
  const stored = { digest: pointer.digest, sizeBytes: pointer.sizeBytes, mediaType: pointer.mediaType };
  return {
    diffId,
    sizeBytes,
    ...(codec === codecOf(compression) ? { stored: stored as NonNullable<LayerFile["stored"]> } : {}),
    fetch: () => {
      fetched ??= fetch();
      return fetched;
    },
  };
}

/** Sends what is not there yet. */
async function keepStep(
  cache: string,
  { key, createdBy, made }: UsedStep,
  { session, compression }: StepCacheOptions,
): Promise<void> {
  const registry = await session.registry();
  const name = nameIn(cache, key);
  if ((await registry.find(name)) !== undefined) return;
  const { layer, newestTime } = made;
  const compress = compressContext(session, compression);
  const layers: readonly BundleLayer[] = layer ? [await bundleLayer(layer, createdBy, { compress, session })] : [];
  const told = layer && { diffId: layer.diffId, sizeBytes: layer.sizeBytes, codec: codecOf(compression) };
  const value: Kept = {
    schemaVersion: 1,
    ...(told ? { layer: told } : {}),
    ...(newestTime === undefined ? {} : { newestTime }),
  };
  const config = makeDocument(configType, value as unknown as Json);
  const pointers = layers.map(({ mediaType, digest, sizeBytes }) => ({ mediaType, digest, sizeBytes }));
  const source = artifactSource(formatManifest({ config, layers: pointers }), config, layers);
  await registry.push({ source, graph: await readImageGraph(source), name });
}
