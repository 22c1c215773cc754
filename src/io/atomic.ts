// Files appear under their name whole or not at all: written aside in the same file system, then renamed.
//
// Nothing is fsynced. After a power cut a file may be there and be wrong (ext4 and xfs may commit a rename before the data);
// so what this writes is checked when it is read: blobs by their digest, values by their seal, and an image's archive by
// the digest that was printed. A killed process or a full disk leave nothing under the final name.
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Bytes } from "../core/bytes.ts";
import { DodaiError, type ErrorCode } from "../core/dodai-error.ts";

export interface WriteAside {
  /** Where the bytes are gathered; on the file system of `target`. Its folder is made when it is not there. */
  readonly temporary: string;
  /** Asked for when all bytes are written: the name may be their digest. */
  readonly target: string | (() => string);
  /** 0o666 less the umask when absent. */
  readonly mode?: number;
  /** Of the error when the place cannot be written. */
  readonly unwritable: ErrorCode;
}

/** Writes a file that others see only when it is complete. Removes the temporary when it fails. Throws DISK_FULL, `unwritable`. */
export async function writeAside(bytes: Bytes | Uint8Array, options: WriteAside): Promise<void> {
  const { temporary, target, unwritable } = options;
  try {
    await gather(bytes, options);
    await rename(temporary, typeof target === "string" ? target : target());
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw describeWriteError(error, { path: typeof target === "string" ? target : temporary, unwritable });
  }
}

async function gather(bytes: Bytes | Uint8Array, { temporary, mode }: WriteAside): Promise<void> {
  const file = await openNew(temporary, mode ?? 0o666);
  try {
    if (bytes instanceof Uint8Array) await writeAll(file, bytes);
    else for await (const chunk of bytes) await writeAll(file, chunk);
  } finally {
    // Network file systems tell of a full disk here.
    await file.close();
  }
}

async function openNew(path: string, mode: number): Promise<FileHandle> {
  try {
    return await open(path, "wx", mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    await mkdir(dirname(path), { recursive: true });
    return open(path, "wx", mode);
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    done += (await file.write(bytes, done, bytes.byteLength - done)).bytesWritten;
  }
}

/** What an error of the file system means to a person. Other errors pass as they are. */
export function describeWriteError(
  error: unknown,
  { path, unwritable }: { readonly path: string; readonly unwritable: ErrorCode },
): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof DodaiError || code === undefined) return error;
  if (isFullDisk(code)) return describeFullDisk(error, path);
  // Node says ENOENT for a folder that it could not make on a read-only disk.
  if (["ENOENT", "EACCES", "EPERM", "EROFS", "ENOTDIR", "EISDIR", "EEXIST", "ENAMETOOLONG"].includes(code)) {
    const fix =
      unwritable === "CACHE_UNWRITABLE"
        ? "Set DODAI_CACHE_DIR to a folder that you may write to."
        : "Choose a place that you may write to.";
    return new DodaiError(unwritable, `Cannot write "${path}": ${reasons[code] ?? code}`, {
      where: path,
      fix,
      cause: error,
    });
  }
  return error;
}

const isFullDisk = (code: string | undefined): boolean => code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";

/** DISK_FULL for an error that says so; other errors pass as they are. */
export function describeFullDisk(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof DodaiError || !isFullDisk(code)) return error;
  return new DodaiError("DISK_FULL", `Cannot write "${path}": no space is left on its disk (${code})`, {
    where: path,
    fix: 'Free some space: "dodai cache prune" removes what was not used lately. Or set DODAI_CACHE_DIR to a folder on another disk. Nothing was left half-written.',
    cause: error,
  });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "its folder is not there and cannot be made (ENOENT)",
  EACCES: "permission is denied (EACCES)",
  EPERM: "permission is denied (EPERM)",
  EROFS: "its file system is read-only (EROFS)",
  ENOTDIR: "a part of the path is not a folder (ENOTDIR)",
  EISDIR: "a folder is there (EISDIR)",
};
