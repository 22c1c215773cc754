// The little of sh(1) that can be done without running anything: simple commands of plain words, one after the other, with
// their output in files. Whatever else there is in a script is not understood, and nothing is guessed.

export interface Word {
  readonly text: string;
  /** It has `*` or `?` outside of quotes. */
  readonly isPattern: boolean;
}

export interface ShellCommand {
  readonly words: readonly Word[];
  /** Where its output goes, when not to the script's own. */
  readonly output?: { readonly path: string; readonly append: boolean };
  /** Counts from 1. */
  readonly line: number;
}

export type ParsedShell =
  | { readonly kind: "commands"; readonly commands: readonly ShellCommand[] }
  | { readonly kind: "unknown"; readonly line: number };

type Token =
  | { readonly kind: "word"; readonly word: Word; readonly line: number }
  | { readonly kind: "redirect"; readonly fd: string; readonly append: boolean; readonly line: number }
  | { readonly kind: "end"; readonly line: number };

export function parseShell(script: string): ParsedShell {
  const tokens: Token[] = [];
  let rest = script;
  let line = 1;
  while (rest !== "") {
    const found = nextToken(rest, line);
    if (found === undefined) return { kind: "unknown", line };
    if (found.token) tokens.push(found.token);
    line += found.text.split("\n").length - 1;
    rest = rest.slice(found.text.length);
  }
  return commandsOf([...tokens, { kind: "end", line }]);
}

interface Found {
  readonly text: string;
  readonly token?: Token;
}

function nextToken(rest: string, line: number): Found | undefined {
  const [skipped] = /^(?:[ \t]|\\\n)+|^#[^\n]*/.exec(rest) ?? [];
  if (skipped !== undefined) return { text: skipped };
  // What is done does not fail.
  const [needless] = /^\|\|[ \t]*(?:true|:)(?=[\s;]|$)/.exec(rest) ?? [];
  if (needless !== undefined) return { text: needless };
  const [separator] = /^(?:\n|;(?!;)|&&)/.exec(rest) ?? [];
  if (separator !== undefined) return { text: separator, token: { kind: "end", line } };
  const [toOther] = /^2>&1(?=[\s;]|$)/.exec(rest) ?? [];
  if (toOther !== undefined) return { text: toOther };
  const [redirect, fd = "1", sign = ">"] = /^([12]?)(>>?)(?![>&|])/.exec(rest) ?? [];
  if (redirect !== undefined) {
    return { text: redirect, token: { kind: "redirect", fd: fd || "1", append: sign === ">>", line } };
  }
  return wordAt(rest, line);
}

/** Plain characters, quotes around what the shell does not look into, and a backslash before one character. */
function wordAt(rest: string, line: number): Found | undefined {
  const part = /^(?:'([^']*)'|"([^"$`\\]*)"|\\([^\n])|([A-Za-z0-9_@%+=:,./^\-*?]+))/;
  let text = "";
  let value = "";
  let isPattern = false;
  for (;;) {
    const found = part.exec(rest.slice(text.length));
    if (!found) break;
    const [all, single, double, escaped, plain] = found;
    text += all;
    value += single ?? double ?? escaped ?? plain ?? "";
    if (plain !== undefined && /[*?]/.test(plain)) isPattern = true;
    // A pattern with quoted characters that look like one would have to remember which is which.
    else if (plain === undefined && /[*?[\]]/.test(value)) return undefined;
  }
  const next = rest[text.length] ?? "\n";
  if (text === "" || !/[\s;&>]/.test(next)) return undefined;
  return { text, token: { kind: "word", word: { text: value, isPattern }, line } };
}

function commandsOf(tokens: readonly Token[]): ParsedShell {
  const commands: ShellCommand[] = [];
  let words: Word[] = [];
  let output: ShellCommand["output"];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as Token;
    if (token.kind === "word") words.push(token.word);
    else if (token.kind === "redirect") {
      const target = tokens[++at];
      if (target?.kind !== "word" || target.word.isPattern) return { kind: "unknown", line: token.line };
      if (token.fd === "1") output = { path: target.word.text, append: token.append };
      else if (target.word.text !== "/dev/null") return { kind: "unknown", line: token.line };
    } else {
      if (words.length === 0 && output) words.push({ text: ":", isPattern: false });
      const [first] = words;
      // Variables change what comes after them.
      if (first && (first.isPattern || /^\w+=/.test(first.text))) return { kind: "unknown", line: token.line };
      if (first) commands.push({ words, line: token.line, ...(output ? { output } : {}) });
      words = [];
      output = undefined;
    }
  }
  return { kind: "commands", commands };
}
