// The recipe's own steps: they run, or nothing is done and that is said.
import { DodaiError } from "../core/dodai-error.ts";
import type { RecipeStep, ScriptMode } from "../core/recipe.ts";
import { unreachable } from "../core/unreachable.ts";
import type { DatabaseOptions } from "../packages/contract.ts";
import { addEntries, type ChangedTree, removePaths } from "../rootfs/change.ts";
import type { NormalizedPath, StepRecord } from "./contract.ts";
import type { ScriptContext } from "./scripts.ts";

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
  const { plan, session } = context;
  const mode: ScriptMode = plan.stepMode ?? plan.recipe.scripts;
  switch (mode) {
    case "skip":
      session.emit({ kind: "warning", text: 'steps of the recipe are left out, as "scripts: skip" says' });
      return { steps: steps.map((_, index) => ({ step: index + 1, done: "skipped", changed: [] })), normalized: [] };
    case "emulate":
      throw unknown(steps);
    case "run":
      return runSteps(change, steps, context);
    default:
      return unreachable(mode);
  }
}

function unknown([first]: readonly RecipeStep[]): DodaiError {
  return new DodaiError("SCRIPT_UNKNOWN", "Cannot emulate step 1 of the recipe: dodai does not know what it would do", {
    fix: 'Use "scripts: run"; or "scripts: skip", which leaves steps out.',
    ...(first?.position ? { where: first.position } : {}),
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
