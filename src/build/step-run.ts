// The recipe's own steps run in a sandbox, on the tree as packages, their scripts and the recipe's files left it. What they
// did comes back as a value that is kept, so that the same steps on the same tree run once.
import type { Entry } from "../archive/entry.ts";
import { compareBytes } from "../core/byte-order.ts";
import { collect } from "../core/bytes.ts";
import { formatCanonicalJson, type Json } from "../core/canonical-json.ts";
import { hexOf, sha256 } from "../core/digest.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform } from "../core/platform.ts";
import type { RecipeStep } from "../core/recipe.ts";
import type { DatabaseOptions } from "../packages/contract.ts";
import type { ChangedTree } from "../rootfs/change.ts";
import { normalizeChange } from "../rootfs/normalize.ts";
import type { Sandbox, SandboxResult } from "../sandbox/contract.ts";
import type { StepRecord } from "./contract.ts";
import { lineWriter } from "./line-writer.ts";
import type { Plan } from "./plan.ts";
import { formatScriptEffect, joinNames, parseScriptEffect, type ScriptEffect } from "./script-effect.ts";
import { excerptOf, MAX_FILE_BYTES, openRoot, readSegments, withFiles } from "./script-run.ts";
import type { Segment } from "./segments.ts";
import type { Session } from "./session.ts";
import { withOwnDatabase } from "./step-database.ts";
import { isOfSteps, logPath, rootFolders, scriptPath, stepFiles } from "./step-files.ts";

export interface StepRunOptions {
  readonly plan: Plan;
  readonly session: Session;
  readonly epoch: number;
  readonly steps: readonly RecipeStep[];
  /** Is not changed. */
  readonly tree: ChangedTree;
  readonly read: (path: string) => Uint8Array;
  readonly segmentsOf: (tree: ChangedTree) => readonly Segment[];
  readonly database: DatabaseOptions;
  /** For all steps together. */
  readonly timeoutMs: number;
}

const kind = "steps";
/** Changes when the same steps would be run or told of in another way. */
const version = 1;

/** Throws STEP_FAILED, SANDBOX_UNAVAILABLE, SANDBOX_FAILED, CANCELLED. */
export async function stepEffectOf(options: StepRunOptions): Promise<ScriptEffect> {
  const { plan, session, epoch, tree, steps } = options;
  const laidOut = withFiles(tree, stepFiles(steps, tree, options), epoch);
  const segments = options.segmentsOf(laidOut).filter(({ totalBytes }) => totalBytes > 0);
  const value: Json = {
    version,
    epoch,
    tree: segments.map((segment) => segment.key),
    steps: steps.map(({ position: _, ...step }) => ({ ...step })),
  };
  const key = hexOf(sha256(formatCanonicalJson(value)));
  const known = await session.store.value(kind, key);
  if (known) {
    const text = "steps have run on this root before, and are not run again";
    session.emit({ kind: "stage", stage: "scripts", platform: formatPlatform(plan.platform), text });
    return toldAgain(parseScriptEffect(known), session);
  }
  const effect = await runAll({ ...options, segments, laidOut });
  await session.store.keepValue(kind, key, formatScriptEffect(effect));
  return effect;
}

function toldAgain(effect: ScriptEffect, session: Session): ScriptEffect {
  for (const { step, exitCode = 0 } of effect.steps ?? []) {
    if (exitCode !== 0)
      session.emit({ kind: "warning", text: `step ${step} of the recipe ended with exit code ${exitCode}` });
  }
  return effect;
}

interface Running extends StepRunOptions {
  readonly segments: readonly Segment[];
  readonly laidOut: ChangedTree;
}

async function runAll(running: Running): Promise<ScriptEffect> {
  const { plan, session, segments, steps, timeoutMs } = running;
  const sandbox = await openRoot(running, segments);
  const tell = (text: string): void =>
    session.emit({ kind: "stage", stage: "scripts", platform: formatPlatform(plan.platform), text });
  try {
    tell("laying out a root for steps");
    await sandbox.layOut(readSegments(segments), { tmp: "own" });
    const records: StepRecord[] = [];
    let before: Changes = noChanges;
    const end = Date.now() + timeoutMs;
    for (const [index, step] of steps.entries()) {
      tell(`running step ${index + 1} of ${steps.length}`);
      const exitCode = await runStep(sandbox, { ...running, index, step, leftMs: Math.max(1, end - Date.now()) });
      const after = await readChanges(sandbox, running);
      const changed = differing(before.looks, after.looks);
      records.push({ step: index + 1, done: "run", exitCode, changed });
      before = after;
    }
    return effectOf(before, records, running);
  } finally {
    await sandbox.close();
  }
}

interface RunningStep extends Running {
  readonly index: number;
  readonly step: RecipeStep;
  readonly leftMs: number;
}

async function runStep(sandbox: Sandbox, running: RunningStep): Promise<number> {
  const { index, step, leftMs, session, epoch } = running;
  const lines = lineWriter((text) => session.emit({ kind: "output", text }));
  const result = await sandbox.run({
    words: wordsOf(step, index),
    environment: environmentOf(step, epoch),
    timeoutMs: leftMs,
    network: step.network ?? false,
    ...(step.outside ? { rootAt: rootFolders } : {}),
    onOutput: lines.write,
  });
  lines.end();
  if (result.exitCode === 0) return 0;
  if (step.failure === "error" || result.timedOut) throw failed(result, running);
  const text = `step ${index + 1} of the recipe ended with exit code ${result.exitCode}${excerptOf(result.lastOutput)}`;
  session.emit({ kind: "warning", text });
  return result.exitCode;
}

function failed(
  { exitCode, timedOut, lastOutput }: SandboxResult,
  { index, step, timeoutMs }: RunningStep,
): DodaiError {
  const how = timedOut
    ? `it had not ended after ${Math.round(timeoutMs / 1000)} seconds in which all steps have to run`
    : `it ended with exit code ${exitCode}`;
  return new DodaiError("STEP_FAILED", `Cannot run step ${index + 1} of the recipe: ${how}${excerptOf(lastOutput)}`, {
    fix: timedOut
      ? "Give it more time with --script-timeout."
      : `Read its last words above.${step.network ? "" : ' If it wants the network, write "network: true" with the step.'}`,
    ...(step.position ? { where: step.position } : {}),
  });
}

/** What a step writes goes to its log, which it may remove itself, and then to us. */
const logging = `log=$1
shift
mkdir -p "\${log%/*}/" && : >"$log" && exec 3<"$log" 4>>"$log" || exit 126
"$@" 3<&- >&4 2>&4 4>&-
code=$?
exec 4>&-
cat <&3
exit $code`;

function wordsOf(step: RecipeStep, index: number): readonly [string, ...string[]] {
  const [interpreter = "/bin/sh", ...args] = step.interpreter.split(/\s+/).filter((word) => word !== "");
  const words = [interpreter, ...args, `/${scriptPath(index)}`] as const;
  const { log } = step;
  return log === undefined || logPath(log, step.outside) === undefined
    ? [...words]
    : ["/bin/sh", "-c", logging, "dodai", log, ...words];
}

/** Nothing of the machine that builds. */
function environmentOf({ outside }: RecipeStep, epoch: number): Readonly<Record<string, string>> {
  return {
    PATH: "/.dodai/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/root",
    LC_ALL: "C",
    SOURCE_DATE_EPOCH: String(epoch),
    SYSTEMD_OFFLINE: "1",
    PERL_HASH_SEED: "0",
    PYTHONHASHSEED: "0",
    PYTHONDONTWRITEBYTECODE: "1",
    ...(outside ? { ANACONDA_ROOT_PATH: rootFolders[0] ?? "", ANA_INSTALL_PATH: rootFolders[0] ?? "" } : {}),
  };
}

interface Changes {
  readonly items: readonly { readonly entry: Entry; readonly bytes: Uint8Array }[];
  readonly removed: readonly string[];
  /** How each path that is not as it was laid out looks, for comparing. */
  readonly looks: ReadonlyMap<string, string>;
}

const noChanges: Changes = { items: [], removed: [], looks: new Map() };

async function readChanges(sandbox: Sandbox, { laidOut }: Running): Promise<Changes> {
  const removed: string[] = [];
  const items: { readonly entry: Entry; readonly bytes: Uint8Array }[] = [];
  const looks = new Map<string, string>();
  for await (const change of sandbox.changes()) {
    if (change.kind === "removed") {
      if (isOfSteps(change.path)) continue;
      removed.push(change.path);
      looks.set(change.path, "removed");
      continue;
    }
    const { entry } = change;
    const bytes = await collect(change.body, { maxBytes: MAX_FILE_BYTES, what: entry.path });
    if (isOfSteps(entry.path) || isStandIn(entry, bytes, laidOut)) continue;
    items.push({ entry, bytes });
    const { mtime: _, xattrs, ...look } = entry;
    const attributes = [...xattrs].map(([name, value]) => [name, Buffer.from(value).toString("base64")]);
    looks.set(entry.path, JSON.stringify([look, attributes, sha256(bytes)]));
  }
  return { items, removed, looks };
}

/** A program of ours whose mode or owner a step changed with others: what it stands for stays. */
function isStandIn({ path, kind: is }: Entry, bytes: Uint8Array, { made }: ChangedTree): boolean {
  const ours = made.get(path)?.bytes;
  const isProgram = is === "file" && ours !== undefined && Buffer.from(ours).includes("/.dodai/real/");
  return isProgram && Buffer.compare(ours, bytes) === 0;
}

function differing(before: Changes["looks"], after: Changes["looks"]): readonly string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).sort(compareBytes);
}

function effectOf({ items, removed }: Changes, records: readonly StepRecord[], running: Running): ScriptEffect {
  const { tree, epoch } = running;
  const before = (path: string): Entry | undefined => tree.tree.get(path)?.entry;
  const normalized = normalizeChange(joinNames(items), { epoch, before, keepsShortLived: true });
  const change = withOwnDatabase({ kept: normalized.kept, removed }, running);
  const inImage = new Set([...change.kept.map(({ entry }) => entry.path), ...change.removed]);
  return {
    entries: change.kept,
    removed: change.removed,
    normalized: normalized.dropped,
    scripts: [],
    steps: records.map((one) => ({ ...one, changed: one.changed.filter((path) => inImage.has(path)) })),
  };
}
