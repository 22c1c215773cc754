// RUN: a command in the sandbox, on the root as the layers below make it; what it changed is the layer.

import { chmodSync, writeFileSync } from "node:fs";
import type { ArchiveItem, Entry } from "../../archive/entry.ts";
import { writeTar } from "../../archive/tar-stream.ts";
import { bytesOf } from "../../core/bytes.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import { proxyArguments } from "../../frontends/dockerfile/arguments.ts";
import { shellOf } from "../../frontends/dockerfile/configure.ts";
import type { Scope } from "../../frontends/dockerfile/expand.ts";
import type { RunInstruction } from "../../frontends/dockerfile/instruction.ts";
import { readMount } from "../../frontends/dockerfile/mount.ts";
import { isSameFolder } from "../../rootfs/normalize.ts";
import { resolvePath } from "../../rootfs/resolve.ts";
import type { Tree } from "../../rootfs/tree.ts";
import type { Sandbox } from "../../sandbox/contract.ts";
import { lineWriter } from "../line-writer.ts";
import { notingItems, planRun, startNotes } from "../run-plan.ts";
import { memoryFor, removeLeftSandboxes } from "../sandbox-place.ts";
import { writeLayer } from "./layer-file.ts";
import { commandOf, type RunCommand } from "./run-command.ts";
import { prepareMounts, type RunMounts } from "./run-mounts.ts";
import { itemsOfLayers, put, whiteoutPrefix } from "./stage-tree.ts";
import { knownTree, type StepContext } from "./state.ts";
import type { Made, Step } from "./step.ts";

/** Throws STEP_FAILED, DOCKERFILE_UNSUPPORTED, SANDBOX_UNAVAILABLE, SANDBOX_FAILED, CANCELLED. */
export async function runStep(instruction: RunInstruction, scope: Scope, context: StepContext): Promise<Step> {
  const { state } = context;
  const command = commandOf(instruction, shellOf(state.config));
  if (command === undefined) {
    throw new DodaiError("DOCKERFILE_SYNTAX", "Cannot read RUN: its list is empty", { where: instruction.position });
  }
  const workdir = state.config.workdir || "/";
  let sockets = 0;
  const read = instruction.mounts.map((word) => {
    const mount = readMount(word, { source: instruction.source, scope, workdir, index: sockets });
    if (mount.kind === "ssh") sockets++;
    return mount;
  });
  const mounts = await prepareMounts(read, instruction, context);
  const variables = Object.fromEntries(state.variables);
  const args = [...state.args].map((name) => `${name}=${variables[name] ?? ""}`);
  const shownArgs = args.length === 0 ? "" : `|${args.length} ${args.join(" ")} `;
  return {
    createdBy: `RUN ${shownArgs}${command.shown}`,
    shown: instruction.text,
    inputs: {
      step: "run",
      words: command.words,
      script: command.script?.text ?? null,
      variables,
      user: state.config.user,
      workdir,
      network: instruction.network,
      mounts: mounts.inputs,
    },
    make: () => runLocked(mounts.locked, { instruction, command, mounts, context, workdir }),
  };
}

interface Running {
  readonly instruction: RunInstruction;
  readonly command: RunCommand;
  readonly mounts: RunMounts;
  readonly context: StepContext;
  readonly workdir: string;
}

/** Waits for the folders in their order, so that no two commands wait for each other. */
function runLocked([first, ...others]: readonly string[], running: Running): Promise<Made> {
  if (first === undefined) return runAndRead(running);
  return running.context.building.alone(first, () => runLocked(others, running));
}

/** What a command may write beside the root, when the whole of it is in memory. */
const roomBytes = 1 << 30;

async function runAndRead(running: Running): Promise<Made> {
  const { context } = running;
  const { session } = context.building;
  const { openSandbox } = await import("../../sandbox/sandbox.ts");
  const totalBytes = context.state.layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  await removeLeftSandboxes(session.store);
  // A root in memory is several times as fast.
  const memoryBytes = memoryFor(2 * totalBytes + roomBytes);
  const sandbox = await openSandbox({
    directory: session.store.temporary(),
    signal: context.building.signal,
    platform: context.state.platform,
    memoryBytes,
  });
  try {
    return await runIn(sandbox, running);
  } finally {
    await sandbox.close();
  }
}

async function runIn(sandbox: Sandbox, running: Running): Promise<Made> {
  const { context, command, mounts, workdir, instruction } = running;
  const { state, building } = context;
  const tree = await state.tree.get();
  const hidden = mounts.hidden.map((path) => resolvePath(tree, path.slice(1), { last: true }) ?? path.slice(1));
  const notes = startNotes();
  const items = notingItems(itemsBelow(running, tree, hidden), notes, workdir);
  await sandbox.layOut(writeTar(items), { tmp: "own" });
  const config = { entrypoint: [], cmd: [], user: state.config.user, workdir, platform: "", diffIds: [], env: {} };
  const plan = planRun(config, {
    command: command.words,
    environment: { ...proxies(context), ...Object.fromEntries(state.variables), ...mounts.variables },
  });
  const script = scriptMount(command, context);
  const { runTimeoutSeconds } = building.options;
  const lines = lineWriter((text) => building.session.emit({ kind: "output", text }));
  const result = await sandbox.run({
    words: command.words,
    environment: plan.environment(notes),
    workdir,
    ...(state.config.user === "" ? {} : { user: state.config.user }),
    network: instruction.network !== "none",
    mounts: [...mounts.binds, ...script],
    ...(runTimeoutSeconds === undefined ? {} : { timeoutMs: runTimeoutSeconds * 1000 }),
    onOutput: lines.write,
  });
  lines.end();
  if (result.exitCode !== 0) throw failed(result, running);
  return readChanges(sandbox, { tree, hidden, context });
}

/** The root with what is mounted in place of what it has there. */
async function* itemsBelow(
  { context, mounts }: Running,
  tree: Tree,
  hidden: readonly string[],
): AsyncGenerator<ArchiveItem> {
  const { layers } = context.state;
  const { pieces } = context.building.session;
  if (layers.length > 0) {
    for await (const item of itemsOfLayers(layers, pieces)) if (!isBelow(item.entry.path, hidden)) yield item;
  }
  for await (const { entry, body } of mounts.items()) {
    const path = resolvePath(tree, entry.path, { last: false }) ?? entry.path;
    yield {
      entry:
        entry.kind === "hardlink"
          ? { ...entry, path, target: resolvePath(tree, entry.target, { last: false }) ?? entry.target }
          : { ...entry, path },
      body,
    };
  }
}

const isBelow = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => path === folder || path.startsWith(`${folder}/`));

/** Proxies reach a command without being part of the image. */
function proxies({ building }: StepContext): Readonly<Record<string, string>> {
  const { buildArgs } = building;
  return Object.fromEntries(
    proxyArguments.flatMap((name) => {
      const value = buildArgs.get(name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/** A script with an interpreter of its own is a file of the host, seen inside. */
function scriptMount({ script }: RunCommand, { building }: StepContext): RunMounts["binds"] {
  if (script === undefined) return [];
  const source = building.session.pieces.temporary();
  writeFileSync(source, script.text, { flag: "wx" });
  chmodSync(source, 0o755);
  return [{ source, target: script.path, readOnly: true }];
}

const shownLines = 12;

function failed(
  {
    exitCode,
    timedOut,
    lastOutput,
  }: { readonly exitCode: number; readonly timedOut: boolean; readonly lastOutput: string },
  { instruction, context }: Running,
): DodaiError {
  const { runTimeoutSeconds } = context.building.options;
  const how = timedOut ? `it had not ended after ${runTimeoutSeconds} seconds` : `it ended with exit code ${exitCode}`;
  const lines = lastOutput.split("\n").filter((line) => line.trim() !== "");
  const excerpt = lines.slice(-shownLines).map((line) => `\n  ${line}`);
  return new DodaiError("STEP_FAILED", `Cannot run the command: ${how}${excerpt.join("")}`, {
    where: instruction.position,
    fix: "Read its last words above.",
  });
}

interface ReadingChanges {
  readonly tree: Tree;
  readonly hidden: readonly string[];
  readonly context: StepContext;
}

async function readChanges(sandbox: Sandbox, reading: ReadingChanges): Promise<Made> {
  const { context, tree } = reading;
  const after = new Map(tree);
  const items = async function* (): AsyncGenerator<ArchiveItem> {
    for await (const item of changedItems(sandbox, reading)) {
      put(after, item.entry);
      yield item;
    }
  };
  const layer = await writeLayer(items(), context.building.session.pieces);
  return { layer, tree: knownTree(after) };
}

/** As a layer has it: whiteouts for what is gone, and no folder of which the time alone is new. */
async function* changedItems(sandbox: Sandbox, { tree, hidden, context }: ReadingChanges): AsyncGenerator<ArchiveItem> {
  const { epoch } = context.state;
  let removed: string | undefined;
  for await (const change of sandbox.changes()) {
    // What took the place of something is told right behind it, and needs no whiteout.
    const path = change.kind === "removed" ? change.path : change.entry.path;
    if (removed !== undefined && removed !== path) yield whiteout(removed, epoch);
    removed = undefined;
    if (isBelow(path, hidden)) continue;
    if (change.kind === "removed") {
      if (tree.has(path)) removed = path;
      continue;
    }
    const { entry, body } = change;
    if (entry.kind === "directory" && isSameFolder(entry, tree.get(path)?.entry)) continue;
    if (entry.path === ".") continue;
    yield { entry: { ...entry, mtime: Math.min(entry.mtime, epoch) }, body };
  }
  if (removed !== undefined) yield whiteout(removed, epoch);
}

/** Image-spec, layer.md, "Whiteouts". */
function whiteout(path: string, mtime: number): ArchiveItem {
  const name = path.lastIndexOf("/") + 1;
  const entry: Entry = {
    kind: "file",
    path: `${path.slice(0, name)}${whiteoutPrefix}${path.slice(name)}`,
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime,
    xattrs: new Map(),
    sizeBytes: 0,
  };
  return { entry, body: bytesOf() };
}
