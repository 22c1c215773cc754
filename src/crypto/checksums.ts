// Files with sums of other files, as sha256sum(1) and sha512sum(1) write them, in their usual form and in that of BSD.
import { DodaiError } from "../core/dodai-error.ts";

export interface Checksum {
  readonly algorithm: "sha256" | "sha512";
  /** Lower case. */
  readonly hex: string;
}

interface NamedChecksum extends Checksum {
  readonly name: string;
}

/**
 * The sums that a file states for `path`: for the name that is the longest end of it. Lines of other forms and of other
 * algorithms are passed over. Throws SUM_MISSING when there is none, or when two lines disagree.
 */
export function checksumsOf(text: string, path: string, what: string): readonly Checksum[] {
  const fitting = text
    .split("\n")
    .flatMap((line) => parseLine(line.replace(/\r$/, "")))
    .filter(({ name }) => path === name || path.endsWith(`/${name}`));
  const longest = Math.max(0, ...fitting.map(({ name }) => name.length));
  const found = new Map<string, string>();
  for (const { algorithm, hex, name } of fitting) {
    if (name.length < longest) continue;
    if ((found.get(algorithm) ?? hex) !== hex) throw missing(what, path, "it states two different ones");
    found.set(algorithm, hex);
  }
  if (found.size === 0) throw missing(what, path, "it has no SHA-256 or SHA-512 of it");
  return [...found].map(([algorithm, hex]) => ({ algorithm: algorithm as Checksum["algorithm"], hex }));
}

const usualForm = /^(\\?)([0-9a-fA-F]{64}|[0-9a-fA-F]{128}) [ *](.+)$/;
const bsdForm = /^(\\?)SHA(256|512) \((.+)\) = ([0-9a-fA-F]+)$/;

function parseLine(line: string): readonly NamedChecksum[] {
  const [, escaped, digits, name] = usualForm.exec(line) ?? [];
  if (digits !== undefined && name !== undefined) return [named(digits, escaped === "" ? name : unescaped(name))];
  const [, bsdEscaped, bits, bsdName, bsdDigits] = bsdForm.exec(line) ?? [];
  if (bsdName === undefined || bsdDigits?.length !== Number(bits) / 4) return [];
  return [named(bsdDigits, bsdEscaped === "" ? bsdName : unescaped(bsdName))];
}

function named(digits: string, name: string): NamedChecksum {
  const algorithm = digits.length === 64 ? "sha256" : "sha512";
  return { algorithm, hex: digits.toLowerCase(), name: name.replace(/^(?:\.\/)+/, "") };
}

/** A line that starts with a backslash has names in which `\\`, `\n` and `\r` are escapes. */
function unescaped(name: string): string {
  return name.replace(/\\(.)/g, (_, letter: string) => ({ n: "\n", r: "\r" })[letter] ?? letter);
}

function missing(what: string, path: string, state: string): DodaiError {
  return new DodaiError(
    "SUM_MISSING",
    `Cannot verify "${path.slice(path.lastIndexOf("/") + 1)}" by ${what}: ${state}`,
    {
      fix: "Check that sums and tarball belong together, and the name of the tarball.",
    },
  );
}
