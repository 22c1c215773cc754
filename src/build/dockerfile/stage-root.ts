// The root that RUNs of one stage share: laid out once, and carried on from step to step. A command sees in it what it would see
// in one that is laid out anew from the layers; where that cannot be had, it is laid out anew.
import type { ArchiveItem } from "../../archive/entry.ts";
import { writeTar } from "../../archive/tar-stream.ts";
import { resolvePath } from "../../rootfs/resolve.ts";
import type { Tree } from "../../rootfs/tree.ts";
import type { Sandbox } from "../../sandbox/contract.ts";
import { type NotedRoot, notingItems, notingPasswd, startNotes } from "../run-plan.ts";
import { memoryFor, removeLeftSandboxes } from "../sandbox-place.ts";
import type { LayerFile } from "./layer-file.ts";
import { itemsOfLayers } from "./stage-tree.ts";
import type { StageState, StepContext } from "./state.ts";

export interface OpenRoot {
  readonly sandbox: Sandbox;
  readonly notes: NotedRoot;
}

export interface StageRoot {
  /** A root with the state's layers, and `workdir` in it. Throws SANDBOX_UNAVAILABLE, SANDBOX_FAILED, CANCELLED. */
  open(context: StepContext, workdir: string): Promise<OpenRoot>;
  /** The command's changes were read, and became `layer`. */
  goOn(context: StepContext, layer: LayerFile | undefined): Promise<void>;
  close(): Promise<void>;
}

interface Shared extends OpenRoot {
  readonly memoryBytes: number | undefined;
  /** What it holds, bottom first; `undefined` while a command is at work in it. */
  layers: readonly LayerFile[] | undefined;
}

export function startStageRoot(): StageRoot {
  let shared: Shared | undefined;
  const close = async (): Promise<void> => {
    const { sandbox } = shared ?? {};
    shared = undefined;
    await sandbox?.close();
  };
  return {
    open: async (context, workdir) => {
      if (shared && !(await catchUp(shared, context, workdir))) await close();
      if (!shared) {
        shared = await openSandboxFor(context);
        await layOut(shared, context, workdir);
      }
      shared.layers = undefined;
      return shared;
    },
    goOn: async ({ state }, layer) => {
      if (!shared) return;
      if (!(await shared.sandbox.goOn({ newestTime: state.epoch }))) return close();
      shared.layers = layer ? [...state.layers, layer] : state.layers;
    },
    close,
  };
}

/** What a command may write beside the root, when the whole of it is in memory. */
const roomBytes = 1 << 30;

const wantedBytes = ({ layers }: StageState): number =>
  2 * layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) + roomBytes;

/** Lays what came since over the root. Says whether it is as it has to be. */
async function catchUp(shared: Shared, { state, building }: StepContext, workdir: string): Promise<boolean> {
  const { layers, memoryBytes, sandbox, notes } = shared;
  if (layers === undefined || (memoryBytes !== undefined && wantedBytes(state) > memoryBytes)) return false;
  if (!layers.every(({ diffId }, index) => state.layers[index]?.diffId === diffId)) return false;
  const tree = await state.tree.get();
  if (!isThere(tree, workdir)) return false;
  for (const layer of state.layers.slice(layers.length)) {
    const items = itemsOfLayers([layer], building.session.pieces);
    if (!(await sandbox.layOver(writeTar(notingPasswd(items, notes))))) return false;
  }
  if (tree.get("etc/passwd")?.entry.kind !== "file") notes.passwd = "";
  return true;
}

function isThere(tree: Tree, workdir: string): boolean {
  const place = resolvePath(tree, workdir.slice(1), { last: true });
  return place !== undefined && (place === "" || tree.get(place)?.entry.kind === "directory");
}

async function openSandboxFor({ state, building }: StepContext): Promise<Shared> {
  const { session, signal } = building;
  const { openSandbox } = await import("../../sandbox/sandbox.ts");
  await removeLeftSandboxes(session.store);
  // A root in memory is several times as fast.
  const memoryBytes = memoryFor(wantedBytes(state));
  const directory = session.store.temporary();
  const sandbox = await openSandbox({ directory, signal, platform: state.platform, memoryBytes });
  return { sandbox, notes: startNotes(), memoryBytes, layers: undefined };
}

async function layOut({ sandbox, notes }: Shared, { state, building }: StepContext, workdir: string): Promise<void> {
  const { layers } = state;
  const items = layers.length === 0 ? nothing() : itemsOfLayers(layers, building.session.pieces);
  await sandbox.layOut(writeTar(notingItems(items, notes, workdir)), { tmp: "own" });
}

async function* nothing(): AsyncGenerator<ArchiveItem> {}
