// What a shell is while it runs a script, and what it calls.
import type { RootFiles } from "./root-files.ts";
import type { Script } from "./syntax.ts";

/** A program that dodai knows. Text is bytes as characters (latin1), so that nothing is lost. */
export type Program = (call: Call) => number | { readonly status: number; readonly output: string };

export interface Call {
  readonly name: string;
  /** Without the program itself. */
  readonly words: readonly string[];
  readonly input: string;
  readonly files: RootFiles;
  readonly environment: ReadonlyMap<string, string>;
}

export interface ShellOptions {
  readonly files: RootFiles;
  /** By name; `builtins` are there whatever the tree has. */
  readonly programs: ReadonlyMap<string, Program>;
  readonly builtins: ReadonlyMap<string, Program>;
  readonly words: readonly string[];
  readonly input: string;
}

export interface Shell extends ShellOptions {
  readonly variables: Map<string, string>;
  readonly functions: Map<string, Script>;
  readonly depth: number;
  status: number;
  readonly steps: { left: number };
}

/** Where input comes from, and where what is printed goes. */
export interface Streams {
  readonly input: string;
  readonly print: (text: string) => void;
}
