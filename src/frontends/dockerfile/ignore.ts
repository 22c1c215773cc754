// .dockerignore: which files of a context are not there for the build. The patterns are those of Go's filepath.Match with `**`
// and `!`; the last that matches a path, or a folder above it, decides.
import { literal, matchEnds, type PatternToken } from "./pattern.ts";

export interface Ignore {
  has(path: string): boolean;
  /** Whether something below an ignored folder may be wanted again. */
  readonly hasExceptions: boolean;
}

interface Pattern {
  readonly isException: boolean;
  readonly tokens: readonly PatternToken[];
}

/** Reads the text of a `.dockerignore`. */
export function parseIgnore(text: string): Ignore {
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  return compileIgnore(lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#")));
}

/** The same for patterns that are here: those of `--exclude` too. */
export function compileIgnore(patterns: readonly string[]): Ignore {
  const compiled = patterns.flatMap((one) => {
    const isException = one.startsWith("!");
    const path = cleanPattern(isException ? one.slice(1).trim() : one);
    return path === "" ? [] : [{ isException, tokens: pathTokens(path) }];
  });
  return {
    hasExceptions: compiled.some(({ isException }) => isException),
    has: (path) => isIgnored(compiled, path),
  };
}

function isIgnored(patterns: readonly Pattern[], path: string): boolean {
  let ignored = false;
  for (const { isException, tokens } of patterns) {
    if (ignored !== isException) continue;
    if (matchesPathOrAbove(tokens, path)) ignored = !isException;
  }
  return ignored;
}

function matchesPathOrAbove(tokens: readonly PatternToken[], path: string): boolean {
  const characters = [...path];
  return matchEnds(tokens, characters).some((end) => end === characters.length || characters[end] === "/");
}

/** As Go's path.Clean makes it, without a leading slash: patterns count from the top of the context. */
function cleanPattern(pattern: string): string {
  const parts: string[] = [];
  for (const part of pattern.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}

/** A pattern of paths. `*` and `?` stop at slashes, `**` does not. */
export function pathTokens(pattern: string): readonly PatternToken[] {
  const parts = pattern.matchAll(/\*\*\/|\*+|\?|\\.|\[\^?\]?[^\]]*\]|./gsu);
  return [...parts].map(([part]) => tokenOf(part));
}

const notSlash = (one: string): boolean => one !== "/";

function tokenOf(part: string): PatternToken {
  if (part === "**/") return { kind: "folders" };
  if (part === "*") return { kind: "run", accepts: notSlash };
  if (part.startsWith("**")) return { kind: "run", accepts: () => true };
  if (part === "?") return { kind: "one", accepts: notSlash };
  if (part.length > 2 && part.startsWith("[")) return classOf(part);
  return literal(part.length === 2 && part.startsWith("\\") ? part.slice(1) : part);
}

/** `[a-z]`, `[^a-z]`. */
function classOf(part: string): PatternToken {
  const isNegated = part.startsWith("[^");
  const members = [...part.slice(isNegated ? 2 : 1, -1).matchAll(/\\?(.)(?:-\\?(.))?/gsu)];
  const ranges = members.map(([, first = "", last = first]) => [first, last] as const);
  const accepts = (one: string): boolean =>
    notSlash(one) && ranges.some(([first, last]) => first <= one && one <= last) !== isNegated;
  return { kind: "one", accepts };
}
