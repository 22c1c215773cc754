// Puts the words of a command line into the order and form that the parser takes: command first, flags anywhere.

/** Flags whose value may be left out, and the value that they then have: the parser would take the next word. */
const implied: Readonly<Record<string, string>> = { "--insecure-unsigned": "*" };

export function normalizeArguments(words: readonly string[], commands: readonly string[]): readonly string[] {
  const end = words.indexOf("--");
  const head = (end < 0 ? words : words.slice(0, end)).map((word) =>
    implied[word] ? `${word}=${implied[word]}` : word,
  );
  const rest = end < 0 ? [] : words.slice(end);
  if (head[0] === "help") return [...head.slice(1), "--help", ...rest];
  if (!head[0]?.startsWith("-") || isAboutProgram(head[0])) return [...head, ...rest];
  const at = head.findIndex((word) => commands.includes(word));
  return at < 0
    ? [...head, ...rest]
    : [...head.slice(at, at + 1), ...head.slice(0, at), ...head.slice(at + 1), ...rest];
}

function isAboutProgram(word: string): boolean {
  return ["--help", "-h", "--version", "-V"].includes(word);
}

/** Whether the caller wants JSON, for an error that comes before flags are parsed. */
export function wantsJson(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return (end < 0 ? words : words.slice(0, end)).includes("--json");
}
