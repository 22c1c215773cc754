import type { BuildEvent } from "../../build/contract.ts";
import type { World } from "../context.ts";
import { safeText } from "../safe-text.ts";
import { paint } from "../style.ts";

export interface Progress {
  onEvent(event: BuildEvent): void;
  /** Takes away what will not stay. Nothing is shown afterwards. */
  end(): void;
}

export type ProgressWorld = Pick<World, "stderr" | "env" | "elapsedMs">;

export function warningLine(text: string, { stderr }: Pick<World, "stderr">): string {
  return `${paint(stderr, "bold", "dodai: ")}${paint(stderr, "yellow", "warning")}: ${safeText(text)}\n`;
}

/** `linux/amd64: solving 6 requests`. */
export function stageText({ platform, text }: { readonly platform?: string; readonly text: string }): string {
  return safeText(platform === undefined ? text : `${platform}: ${text}`);
}
