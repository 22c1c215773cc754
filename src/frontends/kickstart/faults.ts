// What is wrong with a kickstart file: collected, so that all is told at once.
import { DodaiError, type ErrorCode, type Position } from "../../core/dodai-error.ts";
import { throwFaults } from "../native/faults.ts";

export interface Faults {
  /** What cannot be read, whatever is allowed. */
  broken(where: Position, state: string, fix?: string): void;
  /** What nobody knows: a warning where that is allowed. */
  unknown(where: Position, state: string, fix?: string): void;
  /** What is understood, and what no image can be made of. */
  unsupported(where: Position, state: string, fix?: string): void;
  /** What a person should know. */
  warn(where: Position, text: string): void;
  /** The same of the whole file. */
  tell(text: string): void;
  /** Throws what was collected, if anything. */
  throw(): void;
  /** Whether nothing is wrong so far. */
  isSound(): boolean;
  readonly warnings: readonly string[];
}

/** Messages that are kept; a file of garbage has as many faults as lines. */
const maxKept = 1000;

/** With `allowUnknown`, what nobody knows is a warning. */
export function collectFaults(file: string, { allowUnknown }: { readonly allowUnknown: boolean }): Faults {
  const faults: DodaiError[] = [];
  const warnings: string[] = [];
  const add = (code: ErrorCode, where: Position, state: string, fix?: string): void => {
    if (faults.length >= maxKept) return;
    faults.push(new DodaiError(code, state, fix === undefined ? { where } : { where, fix }));
  };
  const tell = (text: string): void => {
    if (warnings.length < maxKept) warnings.push(text);
  };
  const warn = (where: Position, text: string): void => tell(`${where.file}:${where.line}:${where.column}: ${text}`);
  return {
    broken: (where, state, fix) => add("KICKSTART_SYNTAX", where, state, fix),
    unknown: (where, state, fix) => {
      if (!allowUnknown) return add("KICKSTART_SYNTAX", where, state, fix);
      warn(where, state.replace(/^Cannot (?:read|use) ([^:]*): /, "$1 is passed over: "));
    },
    unsupported: (where, state, fix) => add("KICKSTART_UNSUPPORTED", where, state, fix),
    warn,
    tell,
    throw: () => throwFaults(faults, file, { code: "KICKSTART_SYNTAX", what: "kickstart" }),
    isSound: () => faults.length === 0,
    warnings,
  };
}
