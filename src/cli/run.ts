// One run of the program, from its words to its exit code. Nothing here touches the process.
import { readFileSync, statSync } from "node:fs";
import { posix } from "node:path";
import { run } from "@stricli/core";
import { DodaiError } from "../core/dodai-error.ts";
import { commandNames, makeApplication } from "./application.ts";
import { normalizeArguments, wantsJson } from "./arguments.ts";
import type { Context, World } from "./context.ts";
import { describeError, exitCodeOf, formatErrorJson } from "./describe-error.ts";
import { unknownCommand, usageErrorOf } from "./usage-errors.ts";

/** Runs a command line and tells what went wrong; gives the exit code. Does not throw. */
export async function runCommandLine(words: readonly string[], world: World): Promise<number> {
  const failures: unknown[] = [];
  const catchError = (error: unknown): string => {
    failures.push(error);
    return "";
  };
  const application = makeApplication({
    commandErrorResult: catchError,
    exceptionWhileLoadingCommandContext: catchError,
    exceptionWhileLoadingCommandFunction: catchError,
    exceptionWhileParsingArguments: (error) => catchError(usageErrorOf(error, words)),
    exceptionWhileRunningCommand: catchError,
    noCommandRegisteredForInput: ({ input, corrections }) =>
      catchError(unknownCommand(input, commandsNear(corrections))),
  });
  // The parser's own standard error gets only what is caught above.
  const streams: { stdout: World["stdout"]; stderr: { write(): void }; exitCode?: number | string | null } = {
    stdout: world.stdout,
    stderr: { write: () => undefined },
  };
  let ownExitCode: number | undefined;
  const endWith = (exitCode: number): void => {
    ownExitCode = exitCode;
  };
  const context: Context = { ...world, process: streams, endWith };
  try {
    await run(application, normalizeArguments(words, commandNames), { ...context, process: streams });
  } catch (error) {
    failures.push(error);
  }
  const [failure] = failures;
  if (failures.length > 0) return fail(failure, words, world);
  if (ownExitCode !== undefined && !world.signal.aborted) return ownExitCode;
  return world.signal.aborted ? exitCodeOfSignal(world.signal) : Number(streams.exitCode ?? 0) === 0 ? 0 : 2;
}

/** The parser's corrections are quoted; where it has none, all commands are told. */
function commandsNear(corrections: readonly string[]): readonly string[] {
  const near = corrections.map((word) => word.replaceAll("`", ""));
  return near.some((word) => !commandNames.includes(word)) ? near : commandNames;
}

function fail(error: unknown, words: readonly string[], world: World): number {
  const { stdout, stderr, env, cwd, signal } = world;
  if (signal.aborted) {
    stderr.write("dodai: stopped; nothing half-written is left\n");
    return exitCodeOfSignal(signal);
  }
  if (wantsJson(words)) stdout.write(formatErrorJson(error));
  const debug = env.DODAI_DEBUG === "1";
  stderr.write(describeError(error, { colors: stderr.colors, debug, sourceOf: (file) => readSource(file, cwd) }));
  return exitCodeOf(error);
}

function exitCodeOfSignal({ reason }: AbortSignal): number {
  return typeof reason === "number" ? reason : exitCodeOf(new DodaiError("CANCELLED", "Cannot go on: cancelled"));
}

/** For the excerpt of an error; what is too large to be a recipe is not read. */
function readSource(file: string, cwd: string): string | undefined {
  try {
    const path = posix.resolve(cwd, file);
    return statSync(path).size <= 1 << 20 ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}
