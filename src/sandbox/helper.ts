// The inner half of a sandbox: a program of its own, process 1 of its namespaces, root there. It lays out the root, runs
// commands in it and reads what changed. It ends when the outer half does, and everything in its namespaces with it.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  writeFileSync,
} from "node:fs";
import { Socket } from "node:net";
import { isatty } from "node:tty";
import { printable } from "../archive/tar-name.ts";
import { formatTarHeader, tarPadding, tarTrailer } from "../archive/tar-write.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { unreachable } from "../core/unreachable.ts";
import { type ChangedEntry, type Changes, openForReading, readOverlayChanges } from "./changes.ts";
import { type Channel, openChannel } from "./channel.ts";
import type { SandboxMode } from "./contract.ts";
import { registerEmulator } from "./emulation.ts";
import { type GoingOn, goOn, stackUpper } from "./go-on.ts";
import { type LaidOut, layOutTar } from "./lay-out.ts";
import { layOver } from "./lay-over.ts";
import type { CommandRequest, Reply, Request } from "./messages.ts";
import { mountSession } from "./mounts.ts";
import { keepOwners, type Owners } from "./owners.ts";
import { type Places, placesOf } from "./places.ts";
import { hostEnvironment, mustRun } from "./program.ts";
import { runCommand } from "./run-command.ts";
import { readSnapshot, readSnapshotChanges, type Snapshot } from "./snapshot.ts";

interface State {
  readonly mode: SandboxMode;
  places: Places;
  readonly channel: Channel;
  laidOut: LaidOut | undefined;
  /** Where the disk does not know them. */
  owners: Owners | undefined;
  /** Of the overlay, the last one first. */
  lowers: readonly string[];
  /** What was told last, until a command runs again. */
  changes: Changes | undefined;
  /** How the root was, where no overlay holds what changes. */
  snapshot: Snapshot | undefined;
  /** Folders that are mounted over while commands run, and so hold nothing of theirs. */
  mountPoints: readonly string[];
}

const systemFolders: readonly string[] = ["dev", "proc", "sys"];

/** 3 the channel, 4 the lifeline, 5 to 7 the terminal of `inherit`. */
const LAST_DESCRIPTOR = 7;
/** A file can claim any size without having it. No layer comes near this one. */
const MAX_CHANGED_BYTES = 64 * 2 ** 30;
/** As Linux has it on all of Node's architectures; `fs.constants` is without it. */
const O_CLOEXEC = 0o2000000;

const [, , directory = "", mode = "", memoryBytes = "", registration = "", terminal = ""] = process.argv;

/** Nothing ever comes over it: its end is the end of the outer half. */
const lifeline = new Socket({ fd: 4 });
lifeline.on("end", () => process.exit(0));
lifeline.on("error", () => process.exit(0));
lifeline.resume();

closeInherited();
await serve({
  mode: mode as SandboxMode,
  places: placesOf(directory),
  channel: openChannel(new Socket({ fd: 3 })),
  laidOut: undefined,
  owners: undefined,
  snapshot: undefined,
  lowers: ["root"],
  changes: undefined,
  mountPoints: [],
});
process.exit(0);

/** Files that whoever started dodai left open: commands must not have them. Node's own are closed in its children. */
function closeInherited(): void {
  for (const name of readdirSync("/proc/self/fd")) {
    if (Number(name) <= LAST_DESCRIPTOR || !existsSync(`/proc/self/fdinfo/${name}`)) continue;
    const [, flags = "0"] = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${name}`, "utf8")) ?? [];
    if ((Number.parseInt(flags, 8) & O_CLOEXEC) === 0) closeSync(Number(name));
  }
}

/** Where the caller's terminal is, when commands may have it. */
function terminalOfCaller(): string | undefined {
  if (terminal === "" || !isatty(5)) return undefined;
  const path = readlinkSync("/proc/self/fd/5");
  return existsSync(path) ? path : undefined;
}

async function serve(state: State): Promise<void> {
  const { channel } = state;
  await answer(state, () => prepare(state));
  for (let frame = await channel.next(); frame !== undefined; frame = await channel.next()) {
    // What is left of a stream that nobody wanted any more.
    if (frame.kind !== "message") continue;
    const request = frame.value as Request;
    await answer(state, () => fulfil(state, request));
  }
}

async function answer({ channel }: State, task: () => Promise<Reply>): Promise<void> {
  let reply: Reply;
  try {
    reply = await task();
  } catch (error) {
    if (error instanceof DodaiError) {
      const { code, message, fix } = error;
      reply = { kind: "failed", code, message, ...(fix === undefined ? {} : { fix }) };
    } else {
      reply = { kind: "failed", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  }
  await channel.send(reply);
}

async function prepare({ places }: State): Promise<Reply> {
  process.umask(0);
  if (memoryBytes !== "") {
    await mustRun(["mount", "-i", "-n", "-t", "tmpfs", "-o", `mode=700,size=${memoryBytes}`, "root", places.directory]);
  }
  const { root, below, lower, upper, work, merged, aside, sysfs, programs, temporary } = places;
  for (const folder of [root, below, lower, upper, work, merged, aside, sysfs, programs]) mkdirSync(folder, 0o755);
  mkdirSync(temporary, 0o1777);
  await mustRun(["mkfifo", "--", places.inputPipe, places.outputPipe]);
  for (const pipe of [places.inputPipe, places.outputPipe]) chmodSync(pipe, 0o666);
  hideHostName();
  if (registration !== "") await registerEmulator(registration);
  return { kind: "done" };
}

/** In the namespace that the helper and its commands share. */
function hideHostName(): void {
  const { status } = spawnSync("hostname", ["localhost"], { env: hostEnvironment });
  if (status !== 0) writeFileSync("/proc/sys/kernel/hostname", "localhost");
}

async function fulfil(state: State, request: Request): Promise<Reply> {
  switch (request.kind) {
    case "lay-out":
      return layOut(state, request);
    case "lay-aside":
      return layAside(state, request.name);
    case "lay-over":
      return possibly(state, await layOverRoot(state));
    case "go-on":
      return possibly(state, await goOnFrom(state, request.newestTime));
    case "run":
      state.changes = undefined;
      return run(state, request.command);
    case "changes":
      return sendChanges(state);
    default:
      return unreachable(request);
  }
}

async function layOut(state: State, { hasPrivateTmp }: Request & { readonly kind: "lay-out" }): Promise<Reply> {
  const { channel, places, mode } = state;
  state.mountPoints = hasPrivateTmp ? [...systemFolders, "tmp"] : systemFolders;
  state.laidOut = await layOutTar(channel.data(), places.root, { mode, mountPoints: state.mountPoints });
  const { hasOverlay } = await mountSession(places, {
    mode,
    hasPrivateTmp,
    terminal: terminalOfCaller(),
    lowers: state.lowers,
  });
  if (state.laidOut.owners) state.owners = keepOwners(places.root, state.laidOut.owners);
  if (!hasOverlay) state.snapshot = readSnapshot(places.root, state.owners);
  return { kind: "done" };
}

async function layAside({ channel, places, mode }: State, name: string): Promise<Reply> {
  const folder = `${places.aside}/${name}`;
  mkdirSync(folder, 0o755);
  await layOutTar(channel.data(), folder, { mode, mountPoints: [] });
  return { kind: "done" };
}

/** Where the root is an overlay whose files have their owners. */
function goingOn({ places, mode, laidOut, lowers, mountPoints, owners, snapshot }: State): GoingOn | undefined {
  if (!laidOut || owners || snapshot) return undefined;
  return { places, mode, laidOut, lowers, hasPrivateTmp: mountPoints.includes("tmp") };
}

async function goOnFrom(state: State, newestTime: number): Promise<GoingOn | undefined> {
  const before = goingOn(state);
  return before && state.changes ? goOn(before, state.changes, newestTime) : undefined;
}

async function layOverRoot(state: State): Promise<GoingOn | undefined> {
  const { channel, places, mode, mountPoints } = state;
  const before = goingOn(state);
  if (!before) {
    await drain(channel.data());
    return undefined;
  }
  const options = { root: places.merged, mode, mountPoints, laidOut: before.laidOut };
  const laidOut = await layOver(channel.data(), options);
  return laidOut && stackUpper({ ...before, laidOut });
}

async function drain(bytes: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of bytes);
}

function possibly(state: State, after: GoingOn | undefined): Reply {
  if (after) Object.assign(state, { places: after.places, lowers: after.lowers, laidOut: after.laidOut });
  return { kind: "possible", isPossible: after !== undefined };
}

async function run({ channel, places, mode, owners, snapshot }: State, command: CommandRequest): Promise<Reply> {
  const onOutput = (chunk: Uint8Array): Promise<void> => channel.sendData(chunk);
  const context = { places, mode, hasOverlay: snapshot === undefined, owners, input: channel.data(), onOutput };
  const result = await runCommand(command, context);
  return { kind: "result", result };
}

async function sendChanges(state: State): Promise<Reply> {
  const { channel, places, laidOut, owners, snapshot } = state;
  if (!laidOut) throw new Error("Changes were asked for before a root was laid out");
  const changes = await readable(() =>
    snapshot
      ? readSnapshotChanges(places.root, { before: snapshot, laidOut, owners })
      : readOverlayChanges(places, laidOut, owners),
  );
  const { removed, entries } = changes;
  assertSendable(entries);
  await channel.send({ kind: "removed", paths: removed } satisfies Reply);
  for (const entry of entries) await sendEntry(channel, entry);
  await channel.sendData(tarTrailer);
  await channel.sendEnd();
  state.changes = changes;
  return { kind: "done" };
}

/** A command can make a tree that has no path: deeper than any name may be long. */
async function readable<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "ENAMETOOLONG")) throw cause;
    throw new DodaiError("SANDBOX_FAILED", "Cannot read what commands changed: a path is longer than 4096 bytes", {
      cause,
    });
  }
}

function assertSendable(entries: readonly ChangedEntry[]): void {
  let total = 0;
  for (const { entry } of entries) {
    if (entry.kind === "file") total += entry.sizeBytes;
    if (total <= MAX_CHANGED_BYTES) continue;
    throw new DodaiError(
      "SANDBOX_FAILED",
      `Cannot take over "/${printable(entry.path)}": commands made more than ${MAX_CHANGED_BYTES} bytes of files`,
    );
  }
}

async function sendEntry(channel: Channel, { entry, at }: ChangedEntry): Promise<void> {
  await channel.sendData(formatTarHeader(entry));
  if (entry.kind !== "file" || entry.sizeBytes === 0) return;
  const file = openForReading(at);
  try {
    for (let left = entry.sizeBytes; left > 0; ) {
      const chunk = Buffer.allocUnsafe(Math.min(left, 1 << 20));
      const count = readSync(file, chunk);
      if (count === 0) throw new Error(`"${entry.path}" became shorter while it was read`);
      left -= count;
      await channel.sendData(chunk.subarray(0, count));
    }
  } finally {
    closeSync(file);
  }
  await channel.sendData(Buffer.alloc(tarPadding(entry.sizeBytes)));
}
