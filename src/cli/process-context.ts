// The real world of a command: the process, its streams and its signals.
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
    env,
    cwd: process.cwd(),
    hostPlatform: platformOfHost(process.arch),
    library: lazyLibrary,
    signal: signalOfProcess(),
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
  process.on("uncaughtException", (error) => {
    const { stderr, env } = process;
    const colors = hasColors(env, stderr.isTTY === true);
    const debug = env.DODAI_DEBUG === "1";
    stderr.write(describeError(error, { colors, debug, sourceOf: () => undefined }));
    process.exit(exitCodeOf(error));
  });
}

/** Whoever reads may stop reading (`dodai recipes | head`): no error, and nobody left to tell. */
function quietWhenClosed(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
    throw error;
  });
}

/** The first signal asks to stop and waits for the clean-up; the second stops at once. */
function signalOfProcess(): AbortSignal {
  const controller = new AbortController();
  const onSignal = (exitCode: number) => (): void => {
    if (controller.signal.aborted) process.exit(exitCode);
    controller.abort(exitCode);
  };
  process.on("SIGINT", onSignal(130));
  process.on("SIGTERM", onSignal(143));
  return controller.signal;
}
