// Reads URLs through unreliable networks: tries again, and goes on where a transfer broke off, so that a caller sees one
// unbroken stream. node:http rather than fetch: proxies per request, and no decoding of what servers mislabel.
import { createHash, type Hash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, type Authorizer, type ExchangeOptions, exchangeOf, wantsOtherHeader } from "./http-exchange.ts";
import { cancelled, faultOf, HttpFault } from "./http-fault.ts";
import { createLanes } from "./http-lanes.ts";
import { bodyOf, createAgents, discard, type RequestWorld, sendRequest, type Timeouts } from "./http-request.ts";
import { isPassing, type RetryPolicy, retryAfterMs, retryDelayMs, usualRetries } from "./http-retry.ts";
import { emptyNetrc, type Netrc } from "./netrc.ts";
import type { Environment } from "./proxy.ts";

export interface HttpOptions {
  /** `dodai/VERSION`. */
  readonly userAgent: string;
  /** Read for the proxy variables only. */
  readonly environment?: Environment;
  readonly netrc?: Netrc;
  readonly signal?: AbortSignal | undefined;
  readonly timeouts?: Timeouts;
  readonly retries?: RetryPolicy;
  readonly maxRedirects?: number;
  /** One connection waits for the answer to each request in turn; eight read small files four times as fast. */
  readonly connectionsPerHost?: number;
}

export interface ReadOptions {
  /** Refused past this many bytes. */
  readonly maxBytes: number;
  /** When known: an answer of another size is refused at once, and one that ends early is gone on with. */
  readonly sizeBytes?: number | undefined;
  /** The caller checks a digest over all bytes, so a transfer may be pieced together without a validator of the server. */
  readonly checked: boolean;
  /** Who asks, in place of what the URL and netrc say. */
  readonly authorizer?: Authorizer | undefined;
  /** Told the size of each chunk that arrives. */
  readonly onBytes?: ((count: number) => void) | undefined;
}

export interface HttpClient {
  /** The bytes behind a URL, as one stream. Throws HttpFault, or CANCELLED. */
  read(url: URL, options: ReadOptions): AsyncGenerator<Uint8Array>;
  /** One request and its whole answer, whatever its status. Throws HttpFault when there is none, or CANCELLED. */
  exchange(url: URL, options: ExchangeOptions): Promise<Answer>;
  /** Ends all connections. */
  close(): void;
}

export function createHttpClient(options: HttpOptions): HttpClient {
  const { retries = usualRetries, signal } = options;
  const lanes = createLanes(options.connectionsPerHost ?? 8);
  const world: RequestWorld = {
    agents: createAgents(),
    environment: options.environment ?? {},
    netrc: options.netrc ?? emptyNetrc,
    userAgent: options.userAgent,
    timeouts: options.timeouts ?? { connectMs: 15_000, idleMs: 30_000 },
    maxRedirects: options.maxRedirects ?? 10,
    signal,
  };

  async function* read(url: URL, wanted: ReadOptions): AsyncGenerator<Uint8Array> {
    const transfer = startTransfer(wanted);
    const lane = await lanes.enter(url.host, signal).catch(() => Promise.reject(cancelled()));
    try {
      for (let attempt = 1, tries = 1; ; attempt++, tries++) {
        const before = transfer.seenBytes;
        try {
          yield* attemptTransfer(url, transfer, world);
          return;
        } catch (error) {
          const fault = faultOf(error);
          if (!(fault instanceof HttpFault)) throw fault;
          if (transfer.seenBytes > before) attempt = 1;
          const delayMs = tries < retries.maxTries ? retryDelayMs(fault, attempt, retries) : undefined;
          if (delayMs === undefined) throw fault;
          await sleep(delayMs, undefined, signal === undefined ? {} : { signal }).catch(() =>
            Promise.reject(cancelled()),
          );
        }
      }
    } finally {
      lane.leave();
    }
  }

  return { read, exchange: exchangeOf(world, retries), close: () => world.agents.close() };
}

/** What is known of a file while it is read, over all attempts. */
interface Transfer {
  readonly wanted: ReadOptions;
  seenBytes: number;
  /** Of the bytes seen, when nobody else checks them. */
  readonly prefix: Hash | undefined;
  /** For If-Range: a strong ETag or a date (RFC 9110, 13.1.5). */
  validator: string | undefined;
  /** False once the server answered a Range with something of no use. */
  ranges: boolean;
}

function startTransfer(wanted: ReadOptions): Transfer {
  return {
    wanted,
    seenBytes: 0,
    prefix: wanted.checked ? undefined : createHash("sha256"),
    validator: undefined,
    ranges: true,
  };
}

async function* attemptTransfer(url: URL, transfer: Transfer, world: RequestWorld): AsyncGenerator<Uint8Array> {
  const { wanted, prefix } = transfer;
  const authorization = await wanted.authorizer?.header();
  const request = { method: "GET", headers: requestHeaders(transfer), authorization } as const;
  const { response, direct } = await sendRequest(url, request, world);
  if (direct && (await wantsOtherHeader(response, wanted.authorizer))) {
    await discard(response);
    throw new HttpFault("unavailable", "the server wants other credentials", 0);
  }
  const resumed = await acceptAnswer(response, transfer);
  let body = bodyOf(response, world.timeouts);
  if (!resumed && transfer.seenBytes > 0) body = withoutPrefix(body, transfer);
  for await (const chunk of body) {
    if (transfer.seenBytes + chunk.byteLength > wanted.maxBytes) throw tooLarge(wanted.maxBytes);
    transfer.seenBytes += chunk.byteLength;
    prefix?.update(chunk);
    wanted.onBytes?.(chunk.byteLength);
    yield chunk;
  }
  if (wanted.sizeBytes !== undefined && transfer.seenBytes < wanted.sizeBytes) {
    throw new HttpFault("unavailable", `it ended after ${transfer.seenBytes} of ${wanted.sizeBytes} bytes`);
  }
}

function requestHeaders(transfer: Transfer): Readonly<Record<string, string>> {
  // What nobody checks is the file that leads to all others: a proxy's old copy of it would not fit them (RFC 9111, 5.2.1.1).
  const fresh = transfer.wanted.checked ? {} : { "cache-control": "max-age=0" };
  return { ...fresh, ...rangeHeaders(transfer) };
}

function rangeHeaders({ seenBytes, validator, ranges, wanted }: Transfer): Readonly<Record<string, string>> {
  if (seenBytes === 0 || !ranges || (validator === undefined && !wanted.checked)) return {};
  const range = { range: `bytes=${seenBytes}-` };
  return validator === undefined ? range : { ...range, "if-range": validator };
}

/** Whether the answer goes on where the last one broke off; throws unless it is the file, whole or its rest. */
async function acceptAnswer(response: IncomingMessage, transfer: Transfer): Promise<boolean> {
  const { statusCode: status = 0, headers } = response;
  try {
    if (status === 416) transfer.ranges = false;
    if (status !== 200 && status !== 206) throw statusFault(status, headers["retry-after"]);
    const resumed = status === 206;
    if (resumed) assertResumes(headers["content-range"], transfer);
    const rest = headers["content-length"] === undefined ? undefined : Number(headers["content-length"]);
    if (rest !== undefined) assertSize(rest + (resumed ? transfer.seenBytes : 0), transfer.wanted);
    const etag = headers.etag?.startsWith("W/") === true ? undefined : headers.etag;
    transfer.validator = etag ?? headers["last-modified"];
    return resumed;
  } catch (error) {
    await discard(response);
    throw error;
  }
}

function assertResumes(contentRange: string | undefined, transfer: Transfer): void {
  const start = /^bytes (\d+)-\d+\/(?:\d+|\*)$/.exec(contentRange ?? "")?.[1];
  if (start === undefined || Number(start) !== transfer.seenBytes || transfer.seenBytes === 0) {
    transfer.ranges = false;
    throw new HttpFault("unavailable", "it answers with another part of the file than was asked for");
  }
}

function assertSize(sizeBytes: number, { sizeBytes: wanted, maxBytes }: ReadOptions): void {
  if (wanted !== undefined && sizeBytes !== wanted) {
    throw new HttpFault("mismatch", `it has ${sizeBytes} bytes, wanted ${wanted}`);
  }
  if (sizeBytes > maxBytes) throw tooLarge(maxBytes);
}

function tooLarge(maxBytes: number): HttpFault {
  return new HttpFault("refused", `it is larger than ${maxBytes} bytes`);
}

function statusFault(status: number, retryAfter: string | undefined): HttpFault {
  const reason = `the server answers ${status}`;
  if (status === 404 || status === 410) return new HttpFault("missing", reason);
  // 416 comes when the file is now shorter than what was seen of it: the next attempt asks for all of it.
  const passing = status === 416 || isPassing(status);
  return new HttpFault(passing ? "unavailable" : "refused", reason, retryAfterMs(retryAfter, Date.now()), status);
}

/** A server that begins again from the start: what was passed on already is left out, and must be the same when nobody checks it. */
async function* withoutPrefix(body: AsyncGenerator<Uint8Array>, transfer: Transfer): AsyncGenerator<Uint8Array> {
  const again = transfer.prefix === undefined ? undefined : createHash("sha256");
  let skip = transfer.seenBytes;
  for await (const chunk of body) {
    const skipped = Math.min(skip, chunk.byteLength);
    if (skipped > 0) again?.update(chunk.subarray(0, skipped));
    skip -= skipped;
    if (skip === 0 && skipped > 0 && again?.digest("hex") !== transfer.prefix?.copy().digest("hex")) {
      throw new HttpFault("refused", "it changed while it was read");
    }
    if (skipped < chunk.byteLength) yield chunk.subarray(skipped);
  }
  if (skip > 0) throw new HttpFault("unavailable", "the transfer broke off again before new bytes came");
}
