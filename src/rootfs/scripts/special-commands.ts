import type { Shell } from "./shell.ts";
import { notUnderstood } from "./syntax.ts";

/** Commands that change the shell itself. */
export const specials: ReadonlyMap<string, (words: readonly string[], shell: Shell) => number> = new Map([
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
