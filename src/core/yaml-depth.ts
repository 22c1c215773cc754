import { Lexer } from "yaml";

/**
 * Whether a YAML text nests deeper than that. The parser recurses and is slow on what it cannot nest, so depth is bounded on
 * the tokens first: brackets that are open, the signs of block nesting (`-`, `?`, `:`) on one line, and lines that are each
 * indented by more than the one before.
 */
export function isNestedDeeper(text: string, maxDepth: number): boolean {
  let open = 0;
  let onLine = 0;
  let lineStart = true;
  const indents: number[] = [];
  for (const token of new Lexer().lex(text)) {
    const isBreak = token === "\n" || token === "\r\n";
    if (lineStart && !isBreak) {
      const indent = /^ */.exec(token)?.[0].length ?? 0;
      while ((indents.at(-1) ?? -1) >= indent) indents.pop();
      indents.push(indent);
    }
    lineStart = isBreak;
    if (token === "[" || token === "{") open++;
    else if (token === "]" || token === "}") open--;
    else if (token === "-" || token === "?" || token === ":") onLine++;
    else if (isBreak || token === ",") onLine = 0;
    if (open > maxDepth || onLine > maxDepth || indents.length > maxDepth) return true;
  }
  return false;
}
