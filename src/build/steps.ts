// The recipe's own steps: they run, or nothing is done and that is said.
import type { RecipeStep, ScriptMode } from "../core/recipe.ts";
import type { DatabaseOptions } from "../packages/contract.ts";
import { addEntries, type ChangedTree, removePaths } from "../rootfs/change.ts";
import type { NormalizedPath, StepRecord } from "./contract.ts";
import type { ScriptContext } from "./scripts.ts";

export interface StepOutcome {
  readonly steps: readonly StepRecord[];
  readonly normalized: readonly NormalizedPath[];
}

/** Changes the tree. Throws what running throws. */
export async function applySteps(
  change: ChangedTree,
  steps: readonly RecipeStep[],
  context: ScriptContext & { readonly database: DatabaseOptions },
): Promise<StepOutcome> {
  const mode: ScriptMode = context.plan.stepMode ?? context.plan.recipe.scripts;
  if (mode !== "run") {
    const text = `steps of the recipe are left out, as "scripts: ${mode}" says`;
    context.session.emit({ kind: "warning", text });
    return { steps: steps.map((_, index) => ({ step: index + 1, done: "skipped", changed: [] })), normalized: [] };
  }
  const { stepEffectOf } = await import("./step-run.ts");
  const timeoutMs = context.scriptTimeoutSeconds * 1000;
  const effect = await stepEffectOf({ ...context, steps, tree: change, timeoutMs });
  removePaths(change, new Set(effect.removed));
  addEntries(change, effect.entries);
  return { steps: effect.steps ?? [], normalized: effect.normalized };
}
