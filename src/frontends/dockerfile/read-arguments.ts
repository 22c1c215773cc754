// How the text behind each keyword is cut: as JSON, as quoted words, as plain words, or not at all. A keyword that there is not
// has no words; it is refused when its meaning is read.
import type { Position } from "../../core/dodai-error.ts";
import { syntaxError, type Word } from "./source.ts";
import { splitPlain, splitWords } from "./split-words.ts";

export interface WrittenArguments {
  readonly words: readonly Word[];
  /** Whether the words came from a JSON list. */
  readonly isJson: boolean;
  /** All of the text. */
  readonly rest: Word;
}

interface Reading {
  readonly escape: string;
  readonly position: (at: number) => Position;
}

type Form = "list" | "list-or-words" | "words" | "plain" | "text" | "pairs" | "health";

const forms: Readonly<Record<string, Form>> = {
  add: "list-or-words",
  arg: "words",
  cmd: "list",
  copy: "list-or-words",
  entrypoint: "list",
  env: "pairs",
  expose: "plain",
  from: "plain",
  healthcheck: "health",
  label: "pairs",
  maintainer: "text",
  run: "list",
  shell: "list",
  stopsignal: "text",
  user: "text",
  volume: "list-or-words",
  workdir: "text",
};

/** Every keyword, for "did you mean". */
export const keywords: readonly string[] = [...Object.keys(forms), "onbuild"];

/** Throws DOCKERFILE_SYNTAX. */
export function readArguments(name: string, rest: Word, reading: Reading): WrittenArguments {
  const form = Object.hasOwn(forms, name) ? forms[name] : undefined;
  const whole = rest.text === "" ? [] : [rest];
  switch (form) {
    case "list":
    case "list-or-words": {
      const list = readJsonList(rest, reading);
      if (list) return { words: list, isJson: true, rest };
      return { words: form === "list" ? whole : splitPlain(rest.text, rest.at), isJson: false, rest };
    }
    case "words":
      return { words: splitWords(rest.text, { at: rest.at, escape: reading.escape }), isJson: false, rest };
    case "plain":
      return { words: splitPlain(rest.text, rest.at), isJson: false, rest };
    case "text":
      return { words: whole, isJson: false, rest };
    case "pairs":
      return { words: readPairs(name, rest, reading), isJson: false, rest };
    case "health":
      return readHealth(rest, reading);
    default:
      return { words: [], isJson: false, rest };
  }
}

/** `undefined` for text that is no JSON list: it is taken as it stands, as shells write `[` too. */
function readJsonList({ text, at }: Word, { position }: Reading): readonly Word[] | undefined {
  if (!text.startsWith("[")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  return value.map((one) => {
    if (typeof one === "string") return { text: one, at };
    throw syntaxError({
      what: "a JSON list",
      state: "something in it is not a text",
      where: position(at),
      fix: 'Write it as in ["echo", "hello"].',
    });
  });
}

/**
 * `NAME=VALUE ...`, or the old `NAME VALUE` that takes the rest of the line. Gives three words for each pair: name, value, and
 * `=` or nothing.
 */
function readPairs(name: string, rest: Word, reading: Reading): readonly Word[] {
  const { position } = reading;
  const words = splitWords(rest.text, { at: rest.at, escape: reading.escape });
  const [first] = words;
  if (first === undefined) return [];
  const keyword = name.toUpperCase();
  if (!first.text.includes("=")) {
    const [, key = "", space = "", value] = /^(\S+)(\s+)(.*)$/s.exec(rest.text) ?? [];
    if (value === undefined) {
      throw syntaxError({
        what: `${keyword} "${first.text}"`,
        state: "it has no value",
        where: position(first.at),
        fix: `Write it as in ${keyword} ${first.text}=value.`,
      });
    }
    const valueAt = rest.at + key.length + space.length;
    return [
      { text: key, at: rest.at },
      { text: value, at: valueAt },
      { text: "", at: valueAt },
    ];
  }
  return words.flatMap(({ text, at }) => {
    const equals = text.indexOf("=");
    if (equals < 0) {
      throw syntaxError({
        what: `${keyword} "${text}"`,
        state: "it has no =",
        where: position(at),
        fix: `Write it as in ${keyword} name=value, with quotes around a value that has spaces.`,
      });
    }
    return [
      { text: text.slice(0, equals), at },
      { text: text.slice(equals + 1), at: at + equals + 1 },
      { text: "=", at: at + equals },
    ];
  });
}

function readHealth(rest: Word, reading: Reading): WrittenArguments {
  const [whole = "", kind = ""] = /^(\S+)\s*/.exec(rest.text) ?? [];
  if (kind === "") return { words: [], isJson: false, rest };
  const command: Word = { text: rest.text.slice(whole.length), at: rest.at + whole.length };
  const list = readJsonList(command, reading);
  const words = list ?? (command.text === "" ? [] : [command]);
  return { words: [{ text: kind, at: rest.at }, ...words], isJson: list !== undefined, rest };
}
