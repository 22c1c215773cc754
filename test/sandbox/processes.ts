import { readdirSync, readFileSync } from "node:fs";

/** Command lines of the host's processes that have a word. */
export function hostProcessesWith(word: string): readonly string[] {
  const lines = readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .map(commandLine);
  return lines.filter((line) => line.split(" ").includes(word));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    // It ended while we looked.
    return "";
  }
}
