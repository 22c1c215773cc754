// Running a command in an image: its root is put together while it is laid out in a sandbox, and is gone afterwards.
import { join } from "node:path";
import { writeTar } from "../archive/tar-stream.ts";
import type { Bytes } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { openImage } from "../io/image-input.ts";
import type { InputImage } from "../io/image-input-contract.ts";
import { openStore, type Store } from "../io/store.ts";
import { leftoversIn } from "../io/store-leftovers.ts";
import { mergeLayers } from "../rootfs/merge-layers.ts";
import type { Sandbox } from "../sandbox/contract.ts";
import { openSandbox, removeSandboxFolder } from "../sandbox/sandbox.ts";
import type { RunOptions } from "./contract.ts";
import { memoryFor } from "./run-memory.ts";
import { type NotedRoot, notingItems, planRun, type RunPlan, startNotes } from "./run-plan.ts";

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

/** What a killed run left and an ordinary user cannot remove without the ids that the sandbox had. */
async function removeLeftSandboxes({ directory }: Store): Promise<void> {
  for (const path of await leftoversIn(join(directory, "tmp"), new Date())) {
    await removeSandboxFolder(path).catch(() => undefined);
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

/** In memory where there is enough, which is only known afterwards: then on the disk. */
async function openRoot(opening: Opening): Promise<OpenedRoot> {
  const memoryBytes = memoryFor(opening.image.layers.map(({ sizeBytes }) => sizeBytes));
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
  const sandbox = await openSandbox({ directory: store.temporary(), memoryBytes, terminal, signal });
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
