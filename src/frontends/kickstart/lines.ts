// A kickstart file and all that it includes as one list of lines. Inclusion is of text: it may stand in the middle of a
// section, and what is included may end one.
import { posix } from "node:path";
import type { Position } from "../../core/dodai-error.ts";
import type { Faults } from "./faults.ts";
import { splitLine } from "./words.ts";

export interface Line {
  readonly text: string;
  readonly file: string;
  /** From 1. */
  readonly number: number;
}

/** What a kickstart may look at outside its own text. Paths are absolute. */
export interface KickstartWorld {
  /** Text of a file; throws FILE_UNREADABLE. Bounds what it reads. */
  readFile(path: string): Promise<string>;
  /** Whether a regular file can be read there. */
  hasFile(path: string): Promise<boolean>;
}

interface ReadLines {
  readonly path: string;
  /** As messages call it. */
  readonly file: string;
  readonly world: KickstartWorld;
  readonly faults: Faults;
}

/** How many files may include one another in a row, and be included in all. */
const maxDepth = 16;
const maxFiles = 256;
const maxLines = 200_000;

/** Throws FILE_UNREADABLE when the first file cannot be read; faults of includes are collected. */
export async function readLines({ path, file, world, faults }: ReadLines): Promise<readonly Line[]> {
  const reading: Reading = { world, faults, lines: [], count: 0, pre: [] };
  await readFile({ path, file, chain: [] }, await world.readFile(path), reading);
  return reading.lines;
}

interface Reading {
  readonly world: KickstartWorld;
  readonly faults: Faults;
  readonly lines: Line[];
  /** Files that were included. */
  count: number;
  /** Lines of %pre sections, which may write what is included later. */
  readonly pre: Line[];
}

interface OneFile {
  readonly path: string;
  readonly file: string;
  /** Paths of the files that led here. */
  readonly chain: readonly string[];
}

export const positionOf = ({ file, number }: Line, column = 1): Position => ({ file, line: number, column });

/** Column of the first character that is no blank. */
export const firstColumn = (text: string): number => text.length - text.trimStart().length + 1;

async function readFile(one: OneFile, text: string, reading: Reading): Promise<void> {
  let isPre = false;
  for (const [index, line] of linesOf(text).entries()) {
    const found: Line = { text: line, file: one.file, number: index + 1 };
    if (reading.lines.length >= maxLines) {
      reading.faults.broken(
        positionOf(found),
        `Cannot read kickstart: with all that it includes it has more than ${maxLines} lines`,
      );
      return;
    }
    if (line.includes("\0")) {
      const column = line.indexOf("\0") + 1;
      reading.faults.broken(positionOf(found, column), "Cannot read this line: it has a NUL, and is no text");
      continue;
    }
    const [, word = ""] = /^\s*(%[\w-]+)(?=\s|$)/.exec(line) ?? [];
    if (word === "%include" || word === "%ksappend") {
      await include(one, found, reading);
      continue;
    }
    if (word !== "") isPre = word === "%pre";
    if (isPre) reading.pre.push(found);
    reading.lines.push(found);
  }
}

/** Lines without their ends; a byte order mark is no part of the first. */
const linesOf = (text: string): readonly string[] =>
  text
    .replace(/^\uFEFF/, "")
    .replace(/\r?\n$/, "")
    .split(/\r?\n/);

async function include(from: OneFile, line: Line, reading: Reading): Promise<void> {
  const { faults, world } = reading;
  const split = splitLine(line.text, { comments: false });
  if (split.kind === "broken") {
    faults.broken(positionOf(line, split.column), `Cannot read this line: ${split.state}`, split.fix);
    return;
  }
  const [verb, named] = split.words;
  const at = positionOf(line, named?.column ?? verb?.column);
  if (!named || named.text === "") return faults.broken(at, `Cannot read ${verb?.text}: it names no file`);
  const name = named.text;
  const refuse = (state: string, fix?: string): void => faults.broken(at, `Cannot include "${name}": ${state}`, fix);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(name)) {
    return faults.unsupported(
      at,
      `Cannot include "${name}": it is on another machine, and nothing vouches for it`,
      "Keep it beside this file, and include it by its path.",
    );
  }
  const path = posix.resolve(posix.dirname(from.path), name);
  const chain = [...from.chain, from.path];
  if (chain.includes(path)) return refuse("it includes this file itself, in a circle");
  if (chain.length > maxDepth) return refuse(`more than ${maxDepth} files include one another`);
  if (++reading.count > maxFiles)
    return reading.count === maxFiles + 1 ? refuse(`it is the ${maxFiles + 1}th file`) : undefined;
  if (!(await world.hasFile(path))) return refuseMissing({ name, at, path }, reading);
  const file = posix.isAbsolute(name) ? name : posix.join(posix.dirname(from.file), name);
  await readFile({ path, file, chain }, await world.readFile(path), reading);
}

function refuseMissing(
  { name, at, path }: { name: string; at: Position; path: string },
  { faults, pre }: Reading,
): void {
  const maker =
    pre.find(({ text }) => text.includes(name)) ?? (/^\/(?:tmp|run|var\/tmp)\//.test(path) ? pre[0] : undefined);
  if (maker) {
    const state = `the %pre script at ${maker.file}:${maker.number} would make it, and there is no installer that runs it`;
    faults.unsupported(
      at,
      `Cannot include "${name}": ${state}`,
      "Write what it would say into a file, and include that.",
    );
    return;
  }
  faults.broken(
    at,
    `Cannot include "${name}": there is no such file that can be read`,
    "Paths are relative to the file that names them.",
  );
}
