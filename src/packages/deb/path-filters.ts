// What an image's own dpkg leaves out when it unpacks packages (dpkg(1), `--path-exclude` and `--path-include`): slim images
// say there that they want no manuals. Whoever adds packages without that dpkg obeys it too.
import type { InstalledFiles } from "../contract.ts";

const root = "etc/dpkg/dpkg.cfg";

interface Filter {
  readonly isInclude: boolean;
  readonly matches: (path: string) => boolean;
}

/** Whether the image wants no file at an absolute path: the last filter that matches decides. `undefined` without filters. */
export function readPathFilters(files: InstalledFiles): ((path: string) => boolean) | undefined {
  const parts = files.names(`${root}.d`).filter((name) => /^[A-Za-z0-9_-]+$/.test(name));
  const places = [...parts.map((name) => `${root}.d/${name}`), root].filter((path) => files.has(path));
  const filters = places.flatMap((path) => filtersIn(Buffer.from(files.read(path)).toString("utf8")));
  if (filters.every(({ isInclude }) => isInclude)) return undefined;
  return (path) => filters.findLast(({ matches }) => matches(path))?.isInclude === false;
}

function filtersIn(text: string): readonly Filter[] {
  return [...text.matchAll(/^\s*path-(include|exclude)(?:\s*=\s*|\s+)(.+?)\s*$/gm)].map(([, kind, glob = ""]) => {
    const tokens = tokensOf(glob.replace(/^(["'])(.*)\1$/, "$2"));
    return { isInclude: kind === "include", matches: (path) => matches(tokens, path) };
  });
}

/** What one letter of a path must be; "star" is any number of letters. */
type Token = "star" | ((letter: string) => boolean);

/** fnmatch(3) without flags: a star goes across folders. */
function tokensOf(glob: string): readonly Token[] {
  const parts = glob.match(/\*+|\[!?\]?[^\]]*\]|./gsu) ?? [];
  return parts.map((part): Token => {
    if (part.startsWith("*")) return "star";
    if (part === "?") return () => true;
    const [, not, set] = /^\[(!?)(\]?[^\]]*)\]$/.exec(part) ?? [];
    if (set === undefined) return (letter) => letter === part;
    return (letter) => isIn(letter, set) !== (not === "!");
  });
}

/** Letters and ranges of letters. */
function isIn(letter: string, set: string): boolean {
  const ranges = set.match(/.-.|./gsu) ?? [];
  return ranges.some((one) => (one.length < 3 ? one === letter : one.slice(0, 1) <= letter && letter <= one.slice(2)));
}

/** Only the last star is ever looked at again, so that no glob of an image takes long. */
function matches(tokens: readonly Token[], path: string): boolean {
  const letters = [...path];
  let [token, at] = [0, 0];
  let star: { readonly token: number; at: number } | undefined;
  while (at < letters.length) {
    const wanted = tokens[token];
    if (wanted === "star") {
      star = { token: ++token, at };
    } else if (wanted?.(letters[at] ?? "")) {
      token++;
      at++;
    } else if (star) {
      token = star.token;
      at = ++star.at;
    } else {
      return false;
    }
  }
  return tokens.slice(token).every((rest) => rest === "star");
}
