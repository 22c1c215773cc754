// Changes that keep a text's shape: stanzas of deb822, lines, values of JSON.
import { mutateBytes } from "./mutate.ts";
import type { Random } from "./random.ts";

/** Changes one field of one stanza: its name, its value, its place; or adds, doubles or drops it. */
export function mutateStanzas(input: Uint8Array, random: Random, words: readonly string[]): Uint8Array {
  const lines = Buffer.from(input).toString("latin1").split("\n");
  for (let count = 1 + random.below(3); count > 0; count--) {
    const at = random.below(lines.length);
    const line = lines[at] ?? "";
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = line.slice(colon + 1);
    const word = pickWord(random, words);
    switch (random.below(8)) {
      case 0:
        lines[at] = `${word}:${value}`;
        break;
      case 1:
        lines[at] = `${name}: ${word}`;
        break;
      case 2:
        lines[at] = `${line}${random.pick([", ", " | ", " ", "\t", "\r", "\u00a0"])}${word}`;
        break;
      case 3:
        lines.splice(at, 0, `${pickWord(random, words)}: ${word}`);
        break;
      case 4:
        lines.splice(at, 0, line);
        break;
      case 5:
        lines.splice(at, 1);
        break;
      case 6:
        lines.splice(at, 0, random.pick(["", " ", " .", "\t", "# comment", "\r"]));
        break;
      default:
        lines[at] = ` ${line}`;
    }
  }
  return Buffer.from(lines.join("\n"), "latin1");
}

function pickWord(random: Random, words: readonly string[]): string {
  const [first = "", ...others] = words;
  const word = random.pick([first, ...others]);
  if (random.oneIn(3)) return word;
  const [other, mixing] = [Buffer.from(random.pick([first, ...others])), words.map((one) => Buffer.from(one))];
  return Buffer.from(mutateBytes(Buffer.from(word), random, { other, words: mixing }))
    .toString("latin1")
    .slice(0, 2000);
}

const values: readonly [unknown, ...unknown[]] = [
  null,
  0,
  -1,
  1.5,
  2 ** 53,
  1e300,
  "",
  "..",
  "../../etc/passwd",
  "/etc/passwd",
  "a/../b",
  "a\0b",
  "__proto__",
  "constructor",
  true,
  [],
  {},
  [[]],
  "sha256:0",
  "\ud800",
];

/** Puts another value somewhere in a JSON text, or takes one away. A text that is no JSON stays. */
export function mutateJson(input: Uint8Array, random: Random): Uint8Array {
  let root: unknown;
  try {
    root = JSON.parse(Buffer.from(input).toString());
  } catch {
    return input;
  }
  for (let count = 1 + random.below(3); count > 0; count--) root = changed(root, random, 0);
  return Buffer.from(JSON.stringify(root) ?? "");
}

function changed(value: unknown, random: Random, depth: number): unknown {
  if (typeof value !== "object" || value === null || random.oneIn(4 + 4 * depth)) return random.pick(values);
  const entries: [string, unknown][] = Object.entries(value);
  const at = random.below(entries.length);
  const [key, inner] = entries[at] ?? ["", undefined];
  switch (random.below(10)) {
    case 0:
      entries.splice(at, 1);
      break;
    case 1:
      entries.push([random.pick(["__proto__", "constructor", "toString", "length", key]), random.pick(values)]);
      break;
    case 2:
      entries[at] = [key, entries[random.below(entries.length)]?.[1]];
      break;
    default:
      entries[at] = [key, changed(inner, random, depth + 1)];
  }
  return Array.isArray(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries);
}
