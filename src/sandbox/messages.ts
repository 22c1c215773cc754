// What the two halves of a sandbox say to each other. The outer half asks, one thing at a time; the inner half answers.
import type { ErrorCode } from "../core/dodai-error.ts";
import type { SandboxCommand, SandboxResult } from "./contract.ts";

/** A command as it goes over the channel; `bytes` follow as data. */
export interface CommandRequest extends Omit<SandboxCommand, "input" | "onOutput"> {
  readonly input: "none" | "bytes" | "inherit";
}

export type Request =
  /** The tar follows as data; so it does for the two below. */
  | { readonly kind: "lay-out"; readonly hasPrivateTmp: boolean }
  | { readonly kind: "lay-aside"; readonly name: string }
  | { readonly kind: "lay-over" }
  | { readonly kind: "run"; readonly command: CommandRequest }
  | { readonly kind: "go-on"; readonly newestTime: number }
  /** Answered by `removed`, a tar as data, and `done`. */
  | { readonly kind: "changes" };

export type Reply =
  | { readonly kind: "done" }
  | { readonly kind: "possible"; readonly isPossible: boolean }
  | { readonly kind: "failed"; readonly code?: ErrorCode; readonly message: string; readonly fix?: string }
  /** Its output came before, as data. */
  | { readonly kind: "result"; readonly result: SandboxResult }
  /** In tree order. */
  | { readonly kind: "removed"; readonly paths: readonly string[] };
