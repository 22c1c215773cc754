// One blob into a registry (distribution-spec, "Pushing Blobs"): nothing when it is there, a mount when another repository of
// the registry has it, else its bytes. They go in one request; after a break, or where that is too large, in chunks from
// where the registry says that it stands.
import { setTimeout as sleep } from "node:timers/promises";
import { type Bytes, bytesOf, concatBytes } from "../core/bytes.ts";
import { DodaiError } from "../core/dodai-error.ts";
import type { Pointer } from "../image/image-source.ts";
import type { Answer } from "./http-exchange.ts";
import { cancelled, HttpFault } from "./http-fault.ts";
import type { RequestBody } from "./http-request.ts";
import { isPassing, type RetryPolicy, retryAfterMs, retryDelayMs } from "./http-retry.ts";
import type { Connection, RegistryRequest } from "./registry-connection.ts";
import { answerError, faultError } from "./registry-fault.ts";

export interface UploadOptions {
  readonly connection: Connection;
  readonly pointer: Pointer;
  /** The blob's bytes from their start, checked: they throw before their last one is passed on when they are wrong. */
  readonly open: () => Bytes;
  /** Another repository of the same registry that has the blob. */
  readonly from?: string | undefined;
  /** Sends chunks of so many bytes from the start. */
  readonly chunkBytes?: number | undefined;
  readonly retries: RetryPolicy;
  readonly signal?: AbortSignal | undefined;
  /** Told the size of each chunk that is sent. */
  readonly onBytes?: ((count: number) => void) | undefined;
}

export type Uploaded = "there" | "mounted" | "sent";

/** What is held in memory of each blob that goes in chunks, and what a server may ask for at most. */
const usualChunkBytes = 16 << 20;
const maxChunkBytes = 128 << 20;
/** A registry reads a blob again, or moves it to where it stays, before it answers. */
const commitMs = 300_000;

/** Throws REGISTRY_DENIED, REGISTRY_FAILED, CANCELLED and what `open` throws. */
export async function uploadBlob(options: UploadOptions): Promise<Uploaded> {
  const { from, retries, signal } = options;
  if (await hasBlob(options)) return "there";
  const mounted = from === undefined ? undefined : await mountBlob(options, from);
  if (mounted === "mounted") return mounted;
  let state = mounted ?? (await startUpload(options));
  for (let attempt = 1; ; attempt++) {
    const before = state.offset;
    const outcome = await sendRest(state, options);
    if (outcome === "done") return "sent";
    const { fault } = outcome;
    state = outcome.state;
    if (state.offset > before) attempt = 1;
    const delayMs = retryDelayMs(fault, attempt, retries);
    if (delayMs === undefined) throw faultError(attempted(options), fault);
    await sleep(delayMs, undefined, signal === undefined ? {} : { signal }).catch(() => Promise.reject(cancelled()));
    const stands = await whereItStands(state, options);
    if (stands === "done") return "sent";
    state = stands;
  }
}

interface Upload {
  readonly location: URL;
  /** Bytes that the registry has. */
  readonly offset: number;
  /** `undefined`: all in one request. */
  readonly chunkBytes: number | undefined;
}

type Outcome = "done" | { readonly fault: HttpFault; readonly state: Upload };

const attempted = ({ connection, pointer }: UploadOptions): { readonly cannot: string; readonly registry: string } => {
  const { registry, repository } = connection.place;
  return { cannot: `Cannot push blob ${pointer.digest} to "${registry}/${repository}"`, registry };
};

type Asked = Pick<RegistryRequest, "method" | "at" | "again"> & Partial<RegistryRequest>;

const requestOf = (options: UploadOptions, asked: Asked): RegistryRequest => ({
  cannot: attempted(options).cannot,
  actions: "pull,push",
  ...asked,
});

async function hasBlob(options: UploadOptions): Promise<boolean> {
  const at = `blobs/${options.pointer.digest}`;
  const answer = await options.connection.ask(requestOf(options, { method: "HEAD", at, again: true }));
  // Whoever does not know the question takes the blob.
  if ([200, 404, 405, 501].includes(answer.status)) return answer.status === 200;
  throw answerError(attempted(options), answer);
}

/** A registry that will not mount begins an upload, or refuses: `undefined`. */
async function mountBlob(options: UploadOptions, from: string): Promise<"mounted" | Upload | undefined> {
  const { connection, pointer } = options;
  const at = `blobs/uploads/?mount=${encodeURIComponent(pointer.digest)}&from=${encodeURIComponent(from)}`;
  const request = requestOf(options, { method: "POST", at, again: true, from, body: empty });
  const answer = await connection.attempt(request).catch((error: unknown) => {
    // Who may not read the other repository may still write to this one.
    if (error instanceof DodaiError && error.code !== "CANCELLED") return undefined;
    throw error;
  });
  if (answer === undefined || answer instanceof HttpFault) return undefined;
  if (answer.status === 201) return "mounted";
  return answer.status === 202 ? uploadOf(answer, options) : undefined;
}

async function startUpload(options: UploadOptions): Promise<Upload> {
  const request = requestOf(options, { method: "POST", at: "blobs/uploads/", again: true, body: empty });
  const answer = await options.connection.ask(request);
  if (answer.status !== 202) throw answerError(attempted(options), answer);
  return uploadOf(answer, options);
}

async function uploadOf({ headers, status, body }: Answer, options: UploadOptions): Promise<Upload> {
  if (headers.location === undefined) throw answerError(attempted(options), { status, body });
  const location = await options.connection.resolve(headers.location);
  const least = Number(headers["oci-chunk-min-length"] ?? 0);
  const { chunkBytes } = options;
  return { location, offset: 0, chunkBytes: chunkBytes && Math.min(Math.max(chunkBytes, least), maxChunkBytes) };
}

async function sendRest(state: Upload, options: UploadOptions): Promise<Outcome> {
  return state.chunkBytes === undefined && state.offset === 0 ? sendWhole(state, options) : sendChunks(state, options);
}

async function sendWhole(state: Upload, options: UploadOptions): Promise<Outcome> {
  const { pointer, onBytes, open } = options;
  const body = { sizeBytes: pointer.sizeBytes, open: () => counted(open(), onBytes) };
  return finish(state, body, options);
}

/** The request that ends an upload, with what is left of the bytes. */
async function finish(state: Upload, body: RequestBody, options: UploadOptions): Promise<Outcome> {
  const { connection, pointer } = options;
  const at = new URL(state.location.href);
  // As it came: a registry may have signed its query.
  at.search = `${at.search}${at.search === "" ? "?" : "&"}digest=${encodeURIComponent(pointer.digest)}`;
  const headers = { "content-type": "application/octet-stream" };
  const answer = await connection.attempt(
    requestOf(options, { method: "PUT", at, headers, body, idleMs: commitMs, again: false }),
  );
  if (!(answer instanceof HttpFault) && answer.status === 201) return "done";
  return afterFault(answer, state, options);
}

async function sendChunks(state: Upload, options: UploadOptions): Promise<Outcome> {
  const { connection, pointer, onBytes } = options;
  const { chunkBytes = usualChunkBytes } = state;
  const reader = readFrom(options.open(), state.offset);
  let now: Upload = { ...state, chunkBytes };
  try {
    while (now.offset < pointer.sizeBytes) {
      const chunk = await reader.take(Math.min(chunkBytes, pointer.sizeBytes - now.offset));
      const end = now.offset + chunk.byteLength;
      const headers = {
        "content-type": "application/octet-stream",
        "content-range": `${now.offset}-${end - 1}`,
      };
      const body = { sizeBytes: chunk.byteLength, open: () => bytesOf(chunk) };
      const request = requestOf(options, { method: "PATCH", at: now.location, headers, body, again: false });
      const answer = await connection.attempt(request);
      if (answer instanceof HttpFault || answer.status !== 202) return await afterFault(answer, now, options);
      const stands = rangeEnd(answer.headers.range) ?? end;
      if (stands !== end) return await afterFault(outOfStep(), now, options);
      onBytes?.(chunk.byteLength);
      now = { ...(await uploadOf(answer, options)), offset: end, chunkBytes };
    }
  } finally {
    await reader.close();
  }
  return finish(now, empty, options);
}

/** A fault after which it makes sense to ask how far the upload is; others are thrown. */
async function afterFault(answer: Answer | HttpFault, state: Upload, options: UploadOptions): Promise<Outcome> {
  if (answer instanceof HttpFault) return { fault: answer, state };
  const { status, headers } = answer;
  const told = attempted(options);
  // Too large for one request, for the registry or for something before it.
  if (status === 413 && state.chunkBytes === undefined) {
    return {
      fault: new HttpFault("unavailable", "it is too large", 0),
      state: { ...state, chunkBytes: usualChunkBytes },
    };
  }
  // 404: the upload is forgotten. 416: it stands elsewhere.
  if (!isPassing(status) && status !== 404 && status !== 416) throw answerError(told, answer);
  const after = retryAfterMs(headers["retry-after"], Date.now());
  return { fault: new HttpFault("unavailable", `the server answers ${status}`, after, status), state };
}

const outOfStep = (): HttpFault => new HttpFault("unavailable", "it took another part than was sent");

/** How far the registry is, or a new upload when it does not say; it may be that only its answer was lost. */
async function whereItStands(state: Upload, options: UploadOptions): Promise<Upload | "done"> {
  const { connection, pointer } = options;
  const request = requestOf(options, { method: "GET", at: state.location, again: true });
  const answer = await connection.attempt(request);
  const fresh = async (): Promise<Upload | "done"> =>
    (await hasBlob(options)) ? "done" : { ...(await startUpload(options)), chunkBytes: state.chunkBytes };
  if (answer instanceof HttpFault || answer.status !== 204) return fresh();
  const offset = rangeEnd(answer.headers.range);
  // `0-0` is one byte, and also what some say of none.
  if (offset === undefined || offset === 1 || offset > pointer.sizeBytes) return fresh();
  const location = answer.headers.location;
  return { ...state, offset, location: location === undefined ? state.location : await connection.resolve(location) };
}

/** `0-99` is 100 bytes; `undefined` for anything else. */
function rangeEnd(range: string | undefined): number | undefined {
  const [, last] = /^(?:bytes=)?0-(\d{1,15})$/.exec(range ?? "") ?? [];
  return last === undefined ? undefined : Number(last) + 1;
}

const empty: RequestBody = { sizeBytes: 0, open: () => bytesOf() };

async function* counted(bytes: Bytes, onBytes: ((count: number) => void) | undefined): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    yield chunk;
    onBytes?.(chunk.byteLength);
  }
}

interface Reader {
  /** Exactly so many bytes; what the stream throws at its end it throws before it gives the last ones. */
  take(count: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

function readFrom(bytes: Bytes, offset: number): Reader {
  const iterator = bytes[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  let skip = offset;
  return {
    take: async (count) => {
      const parts: Uint8Array[] = [];
      for (let missing = count; missing > 0; ) {
        if (rest.byteLength === 0) {
          const step = await iterator.next();
          if (step.done === true) throw new TypeError("a blob's bytes end before its size");
          rest = step.value.subarray(Math.min(skip, step.value.byteLength));
          skip -= step.value.byteLength - rest.byteLength;
          continue;
        }
        const taken = rest.subarray(0, missing);
        parts.push(taken);
        rest = rest.subarray(taken.byteLength);
        missing -= taken.byteLength;
      }
      return concatBytes(parts);
    },
    close: async () => void (await iterator.return?.()),
  };
}
