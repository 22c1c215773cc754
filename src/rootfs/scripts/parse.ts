// Reads the text of a shell script (POSIX XCU 2, as far as syntax.ts goes). Throws NotUnderstood.
import { openReader, type Reader } from "./reader.ts";
import {
  type AndOr,
  type Assignment,
  type CaseBranch,
  type Command,
  notUnderstood,
  type Pipeline,
  type Redirection,
  type Script,
  type Word,
} from "./syntax.ts";
import { readHereText, readWord } from "./word.ts";

/** Scripts of packages are short, and what nests deeper is not one. */
const MAX_BYTES = 1 << 20;
const MAX_DEPTH = 50;

export function parseShell(text: string): Script {
  if (text.length > MAX_BYTES) throw notUnderstood("it is too long");
  const reader = openReader(text);
  const script = parseList(reader, []);
  if (!reader.atEnd()) throw notUnderstood(`syntax at line ${reader.line()}`);
  return script;
}

/** Commands up to the end, or to one of the words that end what they are in. */
function parseList(reader: Reader, ends: readonly string[]): Script {
  if (++reader.depth > MAX_DEPTH) throw notUnderstood("it nests too deep");
  const commands: AndOr[] = [];
  for (;;) {
    skipLines(reader);
    if (reader.atEnd() || ends.some((end) => isNext(reader, end))) break;
    commands.push(parseAndOr(reader));
    reader.skipBlanks();
    if (reader.looksAt("&") && !reader.looksAt("&&")) throw notUnderstood("a command in the background");
    if (reader.looksAt(";;")) break;
    if (!reader.take(";") && !reader.looksAt("\n") && !reader.atEnd() && !ends.some((end) => isNext(reader, end)))
      throw notUnderstood(`syntax at line ${reader.line()}`);
  }
  reader.depth--;
  return { commands };
}

function skipLines(reader: Reader): void {
  for (;;) {
    reader.skipBlanks();
    if (!reader.takeNewline()) return;
  }
}

/** A reserved word, or a sign, at which something ends. */
function isNext(reader: Reader, end: string): boolean {
  return /^\w/.test(end) ? reader.looksAtWord(end) : reader.looksAt(end);
}

function expect(reader: Reader, end: string): void {
  skipLines(reader);
  if (!isNext(reader, end)) throw notUnderstood(`"${end}" is not there at line ${reader.line()}`);
  reader.take(end);
}

function parseAndOr(reader: Reader): AndOr {
  const first = parsePipeline(reader);
  const rest: { when: "and" | "or"; pipeline: Pipeline }[] = [];
  for (;;) {
    reader.skipBlanks();
    const when = reader.take("&&") ? "and" : reader.take("||") ? "or" : undefined;
    if (when === undefined) return { first, rest };
    skipLines(reader);
    rest.push({ when, pipeline: parsePipeline(reader) });
  }
}

function parsePipeline(reader: Reader): Pipeline {
  reader.skipBlanks();
  const negated = reader.looksAtWord("!") && reader.take("!");
  const commands = [parseCommand(reader)];
  for (;;) {
    reader.skipBlanks();
    if (reader.looksAt("||") || !reader.take("|")) return { negated, commands };
    skipLines(reader);
    commands.push(parseCommand(reader));
  }
}

function parseCommand(reader: Reader): Command {
  reader.skipBlanks();
  const compound = parseCompound(reader);
  if (!compound) return parseSimple(reader);
  return { ...compound, redirections: parseRedirections(reader) };
}

type Compound = Command extends infer One ? (One extends Command ? Omit<One, "redirections"> : never) : never;

function parseCompound(reader: Reader): Compound | undefined {
  if (reader.take("(")) return { kind: "subshell", body: bodyUntil(reader, ")") };
  if (reader.looksAtWord("{") && reader.take("{")) return { kind: "group", body: bodyUntil(reader, "}") };
  if (reader.takeWord("if")) return parseIf(reader);
  if (reader.takeWord("for")) return parseFor(reader);
  if (reader.takeWord("case")) return parseCase(reader);
  for (const word of ["while", "until", "select", "function"])
    if (reader.looksAtWord(word)) throw notUnderstood(`"${word}"`);
  const name = reader.takeFunction();
  if (name === undefined) return undefined;
  skipLines(reader);
  if (!reader.take("{")) throw notUnderstood(`function "${name}"`);
  return { kind: "function", name, body: bodyUntil(reader, "}") };
}

function bodyUntil(reader: Reader, end: string): Script {
  const body = parseList(reader, [end]);
  expect(reader, end);
  return body;
}

function parseIf(reader: Reader): Compound {
  const branches: { condition: Script; body: Script }[] = [];
  do {
    const condition = parseList(reader, ["then"]);
    expect(reader, "then");
    branches.push({ condition, body: parseList(reader, ["elif", "else", "fi"]) });
  } while (reader.takeWord("elif"));
  const otherwise = reader.takeWord("else") ? parseList(reader, ["fi"]) : undefined;
  expect(reader, "fi");
  return { kind: "if", branches, otherwise };
}

function parseFor(reader: Reader): Compound {
  reader.skipBlanks();
  const name = reader.takeName();
  skipLines(reader);
  if (name === undefined || !reader.takeWord("in")) throw notUnderstood(`"for" at line ${reader.line()}`);
  const words: Word[] = [];
  for (let word = readWord(reader, parseText); word !== undefined; word = readWord(reader, parseText)) words.push(word);
  reader.take(";");
  expect(reader, "do");
  const body = parseList(reader, ["done"]);
  expect(reader, "done");
  return { kind: "for", name, words, body };
}

function parseCase(reader: Reader): Compound {
  const subject = readWord(reader, parseText);
  skipLines(reader);
  if (subject === undefined || !reader.takeWord("in")) throw notUnderstood(`"case" at line ${reader.line()}`);
  const branches: CaseBranch[] = [];
  for (skipLines(reader); !reader.looksAtWord("esac"); skipLines(reader)) {
    reader.take("(");
    const patterns: Word[] = [];
    do {
      const pattern = readWord(reader, parseText);
      if (pattern === undefined) throw notUnderstood(`"case" at line ${reader.line()}`);
      patterns.push(pattern);
      reader.skipBlanks();
    } while (reader.take("|"));
    expect(reader, ")");
    branches.push({ patterns, body: parseList(reader, [";;", "esac"]) });
    reader.take(";;");
  }
  reader.takeWord("esac");
  return { kind: "case", subject, branches };
}

function parseSimple(reader: Reader): Command {
  const assignments: Assignment[] = [];
  const words: Word[] = [];
  const redirections: Redirection[] = [];
  for (;;) {
    const redirection = parseRedirection(reader);
    if (redirection) {
      redirections.push(redirection);
      continue;
    }
    const name = words.length === 0 ? reader.takeAssignment() : undefined;
    if (name !== undefined) {
      assignments.push({ name, value: reader.atWordEnd() ? [] : (readWord(reader, parseText) ?? []) });
      continue;
    }
    const word = readWord(reader, parseText);
    if (word === undefined) break;
    words.push(word);
  }
  if (words.length + assignments.length + redirections.length === 0)
    throw notUnderstood(`syntax at line ${reader.line()}`);
  return { kind: "simple", assignments, words, redirections };
}

function parseRedirections(reader: Reader): readonly Redirection[] {
  const found: Redirection[] = [];
  for (let one = parseRedirection(reader); one !== undefined; one = parseRedirection(reader)) found.push(one);
  return found;
}

function parseRedirection(reader: Reader): Redirection | undefined {
  reader.skipBlanks();
  const sign = reader.takeMatch(/(?:&>>?|>&(?![12-])|[012]?(?:>>|>&(?=[12])|>|<<-?|<))/y);
  if (sign === undefined) return undefined;
  const [, number = "", operator = ""] = /^([012]?)(.*)$/.exec(sign) ?? [];
  if (operator.startsWith("<<")) return readHere(reader, operator);
  if (operator === ">&" && reader.takeMatch(/(?=[12](?![\w/]))/y) !== undefined) {
    const as = reader.takeMatch(/[12]/y) === "1" ? 1 : 2;
    return { kind: "same", out: number === "2" ? 2 : 1, as };
  }
  const file = readWord(reader, parseText);
  if (file === undefined || number === "0") throw notUnderstood(`a redirection at line ${reader.line()}`);
  if (operator === "<") return { kind: "from", file };
  const isBoth = operator.includes("&");
  return { kind: "to", out: isBoth ? [1, 2] : [number === "2" ? 2 : 1], append: operator.includes(">>"), file };
}

function readHere(reader: Reader, operator: string): Redirection {
  reader.skipBlanks();
  const mark = reader.takeMatch(/'\w+'|"\w+"|\\?\w+/y);
  if (mark === undefined) throw notUnderstood(`a here-document at line ${reader.line()}`);
  const text = reader.takeHere({ end: mark.replace(/['"\\]/g, ""), isIndented: operator === "<<-" });
  const isPlain = /['"\\]/.test(mark);
  return { kind: "text", text: isPlain ? [{ kind: "text", text, quoted: true }] : readHereText(text, parseText) };
}

/** What a command substitution has inside. */
const parseText = (text: string): Script => parseShell(text);
