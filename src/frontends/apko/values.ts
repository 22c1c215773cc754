// The small languages inside an apko recipe's strings. Each parser throws RECIPE_SYNTAX without a place; who calls adds it.
import { DodaiError } from "../../core/dodai-error.ts";
import { type Platform, parsePlatform } from "../../core/platform.ts";

function refusal(what: string, state: string, fix?: string): DodaiError {
  return new DodaiError("RECIPE_SYNTAX", `Cannot read ${what}: ${state}`, fix === undefined ? {} : { fix });
}

/** A whole number as Go's YAML reads it: 493, 0o755, 0755, 0x1ed, 0b111, 1_000. At most 32 bits. */
export function parseNumber(text: string): number {
  const value = numberIn(text.replace(/(?<=\d)_(?=\d)/g, ""));
  if (Number.isInteger(value) && value <= 0xffffffff) return value;
  throw refusal(`number "${text}"`, "it is not a whole number of 32 bits", 'Write it as 1000, or in octal as "0o755".');
}

function numberIn(text: string): number {
  const octal = /^0o?([0-7]+)$/.exec(text)?.[1];
  if (octal !== undefined) return Number.parseInt(octal, 8);
  return /^(?:0|[1-9]\d*|0x[0-9a-fA-F]+|0b[01]+)$/.test(text) ? Number(text) : Number.NaN;
}

/** Mode bits. A decimal number that was meant to be octal is refused: apko takes 755 for 01363. */
export function parsePermissions(text: string): number {
  const mode = parseNumber(text);
  if (/^[1-7][0-7]{2,3}$/.test(text) && mode > 0o777) {
    throw refusal(`permissions "${text}"`, "it is a decimal number, wanted an octal one", `Write "0o${text}".`);
  }
  if (mode <= 0o7777) return mode;
  throw refusal(`permissions "${text}"`, "it has more than the twelve bits of a mode", 'Write it as "0o755".');
}

/** uid and gid; the last value of 32 bits means "no change" to chown(2). */
export function parseId(text: string): number {
  const id = parseNumber(text);
  if (id < 0xffffffff) return id;
  throw refusal(`number "${text}"`, "it is no uid or gid, which end at 4294967294");
}

/** What YAML 1.1, which Go's library still reads here, takes for true and false. */
export function parseTruth(text: string): boolean {
  if (/^(?:true|yes|on|y)$/i.test(text)) return true;
  if (/^(?:false|no|off|n)$/i.test(text)) return false;
  throw refusal(`"${text}"`, "it is neither true nor false");
}

/** apk's and Go's words for architectures. Unlike elsewhere, `armhf` is ARMv6: Alpine's. */
const architectures: Readonly<Record<string, string>> = { armhf: "arm/v6", armv7: "arm/v7", arm: "arm/v7" };

export function parseArchitecture(text: string): Platform {
  try {
    return parsePlatform(architectures[text] ?? text);
  } catch {
    const known = "386, amd64, arm/v6, arm/v7, arm64, loong64, ppc64le, riscv64, s390x";
    throw refusal(`architecture "${text}"`, "apko knows no such architecture", `Known are ${known}.`);
  }
}

export interface RepositoryLine {
  /** The URL or path as it is written. */
  readonly place: string;
  readonly tag?: string;
}

/** `URL`, `PATH`, `@tag URL`. Slashes at the end do not count. */
export function parseRepositoryLine(text: string): RepositoryLine {
  const [, tag, place = ""] = /^(?:@([A-Za-z0-9]+) +)?(\S+)$/.exec(text.trim()) ?? [];
  const clean = place.replace(/\/+$/, "");
  if (clean === "" || hasControls(clean) || clean.startsWith("@")) {
    throw refusal(
      `repository "${text}"`,
      "it is neither a URL, nor a path, nor either behind a tag",
      'Write it as "https://example.com/os", "./packages", or "@local ./packages".',
    );
  }
  return tag === undefined ? { place: clean } : { place: clean, tag };
}

export interface PackageLine {
  readonly request: string;
  readonly exclude: boolean;
}

/** `name`, `name=1.2-r3`, `name~1.2`, `name>=1`, `name@tag`, `!name`. */
export function parsePackageLine(text: string): PackageLine {
  const [, refused, name, operator = "", version = "", tag = ""] =
    /^(!?)\s*([A-Za-z0-9][A-Za-z0-9+._:/-]*)\s*(?:([=><~]+)\s*([^\s@=><~]+))?(@[A-Za-z0-9]+)?$/.exec(text.trim()) ?? [];
  const plain = operator === "" && tag === "";
  if (name !== undefined && (operator === "" || operators.includes(operator)) && (refused === "" || plain)) {
    return { request: `${name}${operator}${version}${tag}`, exclude: refused === "!" };
  }
  throw refusal(
    `package request "${text}"`,
    "it is not a package as apk-world(5) names it",
    'Write "NAME", "NAME=VERSION", "NAME~VERSION", "NAME>=VERSION", "NAME@TAG", or "!NAME".',
  );
}

const operators = ["=", "<", ">", "<=", ">=", "~", "~=", "=~", "><", "<~", ">~"];

/** A name that becomes a file name. */
export function parseFileName(text: string): string {
  if (/^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/.test(text)) return text;
  throw refusal(`name "${text}"`, 'it is not made of letters, digits, "_", "." and "-", or begins with a dot');
}

/** A path in the image, absolute or not, as it is in a tree: `/run/nginx/` is `run/nginx`. */
export function parsePath(text: string): string {
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length > 0 && !parts.includes("..") && !hasControls(text)) return parts.join("/");
  throw refusal(
    `path "${text}"`,
    'it is empty, or has ".." or control characters',
    'Write the whole path: "/etc/motd".',
  );
}

/**
 * Splits a command into words as a shell does, without expanding anything (github.com/google/shlex, which apko uses):
 * quotes, backslashes, and `#` at the start of a word for the rest of the line.
 */
export function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  const add = (more: string): void => {
    word = (word ?? "") + more;
  };
  for (let at = 0; at < text.length; at++) {
    const sign = text.charAt(at);
    if (/\s/.test(sign)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (sign === "#" && word === undefined) {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end;
    } else if (sign === "\\") {
      if (at + 1 === text.length) throw unfinished(text, "a backslash");
      add(text.charAt(++at));
    } else if (sign === "'") {
      const end = text.indexOf("'", at + 1);
      if (end < 0) throw unfinished(text, "a single quote");
      add(text.slice(at + 1, end));
      at = end;
    } else if (sign === '"') {
      const [whole, inner = ""] = /^"((?:[^"\\]|\\[\s\S])*)"/.exec(text.slice(at)) ?? [];
      if (whole === undefined) throw unfinished(text, "a double quote");
      add(inner.replace(/\\([\s\S])/g, "$1"));
      at += whole.length - 1;
    } else add(sign);
  }
  return word === undefined ? words : [...words, word];
}

function unfinished(text: string, what: string): DodaiError {
  return refusal(`command "${text.slice(0, 60)}"`, `${what} is open at its end`);
}

const hasControls = (text: string): boolean => /\p{Cc}/u.test(text);
