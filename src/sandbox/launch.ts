// Starting the inner half: one program of util-linux makes the namespaces, and Node runs in them.
import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { type Channel, openChannel } from "./channel.ts";
import type { SandboxMode, SandboxOptions } from "./contract.ts";
import type { Reply } from "./messages.ts";
import { hostEnvironment } from "./program.ts";

export interface Inner {
  readonly channel: Channel;
  /** The last that it and `unshare` wrote. */
  errors(): string;
  /** The process that made its namespaces. */
  readonly pid: number | undefined;
  /** Resolves once it and all in its namespaces are gone. */
  end(): Promise<void>;
}

/** Namespaces that all modes have. With `--kill-child` nothing in them outlives `unshare`. */
const namespaces = ["--mount", "--mount-proc", "--pid", "--ipc", "--uts", "--fork", "--kill-child"];

const wordsOf: Readonly<Record<SandboxMode, readonly [string, ...string[]]>> = {
  root: ["unshare", ...namespaces],
  subordinate: ["unshare", "--user", "--map-root-user", "--map-auto", ...namespaces],
  single: ["unshare", "--user", "--map-root-user", ...namespaces],
};

/** How long it may take to end by itself. */
const END_TIMEOUT_MS = 3000;

/** The inner half, once it has answered; else why it did not come. */
export async function launch(
  mode: SandboxMode,
  { directory, memoryBytes, terminal = false }: SandboxOptions,
): Promise<Inner | { readonly reason: string }> {
  const [program, ...args] = wordsOf[mode];
  const module = fileURLToPath(
    new URL(import.meta.url.endsWith(".ts") ? "./helper.ts" : "./helper.js", import.meta.url),
  );
  const memory = memoryBytes === undefined ? [] : [String(memoryBytes)];
  // A session of its own has no terminal that a command could type into.
  const child = spawn(program, [...args, "--", process.execPath, module, directory, mode, ...memory], {
    cwd: "/",
    detached: !terminal,
    env: { ...hostEnvironment },
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe", 0, 1, 2],
  });
  const inner = own(child);
  const frame = await inner.channel.next();
  const reply = frame?.kind === "message" ? (frame.value as Reply) : undefined;
  if (reply?.kind === "done") return inner;
  await inner.end();
  const reason = reply?.kind === "failed" ? reply.message : inner.errors().trim();
  return { reason: reason || `"${program}" ended without a word` };
}

function own(child: ChildProcess): Inner {
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-8192);
  });
  const closed = new Promise<void>((resolve) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      errors += error.code === "ENOENT" ? 'the program "unshare" is missing' : error.message;
      resolve();
    });
    child.on("close", () => resolve());
  });
  const [socket, lifeline] = [child.stdio[3], child.stdio[4]] as [Socket, Socket];
  lifeline.on("error", () => {});
  const channel = openChannel(socket);
  return {
    channel,
    errors: () => errors,
    pid: child.pid,
    end: async () => {
      lifeline.destroy();
      channel.close();
      const timer = setTimeout(() => child.kill("SIGKILL"), END_TIMEOUT_MS);
      await closed;
      clearTimeout(timer);
    },
  };
}
