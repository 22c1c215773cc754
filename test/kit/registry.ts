// Debian's docker-registry on a free port of this machine, for one test.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { createHttpClient } from "../../src/io/http.ts";
import type { RetryPolicy } from "../../src/io/http-retry.ts";
import { createRegistry, type Registry, type RegistryOptions } from "../../src/io/registry.ts";
import { openCredentials } from "../../src/io/registry-credentials.ts";
import { run } from "./oracle.ts";
import { temporaryFolder } from "./temporary.ts";

export interface RegistryServer {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** What it has stored. */
  readonly folder: string;
  /** Path of the certificate, when it speaks TLS. */
  readonly certificate: string | undefined;
  /** `METHOD PATH STATUS` of each request so far, without TLS. */
  seen(): Promise<readonly string[]>;
}

export interface RegistryServerOptions {
  readonly tls?: boolean;
  /** The user `someone` with the password `secret`. */
  readonly auth?: boolean;
}

/** `someone:secret` as htpasswd(1) -B writes it. */
const htpasswd = "someone:$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n";

export async function startRegistry(t: TestContext, options: RegistryServerOptions = {}): Promise<RegistryServer> {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, "data"));
  await writeFile(join(folder, "htpasswd"), htpasswd);
  const certificate = options.tls ? makeCertificate(folder) : undefined;
  const config = [
    "version: 0.1",
    "log: {level: info, accesslog: {disabled: false}}",
    `storage: {filesystem: {rootdirectory: ${folder}/data}, delete: {enabled: true}}`,
    `http: {addr: "127.0.0.1:0", secret: test${options.tls ? `, tls: {certificate: ${folder}/cert.pem, key: ${folder}/key.pem}` : ""}}`,
    ...(options.auth ? [`auth: {htpasswd: {realm: test, path: ${folder}/htpasswd}}`] : []),
  ];
  await writeFile(join(folder, "config.yml"), `${config.join("\n")}\n`);
  const child = spawn("docker-registry", ["serve", join(folder, "config.yml")], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH, OTEL_TRACES_EXPORTER: "none" },
  });
  t.after(async () => {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    if (child.exitCode === null) await ended;
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  const host = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status) => reject(new Error(`docker-registry ended with ${status}`)));
    createInterface({ input: child.stderr }).on("line", (line) => {
      const [, found] = /listening on (127\.0\.0\.1:\d+)/.exec(line) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
  let marks = 0;
  const seen = async (): Promise<readonly string[]> => {
    // Lines come through a pipe: what was asked before this mark is there when the mark is.
    const mark = `/v2/?mark=${++marks}`;
    await fetch(`http://${host}${mark}`);
    while (!lines.some((line) => line.includes(`${mark} `))) await once(child.stdout, "data");
    return lines.flatMap(requestIn).filter((one) => !one.includes("?mark="));
  };
  return { host, folder: join(folder, "data"), certificate, seen };
}

/** The access log has the combined form of Apache. */
function requestIn(line: string): readonly string[] {
  const [, request, status] = /"([A-Z]+ \S+) HTTP\/[\d.]+" (\d{3})/.exec(line) ?? [];
  return request === undefined ? [] : [`${request} ${status}`];
}

function makeCertificate(folder: string): string {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const named = ["-subj", "/CN=registry.example", "-addext", "subjectAltName=IP:127.0.0.1,DNS:registry.example"];
  run("openssl", ["req", "-x509", ...made, ...named, "-keyout", key, "-out", cert]);
  return cert;
}

/** Tries again at once. */
export const quickRetries: RetryPolicy = {
  attempts: 4,
  maxTries: 20,
  firstDelayMs: 1,
  maxDelayMs: 2,
  maxRetryAfterMs: 5000,
  random: () => 0.5,
};

export interface ClientOptions extends Partial<RegistryOptions> {
  readonly environment?: Readonly<Record<string, string>>;
}

/** A client whose connections end with the test. */
export function registryClient(t: TestContext, options: ClientOptions = {}): Registry {
  const { environment = {}, signal } = options;
  const http = createHttpClient({ userAgent: "dodai/test", environment, retries: quickRetries, signal });
  t.after(() => http.close());
  return createRegistry({
    http,
    credentials: openCredentials({ PATH: process.env.PATH ?? "", ...environment }),
    insecureHttp: false,
    offline: false,
    mirrors: [],
    retries: quickRetries,
    ...options,
  });
}
