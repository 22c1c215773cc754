// Where the root of a sandbox lies: in memory where there is enough, else in the store's folder for temporary files.
import { join } from "node:path";
import type { Store } from "../io/store.ts";
import { leftoversIn } from "../io/store-leftovers.ts";
import { removeSandboxFolder } from "../sandbox/sandbox.ts";

/**
 * How many bytes of memory a root may take that is expected to need `wantedBytes`; `undefined` when the disk is the better
 * place. Never more than half of what is free.
 */
export function memoryFor(wantedBytes: number, availableBytes: number = process.availableMemory()): number | undefined {
  const limit = Math.floor(availableBytes / 2);
  return wantedBytes <= limit ? limit : undefined;
}

/** What a killed run left and an ordinary user cannot remove without the ids that the sandbox had. */
export async function removeLeftSandboxes({ directory }: Store): Promise<void> {
  for (const path of await leftoversIn(join(directory, "tmp"), new Date())) {
    await removeSandboxFolder(path).catch(() => undefined);
  }
}
