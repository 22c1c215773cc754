// Requests whose answers are small and looked at whole: what a registry is asked beside its blobs.
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { cancelled, faultOf, HttpFault } from "./http-fault.ts";
import { bodyOf, discard, type Headers, type OneRequest, type RequestWorld, sendRequest } from "./http-request.ts";
import { isPassing, type RetryPolicy, retryAfterMs, retryDelayMs } from "./http-retry.ts";

/** Who asks. One for each thing that is asked: it counts how often it was refused. */
export interface Authorizer {
  /** Value of the Authorization header for the next attempt. */
  header(): Promise<string | undefined>;
  /** The server answered 401 with this WWW-Authenticate: whether the next `header` is another one. */
  refused(challenge: string | undefined): Promise<boolean>;
}

export interface ExchangeOptions extends Omit<OneRequest, "authorization" | "headers"> {
  readonly headers?: Headers;
  readonly authorizer?: Authorizer | undefined;
  /** Of the answer's body. Throws HttpFault past it. */
  readonly maxBytes: number;
  /** In place of the client's: how long the server may stay silent. */
  readonly idleMs?: number;
  /** False when a request that failed may have had half its effect: the caller looks what came of it. */
  readonly again: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

export function exchangeOf(
  world: RequestWorld,
  retries: RetryPolicy,
): (url: URL, options: ExchangeOptions) => Promise<Answer> {
  const { signal } = world;
  const wait = (delayMs: number): Promise<void> =>
    sleep(delayMs, undefined, signal === undefined ? {} : { signal }).catch(() => Promise.reject(cancelled()));
  return async (url, options) => {
    for (let attempt = 1; ; ) {
      const outcome = await attemptExchange(url, options, world);
      if (outcome === "other-header") continue;
      const fault = outcome instanceof HttpFault ? outcome : passingFault(outcome);
      const delayMs = fault && options.again ? retryDelayMs(fault, attempt, retries) : undefined;
      if (delayMs === undefined) {
        if (outcome instanceof HttpFault) throw outcome;
        return outcome;
      }
      await wait(delayMs);
      attempt++;
    }
  };
}

/** Whether a 401 was answered and the authorizer now has another header. */
export async function wantsOtherHeader(
  { statusCode, headers }: IncomingMessage,
  authorizer: Authorizer | undefined,
): Promise<boolean> {
  return statusCode === 401 && authorizer !== undefined && (await authorizer.refused(headers["www-authenticate"]));
}

async function attemptExchange(
  url: URL,
  options: ExchangeOptions,
  client: RequestWorld,
): Promise<Answer | HttpFault | "other-header"> {
  const { authorizer, headers = {}, idleMs = client.timeouts.idleMs } = options;
  const world: RequestWorld = { ...client, timeouts: { ...client.timeouts, idleMs } };
  const authorization = await authorizer?.header();
  try {
    const { response, direct } = await sendRequest(url, { ...options, headers, authorization }, world);
    // What another host asks for is not for our credentials.
    if (direct && (await wantsOtherHeader(response, authorizer))) {
      await discard(response);
      return "other-header";
    }
    const body = await collectBody(response, options, world);
    return { status: response.statusCode ?? 0, headers: response.headers, body };
  } catch (error) {
    const fault = faultOf(error);
    if (fault instanceof HttpFault) return fault;
    throw fault;
  }
}

async function collectBody(
  response: IncomingMessage,
  { method, maxBytes }: ExchangeOptions,
  world: RequestWorld,
): Promise<Uint8Array> {
  const told = Number(response.headers["content-length"] ?? 0);
  const tooLarge = new HttpFault("refused", `its answer is larger than ${maxBytes} bytes`);
  if (told > maxBytes && method !== "HEAD") {
    await discard(response);
    throw tooLarge;
  }
  const chunks: Uint8Array[] = [];
  let seen = 0;
  for await (const chunk of bodyOf(response, world.timeouts)) {
    seen += chunk.byteLength;
    if (seen > maxBytes) throw tooLarge;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function passingFault({ status, headers }: Answer): HttpFault | undefined {
  if (!isPassing(status)) return undefined;
  const after = retryAfterMs(headers["retry-after"], Date.now());
  return new HttpFault("unavailable", `the server answers ${status}`, after, status);
}
