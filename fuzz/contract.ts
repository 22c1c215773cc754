// What is fuzzed, and what counts as a fault: anything thrown that is not a DodaiError of an expected code, a promise that
// does not hold (`Fault`), too much CPU time, too much memory.
import { DodaiError, type ErrorCode } from "../src/core/dodai-error.ts";
import type { Random } from "./random.ts";

/** Made when a target is chosen, since a corpus is read from disk. */
export interface Session {
  /** Inputs that are right, and some that are known to be wrong. Never empty. */
  readonly corpus: readonly Uint8Array[];
  /** A changed input that keeps enough of the format to be read further; bytes alone are changed otherwise. */
  readonly mutate?: (input: Uint8Array, random: Random) => Uint8Array;
  /** Words of the format, to be strewn in. */
  readonly words?: readonly (string | Uint8Array)[];
  /** Reads the input as the program would. Throws a Fault where a promise does not hold. */
  run(input: Uint8Array): void | Promise<void>;
  close?(): void;
}

export interface Target {
  readonly name: string;
  /** Codes that the reader says it throws. */
  readonly codes: readonly ErrorCode[];
  open(): Session | Promise<Session>;
}

/** A promise that a reader did not keep. */
export class Fault extends Error {
  override readonly name = "Fault";
}

/** Why this error is a fault of the reader; `undefined` when it is a proper refusal. */
export function faultOf(error: unknown, codes: readonly ErrorCode[]): string | undefined {
  if (error instanceof DodaiError) {
    return codes.includes(error.code) ? undefined : `unexpected code ${error.code}: ${error.message.slice(0, 300)}`;
  }
  if (error instanceof Error) return `${error.name}: ${error.message.slice(0, 300)}\n${firstFrames(error)}`;
  return `not even an error: ${String(error)}`;
}

function firstFrames(error: Error): string {
  return (error.stack ?? "").split("\n").slice(1, 6).join("\n");
}

/** Throws a Fault unless a path stays below the folder that it is put in. */
export function assertInside(path: unknown, what: string): void {
  if (typeof path !== "string") throw new Fault(`${what} is no text but ${typeof path}`);
  const parts = path.split("/");
  const leaves = path === "" || path.startsWith("/") || parts.includes("..") || path.includes("\0");
  if (leaves) throw new Fault(`${what} ${JSON.stringify(path.slice(0, 200))} could leave the tree`);
}

/** Throws a Fault unless two readings are the same. */
export function assertSame(a: unknown, b: unknown, what: string): void {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  if (left === right) return;
  throw new Fault(`${what} differ: ${left?.slice(0, 400)} and ${right?.slice(0, 400)}`);
}
