// The recipe's own steps: they run, or what they say is done natively where all of it is plain, or nothing is done and that is said.
import { compareBytes } from "../core/byte-order.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { RecipeStep, ScriptMode } from "../core/recipe.ts";
import { unreachable } from "../core/unreachable.ts";
import type { DatabaseOptions, GeneratedFile } from "../packages/contract.ts";
import { addEntries, addFiles, type ChangedTree, removePaths } from "../rootfs/change.ts";
import { performShell } from "../rootfs/shell/perform.ts";
import type { NormalizedPath, StepRecord } from "./contract.ts";
import type { ScriptContext } from "./scripts.ts";
import { logPath, rootFolders } from "./step-files.ts";

export interface StepOutcome {
  readonly steps: readonly StepRecord[];
  readonly normalized: readonly NormalizedPath[];
}

export interface StepContext extends ScriptContext {
  readonly database: DatabaseOptions;
}

/** Changes the tree. Throws SCRIPT_UNKNOWN, and what running throws. */
export async function applySteps(
  change: ChangedTree,
  steps: readonly RecipeStep[],
  context: StepContext,
): Promise<StepOutcome> {
  const { plan } = context;
  const mode: ScriptMode = plan.recipe.stepMode ?? "run";
  switch (mode) {
    case "skip":
      return { steps: steps.map((_, index) => ({ step: index + 1, done: "skipped", changed: [] })), normalized: [] };
    case "emulate":
      return emulateSteps(change, steps, context);
    case "run":
      return runSteps(change, steps, context);
    default:
      return unreachable(mode);
  }
}

/** Throws SCRIPT_UNKNOWN for what is no plain command. */
function emulateSteps(change: ChangedTree, steps: readonly RecipeStep[], context: StepContext): StepOutcome {
  const { epoch, read, plan } = context;
  const records = steps.map((step, index): StepRecord => {
    const { script, interpreter, outside, log } = step;
    if (!/^\/(?:usr\/)?bin\/(?:ba|da)?sh$/.test(interpreter))
      throw unknown(step, { index, state: `it is for ${interpreter}` });
    const roots = outside ? rootFolders : [];
    const { name: format } = plan.distribution.format;
    const done = performShell(script, { change, read, epoch, format, roots, isLogged: log !== undefined });
    if ("unknownLine" in done) {
      const line = script.split("\n")[done.unknownLine - 1]?.trim() ?? "";
      throw unknown(step, { index, state: `dodai does not know what "${line}" does` });
    }
    const path = log === undefined ? undefined : logPath(log, outside);
    const logs: readonly GeneratedFile[] =
      path === undefined ? [] : [{ kind: "file", path, mode: 0o644, bytes: Buffer.from(done.output) }];
    addFiles(change, logs, epoch);
    return {
      step: index + 1,
      done: "native",
      changed: [...done.changed, ...logs.map((one) => one.path)].sort(compareBytes),
    };
  });
  return { steps: records, normalized: [] };
}

function unknown(
  { position }: RecipeStep,
  { index, state }: { readonly index: number; readonly state: string },
): DodaiError {
  return new DodaiError("SCRIPT_UNKNOWN", `Cannot emulate step ${index + 1} of the recipe: ${state}`, {
    fix: "Use --scripts run; or --scripts skip, which leaves steps out.",
    ...(position ? { where: position } : {}),
  });
}

async function runSteps(change: ChangedTree, steps: readonly RecipeStep[], context: StepContext): Promise<StepOutcome> {
  const { stepEffectOf } = await import("./step-run.ts");
  const timeoutMs = context.scriptTimeoutSeconds * 1000;
  const effect = await stepEffectOf({ ...context, steps, tree: change, timeoutMs });
  removePaths(change, new Set(effect.removed));
  addEntries(change, effect.entries);
  return { steps: effect.steps ?? [], normalized: effect.normalized };
}
