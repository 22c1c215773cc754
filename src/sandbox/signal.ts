// Sending a signal to the command that runs in a sandbox, seen from outside: process 1 of the command's own namespace is a
// shell, which the kernel lets ignore signals; the command is its first child.
import { readFileSync } from "node:fs";

/** Deeper than anything that a sandbox starts before its command. */
const MAX_DEPTH = 12;

/** `ancestor` is the process that opened the namespaces. Whether there was a command to send it to. */
export function signalCommand(ancestor: number, signal: NodeJS.Signals): boolean {
  const pid = commandBelow(ancestor);
  if (pid === undefined) return false;
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    // It has just ended.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** The helper's namespace is one below ours, the command's one below that. */
function commandBelow(ancestor: number): number | undefined {
  const wanted = namespaceIds(process.pid).length + 2;
  let level = [ancestor];
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth++) {
    const first = level.find((pid) => {
      const ids = namespaceIds(pid);
      return ids.length === wanted && ids.at(-1) === 1;
    });
    // What was orphaned becomes a child of process 1 as well, but later.
    if (first !== undefined) return childrenOf(first).toSorted((a, b) => a - b)[0];
    level = level.flatMap(childrenOf);
  }
  return undefined;
}

/** The numbers of a process, from our namespace down to its own (proc_pid_status(5), NSpid). */
function namespaceIds(pid: number): readonly number[] {
  const [, ids = ""] = /^NSpid:\s*(.*)$/m.exec(read(`/proc/${pid}/status`)) ?? [];
  return ids.split(/\s+/).filter(Boolean).map(Number);
}

function childrenOf(pid: number): readonly number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process has just ended.
    return "";
  }
}
