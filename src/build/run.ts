import { writeTar } from "../archive/tar-stream.ts";
import type { Bytes } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { type Platform, parsePlatform } from "../core/platform.ts";
import { openImage } from "../io/image-input.ts";
import type { InputImage } from "../io/image-input-contract.ts";
import { openStore, type Store } from "../io/store.ts";
import { mergeLayers } from "../rootfs/merge-layers.ts";
import type { Sandbox } from "../sandbox/contract.ts";
import { openSandbox } from "../sandbox/sandbox.ts";
import type { RunOptions } from "./contract.ts";
import { type NotedRoot, notingItems, planRun, type RunPlan, startNotes } from "./run-plan.ts";
import { memoryFor, removeLeftSandboxes } from "./sandbox-place.ts";

/**
 * Runs a command in an image and gives its exit code, 128 + signal when a signal ended it. What it writes is lost.
 * Throws DodaiError when it could not be started; CANCELLED by `signal`.
 */
export async function runImage(options: RunOptions): Promise<number> {
  const store = await openStore(options.cacheDirectory);
  await removeLeftSandboxes(store);
  const input = await openImage({ place: options.image, temporary: () => store.temporary() });
  try {
    const { reference, platform, hostPlatform } = options;
    const image = await input.choose({ reference, platform, hostPlatform });
    const plan = planRun(image.config, options);
    const { sandbox, notes } = await openRoot({ image, plan, options, store });
    try {
      return await runInside(sandbox, { plan, notes, options });
    } finally {
      await sandbox.close();
    }
  } finally {
    await input.close();
  }
}

interface Opening {
  readonly image: InputImage;
  readonly plan: RunPlan;
  readonly options: RunOptions;
  readonly store: Store;
}

interface OpenedRoot {
  readonly sandbox: Sandbox;
  readonly notes: NotedRoot;
}

/** How much larger a root is than its layers as they are stored: compressed ones of text reach this. */
const GROWTH = 6;
/** For what the command writes. */
const ROOM_BYTES = 512 << 20;

/** In memory where there is enough, which is only known afterwards: then on the disk. */
async function openRoot(opening: Opening): Promise<OpenedRoot> {
  const layerBytes = opening.image.layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const memoryBytes = memoryFor(layerBytes * GROWTH + ROOM_BYTES);
  if (memoryBytes === undefined) return layOut(opening, undefined);
  try {
    return await layOut(opening, memoryBytes);
  } catch (error) {
    if (!(error instanceof DodaiError) || error.code !== "DISK_FULL") throw error;
    return layOut(opening, undefined);
  }
}

async function layOut({ image, plan, options, store }: Opening, memoryBytes: number | undefined): Promise<OpenedRoot> {
  const { terminal, signal } = options;
  const directory = store.temporary();
  const sandbox = await openSandbox({ directory, memoryBytes, terminal, signal, platform: platformOf(image) });
  try {
    const notes = startNotes();
    const layers = image.layers.map((layer) => ({ open: () => whileWanted(layer.open(), signal) }));
    await sandbox.layOut(writeTar(notingItems(mergeLayers(layers), notes, plan.workdir)));
    return { sandbox, notes };
  } catch (error) {
    await sandbox.close();
    throw error;
  }
}

/** `undefined` where the image does not say it in full: then it is tried. */
function platformOf({ config }: InputImage): Platform | undefined {
  return config?.platform.includes("/") ? parsePlatform(config.platform) : undefined;
}

/** Layers are read before the sandbox gets anything of them. */
async function* whileWanted(bytes: Bytes, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    if (signal?.aborted) throw new DodaiError("CANCELLED", "Cannot run the image: cancelled", { cause: signal.reason });
    yield chunk;
  }
}

async function runInside(
  sandbox: Sandbox,
  { plan, notes, options }: { readonly plan: RunPlan; readonly notes: NotedRoot; readonly options: RunOptions },
): Promise<number> {
  const { words, workdir, user } = plan;
  const { network = false, mounts = [], input = false, takeSignals } = options;
  const release = takeSignals?.((signal) => void sandbox.kill(signal));
  try {
    const { exitCode } = await sandbox.run({
      words,
      environment: plan.environment(notes),
      workdir,
      network,
      mounts,
      output: "inherit",
      ...(user === "" ? {} : { user }),
      ...(input ? { input: "inherit" } : {}),
    });
    return exitCode;
  } finally {
    release?.();
  }
}
