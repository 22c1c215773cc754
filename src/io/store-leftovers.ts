// What killed processes left in the store's `tmp`: each file there names its owner.
import { randomUUID } from "node:crypto";
import { readlinkSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

const dayMs = 86_400_000;

/** A new path in `folder` that names this process. */
export function temporaryIn(folder: string): string {
  return join(folder, `${ownerHost()}.${process.pid}.${randomUUID()}`);
}

/** Removes files of processes of this machine that are gone, and any that are older than a day. */
export async function removeLeftovers(folder: string, now: Date): Promise<void> {
  for (const path of await leftoversIn(folder, now)) {
    await rm(path, { force: true, recursive: true }).catch(() => undefined);
  }
}

/** Paths that nobody uses any more. What a sandbox laid out may belong to other users, and is still there after a removal. */
export async function leftoversIn(folder: string, now: Date): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    if (isOwnerGone(name) || (await isOld(path, now))) found.push(path);
  }
  return found;
}

/** Where a process number means one process: this host, and on Linux its process namespace, which a container has of its own. */
export function ownerHost(): string {
  try {
    return `${hostname()}-${readlinkSync("/proc/self/ns/pid").replaceAll(/\D/g, "")}`;
  } catch {
    return hostname();
  }
}

/** Names are `HOST.PID.UUID`; whether a process of another host runs cannot be seen from here. */
function isOwnerGone(name: string): boolean {
  const [, host, pid] = /^(.*)\.(\d+)\.[0-9a-f-]+$/.exec(name) ?? [];
  return host === ownerHost() && pid !== undefined && isProcessGone(Number(pid));
}

/** Whether this host and process namespace has no such process. */
export function isProcessGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

async function isOld(path: string, now: Date): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && now.getTime() - found.mtimeMs > dayMs;
}
