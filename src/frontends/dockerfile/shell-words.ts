// Words as a shell would read them: quotes, escapes and variables with their modifiers (BuildKit's reference, "Environment
// replacement"). No command runs and no file name is looked up.
import { patternToTrim, type Trim } from "./shell-pattern.ts";

export interface ShellOptions {
  readonly escape: string;
  /** The value of a variable; `undefined` when it is not set. */
  readonly lookUp: (name: string) => string | undefined;
  /** Takes quotes for any other character: in here-documents. */
  readonly plainQuotes?: boolean;
  /** Leaves quotes where they are. */
  readonly rawQuotes?: boolean;
  /** Leaves escape characters where they are. */
  readonly rawEscapes?: boolean;
  /** Leaves variables that are not set as they are written. */
  readonly keepUnset?: boolean;
}

export interface ShellResult {
  /** All of it as one text. */
  readonly text: string;
  /** The same cut at white space that no quote protects, that of values included. */
  readonly words: readonly string[];
  /** Names without a value that something was taken from. */
  readonly unset: readonly string[];
}

/** A fault in shell words, without a place: the caller knows which word it read. */
export class ShellFault extends Error {
  override readonly name = "ShellFault";
}

export function readShellWords(text: string, options: ShellOptions): ShellResult {
  const reader: Reader = { ...options, input: [...text], at: 0, depth: 0, unset: new Set() };
  const words = startWords();
  const result = readUntil(reader, undefined, { words, raw: options.rawEscapes === true });
  return { text: result, words: words.finish(), unset: [...reader.unset] };
}

interface Reader extends ShellOptions {
  readonly input: readonly string[];
  at: number;
  /** Variables inside variables. */
  depth: number;
  readonly unset: Set<string>;
}

/** More of them are no Dockerfile. */
const maxDepth = 100;

interface Words {
  /** A character that white space ends a word at. */
  add(one: string): void;
  /** Characters that belong to the word whatever they are. */
  addRaw(text: string): void;
  finish(): readonly string[];
}

function startWords(): Words {
  const done: string[] = [];
  let word = "";
  let inWord = false;
  const end = (): void => {
    if (inWord) done.push(word);
    word = "";
    inWord = false;
  };
  return {
    add: (one) => {
      if (isSpace(one)) end();
      else {
        word += one;
        inWord = true;
      }
    },
    addRaw: (text) => {
      word += text;
      inWord = true;
    },
    finish: () => {
      end();
      return done;
    },
  };
}

const isSpace = (one: string): boolean => /^\s$/u.test(one);

/** What goes to nobody: the inside of `${...}` becomes words only as the value that it gives. */
const noWords: Words = { add: () => {}, addRaw: () => {}, finish: () => [] };

const missingBrace = "a closing brace is missing";

function readUntil(
  reader: Reader,
  stop: string | undefined,
  { words, raw }: { readonly words: Words; readonly raw: boolean },
): string {
  let result = "";
  for (;;) {
    const one = reader.input[reader.at];
    if (one === undefined) {
      if (stop !== undefined) throw new ShellFault(missingBrace);
      return result;
    }
    if (one === stop) {
      reader.at++;
      return result;
    }
    if (!reader.plainQuotes && (one === "'" || one === '"')) {
      const quoted = one === "'" ? readSingle(reader) : readDouble(reader, raw);
      words.addRaw(quoted);
      result += quoted;
    } else if (one === "$") {
      const value = readDollar(reader);
      for (const character of value) words.add(character);
      result += value;
    } else result += readPlain(reader, words, raw);
  }
}

/** One character, or one behind an escape. A lone escape at the end is nothing. */
function readPlain(reader: Reader, words: Words, raw: boolean): string {
  const one = reader.input[reader.at++] ?? "";
  if (one !== reader.escape) {
    words.add(one);
    return one;
  }
  const kept = raw ? one : "";
  if (kept !== "") words.addRaw(kept);
  const next = reader.input[reader.at++];
  if (next === undefined) return kept;
  words.addRaw(next);
  return kept + next;
}

function readSingle(reader: Reader): string {
  const end = reader.input.indexOf("'", reader.at + 1);
  if (end < 0) throw new ShellFault("a closing single quote is missing");
  const inside = reader.input.slice(reader.at + 1, end).join("");
  reader.at = end + 1;
  return reader.rawQuotes ? `'${inside}'` : inside;
}

function readDouble(reader: Reader, raw: boolean): string {
  let result = reader.rawQuotes ? '"' : "";
  reader.at++;
  for (;;) {
    const one = reader.input[reader.at];
    if (one === undefined) throw new ShellFault("a closing double quote is missing");
    if (one === '"') {
      reader.at++;
      return reader.rawQuotes ? `${result}"` : result;
    }
    if (one === "$") {
      result += readDollar(reader);
      continue;
    }
    reader.at++;
    if (one === reader.escape) {
      const next = reader.input[reader.at];
      if (next === undefined) continue;
      // Other characters keep the escape in front of them.
      if (next === '"' || next === "$" || next === reader.escape) {
        result += raw ? one + next : next;
        reader.at++;
        continue;
      }
    }
    result += one;
  }
}

function readDollar(reader: Reader): string {
  if (++reader.depth > maxDepth) throw new ShellFault(`it has more than ${maxDepth} variables inside each other`);
  const value = readVariable(reader);
  reader.depth--;
  return value;
}

function readVariable(reader: Reader): string {
  const start = reader.at++;
  if (reader.input[reader.at] !== "{") {
    const name = readName(reader);
    if (name === "") return "$";
    return valueIn(reader, name) ?? (reader.keepUnset ? `$${name}` : "");
  }
  reader.at++;
  const first = reader.input[reader.at];
  if (first === undefined) throw new ShellFault(missingBrace);
  if (first === "{" || first === "}" || first === ":") throw new ShellFault(`"\${${first}" names no variable`);
  const name = readName(reader);
  const value = readModified(reader, name);
  if (value !== undefined) return value;
  return reader.keepUnset ? reader.input.slice(start, reader.at).join("") : "";
}

/** `undefined` when the variable is not set and nothing stands for it. */
function readModified(reader: Reader, name: string): string | undefined {
  const sign = reader.input[reader.at++];
  if (sign === undefined) throw new ShellFault(missingBrace);
  if (name === "") throw new ShellFault(`"\${${sign}" names no variable`);
  if (sign === "}") return valueIn(reader, name);
  if (sign === "/") return readReplaced(reader, name);
  const hasColon = sign === ":";
  const modifier = hasColon ? (reader.input[reader.at++] ?? "") : sign;
  if (modifier === "") throw new ShellFault(missingBrace);
  if (modifier === "#" || modifier === "%") {
    if (hasColon) throw unsupported(`:${modifier}`);
    return readTrimmed(reader, name, modifier);
  }
  if (modifier !== "-" && modifier !== "+" && modifier !== "?") throw unsupported(hasColon ? `:${modifier}` : modifier);
  const word = readUntil(reader, "}", { words: noWords, raw: reader.rawEscapes === true });
  const value = reader.lookUp(name);
  const isThere = value !== undefined && !(hasColon && value === "");
  if (modifier === "-") return isThere ? value : word;
  if (modifier === "+") return isThere ? word : "";
  if (!isThere) throw new ShellFault(`"${name}" is ${value === undefined ? "not set" : "empty"}${word && `: ${word}`}`);
  return value;
}

const unsupported = (modifier: string): ShellFault =>
  new ShellFault(`there is no modifier "${modifier}", wanted :- :+ :? - + ? # ## % %% / or //`);

function readTrimmed(reader: Reader, name: string, sign: "#" | "%"): string | undefined {
  const isGreedy = reader.input[reader.at] === sign;
  if (isGreedy) reader.at++;
  const pattern = readUntil(reader, "}", { words: noWords, raw: true });
  const value = valueIn(reader, name);
  const side: Trim["side"] = sign === "#" ? "start" : "end";
  return value && patternToTrim(pattern, { side, isGreedy, escape: reader.escape })(value);
}

/** `${name/pattern/text}`, and with two slashes every place. */
function readReplaced(reader: Reader, name: string): string | undefined {
  const isEverywhere = reader.input[reader.at] === "/";
  if (isEverywhere) reader.at++;
  const pattern = readUntil(reader, "/", { words: noWords, raw: true });
  const text = readUntil(reader, "}", { words: noWords, raw: true });
  const value = valueIn(reader, name);
  const side = isEverywhere ? "everywhere" : "once";
  return value && patternToTrim(pattern, { side, isGreedy: true, escape: reader.escape, text })(value);
}

function valueIn(reader: Reader, name: string): string | undefined {
  const value = reader.lookUp(name);
  if (value === undefined) reader.unset.add(name);
  return value;
}

/** Letters, digits and `_`; a number; or one of the shell's special parameters, which have no value here. */
function readName(reader: Reader): string {
  const rest = reader.input.slice(reader.at, reader.at + 256).join("");
  const [name = ""] = /^(?:\d+|[@*#?\-$!]|[\p{L}_][\p{L}\p{Nd}_]*)/u.exec(rest) ?? [];
  reader.at += [...name].length;
  return name;
}
