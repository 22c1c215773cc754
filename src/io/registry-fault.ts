// Why a registry did not do what was asked, for people: its own code and message (distribution-spec, "Error Codes") without
// anything secret.
import { DodaiError, type ErrorCode } from "../core/dodai-error.ts";
import type { Answer } from "./http-exchange.ts";
import type { HttpFault } from "./http-fault.ts";
import { redact } from "./http-redact.ts";
import { loginFix } from "./registry-token.ts";

export interface Attempted {
  /** `Cannot VERB THING`. */
  readonly cannot: string;
  readonly registry: string;
}

/** Longest text of a registry that is told, in characters. */
const maxLength = 300;

/** What to do about bytes that are not what a digest says. */
export const changedFix =
  "The image was changed on the way or is damaged there. Try again, or take another tag or digest.";

/** An error for an answer that is not the wanted one. */
export function answerError(
  { cannot, registry }: Attempted,
  { status, body }: Pick<Answer, "status" | "body">,
): DodaiError {
  const reason = reasonIn(body);
  const state = `${registry} answers ${status}${reason === "" ? "" : ` (${reason})`}`;
  const code = codeOfStatus(status);
  return new DodaiError(code, `${cannot}: ${state}`, { fix: fixFor(code, status, registry) });
}

/** An error for a request without an answer, or with one that cannot be used. */
export function faultError({ cannot, registry }: Attempted, fault: HttpFault): DodaiError {
  const { kind, message, status } = fault;
  if (status !== undefined) return answerError({ cannot, registry }, { status, body: new Uint8Array() });
  if (kind === "mismatch") {
    return new DodaiError("DIGEST_MISMATCH", `${cannot}: ${message}`, { fix: changedFix });
  }
  const code = kind === "missing" ? "IMAGE_MISSING" : "REGISTRY_FAILED";
  return new DodaiError(code, `${cannot}: ${registry}: ${message}`, { fix: fixFor(code, undefined, registry) });
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 401 || status === 403) return "REGISTRY_DENIED";
  return status === 404 ? "IMAGE_MISSING" : "REGISTRY_FAILED";
}

function fixFor(code: ErrorCode, status: number | undefined, registry: string): string {
  if (code === "REGISTRY_DENIED") return loginFix(registry);
  if (code === "IMAGE_MISSING") {
    return "Check the name and the tag. Some registries say so as well of what they do not show to this user.";
  }
  if (status === 429) return `Wait a while; whoever logs in at "${registry}" may have a higher limit.`;
  return "Check the network and HTTP_PROXY, HTTPS_PROXY, NO_PROXY, and try again.";
}

/** `DENIED: requested access to the resource is denied`. */
function reasonIn(body: Uint8Array): string {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString());
  } catch {
    return "";
  }
  const { errors } = (value ?? {}) as { readonly errors?: unknown };
  if (!Array.isArray(errors)) return "";
  const told = errors.slice(0, 3).map((one: unknown) => {
    const { code, message } = (one ?? {}) as Record<string, unknown>;
    return [code, message].filter((text) => typeof text === "string" && text !== "").join(": ");
  });
  // A message of others may quote what was sent.
  return redact(told.filter((text) => text !== "").join("; "))
    .replaceAll(/\b(bearer|basic)\s+\S+/gi, "$1 ***")
    .slice(0, maxLength);
}
