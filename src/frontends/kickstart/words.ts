// A line as words, in the way of Python's shlex, which pykickstart reads every command and section header with.

export interface Word {
  readonly text: string;
  /** Where it starts in the line, from 1. */
  readonly column: number;
}

export type SplitLine =
  | { readonly kind: "words"; readonly words: readonly Word[] }
  /** `column` is that of the quote or backslash. */
  | { readonly kind: "broken"; readonly column: number; readonly state: string; readonly fix: string };

/**
 * Quotes of both kinds, a backslash for the character behind it (inside `"` for `"` and `\` only), and with `comments` a `#`
 * that ends the line, even in the middle of a word.
 */
export function splitLine(line: string, { comments }: { readonly comments: boolean }): SplitLine {
  const words: Word[] = [];
  let at = 0;
  while (at < line.length) {
    const char = line.charAt(at);
    if (isBlank(char)) {
      at++;
      continue;
    }
    if (comments && char === "#") break;
    const word = readWord(line, at, comments);
    if (word.kind === "broken") return word;
    words.push({ text: word.text, column: at + 1 });
    at = word.end;
    if (comments && line.charAt(at) === "#") break;
  }
  return { kind: "words", words };
}

const isBlank = (char: string): boolean => char === " " || char === "\t" || char === "\r" || char === "\n";

type ReadWord = { readonly kind: "word"; readonly text: string; readonly end: number };
type Broken = Extract<SplitLine, { readonly kind: "broken" }>;

function readWord(line: string, start: number, comments: boolean): ReadWord | Broken {
  const parts: string[] = [];
  let at = start;
  while (at < line.length) {
    const char = line.charAt(at);
    if (isBlank(char) || (comments && char === "#")) break;
    if (char === "'" || char === '"') {
      const quoted = readQuoted(line, at);
      if (quoted.kind === "broken") return quoted;
      parts.push(quoted.text);
      at = quoted.end;
    } else if (char === "\\") {
      if (at + 1 >= line.length) return endlessLine(at);
      parts.push(line.charAt(at + 1));
      at += 2;
    } else {
      parts.push(char);
      at++;
    }
  }
  return { kind: "word", text: parts.join(""), end: at };
}

function readQuoted(line: string, start: number): ReadWord | Broken {
  const quote = line.charAt(start);
  const parts: string[] = [];
  for (let at = start + 1; at < line.length; at++) {
    const char = line.charAt(at);
    if (char === quote) return { kind: "word", text: parts.join(""), end: at + 1 };
    const next = line.charAt(at + 1);
    if (char === "\\" && quote === '"' && (next === '"' || next === "\\")) {
      parts.push(next);
      at++;
    } else parts.push(char);
  }
  return { kind: "broken", column: start + 1, state: `this ${quote} is never closed`, fix: `Close it with ${quote}.` };
}

const endlessLine = (at: number): Broken => ({
  kind: "broken",
  column: at + 1,
  state: "a backslash ends the line, and no command goes on in the next one",
  fix: "Write the command in one line.",
});
