// Words of a script: quotes, variables and what other commands print (POSIX XCU 2.2, 2.6).
import { openReader, type Reader } from "./reader.ts";
import { notUnderstood, type Part, type Script, type Word } from "./syntax.ts";

type ParseScript = (text: string) => Script;

/** The next word; `undefined` where none is. */
export function readWord(reader: Reader, parse: ParseScript): Word | undefined {
  reader.skipBlanks();
  if (reader.atWordEnd()) return undefined;
  const parts: Part[] = [];
  while (!reader.atWordEnd()) {
    const quote = reader.peek();
    if (quote === "'") {
      const text = reader.takeMatch(/'[^']*'/y);
      if (text === undefined) throw notUnderstood("a quote without its end");
      parts.push({ kind: "text", text: text.slice(1, -1), quoted: true });
    } else if (quote === '"') {
      reader.next();
      parts.push({ kind: "text", text: "", quoted: true }, ...readQuoted(reader, parse));
      if (!reader.take('"')) throw notUnderstood("a quote without its end");
    } else if (quote === "\\") {
      reader.next();
      const text = reader.next();
      if (text !== "\n") parts.push({ kind: "text", text, quoted: true });
    } else parts.push(readPlain(reader, parse));
  }
  return parts;
}

/** What is between double quotes. */
function readQuoted(reader: Reader, parse: ParseScript, end = '"'): readonly Part[] {
  const parts: Part[] = [];
  while (!reader.atEnd() && !(end !== "" && reader.looksAt(end))) {
    const text = reader.takeMatch(end === "" ? /[^$`\\]+/y : /[^"$`\\]+/y);
    if (text !== undefined) parts.push({ kind: "text", text, quoted: true });
    else if (reader.take("\\")) {
      const next = reader.next();
      const escaped = end === "" ? "$`\\" : '$`"\\';
      if (next !== "\n") parts.push({ kind: "text", text: escaped.includes(next) ? next : `\\${next}`, quoted: true });
    } else parts.push({ ...readDollar(reader, parse), quoted: true });
  }
  return parts;
}

/** A here-document whose mark is not quoted. */
export function readHereText(text: string, parse: ParseScript): Word {
  return readQuoted(openReader(text), parse, "");
}

function readPlain(reader: Reader, parse: ParseScript): Part {
  const text = reader.takeMatch(/[^\s;&|()<>'"\\$`]+/y);
  if (text !== undefined) {
    if (/\{[^}]*(?:,|\.\.)/.test(text)) throw notUnderstood("braces");
    return { kind: "text", text, quoted: false };
  }
  return readDollar(reader, parse);
}

function readDollar(reader: Reader, parse: ParseScript): Part {
  if (reader.take("`")) {
    const text = reader.takeMatch(/(?:[^`\\]|\\[^`])*(?=`)/y);
    if (text === undefined || !reader.take("`")) throw notUnderstood("a command substitution");
    return { kind: "output", script: parse(text), quoted: false };
  }
  reader.take("$");
  if (reader.looksAt("((")) throw notUnderstood("arithmetic");
  if (reader.take("(")) return { kind: "output", script: parse(takeBalanced(reader)), quoted: false };
  if (reader.take("{")) return readBraced(reader);
  const name = reader.takeMatch(/[A-Za-z_]\w*|[0-9@*#?]/y);
  return name === undefined
    ? { kind: "text", text: "$", quoted: true }
    : { kind: "variable", name, usual: undefined, quoted: false };
}

/** `${NAME}` and `${NAME:-word}`. */
function readBraced(reader: Reader): Part {
  const name = reader.takeMatch(/[A-Za-z_]\w*|[0-9@*#?]/y);
  const usual = reader.takeMatch(/:-[^}$`"'\\]*/y)?.slice(2);
  if (name === undefined || !reader.take("}")) throw notUnderstood("a form of variable");
  const word: Word | undefined = usual === undefined ? undefined : [{ kind: "text", text: usual, quoted: false }];
  return { kind: "variable", name, usual: word, quoted: false };
}

/** Up to the parenthesis that closes it; quotes may have others in them. */
function takeBalanced(reader: Reader): string {
  let text = "";
  for (let depth = 1; depth > 0; ) {
    const part = reader.takeMatch(/'[^']*'|"(?:[^"\\]|\\[\s\S])*"|\\[\s\S]|[^'"\\()]+/y) ?? reader.next();
    if (part === "") throw notUnderstood("a command substitution");
    if (part === "(") depth++;
    if (part === ")") depth--;
    if (depth > 0) text += part;
  }
  return text;
}
