// An error as people and programs read it. DodaiErrors say what, where and what to do; all else is a bug of ours.
import { DodaiError, type ErrorKind, errorKinds, type Position } from "../core/dodai-error.ts";
import { excerptOf } from "./excerpt.ts";
import { safeText } from "./safe-text.ts";
import { paint } from "./style.ts";

export interface ErrorContext {
  readonly colors: boolean;
  /** Adds the stack of unexpected errors. */
  readonly debug: boolean;
  /** Text of the file that a position names; `undefined` when it cannot be read. */
  readonly sourceOf: (file: string) => string | undefined;
}

const exitCodes: Readonly<Record<ErrorKind, number>> = {
  build: 1,
  usage: 2,
  network: 3,
  verification: 4,
  unsatisfiable: 5,
  lock: 6,
};

/** A bug of dodai counts as a failed build. */
export function exitCodeOf(error: unknown): number {
  return error instanceof DodaiError ? exitCodes[errorKinds[error.code]] : exitCodes.build;
}

/** Reasons of reasons that are told. */
const maxDepth = 8;

/** Several lines, with a line end. */
export function describeError(error: unknown, context: ErrorContext): string {
  const lines =
    error instanceof DodaiError ? [...describeOne(error, context, 0), docsLine(error)] : describeBug(error, context);
  return `${lines.join("\n")}\n`;
}

const docsLine = ({ code }: DodaiError): string => `  see: docs/errors/${code}.md`;

function describeOne(error: DodaiError, context: ErrorContext, depth: number): readonly string[] {
  const head = depth === 0 ? paint(context, "bold", "dodai: ") : "";
  const label = paint(context, ["red", "bold"], `error[${error.code}]`);
  const lines = [`${head}${label}: ${safeText(error.message)}`, ...describeWhere(error.where, context)];
  if (error.fix !== undefined) lines.push(`  ${paint(context, "green", "fix:")} ${safeText(error.fix)}`);
  return [...lines, ...describeCause(error, context, depth)];
}

function describeWhere(where: Position | string | undefined, context: ErrorContext): readonly string[] {
  if (where === undefined) return [];
  if (typeof where === "string") return [`  at ${safeText(where)}`];
  const place = `  at ${paint(context, "cyan", safeText(`${where.file}:${where.line}:${where.column}`))}`;
  const excerpt = excerptOf(context.sourceOf(where.file) ?? "", where);
  if (!excerpt) return [place];
  const margin = String(where.line);
  const line = safeText(excerpt.line);
  // What was taken out of the line would put the caret below something else.
  if (line.length !== excerpt.line.length) return [place, `    ${margin} | ${line}`];
  return [
    place,
    `    ${margin} | ${line}`,
    `    ${" ".repeat(margin.length)} | ${paint(context, "red", excerpt.caret)}`,
  ];
}

/** All faults of a file one below the other; a chain of reasons one line each. */
function describeCause({ message, cause }: Error, context: ErrorContext, depth: number): readonly string[] {
  if (cause === undefined || cause === null || depth >= maxDepth) return [];
  if (cause instanceof AggregateError) {
    return cause.errors.flatMap((one: unknown) => ["", ...describeReason(one, context, depth + 1)]);
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (!(cause instanceof DodaiError) && message.includes(reason)) return [];
  return describeReason(cause, context, depth + 1).map((line, index) =>
    index === 0 ? `  because: ${line}` : `  ${line}`,
  );
}

function describeReason(reason: unknown, context: ErrorContext, depth: number): readonly string[] {
  if (reason instanceof DodaiError) return describeOne(reason, context, depth);
  if (reason instanceof Error) return [safeText(reason.message), ...describeCause(reason, context, depth)];
  return [safeText(String(reason))];
}

function describeBug(error: unknown, context: ErrorContext): readonly string[] {
  const head = `${paint(context, "bold", "dodai: ")}${paint(context, ["red", "bold"], "bug")}`;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return [
    `${head}: ${safeText(message)}`,
    "  This is a fault of dodai itself, not of what you did. Please report it, with the command and the stack.",
    ...(context.debug ? [safeText(stack)] : ["  fix: Set DODAI_DEBUG=1 to see the stack."]),
  ];
}

/** `{"schemaVersion":1,"error":{...}}` and a line end; `faults` are the single faults of a file. */
export function formatErrorJson(error: unknown): string {
  return `${JSON.stringify({ schemaVersion: 1, error: errorValue(error) })}\n`;
}

interface ErrorValue {
  readonly code: string;
  readonly message: string;
  readonly where?: Position | string;
  readonly fix?: string;
  readonly faults?: readonly ErrorValue[];
}

function errorValue(error: unknown): ErrorValue {
  if (!(error instanceof DodaiError)) {
    return { code: "BUG", message: safeText(error instanceof Error ? error.message : String(error)) };
  }
  const { code, message, where, fix, cause } = error;
  return {
    code,
    message: safeText(message),
    ...(where === undefined ? {} : { where: typeof where === "string" ? safeText(where) : where }),
    ...(fix === undefined ? {} : { fix: safeText(fix) }),
    ...(cause instanceof AggregateError ? { faults: cause.errors.map(errorValue) } : {}),
  };
}
