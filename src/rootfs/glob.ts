import { DodaiError } from "../core/dodai-error.ts";

/**
 * A test for paths without leading `/`. In the pattern, which has one, `*` is any run without `/`, `?` one character but
 * `/`, `[a-z]` one of a set, and `**` any run at all; `/usr/share/doc/**` is everything below, not the folder itself.
 * Throws RECIPE_SYNTAX.
 */
export function compileGlob(pattern: string): (path: string) => boolean {
  if (!pattern.startsWith("/")) {
    throw new DodaiError("RECIPE_SYNTAX", `Cannot use the pattern "${pattern}": it does not begin with "/"`, {
      fix: `Write "/${pattern}".`,
    });
  }
  const expression = compile(pattern);
  return (path) => expression.test(path);
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(`^${translate(pattern.slice(1))}$`, "su");
  } catch (cause) {
    throw new DodaiError("RECIPE_SYNTAX", `Cannot use the pattern "${pattern}": a set in it is out of order`, {
      fix: 'Write sets as in "[a-z0-9]".',
      cause,
    });
  }
}

const tokens = /\*\*\/|\*\*|\*|\?|\[!?[^\]]+\]|[^*?[]+|\[/gs;

function translate(pattern: string): string {
  return [...pattern.matchAll(tokens)].map(([token]) => translateToken(token)).join("");
}

function translateToken(token: string): string {
  if (token === "**/") return "(?:.*/)?";
  if (token === "**") return ".+";
  if (token === "*") return "[^/]*";
  if (token === "?") return "[^/]";
  if (token.length > 2 && token.startsWith("[")) {
    const negated = token.startsWith("[!");
    const members = token.slice(negated ? 2 : 1, -1).replace(/[\\^[\]]/g, "\\$&");
    return `(?!/)[${negated ? "^" : ""}${members}]`;
  }
  return token.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
