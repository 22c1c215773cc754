// Maintainer scripts run in a sandbox, on the tree as it is when all packages are unpacked; what they did comes back as a
// value that is kept, so that the same scripts on the same tree run once.
import type { Entry } from "../archive/entry.ts";
import { collect } from "../core/bytes.ts";
import { formatCanonicalJson } from "../core/canonical-json.ts";
import { hexOf, sha256 } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform } from "../core/platform.ts";
import type { InstalledPackage, ScriptCommand, ScriptName, ScriptPlan, ScriptRunner } from "../packages/contract.ts";
import { addFiles, type ChangedTree } from "../rootfs/change.ts";
import { normalizeChange } from "../rootfs/normalize.ts";
import type { Sandbox } from "../sandbox/contract.ts";
import type { ScriptRecord } from "./contract.ts";
import type { Plan } from "./plan.ts";
import { memoryFor, removeLeftSandboxes } from "./sandbox-place.ts";
import {
  formatScriptEffect,
  joinNames,
  parseScriptEffect,
  type ScriptEffect,
  scriptEffectVersion,
} from "./script-effect.ts";
import { changesFolder, isOfTrace, readTrace, traceFiles } from "./script-trace.ts";
import { openSegment, type Segment } from "./segments.ts";
import type { Session } from "./session.ts";

export interface ScriptRunOptions {
  readonly plan: Plan;
  readonly session: Session;
  readonly epoch: number;
  /** All packages unpacked, and the database says so. Is not changed. */
  readonly unpacked: ChangedTree;
  readonly installed: readonly InstalledPackage[];
  /** Content of a file of the tree. */
  readonly read: (path: string) => Uint8Array;
  /** The whole of a tree as a layer. */
  readonly segmentsOf: (tree: ChangedTree) => readonly Segment[];
  /** For all scripts together. */
  readonly timeoutMs: number;
}

const kind = "scripts";

/** Throws SCRIPT_FAILED, SCRIPT_UNKNOWN, SANDBOX_UNAVAILABLE, SANDBOX_FAILED, CANCELLED. */
export async function scriptEffectOf(options: ScriptRunOptions): Promise<ScriptEffect> {
  const { plan, session, epoch, unpacked, installed } = options;
  const runner = runnerOf(plan);
  const scripts = runner.plan(installed, {
    architecture: plan.architecture,
    epoch,
    has: (path) => unpacked.tree.has(path),
    ...(plan.base?.database ? { below: plan.base.database } : {}),
  });
  if (scripts.commands.length === 0) return nothingRan(scripts);
  const { temporary } = scripts;
  const laidOut = withFiles(unpacked, [...temporary, ...traceFiles(scripts, tracedTree(options, temporary))], epoch);
  const segments = options.segmentsOf(laidOut).filter(({ totalBytes }) => totalBytes > 0);
  const key = hexOf(
    sha256(
      formatCanonicalJson({
        version: scriptEffectVersion,
        tree: segments.map((segment) => segment.key),
        commands: scripts.commands.map(({ argv, environment }) => ({ argv, environment })),
      }),
    ),
  );
  const platform = formatPlatform(plan.platform);
  const known = await session.store.value(kind, key);
  if (known) {
    const text = `scripts have run on these packages before, and are not run again`;
    session.emit({ kind: "stage", stage: "scripts", platform, text });
    return parseScriptEffect(known);
  }
  const effect = await runAll({ ...options, scripts, runner, segments, isTraced: laidOut.tree.has(changesFolder) });
  await session.store.keepValue(kind, key, formatScriptEffect(effect));
  return effect;
}

/** The tree and its files, with scripts that are there only while they run. */
function tracedTree(
  { unpacked, read }: ScriptRunOptions,
  temporary: ScriptPlan["temporary"],
): Parameters<typeof traceFiles>[1] {
  const bytes = new Map(temporary.flatMap((file) => (file.kind === "file" ? [[file.path, file.bytes]] : [])));
  return { tree: unpacked.tree, read: (path) => bytes.get(path) ?? read(path) };
}

function nothingRan({ needless }: ScriptPlan): ScriptEffect {
  const scripts = needless.map((one): ScriptRecord => ({ ...one, done: "not-needed", changed: [] }));
  return { entries: [], removed: [], normalized: [], scripts };
}

function runnerOf({ distribution: { format } }: Plan): ScriptRunner {
  if (format.runner) return format.runner;
  throw new DodaiError("SCRIPT_UNKNOWN", `Cannot run the scripts of ${format.name} packages: dodai does not know how`, {
    fix: 'Use "scripts: emulate" or "scripts: skip".',
  });
}

/** The same tree with more in it. */
export function withFiles(change: ChangedTree, files: Parameters<typeof addFiles>[1], epoch: number): ChangedTree {
  const copy: ChangedTree = {
    tree: new Map(change.tree),
    made: new Map(change.made),
    dropped: new Map([...change.dropped].map(([name, paths]) => [name, new Set(paths)])),
  };
  addFiles(copy, files, epoch);
  return copy;
}

interface Running extends ScriptRunOptions {
  readonly scripts: ScriptPlan;
  readonly runner: ScriptRunner;
  readonly segments: readonly Segment[];
  /** Whether the image has what it takes to know which script changed what. */
  readonly isTraced: boolean;
}

/** A root to run in, with room beside what will be laid out there. */
export async function openRoot(
  { plan, session }: Pick<ScriptRunOptions, "plan" | "session">,
  segments: readonly Segment[],
): Promise<Sandbox> {
  const { openSandbox } = await import("../sandbox/sandbox.ts");
  const treeBytes = segments.reduce((sum, { totalBytes }) => sum + totalBytes, 0);
  await removeLeftSandboxes(session.store);
  // A root in memory is several times as fast; scripts may not have all of it.
  const memoryBytes = memoryFor(2 * treeBytes + ROOM_BYTES);
  const most = 2 * treeBytes + MOST_ROOM_BYTES;
  return openSandbox({
    directory: session.store.temporary(),
    signal: session.signal,
    platform: plan.platform,
    memoryBytes: memoryBytes === undefined ? undefined : Math.min(memoryBytes, most),
  });
}

async function runAll(running: Running): Promise<ScriptEffect> {
  const { plan, session, segments } = running;
  const sandbox = await openRoot(running, segments);
  const { length } = running.scripts.scripts;
  const tell = (text: string): void =>
    session.emit({ kind: "stage", stage: "scripts", platform: formatPlatform(plan.platform), text });
  try {
    tell("laying out a root for scripts");
    await sandbox.layOut(readSegments(segments));
    tell(`running ${length} script${length === 1 ? "" : "s"}`);
    await runCommands(sandbox, running);
    tell("reading what scripts changed");
    return await effectOf(sandbox, running);
  } finally {
    await sandbox.close();
  }
}

export async function* readSegments(segments: readonly Segment[]): AsyncGenerator<Uint8Array> {
  for (const segment of segments) yield* openSegment(segment);
}

/** What scripts are expected to write beside the tree, and the most that they may, when the whole of it is in memory. */
const ROOM_BYTES = 2 ** 30;
const MOST_ROOM_BYTES = 4 * 2 ** 30;

async function runCommands(sandbox: Sandbox, running: Running): Promise<void> {
  const { runner, scripts, timeoutMs, isTraced } = running;
  const words = ["/bin/sh", "-c", inOneShell(scripts.commands)] as const;
  const command = { words, environment: {}, timeoutMs, ...(isTraced ? { changesAt: `/${changesFolder}` } : {}) };
  const { exitCode, timedOut, lastOutput } = await sandbox.run(command);
  if (exitCode === 0) return;
  const at = Number(/.*^dodai: command (\d+)$/ms.exec(lastOutput)?.[1] ?? scripts.commands.length - 1);
  const { argv, script } = scripts.commands[at] as ScriptCommand;
  const failed = runner.failed(lastOutput);
  const current = runner.running(lastOutput);
  const name = script ?? failed ?? (current === undefined ? undefined : { package: current, script: "postinst" });
  const what = name ? `${name.script} of "${name.package}"` : `"${argv[0]}"`;
  const how = timedOut
    ? `it had not ended after ${Math.round(timeoutMs / 1000)} seconds in which all scripts have to run`
    : (failed?.reason ?? `it ended with exit code ${exitCode}`);
  throw new DodaiError("SCRIPT_FAILED", `Cannot run the ${what}: ${how}${excerptOf(lastOutput)}`, {
    fix: 'Read its last words above. Leave the package out, or use "scripts: emulate" where dodai knows what its scripts do.',
  });
}

/** Entering a root takes as long as many a script: so all commands are run by one shell there. */
function inOneShell(commands: readonly ScriptCommand[]): string {
  const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
  return commands
    .map(({ argv, environment }, at) => {
      const variables = Object.entries(environment).map(([name, value]) => `export ${name}=${quoted(value)}`);
      return `echo "dodai: command ${at}"\n(${[...variables, `exec ${argv.map(quoted).join(" ")}`].join("; ")}) </dev/null || exit $?`;
    })
    .join("\n");
}

const SHOWN_LINES = 12;

/** The last lines that a person wants to see: not those by which dpkg tells programs how far it is. */
export function excerptOf(output: string): string {
  const lines = output.split("\n").filter((line) => line.trim() !== "" && !/^(?:status|processing|dodai): /.test(line));
  return lines
    .slice(-SHOWN_LINES)
    .map((line) => `\n  ${line}`)
    .join("");
}

async function effectOf(sandbox: Sandbox, { unpacked, scripts, runner, epoch }: Running): Promise<ScriptEffect> {
  const removed: string[] = [];
  const items: { readonly entry: Entry; readonly bytes: Uint8Array }[] = [];
  const traced = new Map<string, Uint8Array>();
  let failures = "";
  const ours = new Set([...scripts.temporary, ...scripts.scripts].map(({ path }) => path));
  for await (const change of sandbox.changes()) {
    if (change.kind === "removed") {
      if (!isOfTrace(change.path) && !ours.has(change.path)) removed.push(change.path);
      continue;
    }
    const bytes = await collect(change.body, { maxBytes: MAX_FILE_BYTES, what: change.entry.path });
    if (isOfTrace(change.entry.path)) traced.set(change.entry.path, bytes);
    else if (change.entry.path === scripts.failures) failures = Buffer.from(bytes).toString();
    else if (!ours.has(change.entry.path)) items.push({ entry: change.entry, bytes });
  }
  const before = (path: string): Entry | undefined => unpacked.tree.get(path)?.entry;
  const { kept, dropped } = normalizeChange(joinNames(items), { epoch, before });
  const inImage = new Set([...kept.map(({ entry }) => entry.path), ...removed]);
  const changes = new Map(
    readTrace(traced, { scripts, removed }, runner.isOwnRecord).map((one) => [one.path, one.changed]),
  );
  return {
    entries: kept,
    removed,
    normalized: dropped,
    scripts: [
      ...scripts.scripts.map(({ package: name, script, path }): ScriptRecord => {
        const changed = (changes.get(path) ?? []).filter((one) => inImage.has(one));
        const exitCode = exitCodeIn(failures, { package: name, script });
        return { package: name, script, done: "run", ...(exitCode === undefined ? {} : { exitCode }), changed };
      }),
      ...scripts.needless.map((one): ScriptRecord => ({ ...one, done: "not-needed", changed: [] })),
    ],
  };
}

function exitCodeIn(failures: string, { package: name, script }: ScriptName): number | undefined {
  const line = failures.split("\n").find((one) => one.startsWith(`${name} ${script} `));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(" ") + 1));
}

/** The largest file that a script may leave. */
export const MAX_FILE_BYTES: number = 1 << 30;
