// The line of a file that an error is about, with carets below the word.
import type { Position } from "../core/dodai-error.ts";

const maxWidth = 100;

export interface Excerpt {
  readonly line: string;
  readonly caret: string;
}

/** `undefined` when the text has no such line (the file changed meanwhile). */
export function excerptOf(text: string, { line: number, column }: Position): Excerpt | undefined {
  const line = text.split("\n", number)[number - 1]?.replace(/\r$/, "");
  if (line === undefined || column > line.length + 1) return undefined;
  const start = Math.max(0, Math.min(column - 1 - maxWidth / 2, line.length - maxWidth));
  const [word = ""] = /^(?:"[^"]*"|[^\s,\]}:]+)/.exec(line.slice(column - 1)) ?? [];
  const shown = line.slice(start, start + maxWidth);
  const before = line.slice(start, column - 1).replaceAll(/[^\t]/g, " ");
  const carets = "^".repeat(Math.max(1, Math.min(word.length, start + maxWidth - column + 1)));
  return { line: shown, caret: before + carets };
}
