// test(1), as `test`, `[` and, without patterns, `[[`.
import type { Call } from "./shell.ts";
import { notUnderstood } from "./syntax.ts";

export function testCommand({ name, words, files }: Call): number {
  const end = name === "[" ? "]" : name === "[[" ? "]]" : undefined;
  if (end !== undefined && words.at(-1) !== end) throw notUnderstood("test without its end");
  return isTrue(end === undefined ? words : words.slice(0, -1), files) ? 0 : 1;
}

type Files = Call["files"];

function isTrue(words: readonly string[], files: Files): boolean {
  const or = words.length > 4 || words.length === 3 ? splitAt(words, "-o", files) : undefined;
  if (or !== undefined) return or;
  const [first = "", second = "", third = ""] = words;
  switch (words.length) {
    case 0:
      return false;
    case 1:
      return first !== "";
    case 2:
      return first === "!" ? second === "" : unary(first, second, files);
    case 3:
      return first === "!" ? !isTrue(words.slice(1), files) : binary(first, second, third);
    default:
      if (first === "!") return !isTrue(words.slice(1), files);
      throw notUnderstood("a test of many words");
  }
}

/** `-a` binds closer than `-o`. A word before it that is a comparison is none of them. */
function splitAt(words: readonly string[], or: "-o" | "-a", files: Files): boolean | undefined {
  const at = words.findIndex((word, place) => word === or && place > 0 && !isComparison(words[place - 1] ?? ""));
  if (at < 0) return or === "-o" ? splitAt(words, "-a", files) : undefined;
  const [left, right] = [isTrue(words.slice(0, at), files), isTrue(words.slice(at + 1), files)];
  return or === "-o" ? left || right : left && right;
}

const isComparison = (word: string): boolean => /^(?:=|==|!=|-(?:eq|ne|gt|ge|lt|le))$/.test(word);

function unary(operator: string, word: string, files: Files): boolean {
  const entry = files.stat(word);
  switch (operator) {
    case "-n":
      return word !== "";
    case "-z":
      return word === "";
    case "-e":
    case "-r":
    case "-w":
      return entry !== undefined;
    case "-f":
      return entry?.kind === "file";
    case "-d":
      return entry?.kind === "directory";
    case "-x":
      return entry !== undefined && (entry.kind === "directory" || (entry.mode & 0o111) !== 0);
    case "-s":
      return entry?.kind === "directory" || (files.read(word)?.byteLength ?? 0) > 0;
    case "-L":
    case "-h":
      return files.stat(word, "link")?.kind === "symlink";
    case "-p":
    case "-S":
    case "-b":
    case "-c":
      return entry?.kind === kinds[operator];
    default:
      throw notUnderstood(`test ${operator}`);
  }
}

const kinds: Readonly<Record<string, string>> = {
  "-p": "fifo",
  "-S": "socket",
  "-b": "block-device",
  "-c": "character-device",
};

function binary(left: string, operator: string, right: string): boolean {
  if (operator === "=" || operator === "==") return left === right;
  if (operator === "!=") return left !== right;
  const compare = numeric[operator];
  if (compare === undefined || !/^-?\d+$/.test(left) || !/^-?\d+$/.test(right)) throw notUnderstood(`test ${operator}`);
  return compare(Number(left), Number(right));
}

const numeric: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "-eq": (a, b) => a === b,
  "-ne": (a, b) => a !== b,
  "-gt": (a, b) => a > b,
  "-ge": (a, b) => a >= b,
  "-lt": (a, b) => a < b,
  "-le": (a, b) => a <= b,
};
