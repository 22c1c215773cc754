import { notUnderstood } from "./syntax.ts";

/** A place in a script, with what of the shell's text has to be known to go on from there. */
export interface Reader {
  depth: number;
  atEnd(): boolean;
  line(): number;
  /** The next character; "" at the end. */
  peek(): string;
  next(): string;
  /** Blanks, lines that go on, and comments. */
  skipBlanks(): void;
  /** A line's end, and here-documents that begin behind it. */
  takeNewline(): boolean;
  looksAt(sign: string): boolean;
  take(sign: string): boolean;
  looksAtWord(word: string): boolean;
  takeWord(word: string): boolean;
  takeName(): string | undefined;
  /** `NAME=` */
  takeAssignment(): string | undefined;
  /** `NAME()` */
  takeFunction(): string | undefined;
  atWordEnd(): boolean;
  /** What a sticky pattern matches here. */
  takeMatch(pattern: RegExp): string | undefined;
  takeHere(options: { readonly end: string; readonly isIndented: boolean }): string;
}

const wordEnd = /[\s;&|()<>]|$/y;

export function openReader(source: string): Reader {
  // Lines of here-documents are taken out when their command is read.
  let text = source;
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  const takeMatch = (pattern: RegExp): string | undefined => {
    const found = match(pattern);
    at += found?.length ?? 0;
    return found;
  };
  const looksAt = (sign: string): boolean => text.startsWith(sign, at);
  const isWordEnd = (place: number): boolean => {
    wordEnd.lastIndex = place;
    return wordEnd.test(text);
  };
  const looksAtWord = (word: string): boolean => looksAt(word) && isWordEnd(at + word.length);
  const take = (sign: string): boolean => {
    if (!looksAt(sign)) return false;
    at += sign.length;
    return true;
  };
  const skipBlanks = (): void => void takeMatch(/(?:[ \t\r]|\\\n)*(?:#[^\n]*)?/y);
  return {
    depth: 0,
    atEnd: () => at >= text.length,
    line: () => text.slice(0, at).split("\n").length,
    peek: () => text.charAt(at),
    next: () => text.charAt(at++),
    skipBlanks,
    takeNewline: () => take("\n"),
    looksAt,
    take,
    looksAtWord,
    takeWord: (word) => {
      skipBlanks();
      return looksAtWord(word) && take(word);
    },
    takeName: () => takeMatch(/[A-Za-z_]\w*/y),
    takeAssignment: () => takeMatch(/[A-Za-z_]\w*=/y)?.slice(0, -1),
    takeFunction: () => takeMatch(/[A-Za-z_]\w*[ \t]*\([ \t]*\)/y)?.replace(/[\s()]/g, ""),
    atWordEnd: () => isWordEnd(at),
    takeMatch,
    takeHere: ({ end, isIndented }) => {
      const start = text.indexOf("\n", at) + 1;
      const lines = start === 0 ? [] : text.slice(start).split("\n");
      const plain = isIndented ? lines.map((line) => line.replace(/^\t+/, "")) : lines;
      const count = plain.indexOf(end);
      if (count < 0) throw notUnderstood(`a here-document without "${end}"`);
      text = text.slice(0, start) + lines.slice(count + 1).join("\n");
      return plain
        .slice(0, count)
        .map((line) => `${line}\n`)
        .join("");
    },
  };
}
