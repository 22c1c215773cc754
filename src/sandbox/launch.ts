// Starting the inner half: one program of util-linux makes the namespaces, and Node runs in them.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { getCompileCacheDir } from "node:module";
import type { Socket } from "node:net";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Channel, openChannel } from "./channel.ts";
import type { SandboxMode, SandboxOptions } from "./contract.ts";
import type { Registration } from "./emulation.ts";
import type { Reply } from "./messages.ts";
import { userWords } from "./modes.ts";
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

/** How long it may take to end by itself. */
const END_TIMEOUT_MS = 3000;

/**
 * The inner half, once it has answered; else why it did not come. To have an emulator registered it needs a user namespace, also
 * as root.
 */
export async function launch(
  mode: SandboxMode,
  { directory, memoryBytes, terminal = false }: SandboxOptions,
  registration: Registration,
): Promise<Inner | { readonly reason: string }> {
  const module = fileURLToPath(
    new URL(import.meta.url.endsWith(".ts") ? "./helper.ts" : "./helper.js", import.meta.url),
  );
  const hasOwnIds = mode === "root" && registration !== undefined;
  // In a namespace with the same ids, root can do what it can in one with subordinate ids.
  const innerMode: SandboxMode = hasOwnIds ? "subordinate" : mode;
  const [program, ...args] = [
    ...(hasOwnIds ? sameIdsWords : []),
    ...["unshare", ...userWords[mode], ...namespaces, "--", process.execPath, module],
    ...[directory, innerMode, memoryBytes === undefined ? "" : String(memoryBytes), registration ?? ""],
    ...(terminal ? ["terminal"] : []),
  ] as [string, ...string[]];
  const compiled = getCompileCacheDir();
  // A session of its own has no terminal that a command could type into.
  const child = spawn(program, args, {
    cwd: "/",
    detached: !terminal,
    // What Node compiled once it need not compile again. It names its own folder in the one that it is told.
    env: { ...hostEnvironment, ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: dirname(compiled) }) },
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe", 0, 1, 2],
  });
  if (hasOwnIds) await mapSameIds(child);
  const inner = own(child);
  const frame = await inner.channel.next();
  const reply = frame?.kind === "message" ? (frame.value as Reply) : undefined;
  if (reply?.kind === "done") return inner;
  await inner.end();
  const reason = reply?.kind === "failed" ? reply.message : inner.errors().trim();
  return { reason: reason || `"${program}" ended without a word` };
}

/** Says over the channel when the namespace is there, and goes on when it has its ids. */
const sameIdsWords = ["unshare", "--user", "--", "sh", "-c", 'echo there >&3; read -r now <&3 && exec "$@"', "dodai"];

/** Gives the child's new user namespace the ids that we have ourselves, each as itself. */
async function mapSameIds(child: ChildProcess): Promise<void> {
  const channel = child.stdio[3] as Socket;
  await new Promise<void>((resolve) => {
    child.on("error", () => resolve());
    channel.once("close", resolve);
    channel.once("data", () => {
      for (const map of ["uid_map", "gid_map"]) {
        const rows = readFileSync(`/proc/self/${map}`, "utf8").trim().split("\n");
        const same = rows
          .map((row) => row.trim().split(/\s+/))
          .map(([inside, , count]) => `${inside} ${inside} ${count}\n`);
        writeFileSync(`/proc/${child.pid}/${map}`, same.join(""));
      }
      channel.write("now\n");
      resolve();
    });
  });
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
