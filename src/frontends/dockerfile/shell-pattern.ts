// Patterns of `${name#pattern}` and its like: `*` any run, `?` any one character, an escape before a character that stands
// for itself.
import { literal, matchEnds, type PatternToken } from "./pattern.ts";

export interface Trim {
  readonly side: "start" | "end" | "once" | "everywhere";
  /** Takes as much as it can. */
  readonly isGreedy: boolean;
  readonly escape: string;
  /** What stands where the pattern was; nothing when absent. */
  readonly text?: string;
}

/** What takes the pattern out of a value, or puts `text` in its place. */
export function patternToTrim(pattern: string, trim: Trim): (value: string) => string {
  const tokens = tokensOf(pattern, trim.escape);
  const text = trim.text ?? "";
  switch (trim.side) {
    case "start":
      return (value) => withoutStart([...value], tokens, trim.isGreedy).join("");
    case "end":
      return (value) =>
        withoutStart([...value].reverse(), tokens.toReversed(), trim.isGreedy)
          .reverse()
          .join("");
    case "once":
    case "everywhere":
      return (value) => replaced([...value], tokens, { text, isOnce: trim.side === "once" });
  }
}

function tokensOf(pattern: string, mark: string): readonly PatternToken[] {
  const tokens: PatternToken[] = [];
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at++) {
    const one = characters[at] ?? "";
    if (one === mark) tokens.push(literal(characters[++at] ?? one));
    else if (one === "*") tokens.push({ kind: "run", accepts: anything });
    else tokens.push(one === "?" ? { kind: "one", accepts: anything } : literal(one));
  }
  return tokens;
}

const anything = (): boolean => true;

function withoutStart(value: string[], tokens: readonly PatternToken[], isGreedy: boolean): string[] {
  const ends = matchEnds(tokens, value);
  const end = isGreedy ? ends.at(-1) : ends[0];
  return end === undefined ? value : value.slice(end);
}

/** The longest match at each place, from the left. */
function replaced(
  value: readonly string[],
  tokens: readonly PatternToken[],
  { text, isOnce }: { readonly text: string; readonly isOnce: boolean },
): string {
  let result = "";
  for (let at = 0; at < value.length; ) {
    const end = matchEnds(tokens, value, at).at(-1) ?? at;
    if (end === at) {
      result += value[at++];
      continue;
    }
    result += text;
    at = end;
    if (isOnce) return result + value.slice(at).join("");
  }
  return result;
}
