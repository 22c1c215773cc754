import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { contentBytes, type Member } from "./output-archive.ts";
import type { OutputOptions } from "./output-contract.ts";
import { watched, writeNew } from "./output-stream.ts";

export interface WriteMembers extends Pick<OutputOptions, "signal" | "onProgress"> {
  readonly members: readonly Member[];
  /** Where they go; made here. */
  readonly folder: string;
}

/** Writes an archive's members as files of a folder instead, mode 0755 and 0644 whatever the umask. */
export async function writeMembers({ members, folder, signal, onProgress }: WriteMembers): Promise<void> {
  const totalBytes = contentBytes(members);
  let before = 0;
  await makeFolder(folder);
  for (const member of members) {
    const target = join(folder, member.path);
    if (member.kind === "folder") {
      await makeFolder(target);
      continue;
    }
    const onPart = (doneBytes: number): void => onProgress?.({ doneBytes: before + doneBytes, totalBytes });
    const bytes = watched(member.open(), { signal, totalBytes, onProgress: ({ doneBytes }) => onPart(doneBytes) });
    await writeNew(target, bytes);
    await chmod(target, 0o644);
    before += member.sizeBytes;
  }
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path);
  await chmod(path, 0o755);
}
