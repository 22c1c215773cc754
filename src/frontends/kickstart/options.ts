// Words of a command by the form that it has, as Python's argparse takes them: `--name=value`, `--name value`, a beginning of a
// name that fits one option alone, `--` before words that are none.
import type { Position } from "../../core/dodai-error.ts";
import { nearest } from "../suggest.ts";
import type { OptionForm, WordsForm } from "./commands.ts";
import type { Faults } from "./faults.ts";
import type { Word } from "./words.ts";

export interface Value {
  readonly text: string;
  readonly position: Position;
}

export interface Options {
  /** Every value that an option was given, in order; "" for those without. */
  readonly given: ReadonlyMap<string, readonly Value[]>;
  readonly words: readonly Value[];
  readonly position: Position;
}

export interface ReadOptions {
  /** `network`, `%packages`. */
  readonly name: string;
  readonly position: Position;
  readonly form: WordsForm;
  readonly faults: Faults;
}

/** The value of an option that counts: the last. */
export const lastOf = ({ given }: Options, ...names: readonly string[]): Value | undefined =>
  names.flatMap((name) => given.get(`--${name}`) ?? []).at(-1);

export const has = ({ given }: Options, ...names: readonly string[]): boolean =>
  names.some((name) => given.has(`--${name}`));

/** All values of an option, split at commas. */
export const listOf = ({ given }: Options, name: string): readonly Value[] =>
  (given.get(`--${name}`) ?? []).flatMap(({ text, position }) =>
    text
      .split(",")
      .map((one) => one.trim())
      .filter((one) => one !== "")
      .map((one) => ({ text: one, position })),
  );

/** What can be read of the words; `undefined` when a fault takes the sense out of all of them. */
export function readOptions(words: readonly Word[], options: ReadOptions): Options | undefined {
  const { name, position, form, faults } = options;
  const at = ({ column }: Word): Position => ({ ...position, column });
  if (form.raw)
    return { given: new Map(), words: words.map((word) => ({ text: word.text, position: at(word) })), position };
  const reader = new Reader(options, words, at);
  const found = reader.read();
  if (found.words.length > form.most) {
    const extra = found.words[form.most];
    const takes = form.most === 0 ? "no words beside its options" : `at most ${counted(form.most, "word")}`;
    if (extra) faults.unknown(extra.position, `Cannot read "${extra.text}": ${name} takes ${takes}`);
  }
  if (found.words.length < form.fewest) {
    faults.broken(
      position,
      `Cannot read ${name}: it takes ${counted(form.fewest, "word")}, and has ${found.words.length}`,
    );
    return undefined;
  }
  const absent = [...form.options.values()].find((one) => one.required && !found.given.has(one.name));
  if (absent) {
    faults.broken(position, `Cannot read ${name}: it has no ${absent.name}`);
    return undefined;
  }
  return { ...found, words: found.words.slice(0, form.most), position };
}

const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;

/** Goes through the words once. */
class Reader {
  readonly #given = new Map<string, Value[]>();
  readonly #words: Value[] = [];
  readonly #options: ReadOptions;
  readonly #all: readonly Word[];
  readonly #at: (word: Word) => Position;

  constructor(options: ReadOptions, all: readonly Word[], at: (word: Word) => Position) {
    this.#options = options;
    this.#all = all;
    this.#at = at;
  }

  read(): Pick<Options, "given" | "words"> {
    let isOver = false;
    for (let index = 0; index < this.#all.length; index++) {
      const word = this.#all[index] as Word;
      if (word.text === "--" && !isOver) isOver = true;
      else if (isOver || !isOption(word.text)) this.#words.push({ text: word.text, position: this.#at(word) });
      else index += this.#readOption(word, this.#all[index + 1]);
    }
    return { given: this.#given, words: this.#words };
  }

  /** How many words behind it belong to it. */
  #readOption(word: Word, next: Word | undefined): number {
    const { name, faults } = this.#options;
    const position = this.#at(word);
    const equals = word.text.indexOf("=");
    const written = equals < 0 ? word.text : word.text.slice(0, equals);
    const form = this.#formOf(written, position);
    // A word behind an unknown option is its value as likely as not.
    if (!form) return equals < 0 && next && !isOption(next.text) && this.#options.form.most === 0 ? 1 : 0;
    if (equals >= 0) {
      const value = { text: word.text.slice(equals + 1), position };
      if (form.value === "none")
        faults.unknown(position, `Cannot read "${word.text}": ${form.name} of ${name} takes no value`);
      this.#keep(form, form.value === "none" ? { text: "", position } : value);
      return 0;
    }
    if (form.value === "none") this.#keep(form, { text: "", position });
    else if (next && !isOption(next.text)) {
      this.#keep(form, { text: next.text, position: this.#at(next) });
      return 1;
    } else if (form.value === "maybe") this.#keep(form, { text: "", position });
    else faults.broken(position, `Cannot read "${word.text}": ${form.name} of ${name} takes a value, and has none`);
    return 0;
  }

  #formOf(written: string, position: Position): OptionForm | undefined {
    const { name, form, faults } = this.#options;
    const { options } = form;
    const exact = options.get(written);
    if (exact) return exact;
    const begun = written.length > 2 ? [...options.values()].filter((one) => one.name.startsWith(written)) : [];
    const [only, ...others] = begun;
    if (only && others.length === 0) return only;
    if (only) {
      const names = begun.map((one) => one.name).join(", ");
      faults.broken(position, `Cannot read "${written}": it may be ${names.replace(/, ([^,]*)$/, " or $1")}`);
      return undefined;
    }
    const meant = nearest(written, options.keys());
    const known = [...options.keys()].join(", ");
    const fix =
      meant === undefined
        ? known === ""
          ? `${name} has no options.`
          : `Known are ${known}.`
        : `Did you mean "${meant}"?`;
    faults.unknown(position, `Cannot read "${written}": ${name} has no such option`, fix);
    return undefined;
  }

  #keep(form: OptionForm, value: Value): void {
    const { name, faults } = this.#options;
    const { text, position } = value;
    if (form.value === "number" && !/^[+-]?\d{1,15}$/.test(text)) {
      faults.broken(position, `Cannot read "${text}": ${form.name} of ${name} is a whole number`);
      return;
    }
    if (form.choices.length > 0 && !form.choices.includes(text.toLowerCase())) {
      const words = form.choices.join(", ").replace(/, ([^,]*)$/, " or $1");
      const meant = nearest(text, form.choices);
      const fix = meant === undefined ? undefined : `Did you mean "${meant}"?`;
      faults.unknown(position, `Cannot read "${text}": ${form.name} of ${name} is ${words}`, fix);
      return;
    }
    this.#given.set(form.name, [...(this.#given.get(form.name) ?? []), value]);
  }
}

/** argparse: what begins with a dash, is more than that, is no negative number and has no blank in it. */
const isOption = (text: string): boolean =>
  /^-./.test(text) && !/^-\d+$|^-\d*\.\d+$/.test(text) && !(text.includes(" ") && !/^--[\w-]+=/.test(text));
