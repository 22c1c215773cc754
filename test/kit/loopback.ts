// A web server on 127.0.0.1 that serves files and can misbehave in every way that mirrors and proxies do.

import { createHash } from "node:crypto";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Loopback {
  /** `http://127.0.0.1:PORT` (or https:), without a slash at its end. */
  readonly url: string;
  readonly port: number;
  readonly seen: readonly SeenRequest[];
  close(): Promise<void>;
}

/** Answers one request. `nth` counts requests for this path from 1. */
export type Answer = (request: IncomingMessage, response: ServerResponse, nth: number) => void;

export interface LoopbackOptions {
  /** Speaks https: with this certificate and key, both as PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Answers CONNECT with a tunnel to this port of 127.0.0.1, whatever host was asked for; else it is refused. */
  readonly tunnelTo?: number;
}

/** Starts a server; close it, or use `t.after`. */
export async function startLoopback(answer: Answer, options: LoopbackOptions = {}): Promise<Loopback> {
  const seen: SeenRequest[] = [];
  const counts = new Map<string, number>();
  const listener: RequestListener = (request, response) => {
    const path = request.url ?? "/";
    const nth = (counts.get(path) ?? 0) + 1;
    counts.set(path, nth);
    seen.push({ method: request.method ?? "", path, headers: request.headers });
    answer(request, response, nth);
  };
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  server.on("connect", (request, socket) => {
    seen.push({ method: "CONNECT", path: `CONNECT ${request.url ?? ""}`, headers: request.headers });
    if (options.tunnelTo === undefined) socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    else tunnel(socket, options.tunnelTo);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls ? "https" : "http"}://127.0.0.1:${port}`,
    port,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function tunnel(client: Duplex, port: number): void {
  const server = connect(port, "127.0.0.1", () => {
    client.write("HTTP/1.1 200 OK\r\n\r\n");
    client.pipe(server).pipe(client);
  });
  server.on("error", () => client.destroy());
  client.on("error", () => server.destroy());
}

export type Files = ReadonlyMap<string, Uint8Array>;

/** Serves files by their path below `prefix`, with ranges and ETags as real servers do. */
export function serveFiles(files: Files, prefix = "/"): Answer {
  return (request, response) => {
    const path = decodeURIComponent((request.url ?? "").split("?")[0] ?? "");
    const bytes = path.startsWith(prefix) ? files.get(path.slice(prefix.length)) : undefined;
    if (bytes === undefined) response.writeHead(404, { "content-length": "0" }).end();
    else sendBytes(request, response, bytes);
  };
}

/** One file, whole or from where a Range asks when If-Range agrees. */
export function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  { cutAfter, noLength = false }: { readonly cutAfter?: number; readonly noLength?: boolean } = {},
): void {
  const etag = `"${createHash("sha256").update(bytes).digest("hex").slice(0, 16)}"`;
  const ifRange = request.headers["if-range"];
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? "");
  const start = range !== null && (ifRange === undefined || ifRange === etag) ? Number(range[1]) : 0;
  const rest = bytes.subarray(start);
  response.writeHead(start > 0 ? 206 : 200, {
    etag,
    ...(noLength ? {} : { "content-length": String(rest.byteLength) }),
    ...(start > 0 ? { "content-range": `bytes ${start}-${bytes.byteLength - 1}/${bytes.byteLength}` } : {}),
  });
  if (cutAfter === undefined) response.end(rest);
  else response.write(rest.subarray(0, cutAfter), () => setTimeout(() => response.socket?.destroy(), 5));
}
