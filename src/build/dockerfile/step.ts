// Steps that make layers: each is kept under everything that it depends on, and done once.
import { formatCanonicalJson, type Json } from "../../core/canonical-json.ts";
import { hexOf, parseDiffId, sha256 } from "../../core/digest.ts";
import { formatPlatform } from "../../core/platform.ts";
import { version } from "../../core/version.ts";
import { formatEpoch } from "../../image/epoch.ts";
import { hasLayerFile, type LayerFile } from "./layer-file.ts";
import { type LazyTree, lazyTree, type StageState, type StepContext } from "./state.ts";

const kind = "steps";

export interface Made {
  readonly layer: LayerFile | undefined;
  /** What the root holds afterwards, when the step knows. */
  readonly tree?: LazyTree;
  /** The newest time in the layer, in seconds since 1970. */
  readonly newestTime?: number;
}

export interface Step {
  /** As the history has it. */
  readonly createdBy: string;
  /** As progress has it. */
  readonly shown: string;
  /** What it depends on beside the layers below, the platform and the time. */
  readonly inputs: Json;
  /** Whether what it makes is the same whatever is below it. */
  readonly isIndependent?: boolean;
  make(): Promise<Made>;
}

/** Does a step, or takes what it gave before, and gives the state after it. */
export async function doStep(step: Step, context: StepContext): Promise<StageState> {
  const { building, state, stage } = context;
  const { session, options } = building;
  session.assertWanted();
  building.signal.throwIfAborted();
  const key = hexOf(sha256(formatCanonicalJson(keyValue(step, context))));
  const isForced = options.noCache || (stage.name !== undefined && options.noCacheStages?.includes(stage.name));
  const before = isForced ? undefined : await findKept(key, context);
  const known = before ?? (isForced ? undefined : await building.cache?.find(key));
  const how = before ? " (as before)" : known ? " (from a cache)" : "";
  const platform = formatPlatform(state.platform);
  session.emit({ kind: "stage", stage: "step", platform, text: `${step.shown}${how}` });
  const made = known ?? (await step.make());
  if (!before) {
    const { diffId, sizeBytes } = made.layer ?? {};
    const kept: Kept = { diffId, sizeBytes, newestTime: made.newestTime };
    await session.store.keepValue(kind, key, Buffer.from(JSON.stringify(kept)));
  }
  building.cache?.note({ key, createdBy: step.createdBy, made, isOfImage: building.ofImage.has(stage.index) });
  return afterStep(step, made, context);
}

interface Kept {
  readonly diffId: string | undefined;
  readonly sizeBytes: number | undefined;
  readonly newestTime: number | undefined;
}

function keyValue({ inputs, isIndependent = false }: Step, { state }: StepContext): Json {
  const { platform, layers, epoch } = state;
  const below = isIndependent ? null : layers.map(({ diffId }) => diffId);
  return { version, platform: formatPlatform(platform), below, epoch, inputs };
}

async function findKept(key: string, { building: { session } }: StepContext): Promise<Made | undefined> {
  const bytes = await session.store.value(kind, key);
  if (!bytes) return undefined;
  const { diffId, sizeBytes, newestTime } = JSON.parse(Buffer.from(bytes).toString()) as Kept;
  if (diffId === undefined || sizeBytes === undefined) return { layer: undefined };
  const layer: LayerFile = { diffId: parseDiffId(diffId), sizeBytes };
  return hasLayerFile(layer, session.pieces)
    ? { layer, ...(newestTime === undefined ? {} : { newestTime }) }
    : undefined;
}

/** Without a time from the caller, what is made is as old as the newest thing that it is made of: no clock is asked. */
function afterStep({ createdBy }: Step, { layer, tree, newestTime = 0 }: Made, context: StepContext): StageState {
  const { building, state } = context;
  const epoch = building.options.sourceDateEpoch ?? Math.max(state.epoch, newestTime);
  const history = [...state.history, historyStep(createdBy, epoch, layer === undefined)];
  if (layer === undefined) return { ...state, history };
  const layers = [...state.layers, layer];
  return { ...state, epoch, history, layers, tree: tree ?? lazyTree(layers, building.session) };
}

export function historyStep(createdBy: string, epoch: number, empty: boolean): StageState["history"][number] {
  return { created: formatEpoch(epoch), createdBy, empty, comment: "buildkit.dockerfile.v0" };
}
