// One request: proxy, time limits, credentials and redirects. No second try; that is http.ts.
import { once } from "node:events";
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Bytes } from "../core/bytes.ts";
import { cancelled, faultOf, HttpFault } from "./http-fault.ts";
import { describeUrl } from "./http-redact.ts";
import type { Credentials, Netrc } from "./netrc.ts";
import { type Environment, proxyFor } from "./proxy.ts";

export interface Timeouts {
  /** Until there is a connection to the host or the proxy. */
  readonly connectMs: number;
  /** Without a byte from the server, before its answer and within it. */
  readonly idleMs: number;
}

export interface RequestWorld {
  readonly agents: Agents;
  readonly environment: Environment;
  readonly netrc: Netrc;
  readonly userAgent: string;
  readonly timeouts: Timeouts;
  readonly maxRedirects: number;
  readonly signal: AbortSignal | undefined;
}

/** Connections that are kept open, one pool for each proxy. */
export interface Agents {
  agentFor(url: URL, environment: Environment): HttpAgent;
  close(): void;
}

export function createAgents(): Agents {
  const agents = new Map<string, HttpAgent>();
  return {
    agentFor: (url, environment) => {
      const proxy = proxyFor(url, environment)?.href;
      const key = `${url.protocol} ${proxy ?? ""}`;
      const known = agents.get(key);
      if (known) return known;
      const proxyEnv = proxy === undefined ? {} : { HTTP_PROXY: proxy, HTTPS_PROXY: proxy };
      const options = { keepAlive: true, proxyEnv };
      const made = url.protocol === "https:" ? new HttpsAgent(options) : new HttpAgent(options);
      agents.set(key, made);
      return made;
    },
    close: () => {
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
    },
  };
}

export type Headers = Readonly<Record<string, string>>;

export interface RequestBody {
  readonly sizeBytes: number;
  /** Exactly so many bytes, from their start. */
  open(): Bytes;
}

export interface OneRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH";
  readonly headers: Headers;
  /** In place of what the URL and netrc say. */
  readonly authorization?: string | undefined;
  readonly body?: RequestBody | undefined;
}

export interface Answered {
  /** Its body is not read yet. */
  readonly response: IncomingMessage;
  /** Whether the server that was asked first answered, and not one that it redirected to. */
  readonly direct: boolean;
}

const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/** Sends a request and follows redirects, those of GET and HEAD alone. Throws HttpFault or CANCELLED. */
export async function sendRequest(start: URL, request: OneRequest, world: RequestWorld): Promise<Answered> {
  const { method, headers } = request;
  let url = withoutCredentials(start);
  let authorization = request.authorization ?? basic(credentialsOf(start) ?? world.netrc.credentialsFor(start));
  let direct = true;
  for (let redirects = 0; redirects <= world.maxRedirects; redirects++) {
    const sent = authorization === undefined ? headers : { ...headers, authorization };
    const response = await send(url, { ...request, headers: sent }, world);
    const { statusCode = 0, headers: answer } = response;
    const follows = (method === "GET" || method === "HEAD") && redirectStatuses.has(statusCode);
    if (!follows || answer.location === undefined) return { response, direct };
    await discard(response);
    const next = redirectTarget(url, answer.location);
    // Who may read at one host may not be told to another (RFC 9110, 15.4 and 17.1).
    if (!isSameServer(url, next)) {
      authorization = undefined;
      direct = false;
    }
    url = next;
  }
  throw new HttpFault("refused", `it redirects more than ${world.maxRedirects} times`);
}

/** Lets go of an answer that nobody reads: read to its end when that is near, so that the connection can be used again. */
export function discard(response: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let leftBytes = 64 << 10;
    const timer = setTimeout(() => response.destroy(), 500);
    response.on("error", () => undefined);
    response.on("data", (chunk: Uint8Array) => {
      leftBytes -= chunk.byteLength;
      if (leftBytes < 0) response.destroy();
    });
    response.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** The body of an answer; fails when the server stays silent for too long while we wait for it. */
export async function* bodyOf(response: IncomingMessage, { idleMs }: Timeouts): AsyncGenerator<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = response[Symbol.asyncIterator]();
  try {
    for (;;) {
      const timer = setTimeout(() => response.destroy(silent(idleMs)), idleMs);
      const step = await chunks.next().finally(() => clearTimeout(timer));
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    response.destroy();
  }
}

function send(url: URL, { method, headers, body }: OneRequest, world: RequestWorld): Promise<IncomingMessage> {
  const { agents, environment, timeouts, userAgent, signal } = world;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) throw cancelled();
    const start = url.protocol === "https:" ? httpsRequest : httpRequest;
    const outgoing = start(url, {
      method,
      agent: agents.agentFor(url, environment),
      // Bytes as they are stored: their digest is known, and a .gz must stay one.
      headers: { "user-agent": userAgent, accept: "*/*", "accept-encoding": "identity", ...length(body), ...headers },
      ...(signal === undefined ? {} : { signal }),
    });
    let timer = setTimeout(() => outgoing.destroy(noConnection(timeouts.connectMs)), timeouts.connectMs);
    const connected = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => outgoing.destroy(silent(timeouts.idleMs)), timeouts.idleMs);
    };
    outgoing.once("socket", (socket) => (socket.connecting ? socket.once("connect", connected) : connected()));
    outgoing.once("response", (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    outgoing.on("error", (error) => {
      clearTimeout(timer);
      reject(faultOf(error));
    });
    if (body === undefined) outgoing.end();
    else void sendBody(outgoing, body, () => timer.refresh()).catch((error: Error) => outgoing.destroy(error));
  });
}

const length = (body: RequestBody | undefined): Headers =>
  body === undefined ? {} : { "content-length": String(body.sizeBytes) };

/** Writes as fast as the server reads, and stops when it has answered before the end: it does not want the rest. */
async function sendBody(outgoing: ClientRequest, body: RequestBody, onSent: () => void): Promise<void> {
  let answered = false;
  outgoing.once("response", (response) => {
    answered = true;
    response.once("close", () => {
      if (!outgoing.writableFinished) outgoing.destroy();
    });
  });
  for await (const chunk of body.open()) {
    if (answered || outgoing.destroyed) return;
    if (!outgoing.write(chunk)) {
      const ended = new AbortController();
      const { signal } = ended;
      const moved = ["drain", "close", "response"].map((event) => once(outgoing, event, { signal }));
      await Promise.race(moved).finally(() => {
        ended.abort();
        for (const one of moved) one.catch(() => undefined);
      });
    }
    onSent();
  }
  if (!answered && !outgoing.destroyed) outgoing.end();
}

function noConnection(connectMs: number): HttpFault {
  return new HttpFault("unreachable", `there was no connection within ${connectMs / 1000} s`);
}

function silent(idleMs: number): HttpFault {
  return new HttpFault("unavailable", `the server sent nothing for ${idleMs / 1000} s`);
}

export function redirectTarget(from: URL, location: string): URL {
  const next = URL.parse(location, from);
  if (next === null) throw new HttpFault("refused", "it redirects to something that is not a URL");
  if (next.protocol !== "http:" && next.protocol !== "https:") {
    throw new HttpFault("refused", `it redirects to ${next.protocol}, which is not followed`);
  }
  if (from.protocol === "https:" && next.protocol === "http:") {
    throw new HttpFault("refused", `it redirects from https: to ${describeUrl(next)}, which is not followed`);
  }
  return withoutCredentials(next);
}

/** The same scheme, host and port, or https: of a host that was asked by http:, both at their usual port. */
export function isSameServer(a: URL, b: URL): boolean {
  return (
    a.origin === b.origin || (a.protocol === "http:" && a.hostname === b.hostname && a.port === "" && b.port === "")
  );
}

function credentialsOf(url: URL): Credentials | undefined {
  if (url.username === "" && url.password === "") return undefined;
  return { login: decoded(url.username), password: decoded(url.password) };
}

/** Percent-decoded; as it is when it holds a bare `%`. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function withoutCredentials(url: URL): URL {
  const bare = new URL(url.href);
  bare.username = "";
  bare.password = "";
  bare.hash = "";
  return bare;
}

/** The value of an Authorization header (RFC 7617). */
export function basic(credentials: Credentials): string;
export function basic(credentials: Credentials | undefined): string | undefined;
export function basic(credentials: Credentials | undefined): string | undefined {
  if (credentials === undefined) return undefined;
  const text = `${credentials.login}:${credentials.password}`;
  return `Basic ${Buffer.from(text).toString("base64")}`;
}
