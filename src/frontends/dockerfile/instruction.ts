// What the instructions of a Dockerfile are once they are understood. Words are still as they are written: variables get their
// values when a stage is built.
import type { Position } from "../../core/dodai-error.ts";
import type { Heredoc } from "./heredoc.ts";
import type { SourceText, Word } from "./source.ts";

/** What runs: a text for the shell, or words that are run as they are. */
export type Command =
  | { readonly form: "shell"; readonly text: string }
  | { readonly form: "exec"; readonly words: readonly string[] };

export interface Pair {
  readonly name: Word;
  readonly value: Word;
}

interface Common {
  readonly source: SourceText;
  /** Of the keyword. */
  readonly position: Position;
  /** The instruction's text with continued lines joined. */
  readonly text: string;
}

export type ArgInstruction = Common & {
  readonly kind: "arg";
  readonly args: readonly { readonly name: Word; readonly value: Word | undefined }[];
};

export type PairsInstruction = Common & { readonly kind: "env" | "label"; readonly pairs: readonly Pair[] };

export type CommandInstruction = Common & { readonly kind: "cmd" | "entrypoint"; readonly command: Command };

export type RunInstruction = Common & {
  readonly kind: "run";
  readonly command: Command;
  readonly heredocs: readonly Heredoc[];
  /** Values of `--mount`. */
  readonly mounts: readonly Word[];
  readonly network: "default" | "none" | "host";
};

export type CopyInstruction = Common & {
  readonly kind: "add" | "copy";
  readonly sources: readonly Word[];
  readonly destination: Word;
  readonly heredocs: readonly Heredoc[];
  readonly from: Word | undefined;
  readonly chown: Word | undefined;
  readonly chmod: Word | undefined;
  readonly checksum: Word | undefined;
  readonly exclude: readonly Word[];
  readonly parents: boolean;
  /** Archives are taken apart: as ADD does with local ones when absent. */
  readonly unpack: boolean | undefined;
  /** The layer does not depend on what is below it. */
  readonly link: boolean;
};

export type TextInstruction = Common & {
  readonly kind: "user" | "workdir" | "stopsignal" | "maintainer";
  readonly value: Word;
};

export type ListInstruction = Common & { readonly kind: "expose" | "volume"; readonly words: readonly Word[] };

export type ShellInstruction = Common & { readonly kind: "shell"; readonly words: readonly string[] };

/** Times in nanoseconds, as an image's config has them; nothing for those that are left to the runtime. */
export interface HealthTimes {
  readonly interval?: number;
  readonly timeout?: number;
  readonly startPeriod?: number;
  readonly startInterval?: number;
  readonly retries?: number;
}

export type HealthInstruction = Common & {
  readonly kind: "healthcheck";
  /** `undefined` for NONE. */
  readonly command: Command | undefined;
  readonly times: HealthTimes;
};

export type OnbuildInstruction = Common & { readonly kind: "onbuild"; readonly trigger: string };

export type Instruction =
  | ArgInstruction
  | CommandInstruction
  | CopyInstruction
  | HealthInstruction
  | ListInstruction
  | OnbuildInstruction
  | PairsInstruction
  | RunInstruction
  | ShellInstruction
  | TextInstruction;

export interface Stage {
  /** Lower case, as stages are looked up; `undefined` when it has none. */
  readonly name: string | undefined;
  readonly index: number;
  /** FROM's own: an image or an earlier stage. */
  readonly base: Word;
  readonly platform: Word | undefined;
  readonly source: SourceText;
  readonly position: Position;
  readonly text: string;
  readonly instructions: readonly Instruction[];
}
