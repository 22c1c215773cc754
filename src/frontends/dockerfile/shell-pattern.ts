// Patterns of `${name#pattern}` and its like: `*` any run, `?` any one character, an escape before a character that stands
// for itself. Patterns become regular expressions without nested repeats, so that none takes long on a long value.

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
  const source = sourceOf(pattern, trim);
  const text = trim.text ?? "";
  switch (trim.side) {
    case "start":
      return (value) => value.replace(new RegExp(`^(?:${source})`, "su"), () => text);
    case "end":
      return (value) => withoutEnd(value, new RegExp(`^(?:${source})$`, "su"), trim.isGreedy);
    case "once":
      return pattern === "" ? same : (value) => value.replace(new RegExp(source, "su"), () => text);
    case "everywhere":
      return pattern === "" ? same : (value) => value.replace(new RegExp(source, "gsu"), () => text);
  }
}

const same = (value: string): string => value;

/** The shortest ending that matches has to be looked for from the end, the longest from the start. */
function withoutEnd(value: string, ending: RegExp, isGreedy: boolean): string {
  const characters = [...value];
  const starts = characters.map((_, index) => index).concat(characters.length);
  if (!isGreedy) starts.reverse();
  const start = starts.find((at) => ending.test(characters.slice(at).join("")));
  return start === undefined ? value : characters.slice(0, start).join("");
}

function sourceOf(pattern: string, { isGreedy, escape: mark }: Trim): string {
  let source = "";
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at++) {
    const one = characters[at] ?? "";
    if (one === mark) source += quoted(characters[++at] ?? one);
    else if (one === "*") source += source.endsWith(anyRun(isGreedy)) ? "" : anyRun(isGreedy);
    else source += one === "?" ? "." : quoted(one);
  }
  return source;
}

const anyRun = (isGreedy: boolean): string => (isGreedy ? ".*" : ".*?");

const quoted = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
