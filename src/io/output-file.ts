import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { Bytes } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { resolveDestination, statIfThere, withGathering } from "./output-place.ts";
import { assertWanted, writeNew } from "./output-stream.ts";

/**
 * Writes a file under its name only once it is whole; what was there stays until then.
 * Throws OUTPUT_UNWRITABLE for a folder or device at `destination`, DISK_FULL, CANCELLED.
 */
export async function replaceFile(bytes: Bytes, destination: string, signal?: AbortSignal): Promise<void> {
  const target = await resolveDestination(destination);
  const found = await statIfThere(target);
  if (found && !found.isFile()) {
    const state = found.isDirectory() ? "it is a folder" : "it is not an ordinary file";
    throw new DodaiError("OUTPUT_UNWRITABLE", `Cannot write "${destination}": ${state}, and this output is one file`, {
      where: destination,
      fix: `Name a file, as in "${join(destination, "image.tar")}".`,
    });
  }
  await withGathering(target, async (folder) => {
    assertWanted(signal);
    const whole = join(folder, "whole");
    await writeNew(whole, bytes);
    await rename(whole, target);
  });
}
