// Where a run of the benchmarks keeps what it makes: one folder, in memory where there is room, removed at the end.
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Workspace {
  readonly folder: string;
  /** `tmpfs` or `disk`, for the report. */
  readonly medium: string;
  /** A folder below, made when it is not there. */
  sub(...names: readonly string[]): string;
  remove(): void;
}

const neededBytes = 6 * 2 ** 30;
/** Linux, statfs(2): TMPFS_MAGIC. */
const tmpfsMagic = 0x01021994;

/** With `keep` the folder stays and is used again: what was downloaded is there in the next run. */
export function openWorkspace(keep: string | undefined): Workspace {
  const root = hasRoom("/dev/shm") ? "/dev/shm" : tmpdir();
  const folder = keep ?? mkdtempSync(join(root, "dodai-bench-"));
  mkdirSync(folder, { recursive: true });
  const remove = (): void => {
    if (keep === undefined) rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", remove);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  return {
    folder,
    medium: statfsSync(folder).type === tmpfsMagic ? "tmpfs" : "disk",
    sub: (...names) => {
      const path = join(folder, ...names);
      mkdirSync(path, { recursive: true });
      return path;
    },
    remove,
  };
}

function hasRoom(folder: string): boolean {
  try {
    const { bavail, bsize, type } = statfsSync(folder);
    return type === tmpfsMagic && bavail * bsize >= neededBytes;
  } catch {
    return false;
  }
}
