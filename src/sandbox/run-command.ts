// Running one command in the laid-out root, in namespaces of its own: the inner half's side of `Sandbox.run`.
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { closeSync, constants, openSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { release } from "node:os";
import type { Readable } from "node:stream";
import type { Bytes } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { resolveUser } from "./accounts.ts";
import { capabilityArguments, formatOuterArguments, innerScript, outerScript } from "./command-script.ts";
import type { SandboxMode, SandboxResult } from "./contract.ts";
import { resolveInside } from "./disk-path.ts";
import type { CommandRequest } from "./messages.ts";
import { placeMounts } from "./mount-points.ts";
import { formatTable, procMounts } from "./mounts.ts";
import { answerOwners } from "./owner-answers.ts";
import type { Owners } from "./owners.ts";
import type { Places } from "./places.ts";
import { findProgram, hostEnvironment, mustRun } from "./program.ts";

export interface RunContext {
  readonly places: Places;
  readonly mode: SandboxMode;
  /** Whether what changes lies in a folder of its own. */
  readonly hasOverlay: boolean;
  /** Where the disk does not know them. */
  readonly owners: Owners | undefined;
  /** What `bytes` of a request are. */
  readonly input: Bytes;
  readonly onOutput: (chunk: Uint8Array) => Promise<void>;
}

/** How much of a command's output is kept for messages. */
const TAIL_BYTES = 16 << 10;
/** How long the programs that enter the root may take. */
const ENTRY_TIMEOUT_MS = 60_000;
/** At once, in one command: far more than any build has, and no danger to the host. */
const MAX_PROCESSES = 4096;
/** As a shell says that SIGKILL ended it. */
const KILLED = 137;

/** Throws SANDBOX_FAILED when the command could not be started; how it ended is in the result. */
export async function runCommand(command: CommandRequest, context: RunContext): Promise<SandboxResult> {
  const { places } = context;
  const placed = await placeMounts(withOwnFolders(command, context), places);
  try {
    writeFileSync(
      places.commandTable,
      formatTable([...procMounts(places), ...networkMounts(command, places), ...placed.mounts]),
    );
    return await runInside(command, context);
  } finally {
    placed.restore();
  }
}

/** What is seen inside of the sandbox's own folders. */
function withOwnFolders(command: CommandRequest, { places, hasOverlay }: RunContext): CommandRequest {
  const { mounts = [], changesAt, rootAt = [] } = command;
  const changes =
    changesAt === undefined || !hasOverlay ? [] : [{ source: places.upper, target: changesAt, readOnly: true }];
  const roots = rootAt.map((target) => ({ source: places.merged, target, readOnly: false }));
  return { ...command, mounts: [...mounts, ...changes, ...roots] };
}

async function runInside(command: CommandRequest, context: RunContext): Promise<SandboxResult> {
  // What can be refused is refused before a pipe is open: an end that nobody closes would keep the next command's open.
  const [program, ...args] = wordsOf(command, context);
  const { owners, places } = context;
  const output = openPipe(context.places.outputPipe, "read");
  const input = command.input === "bytes" ? openPipe(context.places.inputPipe, "write") : undefined;
  const inherits = command.input === "inherit";
  const [out, errors] = inherits || command.output === "inherit" ? [6, 7] : [output.theirs, output.theirs];
  const stdio: StdioOptions & unknown[] = [inherits ? 5 : (input?.theirs ?? "ignore"), out];
  const child = spawn(program, args, {
    cwd: context.places.directory,
    env: { ...hostEnvironment },
    stdio: [...stdio, "pipe", "pipe", "pipe", "pipe", errors, owners ? "pipe" : "ignore"],
  });
  closeSync(output.theirs);
  if (input) closeSync(input.theirs);
  const ended = endOf(child);
  const tail = collectTail(output.ours, context.onOutput);
  const fed = input ? feed(input.ours, context.input) : Promise.resolve();
  const complaints = lastOf(child.stderr);
  const questions = child.stdio[7 as number] as Socket | null;
  let entered: number | undefined;
  if (owners && questions) {
    answerOwners(questions, { owners, merged: places.merged, proc: () => `/proc/${entered}/root/proc` });
  }
  const entry = await enter(child, ended);
  if (entry.kind === "entered") entered = entry.self;
  if (entry.kind === "failed") {
    await Promise.all([ended, tail, fed]);
    throw new DodaiError(
      "SANDBOX_FAILED",
      `Cannot start "${command.words[0]}": ${[...entry.reports, complaints().trim(), (await tail).trim()].join("\n").trim()}`,
    );
  }
  const timer = killAfter(command.timeoutMs, entry.self);
  const exitCode = await ended;
  timer.stop();
  input?.ours.destroy();
  await fed;
  const lastOutput = await tail;
  return { exitCode: timer.isOver() ? KILLED : exitCode, timedOut: timer.isOver(), lastOutput };
}

function wordsOf(command: CommandRequest, { places, mode }: RunContext): readonly [string, ...string[]] {
  const { uid, gid, groups } = resolveUser(places.merged, command.user);
  const network = command.network === true;
  const setgroups = groups.length > 0 ? `--groups=${groups.join(",")}` : "--clear-groups";
  const { pairs, words } = environmentOf(command);
  return [
    "unshare",
    ...["--mount", "--pid", "--ipc", "--fork", "--kill-child", ...(network ? [] : ["--net"])],
    ...["--", "sh", "-c", outerScript, "dodai"],
    ...formatOuterArguments({
      table: places.commandTable,
      sysfs: network ? "" : places.sysfs,
      maxProcesses: hasOwnProcessLimit(release()) ? MAX_PROCESSES : undefined,
      merged: places.merged,
      workdir: workdirOf(command, places),
    }),
    // The guard looks for no program by itself.
    ...[places.guard, findProgram("setpriv") ?? "setpriv", ...capabilityArguments(network)],
    ...["--reuid", String(uid), "--regid", String(gid), mode === "single" ? "--keep-groups" : setgroups],
    ...["--", "env", "-i", "sh", "-c", innerScript, "dodai", ...pairs, "--", ...words],
  ];
}

/** Since 6.14 pid_max is the namespace's own; before, writing it would change the host. */
function hasOwnProcessLimit(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split(".").map((part) => Number.parseInt(part, 10));
  return major > 6 || (major === 6 && minor >= 14);
}

/** A shell only passes on variables that it could name itself; the root's own env(1) does the others. */
function environmentOf({ environment, words }: CommandRequest): {
  readonly pairs: readonly string[];
  readonly words: readonly string[];
} {
  const all = Object.entries(environment);
  const isName = ([name]: readonly [string, string]): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
  const format = ([name, value]: readonly [string, string]): string => `${name}=${value}`;
  const others = all.filter((pair) => !isName(pair)).map(format);
  return {
    pairs: all.filter(isName).map(format),
    words: others.length === 0 ? words : ["/usr/bin/env", ...others, ...words],
  };
}

function workdirOf({ workdir = "/" }: CommandRequest, { merged }: Places): string {
  const place = resolveInside(merged, workdir);
  if (place.kind !== "directory") {
    throw new DodaiError("SANDBOX_FAILED", `Cannot run in "${workdir}": it is not a folder of the root`);
  }
  return `${merged}/${place.path}`;
}

function networkMounts({ network }: CommandRequest, { sysfs }: Places): ReturnType<typeof procMounts> {
  if (network === true) return [];
  return [{ source: "sysfs", target: sysfs, type: "sysfs", options: "nosuid,nodev,noexec" }];
}

type Entry =
  | { readonly kind: "entered"; readonly self: number }
  | { readonly kind: "failed"; readonly reports: readonly string[] };

/** Leads the command into its root (see command-script.ts). */
async function enter(child: ChildProcess, ended: Promise<number>): Promise<Entry> {
  const pipes: readonly unknown[] = child.stdio;
  const [exchange, reports, become] = pipes.slice(3) as [Socket, Socket, Socket];
  for (const one of [exchange, reports, become]) one.on("error", () => {});
  const other: string[] = [];
  const timer = setTimeout(() => child.kill("SIGKILL"), ENTRY_TIMEOUT_MS);
  let self: number | undefined;
  try {
    for await (const line of linesOf(reports)) {
      if (line.startsWith("self ")) self = Number(line.slice("self ".length));
      else if (line === "loaded") exchange.end("now\n");
      else if (line === "exchanged" && self !== undefined) {
        // The root that was exchanged lies on top of the new one: this takes it, with all that is mounted in it, away.
        await mustRun(["umount", "-N", String(self), "-i", "-n", "-c", "-l", "/"]);
        become.end("now\n");
        return { kind: "entered", self };
      } else other.push(line);
    }
  } catch (error) {
    child.kill("SIGKILL");
    await ended;
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return { kind: "failed", reports: other };
}

/** The last that is written to a stream. */
function lastOf(stream: Readable | null): () => string {
  let text = "";
  stream?.on("data", (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-TAIL_BYTES);
  });
  return () => text;
}

async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? KILLED));
  });
}

interface Timer {
  isOver(): boolean;
  stop(): void;
}

/** Kills process 1 of the command's namespace, and with it everything that it started. */
function killAfter(timeoutMs: number | undefined, self: number): Timer {
  let over = false;
  if (timeoutMs === undefined) return { isOver: () => false, stop: () => {} };
  const timer = setTimeout(() => {
    over = true;
    try {
      process.kill(self, "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }, timeoutMs);
  return { isOver: () => over, stop: () => clearTimeout(timer) };
}

interface Pipe {
  readonly ours: Socket;
  readonly theirs: number;
}

/** A pipe of which the command gets the end that blocks, as programs expect it. */
function openPipe(path: string, what: "read" | "write"): Pipe {
  // Neither end waits for the other while this is open.
  const both = openSync(path, constants.O_RDWR);
  const reading = what === "read";
  const ours = openSync(path, constants.O_NONBLOCK | (reading ? constants.O_RDONLY : constants.O_WRONLY));
  const theirs = openSync(path, reading ? constants.O_WRONLY : constants.O_RDONLY);
  closeSync(both);
  return { ours: new Socket({ fd: ours, readable: reading, writable: !reading }), theirs };
}

async function collectTail(stream: Socket, onOutput: (chunk: Uint8Array) => Promise<void>): Promise<string> {
  let tail: Buffer = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    tail = Buffer.concat([tail, chunk]);
    if (tail.length > TAIL_BYTES) tail = tail.subarray(tail.length - TAIL_BYTES);
    await onOutput(chunk);
  }
  return tail.toString();
}

/** Writes the input as far as the command reads it, and takes the rest from the channel. */
async function feed(stream: Socket, input: Bytes): Promise<void> {
  stream.on("error", () => stream.destroy());
  for await (const chunk of input) {
    if (stream.destroyed || stream.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      stream.once("drain", resolve);
      stream.once("close", resolve);
    });
  }
  stream.end();
}
