// Options of programs (POSIX XBD 12.2).
import { notUnderstood } from "./syntax.ts";

export interface Options {
  /** Given options by their letter or name; `true` for those without a value. The last of one counts. */
  readonly has: ReadonlyMap<string, string | true>;
  /** All values of options that may be given more than once, in their order. */
  readonly all: readonly (readonly [name: string, value: string])[];
  readonly rest: readonly string[];
}

export interface OptionNames {
  /** Letters, and long names with `--` left out. */
  readonly flags: readonly string[];
  readonly values: readonly string[];
  /** What follows the first operand is no option. */
  readonly isStrict?: boolean;
}

/** Throws SCRIPT_UNKNOWN for an option that is not named. */
export function optionsOf(words: readonly string[], { flags, values, isStrict }: OptionNames): Options {
  const has = new Map<string, string | true>();
  const all: (readonly [string, string])[] = [];
  const rest: string[] = [];
  const give = (name: string, value: string): void => {
    has.set(name, value);
    all.push([name, value]);
  };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") {
      rest.push(...words.slice(at + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      rest.push(word);
      if (isStrict) {
        rest.push(...words.slice(at + 1));
        break;
      }
      continue;
    }
    if (word.startsWith("--")) {
      const [, name = "", value] = /^--([^=]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
      if (flags.includes(name) && value === undefined) has.set(name, true);
      else if (values.includes(name)) give(name, value ?? words[++at] ?? "");
      else throw notUnderstood(`the option ${word}`);
      continue;
    }
    for (let letter = 1; letter < word.length; letter++) {
      const name = word.charAt(letter);
      if (flags.includes(name)) {
        has.set(name, true);
        continue;
      }
      if (!values.includes(name)) throw notUnderstood(`the option -${name}`);
      const value = word.slice(letter + 1);
      give(name, value === "" ? (words[++at] ?? "") : value);
      break;
    }
  }
  return { has, all, rest };
}
