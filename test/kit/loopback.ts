// A web server on 127.0.0.1 that serves files and can misbehave in every way that mirrors do.

import { createHash } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export interface Loopback {
  /** `http://127.0.0.1:PORT`, without a slash at its end. */
  readonly url: string;
  readonly port: number;
  readonly seen: readonly SeenRequest[];
  close(): Promise<void>;
}

/** Answers one request. `nth` counts requests for this path from 1. */
export type Answer = (request: IncomingMessage, response: ServerResponse, nth: number) => void;

/** Starts a server; close it, or use `t.after`. CONNECT requests are answered with `connect` or refused. */
export async function startLoopback(answer: Answer): Promise<Loopback> {
  const seen: SeenRequest[] = [];
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    const nth = (counts.get(path) ?? 0) + 1;
    counts.set(path, nth);
    seen.push({ path, headers: request.headers });
    answer(request, response, nth);
  });
  server.on("connect", (request, socket) => {
    seen.push({ path: `CONNECT ${request.url ?? ""}`, headers: request.headers });
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
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
