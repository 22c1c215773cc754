// What dodai and what Python's tarfile make of archives, as lines.
import { fileURLToPath } from "node:url";
import { readTarBuffer, type TarLimits } from "../../src/archive/tar.ts";
import { DodaiError } from "../../src/core/dodai-error.ts";
import { run } from "../kit/oracle.ts";
import { describeEntry } from "./describe.ts";

export const limits: TarLimits = { maxEntries: 100_000, maxTotalBytes: 1 << 28, maxHeaderBytes: 1 << 20 };

export interface Listing {
  readonly lines: readonly string[];
  /** The code of the error that ended it. */
  readonly refused?: string;
}

export function listOurs(archive: Uint8Array): Listing {
  const lines: string[] = [];
  try {
    for (const { entry, body } of readTarBuffer(archive, limits)) lines.push(describeEntry(entry, body));
  } catch (error) {
    if (!(error instanceof DodaiError)) throw error;
    return { lines, refused: error.code };
  }
  return { lines };
}

const script = fileURLToPath(new URL("oracle.py", import.meta.url));

/** All archives in one process: starting Python costs more than the reading. */
export function listByPython(archives: readonly Uint8Array[]): readonly (readonly string[])[] {
  const input = JSON.stringify(archives.map((one) => Buffer.from(one).toString("base64")));
  const output: unknown = JSON.parse(run("python3", [script], { input }));
  return output as string[][];
}
