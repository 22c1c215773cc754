// Which files a COPY or ADD takes: its sources with their patterns, in the context or in another stage.
import type { Entry } from "../../archive/entry.ts";
import { DodaiError, type Position } from "../../core/dodai-error.ts";
import { compileIgnore, type Ignore, pathTokens } from "../../frontends/dockerfile/ignore.ts";
import { matchesWhole, type PatternToken } from "../../frontends/dockerfile/pattern.ts";

/** Where files are copied from: paths without leading `/`, "" for the top. */
export interface FileSource {
  /** Follows no link. */
  find(path: string): Entry | undefined;
  /** In byte order. */
  list(path: string): readonly string[];
  /** A folder that is only walked through on the way to what is wanted. */
  isIgnored(path: string): boolean;
  /** For messages: `the build context`. */
  readonly name: string;
}

/** A file or folder that a source's pattern names. */
export interface Selected {
  /** As it is called: the name of the copy. */
  readonly path: string;
  /** Where it lies: links in its path followed. */
  readonly place: string;
  readonly entry: Entry;
  /** Where with `--parents` its own parents begin: behind `./` in the pattern. */
  readonly pivot: number;
  /** What is in it, for a folder, with `place` as the top: relative paths. */
  readonly below: readonly { readonly path: string; readonly entry: Entry }[];
}

export interface SelectOptions {
  readonly exclude: readonly string[];
  /** `**` means something. */
  readonly parents: boolean;
  readonly where: Position;
}

const wildcards = /[*?[]/;

/** Everything that the patterns name, in their order. Throws STEP_FAILED for a plain path that is not there. */
export function selectSources(
  source: FileSource,
  patterns: readonly string[],
  options: SelectOptions,
): readonly Selected[] {
  const excluded = compileIgnore(options.exclude);
  return patterns.flatMap((pattern) => {
    const { path, pivot } = cleanSource(pattern);
    if (!wildcards.test(path)) return [selectPlain(source, { path, pivot, pattern }, { ...options, excluded })];
    const tokens = pathTokens(options.parents ? path : path.replace(/\*\*+/g, "*"));
    return matching(source, path, tokens)
      .filter((one) => !excluded.has(one) && !source.isIgnored(one))
      .map((one) => selectPlain(source, { path: one, pivot, pattern: one }, { ...options, excluded }));
  });
}

/** `/a/./b/` is `a/b` with its pivot behind `a`. A source never leaves the top. */
function cleanSource(pattern: string): { readonly path: string; readonly pivot: number } {
  const parts: string[] = [];
  let pivot = 0;
  for (const [index, part] of pattern.split("/").entries()) {
    if (part === "." && index > 0) pivot = parts.length;
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return { path: parts.join("/"), pivot };
}

/** Paths below the pattern's plain beginning that match it. */
function matching(source: FileSource, pattern: string, tokens: readonly PatternToken[]): readonly string[] {
  const parts = pattern.split("/");
  const plain = parts
    .slice(
      0,
      parts.findIndex((part) => wildcards.test(part)),
    )
    .join("/");
  const isDeep = pattern.includes("**");
  const found: string[] = [];
  const visit = (path: string): void => {
    for (const name of source.list(path)) {
      const child = path === "" ? name : `${path}/${name}`;
      if (matchesWhole(tokens, child)) found.push(child);
      const depth = child.split("/").length;
      if ((isDeep || depth < parts.length) && source.find(child)?.kind === "directory") visit(child);
    }
  };
  if (plain === "" || source.find(plain)?.kind === "directory") visit(plain);
  return found;
}

interface Plain {
  readonly path: string;
  readonly pivot: number;
  /** As it is written, for messages. */
  readonly pattern: string;
}

interface Selecting extends SelectOptions {
  readonly excluded: Ignore;
}

function selectPlain(source: FileSource, plain: Plain, selecting: Selecting): Selected {
  const place = follow(source, plain, selecting.where);
  const entry = place === undefined ? undefined : source.find(place);
  const isThere =
    entry !== undefined && place !== undefined && (entry.kind === "directory" || !source.isIgnored(place));
  if (!isThere) throw missing(source, plain, selecting.where, place);
  const below = entry.kind === "directory" ? belowOf(source, place, selecting.excluded) : [];
  return { path: plain.path, place, entry, pivot: plain.pivot, below };
}

/** As many as Linux follows (MAXSYMLINKS). */
const maxLinks = 40;

/** Follows links inside the source; one that leads out of it is refused. */
function follow(source: FileSource, { path, pattern }: Plain, where: Position): string | undefined {
  const todo = path.split("/").reverse();
  const done: string[] = [];
  let links = 0;
  const outside = (target: string): DodaiError =>
    new DodaiError(
      "STEP_FAILED",
      `Cannot copy "${pattern}": the link "${done.join("/")}" leads to "${target}", out of ${source.name}`,
      {
        where,
        fix: "Put the file into the context, and name it there.",
      },
    );
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      done.pop();
      continue;
    }
    done.push(part);
    const entry = source.find(done.join("/"));
    if (entry === undefined) return undefined;
    if (entry.kind !== "symlink") continue;
    if (++links > maxLinks) throw outside("itself");
    const isOutside = entry.target.startsWith("/") || climbsOut(done.length - 1, entry.target);
    if (isOutside && !source.name.startsWith("stage")) throw outside(entry.target);
    done.pop();
    if (entry.target.startsWith("/")) done.length = 0;
    todo.push(...entry.target.split("/").reverse());
  }
  return done.join("/");
}

function climbsOut(depth: number, target: string): boolean {
  let left = depth;
  for (const part of target.split("/")) {
    if (part === "..") left--;
    else if (part !== "" && part !== ".") left++;
    if (left < 0) return true;
  }
  return false;
}

function belowOf(source: FileSource, top: string, excluded: Ignore): Selected["below"] {
  const found: { readonly path: string; readonly entry: Entry }[] = [];
  const visit = (relative: string): boolean => {
    let hasWanted = false;
    const folder = relative === "" ? top : joined(top, relative);
    for (const name of source.list(folder)) {
      const below = joined(relative, name);
      const at = joined(top, below);
      const entry = source.find(at);
      if (entry === undefined) continue;
      const isLeftOut = source.isIgnored(at) || excluded.has(below);
      if (entry.kind !== "directory") {
        if (isLeftOut) continue;
        found.push({ path: below, entry });
        hasWanted = true;
        continue;
      }
      if (excluded.has(below) && !excluded.hasExceptions) continue;
      const index = found.length;
      const isWanted = visit(below) || !isLeftOut;
      if (isWanted) found.splice(index, 0, { path: below, entry });
      hasWanted ||= isWanted;
    }
    return hasWanted;
  };
  visit("");
  return found;
}

const joined = (folder: string, name: string): string => (folder === "" ? name : `${folder}/${name}`);

function missing(source: FileSource, { pattern, path }: Plain, where: Position, place: string | undefined): DodaiError {
  const isLeftOut = source.isIgnored(place ?? path);
  const state = isLeftOut ? "it is left out by .dockerignore" : `it is not in ${source.name}`;
  return new DodaiError("STEP_FAILED", `Cannot copy "${pattern}": ${state}`, {
    where,
    ...(isLeftOut ? { fix: "Take the pattern that names it out of .dockerignore, or do not copy it." } : {}),
  });
}
