import { Lexer } from "yaml";

/**
 * Whether a YAML text nests deeper than that. The parser recurses and is slow on what it cannot nest, so depth is bounded on
 * the tokens first: brackets that are open, and the signs of block nesting (`-`, `?`, `:`) on one line. Deeper indentation
 * costs its author the square in bytes.
 */
export function isNestedDeeper(text: string, maxDepth: number): boolean {
  let open = 0;
  let onLine = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === "[" || token === "{") open++;
    else if (token === "]" || token === "}") open--;
    else if (token === "-" || token === "?" || token === ":") onLine++;
    else if (token === "\n" || token === "\r\n" || token === ",") onLine = 0;
    if (open > maxDepth || onLine > maxDepth) return true;
  }
  return false;
}
