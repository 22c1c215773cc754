// What the schema found, in words: every fault of a file, each with its place, in the order of the file.
import type { z } from "zod";
import { DodaiError, type ErrorCode } from "../../core/dodai-error.ts";
import { nearest } from "../suggest.ts";
import { describePath, keysAt, maxFaults, type Path, type RecipeDocument } from "./document.ts";

/** A fault for each issue; one for each key when several are unknown. */
export function faultsOf(error: z.ZodError, document: RecipeDocument, schema: z.ZodType): readonly DodaiError[] {
  return error.issues.slice(0, maxFaults).flatMap((issue) => {
    const path = issue.path.filter((step) => typeof step !== "symbol");
    if (issue.code === "unrecognized_keys")
      return issue.keys.slice(0, maxFaults).map((key) => unknownKey({ key, path, document, schema }));
    if (issue.code === "invalid_key") {
      return issue.issues.map((inner) => faultOf(inner, path, document, document.positionOfKey(path)));
    }
    return [faultOf(issue, path, document)];
  });
}

/**
 * Throws the one fault of a file, or one error for all of them whose cause is an AggregateError of the faults in the
 * order of the file.
 */
export function throwFaults(
  faults: readonly DodaiError[],
  file: string,
  { code, what }: FaultsOptions = { code: "RECIPE_SYNTAX", what: "recipe" },
): void {
  const [first, ...others] = faults;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  const sorted = faults.toSorted(byPlace).slice(0, maxFaults);
  throw new DodaiError(code, `Cannot read ${what} "${file}": it has ${faults.length} faults`, {
    cause: new AggregateError(sorted, `${faults.length} faults`),
  });
}

export interface FaultsOptions {
  /** Of the error for all of them. */
  readonly code: ErrorCode;
  /** What kind of file it is. */
  readonly what: string;
}

/** Files in the order in which they were met. */
function byPlace(a: DodaiError, b: DodaiError): number {
  if (typeof a.where !== "object" || typeof b.where !== "object" || a.where.file !== b.where.file) return 0;
  return a.where.line - b.where.line || a.where.column - b.where.column;
}

function unknownKey(unknown: {
  readonly key: string;
  readonly path: Path;
  readonly document: RecipeDocument;
  readonly schema: z.ZodType;
}): DodaiError {
  const { key, path, document, schema } = unknown;
  const known = keysAt(schema, path);
  const word = nearest(key, [...known, ...Object.keys(synonyms)]) ?? key;
  const meant = synonyms[word] ?? word;
  const owner = path.length === 0 ? "a recipe" : `"${describePath(path)}"`;
  return new DodaiError("RECIPE_SYNTAX", `Cannot read "${key}": ${owner} has no such key`, {
    where: document.positionOfKey([...path, key]),
    fix: known.includes(meant)
      ? `Did you mean "${meant}"?`
      : `Known are ${known.filter((one) => one !== "$schema").join(", ")}.`,
  });
}

/** Words that other builders use for the same thing. */
const synonyms: Readonly<Record<string, string>> = {
  arch: "platforms",
  archs: "platforms",
  command: "cmd",
  distribution: "distro",
  environment: "env",
  from: "distro",
  include: "extends",
  stopsignal: "stop-signal",
  symlink: "target",
  type: "directory",
};

function faultOf(
  issue: z.core.$ZodIssue,
  path: Path,
  document: RecipeDocument,
  where: DodaiError["where"] = document.positionOf(path),
): DodaiError {
  const own = issue.code === "custom" ? issue.params?.error : undefined;
  if (own instanceof DodaiError) {
    return new DodaiError("RECIPE_SYNTAX", own.message, {
      ...(where ? { where } : {}),
      ...(own.fix ? { fix: own.fix } : {}),
    });
  }
  const value = valueAt(document.value, path);
  const { state, fix } = describeIssue(issue, value, path);
  const thing = path.length === 0 ? "recipe" : `"${describePath(path)}"`;
  return new DodaiError("RECIPE_SYNTAX", `Cannot read ${thing}: ${state}`, {
    ...(where ? { where } : {}),
    ...(fix === undefined ? {} : { fix }),
  });
}

interface Described {
  readonly state: string;
  readonly fix?: string;
}

function describeIssue(issue: z.core.$ZodIssue, value: unknown, path: Path): Described {
  switch (issue.code) {
    case "invalid_type":
      return describeWrongType(issue.expected, value, path);
    case "invalid_value": {
      const words = issue.values.map(String);
      const meant = typeof value === "string" ? nearest(value, words) : undefined;
      const state = `${describeValue(value)}, wanted ${words.join(", ").replace(/, ([^,]*)$/, " or $1")}`;
      return meant === undefined ? { state } : { state, fix: `Did you mean "${meant}"?` };
    }
    case "too_small":
      return {
        state: issue.origin === "array" ? "it is an empty list" : `it is ${value}, wanted at least ${issue.minimum}`,
      };
    case "too_big":
      return { state: `it is ${value}, wanted at most ${issue.maximum}` };
    default:
      return { state: issue.message };
  }
}

function describeWrongType(expected: string, value: unknown, path: Path): Described {
  const wanted = typeNames[expected] ?? expected;
  if (value === undefined) return { state: "it is missing" };
  if (path.at(-1) === "mode" && typeof value === "number") {
    return {
      state: "it is a bare number, which YAML reads as decimal, wanted text",
      fix: 'Write the octal digits in quotes: mode: "0644".',
    };
  }
  const state = `${describeValue(value)}, wanted ${wanted}`;
  if (expected === "array" && typeof value === "string")
    return { state, fix: `Write it as a list: [${JSON.stringify(value)}].` };
  return { state };
}

const typeNames: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  int: "a whole number",
  number: "a whole number",
  object: "a map",
  record: "a map",
  string: "text",
};

function describeValue(value: unknown): string {
  if (value === null) return "it is empty";
  if (Array.isArray(value)) return "it is a list";
  if (typeof value === "object") return "it is a map";
  return typeof value === "string" ? `it is "${value.slice(0, 60)}"` : `it is ${value}`;
}

function valueAt(value: unknown, path: Path): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<string | number, unknown>)[step];
  }
  return here;
}
