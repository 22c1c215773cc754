// Words of a script as commands get them (POSIX XCU 2.6): variables and what other commands print put in, the rest split where it
// is not quoted, and patterns replaced by the names that match.
import { decodeName, encodeName } from "../../archive/tar-name.ts";
import { compareBytes } from "../../core/byte-order.ts";
import { compileGlob } from "../glob.ts";
import type { RootFiles } from "./root-files.ts";
import { notUnderstood, type Part, type Script, type Word } from "./syntax.ts";

/** What words are made of. */
export interface Expanding {
  readonly files: RootFiles;
  readonly words: readonly string[];
  readonly variables: ReadonlyMap<string, string>;
  readonly status: number;
  outputOf(script: Script): string;
}

/** Words as a command gets them: variables put in, split where they are not quoted, patterns looked up. */
export function expandAll(words: readonly Word[], shell: Expanding): readonly string[] {
  return words.flatMap((word) => {
    const [only] = word;
    if (word.length <= 2 && word.some((part) => part.kind === "variable" && part.name === "@" && part.quoted))
      return shell.words;
    if (only?.kind === "variable" && only.name === "@" && word.length === 1) return shell.words;
    return fieldsOf(word, shell).flatMap((field) => lookUp(field, shell.files));
  });
}

interface Letter {
  readonly text: string;
  readonly quoted: boolean;
}

/** A word may become several, or none, where a variable that is not quoted has blanks. */
function fieldsOf(word: Word, shell: Expanding): readonly (readonly Letter[])[] {
  const fields: Letter[][] = [];
  let current: Letter[] | undefined;
  for (const part of word) {
    const text = textOfPart(part, shell);
    if (part.quoted || part.kind === "text") {
      current ??= [];
      current.push({ text, quoted: part.quoted });
      continue;
    }
    for (const [at, piece] of text.split(/[ \t\n]+/).entries()) {
      if (at > 0 && current) {
        fields.push(current);
        current = undefined;
      }
      if (piece === "") continue;
      current ??= [];
      current.push({ text: piece, quoted: false });
    }
  }
  if (current) fields.push(current);
  return fields;
}

/** Names that match; the word itself when none does. */
function lookUp(field: readonly Letter[], files: RootFiles): readonly string[] {
  const text = field.map((one) => one.text).join("");
  if (!field.some((one) => !one.quoted && /[*?]|\[.*\]/.test(one.text))) return [text];
  if (!text.startsWith("/") || /[[\]]/.test(text)) throw notUnderstood("a pattern");
  const pattern = field.map((one) => (one.quoted && /[*?[\\]/.test(one.text) ? undefined : one.text));
  if (pattern.includes(undefined)) throw notUnderstood("a pattern");
  let found = [""];
  for (const part of text.slice(1).split("/")) {
    found = found.flatMap((folder) => {
      if (!/[*?]/.test(part)) return files.stat(`${folder}/${part}`, "link") ? [`${folder}/${part}`] : [];
      const matches = compileGlob(`/${part}`);
      return files
        .names(folder)
        .filter((name) => matches(name) && (part.startsWith(".") || !name.startsWith(".")))
        .map((name) => `${folder}/${name}`);
    });
  }
  return found.length === 0 ? [text] : found.map(asText).sort(compareBytes);
}

/** Names of files are kept as they are everywhere else; text here is bytes. */
const asText = (name: string): string => Buffer.from(encodeName(name)).toString("latin1");
export const asName = (text: string): string => decodeName(Buffer.from(text, "latin1"));

export const textOf = (word: Word, shell: Expanding): string => word.map((part) => textOfPart(part, shell)).join("");

function textOfPart(part: Part, shell: Expanding): string {
  switch (part.kind) {
    case "text":
      return part.text;
    case "variable": {
      const value = variable(part.name, shell);
      return part.usual && (value ?? "") === "" ? textOf(part.usual, shell) : (value ?? "");
    }
    default: {
      return shell.outputOf(part.script).replace(/\n+$/, "");
    }
  }
}

function variable(name: string, shell: Expanding): string | undefined {
  if (name === "?") return String(shell.status);
  if (name === "#") return String(shell.words.length);
  if (name === "@" || name === "*") return shell.words.join(" ");
  if (name === "0") throw notUnderstood("$0");
  return /^\d$/.test(name) ? shell.words[Number(name) - 1] : shell.variables.get(name);
}

export function patternOf(word: Word, shell: Expanding): readonly Letter[] {
  return word.map((part) => ({ text: textOfPart(part, shell), quoted: part.quoted }));
}

/** `*` and `?` of patterns that are not quoted; sets of characters are not known. */
export function matchesPattern(subject: string, pattern: readonly Letter[]): boolean {
  const source = pattern.map(({ text, quoted }) => {
    if (!quoted && /\[|\*.*\*.*\*/.test(text)) throw notUnderstood("a pattern");
    const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return quoted ? escaped : escaped.replaceAll("\\*", "[\\s\\S]*").replaceAll("\\?", "[\\s\\S]");
  });
  return new RegExp(`^${source.join("")}$`).test(subject);
}
