import { mkdir, writeFile } from "node:fs/promises";
import { posix } from "node:path";
import { DodaiError } from "../core/dodai-error.ts";
import { usage } from "./flags.ts";

export const isRecipePath = (path: string): boolean => /\.ya?ml$/.test(path);

/** Never over a file that is there. Throws USAGE, OUTPUT_UNWRITABLE. */
export async function writeNewRecipe(path: string, text: string): Promise<void> {
  if (!isRecipePath(path)) throw usage(`Cannot write a recipe to "${path}": its name does not end in .yaml or .yml`);
  try {
    await mkdir(posix.dirname(path), { recursive: true });
    await writeFile(path, text, { flag: "wx" });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST")
      throw usage(`Cannot write "${path}": it is there already`, "Name another file, or remove it.");
    throw new DodaiError("OUTPUT_UNWRITABLE", `Cannot write "${path}": ${message}`, { cause: error });
  }
}
