// Regular expressions of grep and sed (POSIX XBD 9.3, with GNU's `\|`), as far as no package can make one that takes time without
// end: what repeats is a single character or a set, and only a few times over.
import { notUnderstood } from "./syntax.ts";

const MAX_REPEATS = 4;

/** How long a line may be, so that looking takes little time whatever is in it: each repeat may try every place. */
export function assertShort(lines: readonly string[], expressions: readonly RegExp[]): void {
  const repeats = Math.max(0, ...expressions.map(({ source }) => source.match(/[*+?]/g)?.length ?? 0));
  const most = repeats > 2 ? 300 : 10_000;
  if (lines.some((line) => line.length > most)) throw notUnderstood("lines as long");
}

export interface GrepPattern {
  readonly kind: "basic" | "extended" | "fixed";
  readonly isWhole: boolean;
  readonly ignoresCase: boolean;
}

export function grepExpression(patterns: readonly string[], { kind, isWhole, ignoresCase }: GrepPattern): RegExp {
  const all = patterns
    .flatMap((one) => one.split("\n"))
    .map((one) => `(?:${kind === "fixed" ? literal(one) : translate(one, kind)})`);
  const either = all.join("|");
  return new RegExp(isWhole ? `^(?:${either})$` : either, ignoresCase ? "i" : "");
}

export const basicExpression = (pattern: string, flags = ""): RegExp => new RegExp(translate(pattern, "basic"), flags);

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");

/** A piece of a pattern: a set, something escaped, or one character. */
const piece = /\[\^?\]?(?:\[:\w+:\]|[^\]])*\]|\\[\s\S]|[\s\S]/g;

function translate(pattern: string, kind: "basic" | "extended"): string {
  let repeats = 0;
  let before = "";
  const pieces = (pattern.match(piece) ?? []).map((one, at, all) => {
    const translated = pieceOf(one, kind, { isFirst: at === 0, isLast: at === all.length - 1 });
    if (/^[*+?]$/.test(translated)) {
      if (before === "" || /^[()|^$*+?]$/.test(before) || ++repeats > MAX_REPEATS)
        throw notUnderstood("a regular expression");
    }
    before = translated;
    return translated;
  });
  return pieces.join("");
}

function pieceOf(
  one: string,
  kind: "basic" | "extended",
  { isFirst, isLast }: { readonly isFirst: boolean; readonly isLast: boolean },
): string {
  if (one.startsWith("[") && one.length > 1) return setOf(one);
  const isEscaped = one.startsWith("\\") && one.length > 1;
  const sign = isEscaped ? one.slice(1) : one;
  if (isEscaped && /[<>bwWsS'`1-9]/.test(sign)) throw notUnderstood("a regular expression");
  if (sign === "." || sign === "*") return isEscaped || (sign === "*" && isFirst) ? `\\${sign}` : sign;
  if (sign === "^" || sign === "$") {
    if (isEscaped) return `\\${sign}`;
    if (kind === "basic" && !(sign === "^" ? isFirst : isLast)) throw notUnderstood("a regular expression");
    return sign;
  }
  // What has a meaning in one kind when it is escaped has it in the other when it is not.
  if (/[()|+?]/.test(sign)) return isEscaped === (kind === "basic") ? sign : `\\${sign}`;
  if (/[{}]/.test(sign)) {
    if (isEscaped === (kind === "basic")) throw notUnderstood("a regular expression");
    return `\\${sign}`;
  }
  return literal(sign);
}

const classes: Readonly<Record<string, string>> = {
  alnum: "A-Za-z0-9",
  alpha: "A-Za-z",
  digit: "0-9",
  space: "\\s",
  blank: " \\t",
  upper: "A-Z",
  lower: "a-z",
};

function setOf(set: string): string {
  const [, not = "", inner = ""] = /^\[(\^?)([\s\S]*)\]$/.exec(set) ?? [];
  const translated = inner.replace(/\[:(\w+):\]|[\\\]^[]/g, (one, name?: string) => {
    if (name === undefined) return `\\${one}`;
    const known = classes[name];
    if (known === undefined) throw notUnderstood("a regular expression");
    return known;
  });
  return `[${not}${translated}]`;
}
