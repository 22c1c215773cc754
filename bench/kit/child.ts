// Runs a program and tells what it took: the whole process from outside, with everything that it started and awaited.
import { spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Measure {
  readonly wallSeconds: number;
  /** User and system time of all processes. */
  readonly cpuSeconds: number;
  /** Resident memory of the largest single process. */
  readonly peakMib: number;
  readonly stdout: string;
}

/** GNU time, which reads getrusage(2) of what it awaits; to hundredths of a second. */
const gnuTime = "/usr/bin/time";

/** Throws with the program's own words when it fails. */
export function measure(command: Command, reportPath: string): Measure {
  const { program, args, cwd, env } = command;
  const hasTime = isExecutable(gnuTime);
  const line = hasTime ? [gnuTime, "-q", "-o", reportPath, "-f", "%U %S %M", program, ...args] : [program, ...args];
  const started = performance.now();
  const { status, signal, stdout, stderr, error } = spawnSync(line[0] as string, line.slice(1), {
    cwd,
    env: { ...env },
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const wallSeconds = (performance.now() - started) / 1000;
  if (error) throw error;
  if (status !== 0)
    throw new Error(`${describeCommand(command)}\nended with ${status ?? signal}:\n${stderr.slice(-4000)}`);
  const [user = Number.NaN, system = Number.NaN, peakKib = Number.NaN] = hasTime ? readReport(reportPath) : [];
  return { wallSeconds, cpuSeconds: user + system, peakMib: peakKib / 1024, stdout };
}

function readReport(path: string): readonly number[] {
  const numbers = readFileSync(path, "utf8").trim().split("\n").at(-1)?.split(" ").map(Number) ?? [];
  rmSync(path);
  return numbers;
}

export function describeCommand({ program, args }: Command): string {
  return [program, ...args].map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(" ");
}

/** Absolute path of a program; `undefined` when this machine has none. */
export function findProgram(name: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return [...folders, "/usr/sbin", "/sbin"].map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
