// Words of instructions get their values: variables of a stage, with the place of the word for what goes wrong.
import { readShellWords, ShellFault, type ShellOptions } from "./shell-words.ts";
import { positionAt, type SourceText, syntaxError, type Word } from "./source.ts";

export interface Scope {
  readonly escape: string;
  readonly lookUp: ShellOptions["lookUp"];
  /** Told of each variable without a value that was asked for. */
  readonly onUnset?: (name: string, word: Word, source: SourceText) => void;
}

/** A word's value, quotes and escapes taken away. Throws DOCKERFILE_SYNTAX. */
export function expandWord(word: Word, source: SourceText, scope: Scope): string {
  return expand(word, source, scope, {}).text;
}

/** The same for words that a value with spaces becomes several of, as those of EXPOSE and VOLUME. */
export function expandWords(words: readonly Word[], source: SourceText, scope: Scope): readonly string[] {
  return words.flatMap((word) => expand(word, source, scope, {}).words);
}

/** Text of a here-document: variables and escapes mean something, quotes do not. */
export function expandText(word: Word, source: SourceText, scope: Scope): string {
  return expand(word, source, { ...scope, escape: "\\" }, { plainQuotes: true }).text;
}

function expand(
  word: Word,
  source: SourceText,
  { escape: character, lookUp, onUnset }: Scope,
  options: Pick<ShellOptions, "plainQuotes">,
): ReturnType<typeof readShellWords> {
  try {
    const result = readShellWords(word.text, { escape: character, lookUp, ...options });
    for (const name of result.unset) onUnset?.(name, word, source);
    return result;
  } catch (error) {
    if (!(error instanceof ShellFault)) throw error;
    throw syntaxError({
      what: `"${word.text.slice(0, 80)}"`,
      state: error.message,
      where: positionAt(source, word.at),
    });
  }
}
