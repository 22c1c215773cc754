// Cutting an instruction's text into words before variables mean anything. Quotes and escapes keep white space in a word and
// stay in it: they are read when the word's value is wanted.
import type { Word } from "./source.ts";

/** Words at white space that is not quoted or escaped. */
export function splitWords(text: string, options: { readonly at: number; readonly escape: string }): Word[] {
  const words: Word[] = [];
  let word: { text: string; readonly at: number } | undefined;
  let quote = "";
  for (let index = 0; index < text.length; index++) {
    const one = text[index] ?? "";
    if (quote === "" && /\s/.test(one)) {
      if (word) words.push(word);
      word = undefined;
      continue;
    }
    word ??= { text: "", at: options.at + index };
    if (quote === "" && (one === "'" || one === '"')) quote = one;
    else if (quote === one) quote = "";
    else if (one === options.escape && quote !== "'") {
      // An escape that ends the text escapes nothing.
      if (index + 1 === text.length) continue;
      word.text += one + text[++index];
      continue;
    }
    word.text += one;
  }
  if (word && word.text !== "") words.push(word);
  return words;
}

/** Words at any white space. */
export function splitPlain(text: string, at: number): Word[] {
  return [...text.matchAll(/\S+/g)].map((match) => ({ text: match[0], at: at + match.index }));
}

/** Flags stand before everything else and begin with `--`; `--` alone ends them. Their quotes and escapes are read here. */
export function splitFlags(text: string, at: number): { readonly flags: Word[]; readonly rest: Word } {
  const flags: Word[] = [];
  let index = 0;
  for (;;) {
    while (/\s/.test(text[index] ?? "")) index++;
    if (!text.startsWith("--", index)) return { flags, rest: { text: text.slice(index), at: at + index } };
    const start = index;
    const flag = readFlag(text, start);
    index = flag.end;
    if (flag.text === "--") {
      while (/\s/.test(text[index] ?? "")) index++;
      return { flags, rest: { text: text.slice(index), at: at + index } };
    }
    flags.push({ text: flag.text, at: at + start });
  }
}

function readFlag(text: string, start: number): { readonly text: string; readonly end: number } {
  let flag = "";
  let quote = "";
  let index = start;
  for (; index < text.length; index++) {
    const one = text[index] ?? "";
    if (quote === "" && /\s/.test(one)) break;
    if (quote === "" && (one === "'" || one === '"')) quote = one;
    else if (quote !== "" && quote === one) quote = "";
    else if (one === "\\") {
      if (index + 1 < text.length) flag += text[++index];
    } else flag += one;
  }
  return { text: flag, end: index };
}
