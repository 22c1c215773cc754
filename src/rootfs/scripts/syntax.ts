// The shell commands of packages' scripts as values: as much of sh(1) as such scripts use. What is not here is not understood,
// and a script that has it is left alone as a whole.

import { DodaiError } from "../../core/dodai-error.ts";

/** Thrown, and caught by whoever asked for a script: SCRIPT_UNKNOWN. */
export function notUnderstood(what: string): DodaiError {
  return new DodaiError("SCRIPT_UNKNOWN", `Cannot emulate a script: dodai does not know ${what}`, {
    fix: 'Use "scripts: run".',
  });
}

export interface Script {
  readonly commands: readonly AndOr[];
}

/** Pipelines with `&&` and `||` between them. */
export interface AndOr {
  readonly first: Pipeline;
  readonly rest: readonly { readonly when: "and" | "or"; readonly pipeline: Pipeline }[];
}

export interface Pipeline {
  readonly negated: boolean;
  readonly commands: readonly Command[];
}

export type Command = (
  | { readonly kind: "simple"; readonly assignments: readonly Assignment[]; readonly words: readonly Word[] }
  | { readonly kind: "group" | "subshell"; readonly body: Script }
  | {
      readonly kind: "if";
      readonly branches: readonly { readonly condition: Script; readonly body: Script }[];
      readonly otherwise: Script | undefined;
    }
  | { readonly kind: "for"; readonly name: string; readonly words: readonly Word[]; readonly body: Script }
  | { readonly kind: "case"; readonly subject: Word; readonly branches: readonly CaseBranch[] }
  | { readonly kind: "function"; readonly name: string; readonly body: Script }
) & { readonly redirections: readonly Redirection[] };

export interface CaseBranch {
  readonly patterns: readonly Word[];
  readonly body: Script;
}

export interface Assignment {
  readonly name: string;
  readonly value: Word;
}

/** `to`: descriptors 1, 2 or both; `from` is standard input. */
export type Redirection =
  | { readonly kind: "to"; readonly out: readonly (1 | 2)[]; readonly append: boolean; readonly file: Word }
  | { readonly kind: "same"; readonly out: 1 | 2; readonly as: 1 | 2 }
  | { readonly kind: "from"; readonly file: Word }
  | { readonly kind: "text"; readonly text: Word };

export type Word = readonly Part[];

export type Part =
  | { readonly kind: "text"; readonly text: string; readonly quoted: boolean }
  | { readonly kind: "variable"; readonly name: string; readonly usual: Word | undefined; readonly quoted: boolean }
  | { readonly kind: "output"; readonly script: Script; readonly quoted: boolean };
