import type { DodaiError } from "../../src/core/dodai-error.ts";

/** A line for the fault, one for its place and one for its fix; the same for each fault below it. */
export function describeFault(error: DodaiError): string {
  const { where } = error;
  const place = typeof where === "object" ? `  at ${where.file}:${where.line}:${where.column}\n` : "";
  const own = `${error.code}: ${error.message}\n${place}${error.fix === undefined ? "" : `  fix: ${error.fix}\n`}`;
  const below = error.cause instanceof AggregateError ? (error.cause.errors as DodaiError[]) : [];
  return own + below.map(describeFault).join("");
}
