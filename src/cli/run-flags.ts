// What stands behind the flags of `dodai run`.
import { usage } from "./flags.ts";

/** `NAME=VALUE`; without a value it is this environment's. */
export interface Variable {
  readonly name: string;
  readonly value: string | undefined;
}

export function parseVariable(text: string): Variable {
  const [, name, , value] = /^([^=]+)(=(.*))?$/s.exec(text) ?? [];
  if (name !== undefined) return { name, value };
  throw usage(`Cannot set variable "${text}": it has no name`, 'Write it as in "-e LANG=C.UTF-8" or "-e LANG".');
}

export interface Volume {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** `SOURCE:TARGET`, and behind it `:ro` or `:rw`. */
export function parseVolume(text: string): Volume {
  const [, source, target, mode = "rw"] = /^([^:]+):([^:]+)(?::(ro|rw))?$/.exec(text) ?? [];
  if (source !== undefined && target?.startsWith("/")) return { source, target, readOnly: mode === "ro" };
  const state = target === undefined ? "it is not SOURCE:TARGET or SOURCE:TARGET:ro" : "TARGET does not start with /";
  throw usage(`Cannot show "${text}" in the image: ${state}`, 'Write it as in "-v ./src:/src:ro".');
}
