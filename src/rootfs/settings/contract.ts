// Settings of a system that a recipe states, done natively: the files that localectl, timedatectl, systemctl and usermod write.
import type { Recipe } from "../../core/recipe.ts";
import type { GeneratedFile } from "../../packages/contract.ts";
import type { Tree } from "../tree.ts";

/** What a recipe says of the system in the image. */
export type SystemSettings = Pick<Recipe, "accounts" | "hostname" | "keymap" | "locale" | "services" | "timezone">;

export interface SettingsContext {
  /** The tree as packages, their scripts and the variant's files left it. */
  readonly tree: Tree;
  /** Content of a file of the tree, links followed inside the tree. */
  read(path: string): Uint8Array;
  /** Whose ways are followed, by the format of packages: `deb`, `rpm`, `apk`, or anything else. */
  readonly format: string;
  /** Seconds since 1970: the build's one time. */
  readonly epoch: number;
}

export interface SettingsResult {
  readonly files: readonly GeneratedFile[];
  /** Paths of the tree that go away. */
  readonly removed: readonly string[];
  /** What a person should know. */
  readonly warnings: readonly string[];
}

export const noSettings: SettingsResult = { files: [], removed: [], warnings: [] };
