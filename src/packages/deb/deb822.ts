// Control files as Debian writes them everywhere: `control`, `Packages`, `Release`, `status` (deb822(5), Debian Policy 5.1).
//
// Where dpkg and apt read the same text differently (a line of spaces inside a field, a field named twice), this parser
// refuses it: a package must not mean one thing to us and another to the dpkg inside the image.
import { DodaiError } from "../../core/dodai-error.ts";

export interface Field {
  /** As the file spells it. */
  readonly name: string;
  /**
   * Without the white space around it. Lines after the first keep their leading space, so that `Name: value` is the
   * field's text again; in fields like `SHA256` the value starts with a newline.
   */
  readonly value: string;
  /** Where the field starts, from 1. */
  readonly line: number;
}

/** One paragraph: its fields in order, by lower-case name. Never empty. */
export type Stanza = ReadonlyMap<string, Field>;

export interface StanzaOptions {
  /** Whose text, for messages: `Release of "trixie"`. */
  readonly what: string;
  /** `#` starts a comment line; only files that people write may have them (deb822(5)). */
  readonly comments?: boolean;
}

/** Far above what any real stanza has (about 40); keeps hostile text from making maps without end. */
const MAX_FIELDS = 2000;

/** deb822(5): printable ASCII without space and colon; not `#` or `-` in front. */
const nameSyntax = /^[!"$-,./0-9;-~][!-9;-~]*$/;

/** Reads stanza after stanza, as they are asked for. Throws CONTROL_SYNTAX. */
export function* parseStanzas(text: string, options: StanzaOptions): Generator<Stanza, void, undefined> {
  const cursor = { at: 0, line: 1 };
  while (cursor.at < text.length) {
    const stanza = nextStanza(text, cursor, options);
    if (stanza.size > 0) yield stanza;
  }
}

/** Reads a text that must hold exactly one stanza. Throws CONTROL_SYNTAX. */
export function parseStanza(text: string, options: StanzaOptions): Stanza {
  const [first, second] = parseStanzas(text, options).take(2);
  if (first === undefined) throw syntaxError(options, 1, "it is empty, wanted one stanza");
  if (second !== undefined) {
    const line = second.values().next().value?.line ?? 1;
    throw syntaxError(options, line, "a second stanza starts, wanted one");
  }
  return first;
}

/** The value of a field by its name in any case; `undefined` when the stanza has no such field. */
export function fieldOf(stanza: Stanza, name: string): string | undefined {
  return stanza.get(name.toLowerCase())?.value;
}

/** The lines of a multi-line field, each without the white space around it, without empty ones: `SHA256`, `Conffiles`. */
export function fieldLines(stanza: Stanza, name: string): readonly string[] {
  const value = fieldOf(stanza, name) ?? "";
  return value
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** A stanza's text, with the newline after its last field and without the empty line that separates stanzas. */
export function formatStanza(fields: Iterable<Pick<Field, "name" | "value">>): string {
  let text = "";
  for (const { name, value } of fields) {
    text += value === "" || value.startsWith("\n") ? `${name}:${value}\n` : `${name}: ${value}\n`;
  }
  return text;
}

/** Reads up to the empty line or the end, leaving the cursor after it; empty when there was no field. */
function nextStanza(text: string, cursor: { at: number; line: number }, options: StanzaOptions): Stanza {
  const stanza = new Map<string, Field>();
  while (cursor.at < text.length) {
    const { line } = cursor;
    const first = nextLine(text, cursor);
    if (first === "") {
      if (stanza.size > 0) break;
      continue;
    }
    if (options.comments === true && first.startsWith("#")) continue;
    const name = nameIn(first, line, options);
    const key = name.toLowerCase();
    if (stanza.has(key)) throw syntaxError(options, line, `field "${name}" is there twice, wanted once`);
    if (stanza.size >= MAX_FIELDS) {
      throw syntaxError(options, line, `a stanza has more than ${MAX_FIELDS} fields`);
    }
    // White space at the end of a line belongs to the value, at the end of the value it does not: as dpkg reads it.
    const value = first.slice(name.length + 1).trimStart() + continuation(text, cursor, options);
    stanza.set(key, { name, value: value.trimEnd(), line });
  }
  return stanza;
}

function nameIn(line: string, lineNumber: number, options: StanzaOptions): string {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0));
  if (nameSyntax.test(name)) return name;
  const state = /^[ \t]/.test(line)
    ? "a line starts with white space but continues no field"
    : `"${line.slice(0, 60)}" is no field, wanted "Name: value"`;
  throw syntaxError(options, lineNumber, state);
}

/** The lines that start with white space, each with a newline before it. */
function continuation(text: string, cursor: { at: number; line: number }, options: StanzaOptions): string {
  let lines = "";
  while (cursor.at < text.length) {
    const start = text.charCodeAt(cursor.at);
    const comment = options.comments === true && start === HASH;
    if (start !== SPACE && start !== TAB && !comment) break;
    const { line } = cursor;
    const next = nextLine(text, cursor);
    if (comment) continue;
    if (next.trim() === "") throw syntaxError(options, line, "a line has nothing but white space");
    lines += `\n${next}`;
  }
  return lines;
}

const SPACE = 0x20;
const TAB = 0x09;
const HASH = 0x23;

/** The line at the cursor without its line end, `\n` or `\r\n` as apt takes both. */
function nextLine(text: string, cursor: { at: number; line: number }): string {
  const newline = text.indexOf("\n", cursor.at);
  const end = newline < 0 ? text.length : newline;
  const line = text.slice(cursor.at, end > cursor.at && text[end - 1] === "\r" ? end - 1 : end);
  cursor.at = end + 1;
  cursor.line += 1;
  return line;
}

function syntaxError({ what }: StanzaOptions, line: number, state: string): DodaiError {
  return new DodaiError("CONTROL_SYNTAX", `Cannot read ${what}: line ${line}: ${state}`);
}
