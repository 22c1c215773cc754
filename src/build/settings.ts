// What a recipe says of the system in the image is put into the tree.
import { addFiles, type ChangedTree, removePaths } from "../rootfs/change.ts";
import { settingsResult } from "../rootfs/settings/settings.ts";
import type { Plan } from "./plan.ts";
import type { Session } from "./session.ts";

export interface SettingsOptions {
  readonly plan: Plan;
  readonly session: Session;
  readonly epoch: number;
  readonly read: (path: string) => Uint8Array;
}

/** Throws PATH_MISSING, RECIPE_SYNTAX. */
export function applySettings(change: ChangedTree, { plan, session, epoch, read }: SettingsOptions): void {
  const { name: format } = plan.distribution.format;
  const { files, removed, warnings } = settingsResult(plan.recipe, { tree: change.tree, read, format, epoch });
  removePaths(change, new Set(removed));
  addFiles(change, files, epoch);
  for (const text of warnings) session.emit({ kind: "warning", text });
}
