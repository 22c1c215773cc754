// What a RUN runs: words, from its shell or exec form and its here-documents.
import { readHeredocMark } from "../../frontends/dockerfile/heredoc.ts";
import type { RunInstruction } from "../../frontends/dockerfile/instruction.ts";

export interface RunCommand {
  readonly words: readonly [string, ...string[]];
  /** A script of its own interpreter: seen at `path` while it runs. */
  readonly script: { readonly path: string; readonly text: string } | undefined;
  /** For the history. */
  readonly shown: string;
}

/** `undefined` for an exec form without words. */
export function commandOf({ command, heredocs }: RunInstruction, shell: readonly string[]): RunCommand | undefined {
  if (command.form === "exec") {
    const [program, ...args] = command.words;
    if (program === undefined) return undefined;
    return { words: [program, ...args], script: undefined, shown: [program, ...args].join(" ") };
  }
  const [first] = heredocs;
  // A here-document alone is the script; behind a command it is for the shell to hand over.
  const isScript = first !== undefined && heredocs.length === 1 && readHeredocMark(command.text.trim()) !== undefined;
  if (!isScript) {
    const text = command.text + heredocs.map(({ name, content }) => `\n${content}${name}`).join("");
    return inShell(shell, text);
  }
  const text = first.stripsTabs ? first.content.replace(/^\t+/gm, "") : first.content;
  if (!text.startsWith("#!")) return inShell(shell, text);
  const path = `/dev/pipes/${first.name}`;
  return { words: [path], script: { path, text }, shown: text };
}

function inShell(shell: readonly string[], text: string): RunCommand {
  const [program = "/bin/sh", ...args] = shell;
  return { words: [program, ...args, text], script: undefined, shown: [...shell, text].join(" ") };
}
