// Lines as what they say: commands, and sections with the lines between them and their %end.
import type { Position } from "../../core/dodai-error.ts";
import { nearest } from "../suggest.ts";
import { commandNames, formOfCommand, formOfSection, sectionNames } from "./commands.ts";
import type { Faults } from "./faults.ts";
import { firstColumn, type Line, positionOf } from "./lines.ts";
import { type Options, readOptions } from "./options.ts";
import { splitLine, type Word } from "./words.ts";

export interface Command {
  readonly name: string;
  readonly options: Options;
  readonly position: Position;
}

export interface Section {
  readonly name: string;
  readonly options: Options;
  readonly position: Position;
  readonly lines: readonly Line[];
}

export interface Statements {
  readonly commands: readonly Command[];
  readonly sections: readonly Section[];
  /** What `#version=` says: `RHEL9`, `F43`, `DEVEL`. */
  readonly version?: string;
}

/** Longest line of a command, in characters. */
const maxLine = 64 << 10;

export function parseStatements(lines: readonly Line[], faults: Faults): Statements {
  // Before Fedora 8 nothing ended a section but the next one.
  const isOld = !lines.some(({ text }) => /^\s*%end(?:\s|$)/.test(text));
  const commands: Command[] = [];
  const sections: Section[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] as Line;
    if (isBlankOrComment(line.text)) continue;
    const words = wordsOf(line, faults);
    const [first] = words ?? [];
    // What the line would go on with is not told of again: it is the same fault.
    while (!words && /\\$/.test(lines[index]?.text ?? "")) index++;
    if (!first) continue;
    if (!first.text.startsWith("%")) {
      const command = commandOf(line, words ?? [], faults);
      if (command) commands.push(command);
      continue;
    }
    if (first.text === "%end") {
      faults.broken(positionOf(line, first.column), "Cannot read %end: no section is open here");
      continue;
    }
    const { body, next } = bodyOf(lines, index + 1, { header: line, name: first.text, isOld, faults });
    index = next - 1;
    const section = sectionOf(line, words ?? [], { body, faults });
    if (section) sections.push(section);
  }
  const version = lines.map(({ text }) => /^#version=(\S+)/.exec(text)?.[1]).find((one) => one !== undefined);
  return { commands, sections, ...(version === undefined ? {} : { version }) };
}

const isBlankOrComment = (text: string): boolean => /^\s*(?:#|$)/.test(text);

function wordsOf(line: Line, faults: Faults): readonly Word[] | undefined {
  if (line.text.length > maxLine) {
    faults.broken(positionOf(line), `Cannot read this line: it has more than ${maxLine} characters`);
    return undefined;
  }
  const split = splitLine(line.text, { comments: true });
  if (split.kind === "words") return split.words;
  faults.broken(positionOf(line, split.column), `Cannot read this line: ${split.state}`, split.fix);
  return undefined;
}

function commandOf(line: Line, [first, ...words]: readonly Word[], faults: Faults): Command | undefined {
  const name = first?.text ?? "";
  const position = positionOf(line, first?.column);
  const form = formOfCommand(name);
  if (!form) {
    const meant = nearest(name, commandNames);
    const fix =
      meant === undefined
        ? "If it belongs to a script, that script's section has ended before this line."
        : `Did you mean "${meant}"?`;
    faults.unknown(position, `Cannot read "${name}": kickstart has no such command`, fix);
    return undefined;
  }
  const options = readOptions(words, { name, position, form, faults });
  return options && { name: name === "partition" ? "part" : name, options, position };
}

interface BodyOptions {
  readonly header: Line;
  readonly name: string;
  readonly isOld: boolean;
  readonly faults: Faults;
}

/** The lines of a section, and the index of the first line behind it. */
function bodyOf(
  lines: readonly Line[],
  start: number,
  { header, name, isOld, faults }: BodyOptions,
): { readonly body: readonly Line[]; readonly next: number } {
  for (let index = start; index < lines.length; index++) {
    const line = lines[index] as Line;
    const [, word = ""] = /^\s*(%[\w-]+)(?=\s|$)/.exec(line.text) ?? [];
    if (word === "%end") return { body: lines.slice(start, index), next: index + 1 };
    if (!sectionNames.includes(word)) continue;
    if (!isOld) {
      const where = positionOf(header, firstColumn(header.text));
      faults.broken(
        where,
        `Cannot read ${name}: no %end comes before ${word} in line ${line.number}`,
        'Write "%end" behind its last line.',
      );
    }
    return { body: lines.slice(start, index), next: index };
  }
  if (!isOld) {
    const where = positionOf(header, firstColumn(header.text));
    faults.broken(where, `Cannot read ${name}: it has no %end`, 'Write "%end" behind its last line.');
  }
  return { body: lines.slice(start), next: lines.length };
}

function sectionOf(
  line: Line,
  [first, ...words]: readonly Word[],
  { body, faults }: { readonly body: readonly Line[]; readonly faults: Faults },
): Section | undefined {
  const name = first?.text ?? "";
  const position = positionOf(line, first?.column);
  const form = formOfSection(name);
  if (!form) {
    const meant = nearest(name, sectionNames);
    const fix = meant === undefined ? `Known are ${sectionNames.join(", ")}.` : `Did you mean "${meant}"?`;
    faults.unknown(position, `Cannot read "${name}": kickstart has no such section`, fix);
    return undefined;
  }
  const options = readOptions(words, { name, position, form, faults });
  return options && { name, options, position, lines: body };
}
