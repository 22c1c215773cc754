// A package of a repository as the compiled index keeps it: one row of JSON, and the record that is made of it when somebody
// asks. Relations are kept as `name`, `name >= version`, or the text of a boolean one.
import { type Digest, parseDigest } from "../../core/digest.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { PackageRecord, Provide, Relation, RelationKind } from "../contract.ts";
import { parseRelation } from "./relation.ts";
import { parseEvr } from "./version.ts";

/** What is kept of a package, in this order. */
export type PackageRow = readonly [
  name: string,
  version: string,
  architecture: string,
  path: string,
  sizeBytes: number,
  installedBytes: number,
  /** `sha256:` and hex digits, or another algorithm. */
  checksum: string,
  sourceRpm: string,
  summary: string,
  provides: readonly string[],
  relations: Readonly<Partial<Record<RowRelation, readonly string[]>>>,
  /** Files that primary.xml lists: what most packages ask for by path. */
  files: readonly string[],
];

/** Kinds of relations by a letter. */
export const rowRelations: Readonly<Record<RowRelation, RelationKind>> = {
  r: "depends",
  c: "conflicts",
  o: "obsoletes",
  m: "recommends",
  s: "suggests",
  p: "supplements",
  e: "enhances",
};
export type RowRelation = "r" | "c" | "o" | "m" | "s" | "p" | "e";

/** Throws INDEX_SYNTAX, RELATION_SYNTAX. `moreFiles` are those that only filelists.xml has and that somebody asks for. */
export function recordOf(row: PackageRow, moreFiles: readonly string[] = []): PackageRecord {
  const [name, version, architecture, path, sizeBytes, installedBytes, checksum, sourceRpm, summary] = row;
  const [, , , , , , , , , provides, relations, files] = row;
  return {
    name,
    version: checkedVersion(name, version),
    architecture,
    source: sourceOf(sourceRpm, name, version),
    path: checkedPath(name, path),
    sizeBytes,
    digest: digestOf(name, checksum),
    installedBytes,
    essential: false,
    protected: false,
    priority: "",
    multiArch: "no",
    provides: [...provides.map(provideOf), ...[...files, ...moreFiles].map((file): Provide => ({ name: file }))],
    relations: Object.entries(relations).flatMap(([letter, texts]) => relationsOf(letter as RowRelation, texts)),
    summary,
  };
}

function relationsOf(letter: RowRelation, texts: readonly string[]): readonly Relation[] {
  return texts.map((text) => parseRelation(text, rowRelations[letter]));
}

function provideOf(text: string): Provide {
  const { anyOf } = parseRelation(text, "depends");
  const [{ name, constraint } = { name: text }] = anyOf;
  if (constraint === undefined) return { name };
  const { operator, version } = constraint;
  return operator === "=" ? { name, version } : { name, version, operator };
}

function checkedVersion(name: string, version: string): string {
  try {
    parseEvr(version);
    return version;
  } catch (cause) {
    throw fieldError(name, "version", version, { cause });
  }
}

/** Below the repository's root: relative and without `..`, whatever a repository says. */
function checkedPath(name: string, value: string): string {
  const path = value.replace(/^(?:\.\/+)+/, "");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is refused
  if (path === "" || path.startsWith("/") || /[\0-\x1f\\]|^[a-z]+:/.test(path) || path.split("/").includes("..")) {
    throw fieldError(name, "location", value);
  }
  return path;
}

function digestOf(name: string, checksum: string): Digest {
  try {
    return parseDigest(checksum.toLowerCase());
  } catch (cause) {
    throw fieldError(name, "checksum", checksum, {
      cause,
      fix: 'Only SHA-256 is taken. Mirror the repository to a folder, run "createrepo_c FOLDER", and name the folder as the URL.',
    });
  }
}

/** `bash-5.1-1.el9.src.rpm`; a repository may leave it out. */
function sourceOf(sourceRpm: string, name: string, version: string): PackageRecord["source"] {
  const [, source, sourceVersion] = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(sourceRpm) ?? [];
  return source === undefined || sourceVersion === undefined
    ? { name, version }
    : { name: source, version: sourceVersion };
}

function fieldError(
  name: string,
  field: string,
  value: string,
  more: { readonly cause?: unknown; readonly fix?: string } = {},
): DodaiError {
  return new DodaiError(
    "INDEX_SYNTAX",
    `Cannot read the package index: package "${name}" has ${field} "${value}"`,
    more,
  );
}
