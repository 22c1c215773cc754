// What a package says of others: the relation fields of Debian Policy 7, and when one package is what another asks for.
import { DodaiError } from "../../core/dodai-error.ts";
import type {
  PackageRecord,
  Provide,
  Relation,
  RelationKind,
  Requirement,
  VersionConstraint,
  VersionOperator,
} from "../contract.ts";
import { assertVersion, compareVersions } from "./version.ts";

export interface RelationContext {
  /** Whose field, for messages: `Depends of "openssl"`. */
  readonly what: string;
  /** Decides restrictions like `[amd64 !i386]`, which only source packages should have. */
  readonly architecture: string;
}

/** Kinds that are met by one of several; the others name packages one by one (Debian Policy 7.1). */
const positiveKinds: ReadonlySet<RelationKind> = new Set(["pre-depends", "depends", "recommends", "suggests"]);

/** `<` and `>` are old spellings of `<=` and `>=` (Debian Policy 7.1). */
const operators: ReadonlyMap<string, VersionOperator> = new Map([
  ["<<", "<"],
  ["<=", "<="],
  ["=", "="],
  [">=", ">="],
  [">>", ">"],
  ["<", "<="],
  [">", ">="],
]);

/**
 * One alternative: name, `:architecture`, `(operator version)`, `[architectures]`, `<profiles>`, and what ends it.
 * Sticky, and no two neighbours can match the same text: hostile fields take linear time.
 */
const alternativeSyntax: RegExp =
  /[ \t\n]*([A-Za-z0-9][A-Za-z0-9+._-]*)(?::([a-z0-9-]+))?[ \t\n]*(?:\([ \t\n]*(<[<=]?|>[>=]?|=)[ \t\n]*([^ \t\n()<>=][^ \t\n()]*)[ \t\n]*\)[ \t\n]*)?(?:\[([^\]]*)\][ \t\n]*)?((?:<[^<>]*>[ \t\n]*)*)([,|]|$)/y;

/** Reads one relation field: `a | b (>= 1), c:any`. An empty field has no relations. Throws RELATION_SYNTAX. */
export function parseRelations(text: string, kind: RelationKind, context: RelationContext): readonly Relation[] {
  const relations: Relation[] = [];
  if (text.trim() === "") return relations;
  const cursor: Cursor = { text, at: 0, end: "" };
  let anyOf: Requirement[] = [];
  do {
    const requirement = plainAlternative(cursor) ?? anyAlternative(cursor, context);
    if (requirement !== "unwanted") anyOf.push(requirement);
    if (cursor.end === "|") {
      if (!positiveKinds.has(kind)) throw syntaxError(text, context, `"|" is not allowed in ${kind}`);
    } else {
      if (anyOf.length > 0) relations.push({ kind, anyOf });
      anyOf = [];
    }
  } while (cursor.end !== "");
  return relations;
}

/** Reads `Provides`: names, each maybe with `(= version)`. Throws RELATION_SYNTAX. */
export function parseProvides(text: string, context: RelationContext): readonly Provide[] {
  return parseRelations(text, "replaces", context).flatMap(({ anyOf }) =>
    anyOf.map(({ name, constraint }) => {
      if (constraint === undefined) return { name };
      if (constraint.operator === "=") return { name, version: constraint.version };
      throw syntaxError(text, context, `"${name}" has "${constraint.operator}", wanted "="`);
    }),
  );
}

/** What a person asks for: `openssl`, `openssl>=3.5`, `openssl (>= 3.5)`, `openssl=3.5.1-1`, `python3:any`. */
export function parseRequest(text: string): Requirement {
  const found = /^\s*([^\s:()<>=|,]+(?::[^\s()<>=|,]+)?)\s*(?:(<[<=]?|>[>=]?|=)\s*([^\s()<>=|,][^\s()|,]*))?\s*$/.exec(
    text,
  );
  const [, name, operator, version] = found ?? [];
  const plain = operator === undefined ? text : `${name} (${operator} ${version})`;
  const context = { what: `package "${text}"`, architecture: "any" };
  const [relation, second] = parseRelations(plain, "depends", context);
  if (relation === undefined || second !== undefined || relation.anyOf.length !== 1) {
    throw syntaxError(text, context, "it does not name one package");
  }
  return relation.anyOf[0] as Requirement;
}

export function meets(version: string, constraint: VersionConstraint): boolean {
  const order = compareVersions(version, constraint.version);
  switch (constraint.operator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case "=":
      return order === 0;
    case ">=":
      return order >= 0;
    case ">":
      return order > 0;
    default:
      return false; // operators of apk, which no relation of deb has
  }
}

/**
 * Whether the record, by its own name or by what it provides, is what is asked for, as apt decides it on a system of one
 * architecture: `name:any` wants Multi-Arch: allowed, for what a package provides too.
 */
export function satisfies(record: PackageRecord, requirement: Requirement, architecture: string): boolean {
  if (!fitsArchitecture(record, requirement.architecture ?? architecture, architecture)) return false;
  const { name, constraint } = requirement;
  if (record.name === name && (constraint === undefined || meets(record.version, constraint))) return true;
  for (const provide of record.provides) {
    if (provide.name !== name) continue;
    if (constraint === undefined) return true;
    // Debian Policy 7.5: a name provided without a version meets no versioned relation.
    if (provide.version !== undefined && meets(provide.version, constraint)) return true;
  }
  return false;
}

function fitsArchitecture(record: PackageRecord, wanted: string, architecture: string): boolean {
  if (wanted === "any") return record.multiArch === "allowed";
  const own = record.architecture === "all" ? architecture : record.architecture;
  return own === (wanted === "native" ? architecture : wanted);
}

/** Where in a field the next alternative starts, and what ended the one before: `,`, `|`, or nothing at the end. */
interface Cursor {
  readonly text: string;
  at: number;
  end: string;
}

/**
 * The form that nearly all alternatives have: `name` or `name (operator version)`, and maybe one space before what ends it.
 * `undefined`, with the cursor where it was, for everything else. An index has hundreds of thousands of them.
 */
function plainAlternative(cursor: Cursor): Requirement | undefined {
  const { text } = cursor;
  const start = text[cursor.at] === " " ? cursor.at + 1 : cursor.at;
  let at = start;
  while (isNameCode(text.charCodeAt(at))) at++;
  if (at === start || !isLetterOrDigit(text.charCodeAt(start))) return undefined;
  const name = text.slice(start, at);
  if (text[at] === " ") at++;
  if (text[at] !== "(") return endAlternative(cursor, at) ? { name } : undefined;
  // An operator has one or two characters. Not searched for: a field without spaces would be passed over again and again.
  const space = text[at + 2] === " " ? at + 2 : at + 3;
  const operator = text[space] === " " ? operators.get(text.slice(at + 1, space)) : undefined;
  if (operator === undefined) return undefined;
  const close = text.indexOf(")", space);
  if (close < 0) return undefined;
  const version = text.slice(space + 1, close);
  return isPlainVersion(version) && endAlternative(cursor, text[close + 1] === " " ? close + 2 : close + 1)
    ? { name, constraint: { operator, version } }
    : undefined;
}

/** Whether an alternative ends at `at`; then the cursor is moved behind it. */
function endAlternative(cursor: Cursor, at: number): boolean {
  const end = cursor.text[at] ?? "";
  if (end !== "," && end !== "|" && end !== "") return false;
  cursor.at = at + 1;
  cursor.end = end;
  return true;
}

/** Letters, digits and `.+~-` with a digit in front and no dash at the end: a version without doubt. */
function isPlainVersion(version: string): boolean {
  const first = version.charCodeAt(0);
  if (!(first >= 0x30 && first <= 0x39) || version.endsWith("-")) return false;
  for (let at = 1; at < version.length; at++) {
    const code = version.charCodeAt(at);
    if (code !== 0x7e && (!isNameCode(code) || code === 0x5f)) return false;
  }
  return true;
}

const isLetterOrDigit = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a);
/** `+`, `-`, `.` and `_` too. NaN, past the end, is none. */
const isNameCode = (code: number): boolean =>
  isLetterOrDigit(code) || code === 0x2b || code === 0x2d || code === 0x2e || code === 0x5f;

function anyAlternative(cursor: Cursor, context: RelationContext): Requirement | "unwanted" {
  const { text, at } = cursor;
  alternativeSyntax.lastIndex = at;
  const found = alternativeSyntax.exec(text);
  if (found === null) {
    const rest = text.slice(at).trim();
    const state = rest === "" ? "a name is missing at its end" : `"${rest.slice(0, 60)}" is no relation`;
    throw syntaxError(text, context, `${state}, wanted "name (>= version)"`);
  }
  const [, , , , , architectures, profiles, end = ""] = found;
  cursor.at = alternativeSyntax.lastIndex;
  cursor.end = end;
  const requirement = requirementOf(found, text, context);
  return isWanted(architectures, profiles, context.architecture) ? requirement : "unwanted";
}

function requirementOf(found: RegExpExecArray, text: string, context: RelationContext): Requirement {
  const [, name = "", architecture, operator = "", version] = found;
  if (version === undefined) return architecture === undefined ? { name } : { name, architecture };
  try {
    assertVersion(version);
  } catch (cause) {
    throw syntaxError(text, context, `"${version}" is no version`, cause);
  }
  const constraint = { operator: operators.get(operator) as VersionOperator, version };
  return architecture === undefined ? { name, constraint } : { name, constraint, architecture };
}

/** Whether restrictions (Debian Policy 7.1, build profiles) let the alternative stand; no build profile is active. */
function isWanted(architectures: string | undefined, profiles: string | undefined, architecture: string): boolean {
  if (profiles !== undefined && profiles !== "") {
    const lists = profiles.match(/<[^<>]*>/g) ?? [];
    if (!lists.some((list) => wordsOf(list.slice(1, -1)).every((word) => word.startsWith("!")))) return false;
  }
  if (architectures === undefined) return true;
  const words = wordsOf(architectures);
  const isNamed = (word: string): boolean => word === architecture || word === "any" || word === "linux-any";
  const excluded = words.filter((word) => word.startsWith("!"));
  if (excluded.length > 0) return !excluded.some((word) => isNamed(word.slice(1)));
  return words.some(isNamed);
}

const wordsOf = (text: string): string[] => text.split(/[ \t\n]+/).filter((word) => word !== "");

function syntaxError(text: string, { what }: RelationContext, state: string, cause?: unknown): DodaiError {
  const shown = text.length > 200 ? `${text.slice(0, 200)}...` : text;
  return new DodaiError("RELATION_SYNTAX", `Cannot read ${what}, "${shown}": ${state}`, { cause });
}
