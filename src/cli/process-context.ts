// The real world of a command: the process, its streams and its signals.
import { isatty } from "node:tty";
import type { StopSignal } from "../build/contract.ts";
import { platformOfHost } from "../core/platform.ts";
import type { Output, World } from "./context.ts";
import { describeError, exitCodeOf } from "./describe-error.ts";
import { lazyLibrary } from "./library.ts";
import { hasColors } from "./style.ts";

export function worldOfProcess(): World {
  const { env } = process;
  tellOfBugs();
  quietWhenClosed(process.stdout);
  quietWhenClosed(process.stderr);
  return {
    stdout: outputTo(process.stdout),
    stderr: outputTo(process.stderr),
    stdin: { isTerminal: isatty(0), read: () => process.stdin },
    env,
    cwd: process.cwd(),
    hostPlatform: platformOfHost(process.arch),
    library: lazyLibrary,
    ...signalsOfProcess(),
    elapsedMs: () => performance.now(),
    now: () => new Date(),
  };
}

function outputTo(stream: NodeJS.WriteStream): Output {
  const isTerminal = stream.isTTY === true;
  return {
    write: (text) => void stream.write(text),
    isTerminal,
    colors: hasColors(process.env, isTerminal),
    get columns() {
      return stream.columns ?? 80;
    },
  };
}

/** What is thrown where nobody awaits it is a bug as well, and is told like one. */
function tellOfBugs(): void {
  process.on("uncaughtException", endWithBug);
}

function endWithBug(error: Error): void {
  const { stderr, env } = process;
  const colors = hasColors(env, stderr.isTTY === true);
  const debug = env.DODAI_DEBUG === "1";
  stderr.write(describeError(error, { colors, debug, sourceOf: () => undefined }));
  process.exit(exitCodeOf(error));
}

/**
 * What a run ends with. When it waits for something that cannot come any more, Node has nothing left to do and would end
 * without a word: that is a bug, and is told like one.
 */
export async function endOf<Result>(run: Promise<Result>): Promise<Result> {
  const onIdle = (): void => endWithBug(new Error("It waits for something that does not come any more"));
  process.on("beforeExit", onIdle);
  try {
    return await run;
  } finally {
    process.off("beforeExit", onIdle);
  }
}

/** Whoever reads may stop reading (`dodai recipes | head`): no error, and nobody left to tell. */
function quietWhenClosed(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
    throw error;
  });
}

/** How a shell says what ended a program. */
const exitCodes: Readonly<Record<StopSignal, number>> = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 };

/** The first signal asks to stop and waits for the clean-up; the second stops at once. */
function signalsOfProcess(): Pick<World, "signal" | "takeSignals"> {
  const controller = new AbortController();
  let taker: ((signal: StopSignal) => boolean) | undefined;
  const onSignal = (name: StopSignal) => (): void => {
    if (taker?.(name)) return;
    if (controller.signal.aborted) process.exit(exitCodes[name]);
    controller.abort(exitCodes[name]);
  };
  process.on("SIGINT", onSignal("SIGINT"));
  process.on("SIGTERM", onSignal("SIGTERM"));
  return {
    signal: controller.signal,
    takeSignals: (next) => {
      taker = next;
      // Otherwise these end the process at once, as is right where nothing has to be ended with it.
      const more = (["SIGHUP", "SIGQUIT"] as const).map((name) => [name, onSignal(name)] as const);
      for (const [name, listener] of more) process.on(name, listener);
      return () => {
        taker = undefined;
        for (const [name, listener] of more) process.off(name, listener);
      };
    },
  };
}
