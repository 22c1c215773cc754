// Files that recipes consist of, read whole.
import { readFile, stat } from "node:fs/promises";
import { DodaiError } from "../core/dodai-error.ts";

/** Largest recipe or key file, in bytes; a lock of apko's names every package of every architecture. */
const maxFileBytes = 1 << 20;
const maxLockBytes = 16 << 20;

/** `shown` is what messages call it. Throws FILE_UNREADABLE. */
export async function readText(path: string, shown: string): Promise<string> {
  try {
    const { size } = await stat(path);
    const maxBytes = path.endsWith(".lock.json") ? maxLockBytes : maxFileBytes;
    if (size > maxBytes) {
      throw new DodaiError("FILE_UNREADABLE", `Cannot read "${shown}": it is larger than ${maxBytes >> 20} MiB`);
    }
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof DodaiError) throw error;
    const { code = "", message } = error as NodeJS.ErrnoException;
    throw new DodaiError("FILE_UNREADABLE", `Cannot read "${shown}": ${readStates[code] ?? message}`, {
      fix: 'Check the path; for what is built in, see "dodai recipes".',
    });
  }
}

const readStates: Readonly<Record<string, string>> = {
  EACCES: "it may not be read by this user",
  EISDIR: "it is a folder, wanted a file",
  ENOENT: "there is no such file",
  ENOTDIR: "a part of its path is no folder",
};
