// Running the host's own programs, for what Node has no call for.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { DodaiError } from "../core/dodai-error.ts";

export interface ProgramOptions {
  readonly cwd?: string;
  readonly input?: Uint8Array;
  readonly maxOutputBytes?: number;
}

export interface ProgramResult {
  /** `undefined` when there is no such program to run. */
  readonly exitCode: number | undefined;
  readonly output: Buffer;
  readonly errors: string;
}

/** Where programs of root lie on every distribution; an ordinary user's PATH may be without them. */
export const hostPath: string = `${process.env.PATH ?? ""}:/usr/sbin:/usr/bin:/sbin:/bin`;

/** What host programs see: nothing that changes what they do or say. */
export const hostEnvironment: Readonly<Record<string, string>> = { PATH: hostPath, LC_ALL: "C" };

/** Where a host program lies. */
export function findProgram(name: string): string | undefined {
  const folders = hostPath.split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Runs a host program to its end. Throws SANDBOX_FAILED when it writes more than it may. */
export function runProgram(
  words: readonly [string, ...string[]],
  { cwd, input, maxOutputBytes = 1 << 20 }: ProgramOptions = {},
): Promise<ProgramResult> {
  const [name, ...args] = words;
  return new Promise((resolve, reject) => {
    const child = spawn(name, args, { cwd, env: { ...hostEnvironment }, stdio: ["pipe", "pipe", "pipe"] });
    const output: Buffer[] = [];
    let seen = 0;
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => {
      seen += chunk.length;
      if (seen <= maxOutputBytes) output.push(chunk);
      else child.kill("SIGKILL");
    });
    child.stderr.on("data", (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-4096);
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "EACCES")
        resolve({ exitCode: undefined, output: Buffer.alloc(0), errors: `no ${name}` });
      else reject(error);
    });
    child.on("close", (code) => {
      if (seen > maxOutputBytes) reject(failed(`"${name}" wrote more than ${maxOutputBytes} bytes`));
      else resolve({ exitCode: code ?? 1, output: Buffer.concat(output), errors });
    });
    // A program that does not read to the end has its reason, which its exit code tells.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** Runs a program that must succeed. Throws SANDBOX_FAILED. */
export async function mustRun(words: readonly [string, ...string[]], options: ProgramOptions = {}): Promise<Buffer> {
  const { exitCode, output, errors } = await runProgram(words, options);
  if (exitCode !== 0) throw failed(`"${words[0]}" failed: ${errors.trim() || `exit code ${exitCode}`}`);
  return output;
}

function failed(state: string): DodaiError {
  return new DodaiError("SANDBOX_FAILED", `Cannot prepare the sandbox: ${state}`);
}
