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
}

export interface Step {
  /** As the history has it. */
  readonly createdBy: string;
  /** As progress has it. */
  readonly shown: string;
  /** What it depends on beside the layers below, the platform and the time. */
  readonly inputs: Json;
  /** Whether it may be taken from an earlier build. */
  readonly isKept?: boolean;
  make(): Promise<Made>;
}

/** Does a step, or takes what it gave before, and gives the state after it. */
export async function doStep(step: Step, context: StepContext): Promise<StageState> {
  const { building, state } = context;
  const { session, options } = building;
  session.assertWanted();
  const key = hexOf(sha256(formatCanonicalJson(keyValue(step, context))));
  const known = options.noCache || step.isKept === false ? undefined : await findKept(key, context);
  const platform = formatPlatform(state.platform);
  const text = known ? `${step.shown} (as before)` : step.shown;
  session.emit({ kind: "stage", stage: "step", platform, text });
  const made = known ?? (await step.make());
  if (!known) {
    const { diffId, sizeBytes } = made.layer ?? {};
    await session.store.keepValue(kind, key, Buffer.from(JSON.stringify({ diffId, sizeBytes })));
  }
  return afterStep(step, made, context);
}

function keyValue({ inputs }: Step, { state }: StepContext): Json {
  const { platform, layers, epoch } = state;
  return { version, platform: formatPlatform(platform), below: layers.map(({ diffId }) => diffId), epoch, inputs };
}

async function findKept(key: string, { building: { session } }: StepContext): Promise<Made | undefined> {
  const bytes = await session.store.value(kind, key);
  if (!bytes) return undefined;
  const { diffId, sizeBytes } = JSON.parse(Buffer.from(bytes).toString()) as { diffId?: string; sizeBytes?: number };
  if (diffId === undefined || sizeBytes === undefined) return { layer: undefined };
  const layer: LayerFile = { diffId: parseDiffId(diffId), sizeBytes };
  return hasLayerFile(layer, session.pieces) ? { layer } : undefined;
}

function afterStep({ createdBy }: Step, { layer, tree }: Made, { building, state }: StepContext): StageState {
  const history = [...state.history, historyStep(createdBy, state.epoch, layer === undefined)];
  if (layer === undefined) return { ...state, history };
  const layers = [...state.layers, layer];
  return { ...state, history, layers, tree: tree ?? lazyTree(layers, building.session) };
}

export function historyStep(createdBy: string, epoch: number, empty: boolean): StageState["history"][number] {
  return { created: formatEpoch(epoch), createdBy, empty, comment: "buildkit.dockerfile.v0" };
}
