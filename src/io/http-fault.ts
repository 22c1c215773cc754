// Why one attempt at one URL failed. Whoever tries mirrors turns these into the one error that a person reads.
import { DodaiError } from "../core/dodai-error.ts";
import { redact } from "./http-redact.ts";

/**
 * `unreachable`: no connection; worth another try, and the mirror is to be avoided.
 * `unavailable`: the server cannot now, or the transfer broke; worth another try.
 * `missing`: the server answered that there is no such file (404, 410).
 * `mismatch`: what it has is not what was wanted.
 * `refused`: anything for which another try makes no sense.
 */
export type FaultKind = "unreachable" | "unavailable" | "missing" | "mismatch" | "refused";

/** Internal to `io/`: never reaches a caller of it. */
export class HttpFault extends Error {
  override readonly name = "HttpFault";
  readonly kind: FaultKind;
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** What the server answered, when that is the fault. */
  readonly status: number | undefined;

  constructor(kind: FaultKind, reason: string, retryAfterMs?: number, status?: number) {
    super(reason);
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
    this.status = status;
  }
}

export function cancelled(): DodaiError {
  return new DodaiError("CANCELLED", "Cannot finish: it was cancelled");
}

const unreachable: Readonly<Record<string, string>> = {
  EAI_AGAIN: "the host name could not be looked up",
  ECONNREFUSED: "the connection was refused",
  EHOSTUNREACH: "there is no route to the host",
  ENETUNREACH: "there is no route to the network",
  ENOTFOUND: "the host name is not known",
  ERR_PROXY_TUNNEL: "the proxy gave no connection to the host",
  ETIMEDOUT: "the connection timed out",
};

const broken: Readonly<Record<string, string>> = {
  ECONNABORTED: "the connection was aborted",
  ECONNRESET: "the connection was closed before the end",
  EPIPE: "the connection was closed before the end",
  ERR_STREAM_PREMATURE_CLOSE: "the connection was closed before the end",
};

const badCertificate = "its certificate is not accepted";

/** Whether the server did speak TLS, but proved nothing by it. */
export function isCertificateFault({ message }: HttpFault): boolean {
  return message.startsWith(badCertificate);
}

/** What an error that Node threw during a request means. A fault or an error of ours passes as it is; a bug is thrown. */
export function faultOf(error: unknown): HttpFault | DodaiError {
  if (error instanceof HttpFault || error instanceof DodaiError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (typeof code !== "string") throw error;
  if (code === "ABORT_ERR") return cancelled();
  if (unreachable[code] !== undefined) return new HttpFault("unreachable", unreachable[code]);
  if (broken[code] !== undefined) return new HttpFault("unavailable", broken[code]);
  if (/CERT|UNABLE_TO|^ERR_TLS/.test(code)) return new HttpFault("refused", `${badCertificate} (${code})`);
  if (code === "EPROTO" || code.startsWith("ERR_SSL")) {
    return new HttpFault("refused", `it does not answer as https: does (${code})`);
  }
  if (code.startsWith("HPE_")) return new HttpFault("unavailable", `the answer is not HTTP (${code})`);
  return new HttpFault("refused", redact(message === "" ? code : message));
}
