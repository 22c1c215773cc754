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
import type { Tree } from "../../rootfs/tree.ts";
import type { Sandbox } from "../../sandbox/contract.ts";
import { lineWriter } from "../line-writer.ts";
import { notingPasswd, planRun } from "../run-plan.ts";
import { writeLayer } from "./layer-file.ts";
import { commandOf, type RunCommand } from "./run-command.ts";
import { prepareMounts, type RunMounts } from "./run-mounts.ts";
import type { OpenRoot } from "./stage-root.ts";
import { put, whiteoutPrefix } from "./stage-tree.ts";
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

async function runAndRead(running: Running): Promise<Made> {
  const { context, command, mounts, workdir, instruction } = running;
  const { state, building, root } = context;
  const opened = await root.open(context, workdir);
  const { sandbox, notes } = opened;
  for (const { name, items } of mounts.asides) await sandbox.layOutAside(name, writeTar(items()));
  const config = { entrypoint: [], cmd: [], user: state.config.user, workdir, platform: "", diffIds: [], env: {} };
  const plan = planRun(config, {
    command: command.words,
    environment: { ...proxies(context), ...Object.fromEntries(state.variables), ...mounts.variables },
  });
  const { runTimeoutSeconds } = building.options;
  const lines = lineWriter((text) => building.session.emit({ kind: "output", text }));
  const result = await sandbox.run({
    words: command.words,
    environment: plan.environment(notes),
    workdir,
    ...(state.config.user === "" ? {} : { user: state.config.user }),
    network: instruction.network !== "none",
    mounts: [...mounts.mounts, ...scriptMount(command, context)],
    ...(runTimeoutSeconds === undefined ? {} : { timeoutMs: runTimeoutSeconds * 1000 }),
    onOutput: lines.write,
  });
  lines.end();
  if (result.exitCode !== 0) throw failed(result, running);
  const made = await readChanges(opened, context);
  await root.goOn(context, made.layer);
  return made;
}

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
function scriptMount({ script }: RunCommand, { building }: StepContext): RunMounts["mounts"] {
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

async function readChanges({ sandbox, notes }: OpenRoot, context: StepContext): Promise<Made> {
  const tree = await context.state.tree.get();
  const after = new Map(tree);
  const items = async function* (): AsyncGenerator<ArchiveItem> {
    for await (const item of notingPasswd(changedItems(sandbox, tree, context), notes)) {
      put(after, item.entry);
      yield item;
    }
  };
  const layer = await writeLayer(items(), context.building.session.pieces);
  return { layer, tree: knownTree(after) };
}

/** As a layer has it: whiteouts for what is gone, and no folder of which the time alone is new. */
async function* changedItems(sandbox: Sandbox, tree: Tree, { state }: StepContext): AsyncGenerator<ArchiveItem> {
  const { epoch } = state;
  let removed: string | undefined;
  for await (const change of sandbox.changes()) {
    // What took the place of something is told right behind it, and needs no whiteout.
    const path = change.kind === "removed" ? change.path : change.entry.path;
    if (removed !== undefined && removed !== path) yield whiteout(removed, epoch);
    removed = undefined;
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
