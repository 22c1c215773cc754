// When to try a download again. Waiting grows twofold, and is drawn by chance below that, so that many builds that a
// server's hiccup stopped at once do not come back at once.
import type { HttpFault } from "./http-fault.ts";

export interface RetryPolicy {
  /** Attempts in a row without a single new byte. */
  readonly attempts: number;
  /** Attempts for one file in all, whatever each brought. */
  readonly maxTries: number;
  /** Before the second attempt at most this; doubled before each further one. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** The longest wait that a server may ask for (Retry-After). One that asks for more has failed. */
  readonly maxRetryAfterMs: number;
  /** From 0 to 1. */
  readonly random: () => number;
}

export const usualRetries: RetryPolicy = {
  attempts: 4,
  maxTries: 20,
  firstDelayMs: 500,
  maxDelayMs: 10_000,
  maxRetryAfterMs: 60_000,
  random: Math.random,
};

/** Statuses that may be others soon. */
export function isPassing(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** How long to wait before attempt number `attempt + 1`, or `undefined` when there shall be none. */
export function retryDelayMs(fault: HttpFault, attempt: number, policy: RetryPolicy): number | undefined {
  if ((fault.kind !== "unreachable" && fault.kind !== "unavailable") || attempt >= policy.attempts) return undefined;
  if (fault.retryAfterMs !== undefined) {
    return fault.retryAfterMs <= policy.maxRetryAfterMs ? fault.retryAfterMs : undefined;
  }
  const most = Math.min(policy.firstDelayMs * 2 ** (attempt - 1), policy.maxDelayMs);
  return most * (0.5 + policy.random() / 2);
}

/** Reads Retry-After: seconds or an HTTP date (RFC 9110, 10.2.3). `undefined` for anything else. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
