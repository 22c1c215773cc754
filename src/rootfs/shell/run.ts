// Runs a script on a tree that is a value. Programs are those that dodai knows; what the tree does not have is not found, as in
// a shell. Throws NotUnderstood for everything else, and then whoever asked undoes what was done.
import { decodeName, encodeName } from "../../archive/tar-name.ts";
import { compareBytes } from "../../core/byte-order.ts";
import { compileGlob } from "../glob.ts";
import { parseShell } from "./parse.ts";
import type { RootFiles } from "./root-files.ts";
import {
  type AndOr,
  type Command,
  notUnderstood,
  type Part,
  type Pipeline,
  type Redirection,
  type Script,
  type Word,
} from "./syntax.ts";

/** A program that dodai knows. Text is bytes as characters (latin1), so that nothing is lost. */
export type Program = (call: Call) => number | { readonly status: number; readonly output: string };

export interface Call {
  readonly name: string;
  /** Without the program itself. */
  readonly words: readonly string[];
  readonly input: string;
  readonly files: RootFiles;
  readonly environment: ReadonlyMap<string, string>;
}

export interface ShellOptions {
  readonly files: RootFiles;
  /** By name; `builtins` are there whatever the tree has. */
  readonly programs: ReadonlyMap<string, Program>;
  readonly builtins: ReadonlyMap<string, Program>;
  readonly words: readonly string[];
  readonly input: string;
}

/** Exit status. Throws SCRIPT_UNKNOWN. */
export function runShell(text: string, options: ShellOptions): number {
  return runWhole(text, { ...options, variables: new Map([["PATH", PATH]]), depth: 0, steps: { left: MAX_STEPS } })
    .status;
}

/** A script in a shell of its own. */
function runWhole(
  text: string,
  from: Omit<Shell, "functions" | "status">,
): { readonly status: number; readonly output: string } {
  const shell: Shell = { ...from, functions: new Map(), status: 0 };
  try {
    const output = runList(parseShell(text), shell, { input: from.input });
    return { status: shell.status, output };
  } catch (error) {
    if (error instanceof Error && "exit" in error && typeof error.exit === "number")
      return { status: error.exit, output: "" };
    throw error;
  }
}

/** One command of a script: a program with its words. */
export function runProgram(words: readonly [string, ...string[]], options: ShellOptions): number {
  const [name, ...rest] = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  return runShell([name, ...rest].join(" "), options);
}

const PATH = "/sbin:/bin:/usr/sbin:/usr/bin";
const MAX_STEPS = 100_000;
const MAX_CALLS = 50;
const NOT_FOUND = 127;

interface Shell extends ShellOptions {
  readonly variables: Map<string, string>;
  readonly functions: Map<string, Script>;
  depth: number;
  status: number;
  readonly steps: { left: number };
}

/** Where input comes from; what a list prints is given back. */
interface Streams {
  readonly input: string;
}

function runList({ commands }: Script, shell: Shell, streams: Streams): string {
  return commands.map((one) => runAndOr(one, shell, streams)).join("");
}

function runAndOr({ first, rest }: AndOr, shell: Shell, streams: Streams): string {
  let output = runPipeline(first, shell, streams);
  for (const { when, pipeline } of rest)
    if ((shell.status === 0) === (when === "and")) output += runPipeline(pipeline, shell, streams);
  return output;
}

function runPipeline({ negated, commands }: Pipeline, shell: Shell, streams: Streams): string {
  let { input } = streams;
  let output = "";
  for (const command of commands) {
    // All but a lone command run in shells of their own.
    output = commands.length === 1 ? runCommand(command, shell, { input }) : inSubshell(command, shell, { input });
    input = output;
  }
  if (negated) shell.status = shell.status === 0 ? 1 : 0;
  return output;
}

function inSubshell(command: Command, shell: Shell, streams: Streams): string {
  const own: Shell = { ...shell, variables: new Map(shell.variables), functions: new Map(shell.functions) };
  let output = "";
  try {
    output = runCommand(command, own, streams);
    shell.status = own.status;
  } catch (error) {
    // What it printed before is lost with it.
    if (error instanceof Error && "exit" in error) throw notUnderstood("a subshell that ends early");
    throw error;
  }
  return output;
}

function runCommand(command: Command, shell: Shell, streams: Streams): string {
  if (--shell.steps.left < 0) throw notUnderstood("when it ends");
  const prepared = redirect(command.redirections, shell, streams);
  if (prepared === undefined) {
    shell.status = 1;
    return "";
  }
  const output = runBare(command, shell, prepared.streams);
  return prepared.finish(output);
}

interface Redirected {
  readonly streams: Streams;
  /** Writes what goes to files; the rest is given back. */
  finish(output: string): string;
}

/** `undefined` when a file cannot be opened. Errors are never printed by what is known, so that descriptor 2 is but opened. */
function redirect(redirections: readonly Redirection[], shell: Shell, streams: Streams): Redirected | undefined {
  let { input } = streams;
  let target: string | "none" | "out" = "out";
  let error: string | "none" | "out" = "none";
  for (const one of redirections) {
    if (one.kind === "text") input = textOf(one.text, shell);
    else if (one.kind === "same") {
      if (one.out === 1) target = error;
      else error = target;
    } else {
      const path = textOf(one.file, shell);
      if (one.kind === "from") {
        const bytes = path === "/dev/null" ? new Uint8Array() : shell.files.read(path);
        if (bytes === undefined) return undefined;
        input = Buffer.from(bytes).toString("latin1");
        continue;
      }
      const isSink = path === "/dev/null" || path === "/dev/stderr";
      if (path === "/dev/stdout") throw notUnderstood("/dev/stdout");
      if (!isSink && !openFile(path, one.append, shell.files)) return undefined;
      if (one.out.includes(1)) target = isSink ? "none" : path;
      if (one.out.includes(2)) error = isSink ? "none" : path;
    }
  }
  return {
    streams: { input },
    finish: (output) => {
      if (target === "out") return output;
      if (target !== "none" && output !== "") {
        const before = Buffer.from(shell.files.read(target) ?? new Uint8Array());
        shell.files.write(target, Buffer.concat([before, Buffer.from(output, "latin1")]));
      }
      return "";
    },
  };
}

function openFile(path: string, append: boolean, files: RootFiles): boolean {
  const before = files.read(path);
  return files.write(path, append && before ? before : new Uint8Array());
}

function runBare(command: Command, shell: Shell, streams: Streams): string {
  switch (command.kind) {
    case "simple":
      return runSimple(command, shell, streams);
    case "group":
      return runList(command.body, shell, streams);
    case "subshell":
      return inSubshell({ ...command, kind: "group", redirections: [] }, shell, streams);
    case "if": {
      for (const { condition, body } of command.branches) {
        const output = runList(condition, shell, streams);
        if (shell.status === 0) return output + runList(body, shell, streams);
        if (output !== "") throw notUnderstood("a condition that prints");
      }
      shell.status = 0;
      return command.otherwise ? runList(command.otherwise, shell, streams) : "";
    }
    case "for":
      shell.status = 0;
      return expandAll(command.words, shell)
        .map((value) => {
          shell.variables.set(command.name, value);
          return runList(command.body, shell, streams);
        })
        .join("");
    case "case": {
      const subject = textOf(command.subject, shell);
      const branch = command.branches.find(({ patterns }) =>
        patterns.some((one) => matchesPattern(subject, patternOf(one, shell))),
      );
      shell.status = 0;
      return branch ? runList(branch.body, shell, streams) : "";
    }
    default:
      shell.functions.set(command.name, command.body);
      shell.status = 0;
      return "";
  }
}

function runSimple(command: Command & { readonly kind: "simple" }, shell: Shell, streams: Streams): string {
  const [name, ...words] = expandAll(command.words, shell);
  const before = new Map(shell.variables);
  shell.status = 0;
  for (const one of command.assignments) shell.variables.set(one.name, textOf(one.value, shell));
  if (name === undefined) return "";
  const output = runNamed(name, words, { shell, streams });
  if (command.assignments.length > 0)
    for (const one of command.assignments) {
      const value = before.get(one.name);
      if (value === undefined) shell.variables.delete(one.name);
      else shell.variables.set(one.name, value);
    }
  return output;
}

interface Place {
  readonly shell: Shell;
  readonly streams: Streams;
}

function runNamed(name: string, words: readonly string[], { shell, streams }: Place): string {
  const special = specials.get(name);
  if (special) {
    shell.status = special(words, shell);
    return "";
  }
  const body = shell.functions.get(name);
  if (body) return runFunction(body, words, { shell, streams });
  const program = shell.builtins.get(name) ?? programFor(name, shell);
  if (program === undefined) {
    shell.status = NOT_FOUND;
    return "";
  }
  const { files, variables } = shell;
  const done = program({ name, words, input: streams.input, files, environment: variables });
  shell.status = typeof done === "number" ? done : done.status;
  return typeof done === "number" ? "" : done.output;
}

/** Throws SCRIPT_UNKNOWN for a program that is there and that nobody knows. */
function programFor(name: string, shell: Shell): Program | undefined {
  const folders = name.includes("/") ? [""] : (shell.variables.get("PATH") ?? "").split(":").map((one) => `${one}/`);
  const found = folders.map((folder) => `${folder}${name}`).find((path) => shell.files.stat(path)?.kind === "file");
  if (found === undefined) return undefined;
  const program =
    shell.programs.get(found.slice(found.lastIndexOf("/") + 1)) ?? shellAt(found, shell) ?? scriptAt(found, shell);
  if (program === undefined) throw notUnderstood(`what ${found} does`);
  return program;
}

/** The shell itself, with a script on its input or behind `-c`. */
function shellAt(path: string, shell: Shell): Program | undefined {
  if (!/\/(?:ba)?sh$/.test(path)) return undefined;
  return ({ words: [option, text = "", ...words], input, environment }) => {
    if ((option !== undefined && option !== "-c") || words.length > 0) throw notUnderstood(`a form of ${path}`);
    const variables = new Map(environment);
    return runWhole(option === undefined ? input : text, {
      ...shell,
      words: [],
      input: "",
      variables,
      depth: shell.depth + 1,
    });
  };
}

/** A program that is itself a script of the shell. */
function scriptAt(path: string, shell: Shell): Program | undefined {
  const bytes = shell.files.read(path) ?? new Uint8Array();
  const [, head, text = ""] =
    /^#! ?\/(?:usr\/)?bin\/(?:ba)?sh[ \t]*(\n)([^]*)$/.exec(Buffer.from(bytes).toString("latin1")) ?? [];
  if (head === undefined) return undefined;
  if (shell.depth >= MAX_CALLS) throw notUnderstood("when it ends");
  return ({ words, input, environment }) =>
    runWhole(text, { ...shell, words, input, variables: new Map(environment), depth: shell.depth + 1 });
}

function runFunction(body: Script, words: readonly string[], { shell, streams }: Place): string {
  if (++shell.depth > MAX_CALLS) throw notUnderstood("when it ends");
  const own: Shell = { ...shell, words };
  let output = "";
  try {
    output = runList(body, own, streams);
    shell.status = own.status;
  } catch (error) {
    if (!(error instanceof Error && "return" in error && typeof error.return === "number")) throw error;
    shell.status = error.return;
  }
  shell.depth--;
  return output;
}

/** Commands that change the shell itself. */
const specials: ReadonlyMap<string, (words: readonly string[], shell: Shell) => number> = new Map([
  [
    "exit",
    ([code], shell) => {
      throw Object.assign(new Error("exit"), { exit: statusOf(code, shell) });
    },
  ],
  [
    "return",
    ([code], shell) => {
      if (shell.depth === 0) throw notUnderstood("return outside of functions");
      throw Object.assign(new Error("return"), { return: statusOf(code, shell) });
    },
  ],
  [
    "export",
    (words, shell) => {
      for (const word of words) {
        const [, name, value] = /^(\w+)=(.*)$/s.exec(word) ?? [];
        if (name !== undefined) shell.variables.set(name, value ?? "");
      }
      return 0;
    },
  ],
  [
    "unset",
    (words, shell) => {
      for (const word of words) shell.variables.delete(word);
      return 0;
    },
  ],
  [
    "umask",
    ([mask]) => {
      if (mask === undefined || !/^0*22$/.test(mask)) throw notUnderstood("umask");
      return 0;
    },
  ],
  [
    "set",
    (words) => {
      if (!words.every((word) => /^\+[a-z]+$|^-[xu]$/.test(word))) throw notUnderstood("set");
      return 0;
    },
  ],
]);

function statusOf(code: string | undefined, shell: Shell): number {
  if (code === undefined) return shell.status;
  if (!/^\d{1,3}$/.test(code)) throw notUnderstood("an exit status");
  return Number(code) & 255;
}

/** Words as a command gets them: variables put in, split where they are not quoted, patterns looked up. */
function expandAll(words: readonly Word[], shell: Shell): readonly string[] {
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
function fieldsOf(word: Word, shell: Shell): readonly (readonly Letter[])[] {
  const fields: Letter[][] = [];
  let current: Letter[] | undefined;
  for (const part of word) {
    const text = valueOf(part, shell);
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

const textOf = (word: Word, shell: Shell): string => word.map((part) => valueOf(part, shell)).join("");

function valueOf(part: Part, shell: Shell): string {
  switch (part.kind) {
    case "text":
      return part.text;
    case "variable": {
      const value = variable(part.name, shell);
      return part.usual && (value ?? "") === "" ? textOf(part.usual, shell) : (value ?? "");
    }
    default: {
      const own: Shell = { ...shell, variables: new Map(shell.variables), functions: new Map(shell.functions) };
      const output = runList(part.script, own, { input: "" });
      shell.status = own.status;
      return output.replace(/\n+$/, "");
    }
  }
}

function variable(name: string, shell: Shell): string | undefined {
  if (name === "?") return String(shell.status);
  if (name === "#") return String(shell.words.length);
  if (name === "@" || name === "*") return shell.words.join(" ");
  if (name === "0") throw notUnderstood("$0");
  return /^\d$/.test(name) ? shell.words[Number(name) - 1] : shell.variables.get(name);
}

function patternOf(word: Word, shell: Shell): readonly Letter[] {
  return word.map((part) => ({ text: valueOf(part, shell), quoted: part.quoted }));
}

/** `*` and `?` of patterns that are not quoted; sets of characters are not known. */
function matchesPattern(subject: string, pattern: readonly Letter[]): boolean {
  const source = pattern.map(({ text, quoted }) => {
    if (!quoted && /\[|\*.*\*.*\*/.test(text)) throw notUnderstood("a pattern");
    const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return quoted ? escaped : escaped.replaceAll("\\*", "[^]*").replaceAll("\\?", "[^]");
  });
  return new RegExp(`^${source.join("")}$`).test(subject);
}
