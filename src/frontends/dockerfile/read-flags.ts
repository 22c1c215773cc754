// Flags of instructions: `--name=value`, and `--name` alone for those that are true or false.
import { nearest } from "../suggest.ts";
import type { Written } from "./parse-lines.ts";
import { positionAt, syntaxError, type Word } from "./source.ts";

type FlagKind = "text" | "texts" | "boolean";

/** Flags by keyword. What is known but refused is known here too. */
const flagsOf: Readonly<Record<string, Readonly<Record<string, FlagKind>>>> = {
  add: {
    checksum: "text",
    chmod: "text",
    chown: "text",
    exclude: "texts",
    "keep-git-dir": "boolean",
    link: "boolean",
    unpack: "boolean",
  },
  copy: { chmod: "text", chown: "text", exclude: "texts", from: "text", link: "boolean", parents: "boolean" },
  from: { platform: "text" },
  healthcheck: {
    interval: "text",
    retries: "text",
    "start-interval": "text",
    "start-period": "text",
    timeout: "text",
  },
  run: { device: "texts", mount: "texts", network: "text", security: "text" },
};

export interface Flags {
  /** The flag's value, with the place of the flag. */
  text(name: string): Word | undefined;
  texts(name: string): readonly Word[];
  /** `undefined` when it is not there. */
  boolean(name: string): boolean | undefined;
}

/** Throws DOCKERFILE_SYNTAX for a flag that the keyword has not, without its value, or twice. */
export function readFlags(written: Written): Flags {
  const { name: keyword, flags, source } = written;
  const known = flagsOf[keyword] ?? {};
  const found = new Map<string, Word[]>();
  for (const { text, at } of flags) {
    const [, name = "", value] = /^--([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
    const fault = { what: `flag "--${name}"`, where: positionAt(source, at) };
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined) throw syntaxError({ ...fault, ...unknownFlag(keyword, name, Object.keys(known)) });
    if (value === undefined && kind !== "boolean") throw syntaxError({ ...fault, state: "it has no value" });
    if (kind === "boolean" && !/^(?:true|false|1|0)?$/i.test(value ?? "")) {
      throw syntaxError({ ...fault, state: `it is "${value}", wanted true or false` });
    }
    const before = found.get(name);
    if (before && kind !== "texts") throw syntaxError({ ...fault, state: "it is there twice" });
    const word = { text: value ?? "true", at };
    if (before) before.push(word);
    else found.set(name, [word]);
  }
  return {
    text: (name) => found.get(name)?.[0],
    texts: (name) => found.get(name) ?? [],
    boolean: (name) => {
      const word = found.get(name)?.[0];
      return word && /^(?:true|1|)$/i.test(word.text);
    },
  };
}

function unknownFlag(
  keyword: string,
  name: string,
  known: readonly string[],
): { readonly state: string; readonly fix?: string | undefined } {
  const state = `${keyword.toUpperCase()} has no such flag`;
  const meant = nearest(name, known);
  if (meant !== undefined) return { state, fix: `Did you mean "--${meant}"?` };
  return known.length === 0 ? { state } : { state, fix: `It has ${known.map((one) => `--${one}`).join(", ")}.` };
}
