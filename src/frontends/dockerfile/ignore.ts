// .dockerignore: which files of a context are not there for the build. The patterns are those of Go's filepath.Match with `**`
// and `!`; the last that matches a path, or a folder above it, decides.

export interface Ignore {
  has(path: string): boolean;
  /** Whether something below an ignored folder may be wanted again. */
  readonly hasExceptions: boolean;
}

interface Pattern {
  readonly isException: boolean;
  readonly expression: RegExp;
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
    return path === "" ? [] : [{ isException, expression: new RegExp(`^${pathPattern(path)}$`, "su") }];
  });
  return {
    hasExceptions: compiled.some(({ isException }) => isException),
    has: (path) => isIgnored(compiled, path),
  };
}

function isIgnored(patterns: readonly Pattern[], path: string): boolean {
  let ignored = false;
  for (const { isException, expression } of patterns) {
    if (ignored !== isException) continue;
    if (matchesPathOrAbove(expression, path)) ignored = !isException;
  }
  return ignored;
}

function matchesPathOrAbove(expression: RegExp, path: string): boolean {
  for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
    if (expression.test(path.slice(0, end))) return true;
  }
  return expression.test(path);
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

/** A pattern as the source of a regular expression. `*` and `?` stop at slashes, `**` does not. */
export function pathPattern(pattern: string): string {
  return [...pattern.matchAll(/\*\*\/|\*+|\?|\\.|\[\^?\]?[^\]]*\]|[^*?[\\]+|./gsu)]
    .map(([token]) => translate(token))
    .join("");
}

function translate(token: string): string {
  if (token === "**/") return "(?:.*/)?";
  if (token === "*") return "[^/]*";
  if (token.startsWith("**")) return ".*";
  if (token === "?") return "[^/]";
  if (token.length > 2 && token.startsWith("[")) {
    const negated = token.startsWith("[^");
    const members = token.slice(negated ? 2 : 1, -1).replace(/\\(?!.)|[[\]^]/g, "\\$&");
    return `(?!/)[${negated ? "^" : ""}${members}]`;
  }
  const text = token.length === 2 && token.startsWith("\\") ? token.slice(1) : token;
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
