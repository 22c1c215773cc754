// The outer half of a sandbox: starts the inner one (helper.ts), asks it one thing at a time, and ends it.
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import type { ArchiveItem } from "../archive/entry.ts";
import { readTar } from "../archive/tar.ts";
import type { Bytes } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import { comparePaths } from "../core/path-order.ts";
import type { Sandbox, SandboxChange, SandboxCommand, SandboxMode, SandboxOptions, SandboxResult } from "./contract.ts";
import { planEmulation } from "./emulation.ts";
import { type Inner, launch } from "./launch.ts";
import type { Reply, Request } from "./messages.ts";
import { unavailable, usableModes, userWords } from "./modes.ts";
import { runProgram } from "./program.ts";
import { signalCommand } from "./signal.ts";
import { sandboxTarLimits } from "./tar-limits.ts";

export { detectModes } from "./modes.ts";

/** Throws SANDBOX_UNAVAILABLE when no mode works here, with what is missing, and CANCELLED. */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { directory, modes, signal } = options;
  assertWanted(signal);
  const registration = planEmulation(options.platform);
  await removeSandboxFolder(directory);
  const reasons: string[] = [];
  for (const { mode, missing } of usableModes(modes)) {
    if (missing !== undefined) {
      reasons.push(`${mode}: ${missing}`);
      continue;
    }
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const inner = await launch(mode, options, registration);
    if (!("reason" in inner)) return own({ inner, mode, directory, signal });
    reasons.push(`${mode}: ${inner.reason}`);
    await removeSandboxFolder(directory);
  }
  throw unavailable(reasons);
}

/** Removes what a sandbox left that could not close, files of subordinate ids too. Throws SANDBOX_FAILED. */
export async function removeSandboxFolder(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  const words = ["rm", "-rf", "--", directory] as const;
  // An ordinary user cannot remove what is in a closed folder, or in one of another id; root of its ids can.
  const ways = process.getuid?.() === 0 ? [words] : [words, asRootOf("single", words), asRootOf("subordinate", words)];
  const reasons: string[] = [];
  for (const way of ways) {
    const { exitCode, errors } = await runProgram(way);
    if (exitCode === 0) return;
    reasons.push(errors.trim());
  }
  throw new DodaiError("SANDBOX_FAILED", `Cannot remove "${directory}": ${reasons.join("\n")}`);
}

const asRootOf = (mode: SandboxMode, words: readonly string[]): readonly [string, ...string[]] => [
  "unshare",
  ...userWords[mode],
  ...words,
];

interface Owned {
  readonly inner: Inner;
  readonly mode: SandboxMode;
  readonly directory: string;
  readonly signal: AbortSignal | undefined;
}

function own(owned: Owned): Sandbox {
  const { inner, mode, directory, signal } = owned;
  let closing: Promise<void> | undefined;
  const abort = (): void => void inner.end();
  signal?.addEventListener("abort", abort);
  const state: Asking = { owned, isClosed: () => closing !== undefined, last: Promise.resolve() };
  return {
    mode,
    layOut: (tar, { tmp = "private" } = {}) =>
      exclusively(
        state,
        async () => void (await sendTar(state, { kind: "lay-out", hasPrivateTmp: tmp === "private" }, tar)),
      ),
    layOutAside: (name, tar) =>
      exclusively(state, async () => void (await sendTar(state, { kind: "lay-aside", name }, tar))),
    layOver: (tar) => exclusively(state, async () => isPossible(await sendTar(state, { kind: "lay-over" }, tar))),
    goOn: (options) =>
      exclusively(state, async () => {
        await ask(state, { kind: "go-on", ...options });
        return isPossible(await receive(state));
      }),
    run: (command) => exclusively(state, () => run(state, command)),
    kill: (name) => inner.pid !== undefined && signalCommand(inner.pid, name),
    changes: () => changes(state),
    close: () => {
      closing ??= (async () => {
        signal?.removeEventListener("abort", abort);
        await inner.end();
        await removeSandboxFolder(directory);
      })();
      return closing;
    },
  };
}

interface Asking {
  readonly owned: Owned;
  isClosed(): boolean;
  /** What was asked last: the inner half does one thing at a time. */
  last: Promise<unknown>;
}

function exclusively<Result>(state: Asking, task: () => Promise<Result>): Promise<Result> {
  const result = state.last.then(task);
  state.last = result.catch(() => {});
  return result;
}

const isPossible = (reply: Reply): boolean => reply.kind === "possible" && reply.isPossible;

async function sendTar(state: Asking, request: Request, tar: Bytes): Promise<Reply> {
  const { channel } = state.owned.inner;
  await ask(state, request);
  // An answer may come early: then the rest of the tar is of no use.
  const answer = receive(state);
  let isAnswered = false;
  const note = (): void => {
    isAnswered = true;
  };
  const answered = answer.then(note, note);
  for await (const chunk of tar) {
    await Promise.race([channel.sendData(chunk), answered]);
    if (isAnswered) break;
  }
  await channel.sendEnd();
  return answer;
}

async function run(state: Asking, { input, onOutput, ...command }: SandboxCommand): Promise<SandboxResult> {
  const { channel } = state.owned.inner;
  const kind = input === undefined ? "none" : input === "inherit" ? "inherit" : "bytes";
  await ask(state, { kind: "run", command: { ...command, input: kind } });
  const answer = receive(state, onOutput);
  if (input !== undefined && input !== "inherit") {
    for await (const chunk of input) await channel.sendData(chunk);
    await channel.sendEnd();
  }
  const reply = await answer;
  if (reply.kind !== "result") throw new Error(`The sandbox answered "${reply.kind}" to a command`);
  return reply.result;
}

async function* changes(state: Asking): AsyncGenerator<SandboxChange> {
  const { channel } = state.owned.inner;
  let release = (): void => {};
  const before = state.last;
  state.last = new Promise<void>((resolve) => (release = resolve));
  await before;
  let isAnswering = false;
  try {
    await ask(state, { kind: "changes" });
    isAnswering = true;
    const reply = await receive(state);
    if (reply.kind !== "removed") throw new Error(`The sandbox answered "${reply.kind}" to the question for changes`);
    yield* merged(reply.paths, readTar(channel.data(), sandboxTarLimits));
    isAnswering = false;
    await receive(state);
  } catch (error) {
    isAnswering = false;
    throw state.isClosed() || state.owned.signal?.aborted ? gone(state) : error;
  } finally {
    // Whoever stops on the way leaves the rest of the answer to us.
    if (isAnswering) await receive(state).catch(() => {});
    release();
  }
}

/** Both in tree order. What was removed comes before what took its place. */
async function* merged(removed: readonly string[], items: AsyncIterable<ArchiveItem>): AsyncGenerator<SandboxChange> {
  let at = 0;
  for await (const item of items) {
    for (let path = removed[at]; path !== undefined; path = removed[++at]) {
      if (comparePaths(path, item.entry.path) > 0) break;
      yield { kind: "removed", path };
    }
    yield { kind: "entry", ...item };
  }
  for (const path of removed.slice(at)) yield { kind: "removed", path };
}

async function ask(state: Asking, request: Request): Promise<void> {
  assertWanted(state.owned.signal);
  if (state.isClosed()) throw gone(state);
  await state.owned.inner.channel.send(request);
}

/** The next answer; what comes before it goes to `onData`. */
async function receive(state: Asking, onData?: (chunk: Uint8Array) => void): Promise<Reply> {
  for (;;) {
    const frame = await state.owned.inner.channel.next();
    if (frame === undefined) throw gone(state);
    if (frame.kind === "data") onData?.(frame.bytes);
    if (frame.kind !== "message") continue;
    const reply = frame.value as Reply;
    if (reply.kind === "failed") throw failed(reply);
    return reply;
  }
}

function failed({ code, message, fix }: Reply & { readonly kind: "failed" }): Error {
  return code === undefined ? new Error(message) : new DodaiError(code, message, fix === undefined ? {} : { fix });
}

function gone({ owned: { inner, signal }, isClosed }: Asking): DodaiError {
  if (signal?.aborted || isClosed()) {
    return new DodaiError("CANCELLED", "Cannot go on: the sandbox was closed", { cause: signal?.reason });
  }
  const last = inner.errors().trim();
  return new DodaiError("SANDBOX_FAILED", `Cannot go on: the sandbox ended by itself${last === "" ? "" : `\n${last}`}`);
}

function assertWanted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new DodaiError("CANCELLED", "Cannot open a sandbox: the build was cancelled", { cause: signal.reason });
  }
}
