// A registry in this process that does what the specification says, until a test steps in.
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { TestContext } from "node:test";
import { type Loopback, sendBytes, startLoopback } from "./loopback.ts";

export interface Stored {
  readonly type: string;
  readonly bytes: Uint8Array;
}

export interface FakeRegistry extends Loopback {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** By digest, of all repositories. */
  readonly blobs: Map<string, Uint8Array>;
  /** By tag and by digest, of all repositories. */
  readonly manifests: Map<string, Stored>;
  /** `METHOD PATH` of each request, with digests and uploads cut short. */
  told(): readonly string[];
}

export interface FakeOptions {
  /** Answers in place of the registry when it gives true. `nth` counts requests of this method and path from 1. */
  readonly instead?: (request: IncomingMessage, response: ServerResponse, nth: number) => boolean | Promise<boolean>;
  /** Lists referrers itself. */
  readonly referrers?: boolean;
  /** Breaks the connection of the first upload that brought so many bytes, which are kept. */
  readonly breakUploadsAt?: number;
  /** Host of uploads, when it is another. */
  readonly uploadsAt?: () => string;
}

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

export async function startFakeRegistry(t: TestContext, options: FakeOptions = {}): Promise<FakeRegistry> {
  const state: State = { blobs: new Map(), manifests: new Map(), uploads: new Map(), broken: false, options };
  const counts = new Map<string, number>();
  const loopback = await startLoopback((request, response) => {
    const key = `${request.method} ${request.url}`;
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    void (async () => {
      if (await options.instead?.(request, response, nth)) return;
      await answer(request, response, state);
    })();
  });
  t.after(() => loopback.close());
  return {
    ...loopback,
    host: `127.0.0.1:${loopback.port}`,
    blobs: state.blobs,
    manifests: state.manifests,
    told: () =>
      loopback.seen.map(({ method, path }) => `${method} ${path.replaceAll(/(sha256(?::|%3A)\w{4})\w+/g, "$1")}`),
  };
}

interface State {
  readonly blobs: Map<string, Uint8Array>;
  readonly manifests: Map<string, Stored>;
  readonly uploads: Map<string, Uint8Array>;
  broken: boolean;
  readonly options: FakeOptions;
}

export function reply(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: string | Uint8Array = "",
): true {
  response.writeHead(status, { "content-length": String(Buffer.byteLength(body)), ...headers }).end(body);
  return true;
}

/** What came of a body, also when it broke off. */
export async function bodyOf(request: IncomingMessage, onChunk?: (bytes: Uint8Array) => void): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
      onChunk?.(Buffer.concat(chunks));
    }
  } catch {
    // The client went away.
  }
  return Buffer.concat(chunks);
}

async function answer(request: IncomingMessage, response: ServerResponse, state: State): Promise<void> {
  const { method = "" } = request;
  const url = new URL(request.url ?? "/", "http://registry");
  if (url.pathname === "/v2/") return void reply(response, 200);
  const [, repository = "", kind = "", rest = ""] =
    /^\/v2\/(.+?)\/(manifests|blobs|referrers)\/(.*)$/.exec(url.pathname) ?? [];
  if (kind === "manifests") return manifests(request, response, { state, reference: rest });
  if (kind === "referrers") return void referrers(response, state, rest);
  if (rest.startsWith("uploads/")) return uploads(request, response, { state, url, repository, id: rest.slice(8) });
  const blob = state.blobs.get(rest);
  if (kind !== "blobs" || blob === undefined) return void unknown(response, "BLOB_UNKNOWN");
  if (method === "HEAD") response.writeHead(200, { "content-length": String(blob.byteLength) }).end();
  else sendBytes(request, response, blob);
}

const unknown = (response: ServerResponse, code: string): true =>
  reply(response, 404, {}, JSON.stringify({ errors: [{ code, message: "not there" }] }));

async function manifests(
  request: IncomingMessage,
  response: ServerResponse,
  { state, reference }: { readonly state: State; readonly reference: string },
): Promise<void> {
  if (request.method === "PUT") {
    const bytes = await bodyOf(request);
    const stored = { type: request.headers["content-type"] ?? "", bytes };
    state.manifests.set(reference, stored).set(digestOf(bytes), stored);
    const { subject } = JSON.parse(Buffer.from(bytes).toString()) as { readonly subject?: { readonly digest: string } };
    const told = subject && state.options.referrers ? { "oci-subject": subject.digest } : {};
    return void reply(response, 201, { "docker-content-digest": digestOf(bytes), ...told });
  }
  const found = state.manifests.get(reference);
  if (found === undefined) return void unknown(response, "MANIFEST_UNKNOWN");
  const headers = {
    "content-type": found.type,
    "content-length": String(found.bytes.byteLength),
    "docker-content-digest": digestOf(found.bytes),
  };
  if (request.method === "HEAD") response.writeHead(200, headers).end();
  else reply(response, 200, headers, found.bytes);
}

function referrers(response: ServerResponse, { manifests: all, options }: State, digest: string): void {
  if (!options.referrers) return void unknown(response, "NOT_FOUND");
  const found = [...all].flatMap(([key, { type, bytes }]) => {
    const value = JSON.parse(Buffer.from(bytes).toString()) as { subject?: { digest: string }; artifactType?: string };
    if (value.subject?.digest !== digest || !key.startsWith("sha256:")) return [];
    return [{ mediaType: type, digest: key, size: bytes.byteLength, artifactType: value.artifactType }];
  });
  const type = "application/vnd.oci.image.index.v1+json";
  const body = JSON.stringify({ schemaVersion: 2, mediaType: type, manifests: found });
  reply(response, 200, { "content-type": type }, body);
}

interface UploadRequest {
  readonly state: State;
  readonly url: URL;
  readonly repository: string;
  readonly id: string;
}

async function uploads(
  request: IncomingMessage,
  response: ServerResponse,
  { state, url, repository, id }: UploadRequest,
): Promise<void> {
  const headers = (upload: string): Record<string, string> => {
    const bytes = state.uploads.get(upload)?.byteLength ?? 0;
    const location = `${state.options.uploadsAt?.() ?? ""}/v2/${repository}/blobs/uploads/${upload}?state=a%2Bb%3D`;
    return { location, range: `0-${Math.max(0, bytes - 1)}` };
  };
  if (request.method === "POST") {
    const mount = url.searchParams.get("mount") ?? "";
    if (state.blobs.has(mount) && url.searchParams.has("from")) return void reply(response, 201);
    const fresh = `upload-${state.uploads.size + 1}`;
    state.uploads.set(fresh, new Uint8Array());
    return void reply(response, 202, headers(fresh));
  }
  const before = state.uploads.get(id);
  if (before === undefined) return void unknown(response, "BLOB_UPLOAD_UNKNOWN");
  if (request.method === "GET") return void reply(response, 204, headers(id));
  const keep = (bytes: Uint8Array): void => {
    state.uploads.set(id, Buffer.concat([before, bytes]));
    if (state.broken || bytes.byteLength < (state.options.breakUploadsAt ?? Number.POSITIVE_INFINITY)) return;
    state.broken = true;
    request.socket.destroy();
  };
  keep(await bodyOf(request, keep));
  if (request.socket.destroyed) return;
  if (request.method === "PATCH") return void reply(response, 202, headers(id));
  const whole = state.uploads.get(id) ?? before;
  const digest = url.searchParams.get("digest") ?? "";
  if (digestOf(whole) !== digest) return void reply(response, 400, {}, '{"errors":[{"code":"DIGEST_INVALID"}]}');
  state.blobs.set(digest, whole);
  state.uploads.delete(id);
  reply(response, 201, { "docker-content-digest": digest });
}
