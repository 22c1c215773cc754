import { posix } from "node:path";
import type { RunOptions } from "../../build/contract.ts";
import type { Platform } from "../../core/platform.ts";
import type { Context, World } from "../context.ts";
import { usage } from "../flags.ts";
import { findImageArgument } from "../image-argument.ts";
import { cacheDirectory } from "../places.ts";
import type { Variable, Volume } from "../run-flags.ts";

export interface RunFlags {
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly env?: readonly Variable[];
  readonly workdir?: string;
  readonly volume?: readonly Volume[];
  readonly user?: string;
  readonly entrypoint?: string;
  readonly network?: boolean;
  readonly platform?: Platform;
  readonly cacheDir?: string;
}

/** Signals that a command may take for itself before dodai ends it. */
const PATIENCE = 2;

/** Writes nothing of its own: both streams are the command's. */
export async function run(this: Context, flags: RunFlags, ...[image = "", ...command]: string[]): Promise<void> {
  const { interactive = false, tty = false, network = false, entrypoint, workdir, user, platform } = flags;
  assertTerminal(flags, this);
  const cache = cacheDirectory(flags.cacheDir, this);
  const { place, reference } = await findImageArgument(image, this, cache);
  const exitCode = await this.library.runImage({
    image: place,
    reference,
    platform,
    hostPlatform: this.hostPlatform,
    cacheDirectory: cache,
    command,
    entrypoint,
    environment: environmentOf(flags.env ?? [], this),
    user,
    workdir,
    network,
    mounts: (flags.volume ?? []).map((one) => ({ ...one, source: posix.resolve(this.cwd, one.source) })),
    input: interactive,
    terminal: tty,
    signal: this.signal,
    takeSignals: (send) => takeSignals(send, { tty, world: this }),
  });
  this.endWith(exitCode);
}

function assertTerminal({ interactive, tty }: RunFlags, { stdin, stdout }: World): void {
  if (!tty || (interactive ? stdin : stdout).isTerminal) return;
  const stream = interactive ? "standard input" : "standard output";
  throw usage(`Cannot use --tty: ${stream} is no terminal`, "Leave -t out; -i alone hands over what is piped in.");
}

/** A name alone is this environment's variable, and takes the image's away where there is none. */
function environmentOf(variables: readonly Variable[], { env }: World): NonNullable<RunOptions["environment"]> {
  return Object.fromEntries(variables.map(({ name, value }) => [name, value ?? env[name]]));
}

function takeSignals(
  send: Parameters<NonNullable<RunOptions["takeSignals"]>>[0],
  { tty, world }: { readonly tty: boolean; readonly world: World },
): () => void {
  let count = 0;
  return world.takeSignals((signal) => {
    // Keys of its own terminal reach the command by themselves.
    if (tty && (signal === "SIGINT" || signal === "SIGQUIT")) return true;
    if (++count > PATIENCE) return false;
    send(signal);
    return true;
  });
}
