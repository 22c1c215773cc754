// Lines of a Dockerfile → instructions as they are written: keyword, flags, words, here-documents. Follows BuildKit's parser
// case by case; what an instruction means is for read-instruction.ts.
import { type Directives, readDirectives } from "./directives.ts";
import { findHeredocs, type Heredoc, type HeredocMark } from "./heredoc.ts";
import { readArguments, type WrittenArguments } from "./read-arguments.ts";
import { positionAt, type SourceText, syntaxError, type Word } from "./source.ts";
import { splitFlags } from "./split-words.ts";

/** An instruction as it is written. */
export interface Written extends WrittenArguments {
  readonly source: SourceText;
  readonly keyword: Word;
  /** Lower case. */
  readonly name: string;
  readonly flags: readonly Word[];
  readonly heredocs: readonly Heredoc[];
  /** What stands behind ONBUILD. */
  readonly child: Written | undefined;
  /** Lines of the file, from 1. */
  readonly firstLine: number;
  readonly lastLine: number;
  /** A continued line was followed by an empty one, which will end the instruction one day. */
  readonly hasEmptyContinuation: boolean;
}

export interface WrittenFile {
  readonly file: string;
  readonly directives: Directives;
  readonly instructions: readonly Written[];
}

export interface ParseOptions {
  /** For messages. */
  readonly file: string;
}

/** Throws DOCKERFILE_SYNTAX. */
export function parseLines(text: string, { file }: ParseOptions): WrittenFile {
  const lines = text.replace(/^\uFEFF/, "").split(/(?<=\n)/);
  const directives = readDirectives(lines.map(withoutEnd), file);
  const reader: Reader = { file, lines, at: 0, escape: directives.escape };
  const instructions: Written[] = [];
  for (let one = nextInstruction(reader); one !== undefined; one = nextInstruction(reader)) instructions.push(one);
  if (instructions.length === 0) {
    throw syntaxError({
      what: `"${file}"`,
      state: "there is no instruction in it",
      where: { file, line: 1, column: 1 },
      fix: 'A Dockerfile begins with "FROM scratch" or "FROM IMAGE".',
    });
  }
  return { file, directives, instructions };
}

interface Reader {
  readonly file: string;
  /** With their ends. */
  readonly lines: readonly string[];
  at: number;
  readonly escape: string;
}

const withoutEnd = (line: string): string => line.replace(/\r?\n$/, "");

const isComment = (line: string): boolean => line.trimStart().startsWith("#");

interface Joined {
  readonly source: SourceText;
  readonly firstLine: number;
  readonly hasEmptyContinuation: boolean;
}

function nextInstruction(reader: Reader): Written | undefined {
  const joined = nextJoined(reader);
  if (joined === undefined) return undefined;
  const { source, firstLine, hasEmptyContinuation } = joined;
  const written = readWritten(source, 0, reader.escape);
  const heredocs = takesHeredocs(written) ? readHeredocs(reader, source) : [];
  return { ...withHeredocs(written, heredocs), firstLine, lastLine: reader.at, hasEmptyContinuation };
}

/** The next lines that belong together. Comments between continued lines are left out, empty ones too. */
function nextJoined(reader: Reader): Joined | undefined {
  let text = "";
  const pieces: SourceText["pieces"][number][] = [];
  let firstLine = 0;
  let hasEmptyContinuation = false;
  while (reader.at < reader.lines.length) {
    const line = withoutEnd(reader.lines[reader.at++] ?? "");
    const isFirst = pieces.length === 0;
    if (isComment(line)) continue;
    if (line.trim() === "") {
      if (!isFirst) hasEmptyContinuation = true;
      continue;
    }
    const shown = isFirst ? line.trimStart() : line;
    const { kept, continues } = cutContinuation(shown, reader.escape);
    if (isFirst) firstLine = reader.at;
    pieces.push({ at: text.length, line: reader.at, column: line.length - shown.length + 1 });
    text += kept;
    if (!continues) return { source: { file: reader.file, text, pieces }, firstLine, hasEmptyContinuation };
  }
  if (pieces.length === 0 || text.trim() === "") return undefined;
  return { source: { file: reader.file, text, pieces }, firstLine, hasEmptyContinuation };
}

/** An escape at the end of a line continues it, unless another escape stands before it. White space may follow. */
function cutContinuation(line: string, mark: string): { readonly kept: string; readonly continues: boolean } {
  const end = line.replace(/[ \t]+$/, "");
  if (!end.endsWith(mark) || end.at(-2) === mark) return { kept: line, continues: false };
  return { kept: end.slice(0, -1), continues: true };
}

function readWritten(
  source: SourceText,
  start: number,
  mark: string,
): Omit<Written, "firstLine" | "lastLine" | "hasEmptyContinuation"> {
  const [whole = "", keyword = ""] = /^\s*(\S+)\s*/.exec(source.text.slice(start)) ?? [];
  const word: Word = { text: keyword, at: start + whole.indexOf(keyword) };
  const at = start + whole.length;
  const { flags, rest } = splitFlags(source.text.slice(at).trimEnd(), at);
  const name = keyword.toLowerCase();
  const common = { source, keyword: word, name, flags, heredocs: [] };
  if (name === "onbuild" && rest.text !== "") {
    const child = { ...readWritten(source, rest.at, mark), firstLine: 0, lastLine: 0, hasEmptyContinuation: false };
    return { ...common, words: [], isJson: false, rest, child };
  }
  const read = readArguments(name, rest, { escape: mark, position: (offset) => positionAt(source, offset) });
  return { ...common, ...read, child: undefined };
}

/** An instruction in JSON form has no here-document. */
function takesHeredocs({ name, isJson, child }: Pick<Written, "name" | "isJson" | "child">): boolean {
  if (name === "onbuild") return child !== undefined && takesHeredocs(child);
  return (name === "add" || name === "copy" || name === "run") && !isJson;
}

function withHeredocs<One extends Pick<Written, "child">>(written: One, heredocs: readonly Heredoc[]): One {
  const child = written.child && { ...written.child, heredocs };
  return { ...written, heredocs: child ? [] : heredocs, child };
}

function readHeredocs(reader: Reader, source: SourceText): readonly Heredoc[] {
  return findHeredocs(source.text).map((mark) => ({ ...mark, content: readHeredoc(reader, source, mark) }));
}

function readHeredoc(reader: Reader, source: SourceText, { name, stripsTabs }: HeredocMark): string {
  let content = "";
  while (reader.at < reader.lines.length) {
    const line = reader.lines[reader.at++] ?? "";
    const end = withoutEnd(line);
    if ((stripsTabs ? end.replace(/^\t+/, "") : end) === name) return content;
    content += line;
  }
  throw syntaxError({
    what: `here-document "${name}"`,
    state: "the file ends before it does",
    where: positionAt(source, Math.max(0, source.text.indexOf("<<"))),
    fix: `Write "${name}" alone in the line after its last one.`,
  });
}
