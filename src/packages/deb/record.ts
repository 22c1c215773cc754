// One stanza of `Packages` as the record that the solver and the lock use (Debian repository format, "Packages Indices").
import { type Digest, parseDigest } from "../../core/digest.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { PackageRecord, Relation, RelationKind } from "../contract.ts";
import { parseProvides, parseRelations } from "./relation.ts";
import { assertVersion } from "./version.ts";

/** By the field's lower-case name. */
const relationFields: ReadonlyMap<string, RelationKind> = new Map([
  ["pre-depends", "pre-depends"],
  ["depends", "depends"],
  ["recommends", "recommends"],
  ["suggests", "suggests"],
  ["conflicts", "conflicts"],
  ["breaks", "breaks"],
  ["replaces", "replaces"],
]);

/** Names become file names (`info/NAME.list`) and parts of paths: nothing else may pass. Debian Policy 5.6.7, as lax as dpkg. */
const nameSyntax = /^[A-Za-z0-9][A-Za-z0-9+._-]*$/;
const architectureSyntax = /^[a-z0-9][a-z0-9-]*$/;

/** Throws INDEX_SYNTAX or RELATION_SYNTAX, naming the package. */
export function parseRecord(text: string): PackageRecord {
  const stanza = fieldsOf(text);
  const value = (name: string): string => stanza.get(name) ?? "";
  const name = value("package");
  if (!nameSyntax.test(name)) throw fieldError(name, "Package", name);
  const architecture = matching(stanza, name, "Architecture", architectureSyntax);
  const version = versionOf(stanza, name);
  const essential = isYes(stanza, name, "Essential");
  const phased = stanza.get("phased-update-percentage");
  const record: PackageRecord = {
    name,
    version,
    architecture,
    source: sourceOf(stanza, name, version),
    path: pathOf(stanza, name),
    sizeBytes: Number(matching(stanza, name, "Size", /^\d{1,15}$/)),
    digest: digestOf(stanza, name),
    installedBytes: 1024 * Number(matching(stanza, name, "Installed-Size", /^\d{0,12}$/)),
    essential,
    protected: essential || isYes(stanza, name, "Protected") || isYes(stanza, name, "Important"),
    priority: value("priority"),
    multiArch: multiArchOf(stanza, name),
    provides: parseProvides(value("provides"), { what: `Provides of "${name}"`, architecture }),
    relations: relationsOf(stanza, name, architecture),
    summary: value("description").split("\n", 1)[0]?.trimEnd() ?? "",
  };
  if (phased === undefined) return record;
  return { ...record, phasedPercent: Number(matching(stanza, name, "Phased-Update-Percentage", /^\d{1,3}$/)) };
}

type Fields = ReadonlyMap<string, string>;

/**
 * Fields by lower-case name. The index compiler has seen that each line is a field or continues one, so this is quicker than
 * `parseStanza`: thousands of stanzas are read for one solve.
 */
function fieldsOf(text: string): Fields {
  const fields = new Map<string, string>();
  let count = 0;
  let at = 0;
  while (at < text.length) {
    const colon = text.indexOf(":", at);
    if (colon < 0) break;
    let end = text.indexOf("\n", colon);
    while (end >= 0 && (text[end + 1] === " " || text[end + 1] === "\t")) end = text.indexOf("\n", end + 1);
    if (end < 0) end = text.length;
    fields.set(text.slice(at, colon).toLowerCase(), trimmed(text, colon + 1, end));
    at = end + 1;
    count += 1;
  }
  if (fields.size !== count) {
    const name = fields.get("package") ?? "";
    throw new DodaiError("INDEX_SYNTAX", `Cannot read the package index: package "${name}" has a field twice`);
  }
  return fields;
}

/** Without the white space around it that the index compiler knows; a value must not mean another name to it than here. */
function trimmed(text: string, start: number, end: number): string {
  let [from, to] = [start, end];
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d;

function relationsOf(stanza: Fields, name: string, architecture: string): readonly Relation[] {
  const relations: Relation[] = [];
  for (const [field, value] of stanza) {
    const kind = relationFields.get(field);
    if (kind === undefined) continue;
    const what = `${field} of "${name}"`;
    for (const relation of parseRelations(value, kind, { what, architecture })) relations.push(relation);
  }
  return relations;
}

function versionOf(stanza: Fields, name: string): string {
  const version = stanza.get("version") ?? "";
  try {
    assertVersion(version);
  } catch (cause) {
    throw fieldError(name, "Version", version, cause);
  }
  return version;
}

/** `Source: name` or `Source: name (version)`; the package's own where it says nothing (Debian Policy 5.6.1). */
function sourceOf(stanza: Fields, name: string, version: string): PackageRecord["source"] {
  const value = stanza.get("source");
  if (value === undefined) return { name, version };
  const [, source, sourceVersion = version] = /^([^\s()]+)(?:\s*\(([^\s()]+)\))?$/.exec(value) ?? [];
  if (source === undefined) throw fieldError(name, "Source", value);
  return { name: source, version: sourceVersion };
}

/** Below the repository's root: relative and without `..`, whatever a repository says. */
function pathOf(stanza: Fields, name: string): string {
  const value = stanza.get("filename") ?? "";
  const path = value.replace(/^(?:\.\/+)+/, "");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is refused
  if (path === "" || path.startsWith("/") || /[\0-\x1f\\]/.test(path) || path.split("/").includes("..")) {
    throw fieldError(name, "Filename", value);
  }
  return path;
}

function digestOf(stanza: Fields, name: string): Digest {
  const value = stanza.get("sha256") ?? "";
  try {
    return parseDigest(`sha256:${value.toLowerCase()}`);
  } catch (cause) {
    throw fieldError(name, "SHA256", value, cause);
  }
}

function multiArchOf(stanza: Fields, name: string): PackageRecord["multiArch"] {
  const value = stanza.get("multi-arch") ?? "no";
  if (value === "no" || value === "same" || value === "foreign" || value === "allowed") return value;
  throw fieldError(name, "Multi-Arch", value);
}

function isYes(stanza: Fields, name: string, field: string): boolean {
  const value = stanza.get(field.toLowerCase()) ?? "no";
  if (value === "yes" || value === "no") return value === "yes";
  throw fieldError(name, field, value);
}

function matching(stanza: Fields, name: string, field: string, syntax: RegExp): string {
  const value = stanza.get(field.toLowerCase()) ?? "";
  if (!syntax.test(value)) throw fieldError(name, field, value);
  return value;
}

function fieldError(name: string, field: string, value: string, cause?: unknown): DodaiError {
  const message = `Cannot read the package index: package "${name}" has no valid "${field}", but "${value.slice(0, 100)}"`;
  return new DodaiError("INDEX_SYNTAX", message, { cause });
}
