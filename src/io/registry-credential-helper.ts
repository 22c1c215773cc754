// Programs that keep credentials (docker-credential-helpers): `docker-credential-NAME get`, the server on standard input, JSON
// on standard output.
import { spawn } from "node:child_process";
import { DodaiError } from "../core/dodai-error.ts";
import type { Environment } from "./proxy.ts";
import type { Credential } from "./registry-credentials.ts";

/** A helper may ask a person. */
const timeoutMs = 60_000;
const maxBytes = 1 << 20;

/** `undefined` when the helper says that it has none. Throws CREDENTIALS_UNUSABLE, without what the helper said of secrets. */
export async function askCredentialHelper(
  helper: string,
  server: string,
  environment: Environment,
): Promise<Credential | undefined> {
  const program = `docker-credential-${helper}`;
  const { status, stdout } = await runHelper(program, server, environment);
  if (status !== 0) {
    // The helpers' own words for it, on standard output (docker-credential-helpers, credentials/error.go).
    if (/credentials not found/i.test(stdout)) return undefined;
    throw unusable(program, server, `it ended with ${status ?? "a signal"}`);
  }
  return readAnswer(stdout, program, server);
}

function readAnswer(stdout: string, program: string, server: string): Credential | undefined {
  let value: unknown;
  try {
    value = JSON.parse(stdout);
  } catch {
    throw unusable(program, server, "its answer is not JSON");
  }
  const { Username: login, Secret: secret } = (value ?? {}) as Record<string, unknown>;
  if (typeof secret !== "string" || typeof login !== "string")
    throw unusable(program, server, "its answer lacks a name");
  if (secret === "") return undefined;
  return login === "<token>"
    ? { kind: "identity-token", token: secret }
    : { kind: "password", login, password: secret };
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
}

function runHelper(program: string, server: string, environment: Environment): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ["get"], { env: { ...environment }, stdio: ["pipe", "pipe", "ignore"] });
    const fail = (state: string): void => {
      clearTimeout(timer);
      // What a shell started lives on; without a reader it ends.
      child.stdout.destroy();
      child.kill("SIGKILL");
      reject(unusable(program, server, state));
    };
    const timer = setTimeout(() => fail(`it gave no answer within ${timeoutMs / 1000} s`), timeoutMs);
    const chunks: Buffer[] = [];
    let seen = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      seen += chunk.byteLength;
      if (seen > maxBytes) fail("its answer has no end");
    });
    child.on("error", ({ code }: NodeJS.ErrnoException) =>
      fail(code === "ENOENT" ? "there is no such program on PATH" : `it cannot be started (${code})`),
    );
    child.on("close", (status) => {
      clearTimeout(timer);
      resolve({ status, stdout: Buffer.concat(chunks).toString() });
    });
    // One that does not read what it is asked says so by its exit code.
    child.stdin.on("error", () => undefined);
    child.stdin.end(`${server}\n`);
  });
}

function unusable(program: string, server: string, state: string): DodaiError {
  return new DodaiError("CREDENTIALS_UNUSABLE", `Cannot ask "${program}" for credentials of "${server}": ${state}`, {
    fix: "Install the helper, or take it out of credHelpers and credsStore in the file that docker login wrote.",
  });
}
