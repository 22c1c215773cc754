// Here-documents: `<<NAME` in an instruction, and lines up to one that is NAME alone (BuildKit's reference,
// "Here-Documents").
import { readShellWords, ShellFault, type ShellOptions } from "./shell-words.ts";

export interface HeredocMark {
  readonly name: string;
  /** Whether variables in it are replaced: not when a part of the name is quoted. */
  readonly expands: boolean;
  /** `<<-`: tabs at the start of lines are left out. */
  readonly stripsTabs: boolean;
}

export interface Heredoc extends HeredocMark {
  /** Its lines with their ends, as they stand in the file. */
  readonly content: string;
}

const nothingSet: Pick<ShellOptions, "lookUp" | "keepUnset"> = { lookUp: () => undefined, keepUnset: true };

/** The marks in an instruction's text, in order. */
export function findHeredocs(text: string): readonly HeredocMark[] {
  if (!text.includes("<<")) return [];
  return wordsOf(text, { rawQuotes: true, rawEscapes: true }).flatMap((word) => readHeredocMark(word) ?? []);
}

/** A word that is a mark; `undefined` for any other. */
export function readHeredocMark(word: string): HeredocMark | undefined {
  const [, dash, rest] = /^\d*<<(-?)([^<]+)$/s.exec(word) ?? [];
  if (rest === undefined) return undefined;
  const [name, ...others] = wordsOf(rest, {});
  const [raw] = wordsOf(rest, { rawQuotes: true, rawEscapes: true });
  if (name === undefined || others.length > 0) return undefined;
  return { name, expands: name === raw, stripsTabs: dash === "-" };
}

/** Text that is no shell words holds no mark: `RUN` may be in any language. */
function wordsOf(text: string, raw: Pick<ShellOptions, "rawQuotes" | "rawEscapes">): readonly string[] {
  try {
    return readShellWords(text, { escape: "\\", ...nothingSet, ...raw }).words;
  } catch (error) {
    if (error instanceof ShellFault) return [];
    throw error;
  }
}
