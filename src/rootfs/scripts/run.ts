// Runs a script on a tree that is a value. Programs are those that dodai knows; what the tree does not have is not found, as in
// a shell. Throws NotUnderstood for everything else, and then whoever asked undoes what was done.
import { asName, type Expanding, expandAll, matchesPattern, patternOf, textOf } from "./expand.ts";
import { parseShell } from "./parse.ts";
import type { RootFiles } from "./root-files.ts";
import type { Program, Shell, ShellOptions, Streams } from "./shell.ts";
import { specials } from "./special-commands.ts";
import { type AndOr, type Command, notUnderstood, type Pipeline, type Redirection, type Script } from "./syntax.ts";

/** Exit status. Throws SCRIPT_UNKNOWN. */
export function runShell(text: string, options: ShellOptions): number {
  const variables = new Map([["PATH", PATH]]);
  return runWhole(text, { ...options, variables, depth: 0, steps: { left: MAX_STEPS } }).status;
}

const PATH = "/sbin:/bin:/usr/sbin:/usr/bin";
const MAX_STEPS = 10_000;
const MAX_CALLS = 50;
const NOT_FOUND = 127;
/** Of a variable, and of what one command prints. */
const MAX_TEXT = 16 << 20;

/** A script in a shell of its own. */
function runWhole(text: string, from: Omit<Shell, "functions" | "status">): Ended {
  const shell: Shell = { ...from, functions: new Map(), status: 0 };
  const printed: string[] = [];
  try {
    runList(parseShell(text), shell, { input: from.input, print: (one) => void printed.push(one) });
  } catch (error) {
    if (!(error instanceof Error && "exit" in error && typeof error.exit === "number")) throw error;
    shell.status = error.exit;
  }
  return { status: shell.status, output: printed.join("") };
}

interface Ended {
  readonly status: number;
  readonly output: string;
}

/** One command of a script: a program with its words. */
export function runProgram(words: readonly [string, ...string[]], options: ShellOptions): number {
  const [name, ...rest] = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  return runShell([name, ...rest].join(" "), options);
}

function runList({ commands }: Script, shell: Shell, streams: Streams): void {
  for (const one of commands) runAndOr(one, shell, streams);
}

function runAndOr({ first, rest }: AndOr, shell: Shell, streams: Streams): void {
  runPipeline(first, shell, streams);
  for (const { when, pipeline } of rest)
    if ((shell.status === 0) === (when === "and")) runPipeline(pipeline, shell, streams);
}

function runPipeline({ negated, commands }: Pipeline, shell: Shell, streams: Streams): void {
  let { input } = streams;
  for (const [at, command] of commands.entries()) {
    const printed: string[] = [];
    const isLast = at === commands.length - 1;
    const own: Streams = { input, print: isLast ? streams.print : (text) => void printed.push(text) };
    // All but a lone command run in shells of their own.
    if (commands.length === 1) runCommand(command, shell, own);
    else inSubshell((inner) => runCommand(command, inner, own), shell);
    input = printed.join("");
  }
  if (negated) shell.status = shell.status === 0 ? 1 : 0;
}

function inSubshell(does: (own: Shell) => void, shell: Shell): void {
  const own: Shell = { ...shell, variables: new Map(shell.variables), functions: new Map(shell.functions) };
  try {
    does(own);
    shell.status = own.status;
  } catch (error) {
    if (!(error instanceof Error && "exit" in error && typeof error.exit === "number")) throw error;
    shell.status = error.exit;
  }
}

function runCommand(command: Command, shell: Shell, streams: Streams): void {
  if (--shell.steps.left < 0) throw notUnderstood("when it ends");
  const redirected = redirect(command.redirections, shell, streams);
  if (redirected === undefined) shell.status = 1;
  else runBare(command, shell, redirected);
}

/** `undefined` when a file cannot be opened. Errors are never printed by what is known, so that descriptor 2 is but opened. */
function redirect(redirections: readonly Redirection[], shell: Shell, streams: Streams): Streams | undefined {
  let { input } = streams;
  let print: Streams["print"] = streams.print;
  let printError: Streams["print"] = () => undefined;
  for (const one of redirections) {
    if (one.kind === "text") input = textOf(one.text, expanding(shell));
    else if (one.kind === "same") {
      if (one.out === 1) print = printError;
      else printError = print;
    } else if (one.kind === "from") {
      const path = textOf(one.file, expanding(shell));
      const bytes = path === "/dev/null" ? new Uint8Array() : shell.files.read(path);
      if (bytes === undefined) return undefined;
      input = Buffer.from(bytes).toString("latin1");
    } else {
      const opened = openFile(asName(textOf(one.file, expanding(shell))), one.append, shell.files);
      if (opened === undefined) return undefined;
      if (one.out.includes(1)) print = opened;
      if (one.out.includes(2)) printError = opened;
    }
  }
  return { input, print };
}

function openFile(path: string, append: boolean, files: RootFiles): Streams["print"] | undefined {
  if (path === "/dev/null" || path === "/dev/stderr") return () => undefined;
  if (path.startsWith("/dev/")) throw notUnderstood(path);
  const before = files.read(path);
  if (!files.write(path, append && before ? before : new Uint8Array())) return undefined;
  return (text) => {
    files.write(path, Buffer.concat([files.read(path) ?? new Uint8Array(), Buffer.from(text, "latin1")]));
  };
}

function runBare(command: Command, shell: Shell, streams: Streams): void {
  switch (command.kind) {
    case "simple":
      runSimple(command, shell, streams);
      return;
    case "group":
      runList(command.body, shell, streams);
      return;
    case "subshell":
      inSubshell((own) => runList(command.body, own, streams), shell);
      return;
    case "if":
      runIf(command, shell, streams);
      return;
    case "for":
      shell.status = 0;
      for (const value of expandAll(command.words, expanding(shell))) {
        shell.variables.set(command.name, value);
        runList(command.body, shell, streams);
      }
      return;
    case "case": {
      const subject = textOf(command.subject, expanding(shell));
      const branch = command.branches.find(({ patterns }) =>
        patterns.some((one) => matchesPattern(subject, patternOf(one, expanding(shell)))),
      );
      shell.status = 0;
      if (branch) runList(branch.body, shell, streams);
      return;
    }
    default:
      shell.functions.set(command.name, command.body);
      shell.status = 0;
  }
}

function runIf(command: Command & { readonly kind: "if" }, shell: Shell, streams: Streams): void {
  for (const { condition, body } of command.branches) {
    runList(condition, shell, streams);
    if (shell.status === 0) {
      runList(body, shell, streams);
      return;
    }
  }
  shell.status = 0;
  if (command.otherwise) runList(command.otherwise, shell, streams);
}

function runSimple(command: Command & { readonly kind: "simple" }, shell: Shell, streams: Streams): void {
  const [name, ...words] = expandAll(command.words, expanding(shell));
  const before = new Map(shell.variables);
  shell.status = 0;
  for (const one of command.assignments) shell.variables.set(one.name, bounded(textOf(one.value, expanding(shell))));
  if (name === undefined) return;
  runNamed(name, words, { shell, streams });
  for (const one of command.assignments) {
    const value = before.get(one.name);
    if (value === undefined) shell.variables.delete(one.name);
    else shell.variables.set(one.name, value);
  }
}

/** What words are made of, as the shell is when they are looked at. */
function expanding(shell: Shell): Expanding {
  return {
    ...shell,
    outputOf: (script) => {
      const printed: string[] = [];
      const streams: Streams = { input: "", print: (text) => void printed.push(text) };
      inSubshell((own) => runList(script, own, streams), shell);
      return printed.join("");
    },
  };
}

function bounded(text: string): string {
  if (text.length > MAX_TEXT) throw notUnderstood("text without end");
  return text;
}

interface Place {
  readonly shell: Shell;
  readonly streams: Streams;
}

function runNamed(name: string, words: readonly string[], { shell, streams }: Place): void {
  const special = specials.get(name);
  if (special) {
    shell.status = special(words, shell);
    return;
  }
  const body = shell.functions.get(name);
  if (body) {
    runFunction(body, words, { shell, streams });
    return;
  }
  const program = shell.builtins.get(name) ?? programFor(name, shell);
  if (program === undefined) {
    shell.status = NOT_FOUND;
    return;
  }
  const { files, variables } = shell;
  const done = program({ name, words, input: streams.input, files, environment: variables });
  shell.status = typeof done === "number" ? done : done.status;
  if (typeof done !== "number" && done.output !== "") streams.print(bounded(done.output));
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
    /^#! ?\/(?:usr\/)?bin\/(?:ba)?sh[ \t]*(\n)([\s\S]*)$/.exec(Buffer.from(bytes).toString("latin1")) ?? [];
  if (head === undefined) return undefined;
  if (shell.depth >= MAX_CALLS) throw notUnderstood("when it ends");
  return ({ words, input, environment }) =>
    runWhole(text, { ...shell, words, input, variables: new Map(environment), depth: shell.depth + 1 });
}

function runFunction(body: Script, words: readonly string[], { shell, streams }: Place): void {
  if (shell.depth >= MAX_CALLS) throw notUnderstood("when it ends");
  const own: Shell = { ...shell, words, depth: shell.depth + 1 };
  try {
    runList(body, own, streams);
    shell.status = own.status;
  } catch (error) {
    if (!(error instanceof Error && "return" in error && typeof error.return === "number")) throw error;
    shell.status = error.return;
  }
}
