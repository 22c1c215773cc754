// What a package of rpm says of others: names with versions, and boolean ("rich") relations between them
// (rpm's docs/manual/dependencies.md and boolean_dependencies.md).
import { DodaiError } from "../../core/dodai-error.ts";
import { unreachable } from "../../core/unreachable.ts";
import type {
  PackageRecord,
  Provide,
  Relation,
  RelationKind,
  Requirement,
  RichRelation,
  VersionConstraint,
  VersionOperator,
} from "../contract.ts";
import { compareVersions, parseEvr } from "./version.ts";

const operators: ReadonlyMap<string, VersionOperator> = new Map([
  ["<", "<"],
  ["<=", "<="],
  ["=<", "<="],
  ["=", "="],
  ["==", "="],
  [">=", ">="],
  ["=>", ">="],
  [">", ">"],
]);

/** Nested deeper than anything that a packager would write. */
const MAX_DEPTH = 16;
const MAX_TEXT = 64 << 10;

/** Reads `name`, `name >= version` or `(a or b)`. Throws RELATION_SYNTAX. */
export function parseRelation(text: string, kind: RelationKind): Relation {
  if (!text.startsWith("(")) return { kind, anyOf: [parseSimple(text)] };
  const rich = parseRich(text);
  return { kind, anyOf: namesIn(rich), rich };
}

/** What a person asks for: `openssl`, `openssl >= 3`, `openssl>=3`, `/usr/bin/perl`, `@core`. Throws RELATION_SYNTAX. */
export function parseRequest(text: string): Requirement {
  const trimmed = text.trim();
  if (trimmed.startsWith("(")) return { name: trimmed, rich: parseRich(trimmed) };
  const found = /^\s*([^\s<>=]+)\s*([<>=]{1,2})\s*([^\s<>=]+)\s*$/.exec(text);
  return parseSimple(found ? `${found[1]} ${found[2]} ${found[3]}` : trimmed);
}

function parseSimple(text: string): Requirement {
  const [name = "", sign, version, ...more] = text.split(" ");
  // Names may have nearly everything in them: `font(:lang=aa)`.
  if (name === "" || /\s/.test(name) || more.length > 0) throw syntaxError(text, "it is no name with a version");
  if (sign === undefined) return { name };
  const operator = operators.get(sign);
  if (operator === undefined || version === undefined) throw syntaxError(text, `"${sign}" compares no versions`);
  return { name, constraint: { operator, version: checkedVersion(version, text) } };
}

function checkedVersion(version: string, text: string): string {
  try {
    parseEvr(version);
    return version;
  } catch (cause) {
    throw syntaxError(text, `"${version}" is no version`, cause);
  }
}

/** Every name in a rich relation, in its order. */
function namesIn(rich: RichRelation): readonly Requirement[] {
  switch (rich.kind) {
    case "name":
      return [rich.requirement];
    case "and":
    case "or":
    case "with":
    case "without":
      return rich.parts.flatMap(namesIn);
    case "if":
    case "unless":
      return [rich.wanted, rich.condition, ...(rich.otherwise ? [rich.otherwise] : [])].flatMap(namesIn);
    default:
      return unreachable(rich);
  }
}

interface Cursor {
  readonly text: string;
  at: number;
}

function parseRich(text: string): RichRelation {
  if (text.length > MAX_TEXT) throw syntaxError(text, "it is too long");
  const cursor: Cursor = { text, at: 0 };
  const rich = parseGroup(cursor, 0);
  if (cursor.at !== text.length) throw syntaxError(text, `"${text.slice(cursor.at, cursor.at + 60)}" follows its end`);
  return rich;
}

/** `(part word part ...)`: the words of one group are all the same, but for `if ... else`. */
function parseGroup(cursor: Cursor, depth: number): RichRelation {
  if (depth > MAX_DEPTH) throw syntaxError(cursor.text, `it is nested more than ${MAX_DEPTH} deep`);
  cursor.at++;
  const parts = [parsePart(cursor, depth)];
  const words: string[] = [];
  for (;;) {
    skipSpace(cursor);
    if (cursor.text[cursor.at] === ")") break;
    const word = /[a-z]+(?=[\s(])/y;
    word.lastIndex = cursor.at;
    const found = word.exec(cursor.text)?.[0];
    if (found === undefined) throw syntaxError(cursor.text, "a word like and, or, if is missing");
    cursor.at += found.length;
    words.push(found);
    parts.push(parsePart(cursor, depth));
  }
  cursor.at++;
  return groupOf(words, parts, cursor.text);
}

function groupOf(words: readonly string[], parts: readonly RichRelation[], text: string): RichRelation {
  const [first, second, third] = parts as [RichRelation, RichRelation, RichRelation];
  const [word] = words;
  if (word === undefined) return first;
  if (word === "if" || word === "unless") {
    if (words.length === 1) return { kind: word, wanted: first, condition: second };
    if (words.length === 2 && words[1] === "else") {
      return { kind: word, wanted: first, condition: second, otherwise: third };
    }
  }
  if (!words.every((one) => one === word)) throw syntaxError(text, `it mixes ${[...new Set(words)].join(" and ")}`);
  if (word === "and" || word === "or" || word === "with") return { kind: word, parts };
  if (word === "without" && words.length === 1) return { kind: word, parts };
  throw syntaxError(text, `"${word}" joins nothing`);
}

function parsePart(cursor: Cursor, depth: number): RichRelation {
  skipSpace(cursor);
  if (cursor.text[cursor.at] === "(") return parseGroup(cursor, depth + 1);
  const name = takeName(cursor);
  skipSpace(cursor);
  const sign = /[<>=]{1,2}/y;
  sign.lastIndex = cursor.at;
  const found = sign.exec(cursor.text)?.[0];
  if (found === undefined) return { kind: "name", requirement: { name } };
  cursor.at += found.length;
  skipSpace(cursor);
  const operator = operators.get(found);
  if (operator === undefined) throw syntaxError(cursor.text, `"${found}" compares no versions`);
  const version = checkedVersion(takeName(cursor), cursor.text);
  return { kind: "name", requirement: { name, constraint: { operator, version } } };
}

/** Up to white space or a `)` that closes nothing in the name: `perl(Foo)`. */
function takeName(cursor: Cursor): string {
  const { text } = cursor;
  const start = cursor.at;
  for (let open = 0; cursor.at < text.length; cursor.at++) {
    const sign = text[cursor.at] ?? "";
    if (sign === "(") open++;
    if (sign === ")" && open-- === 0) break;
    if (/[\s,]/.test(sign)) break;
  }
  if (cursor.at === start) throw syntaxError(text, "a name is missing");
  return text.slice(start, cursor.at);
}

function skipSpace(cursor: Cursor): void {
  while (/\s/.test(cursor.text[cursor.at] ?? "")) cursor.at++;
}

/**
 * Whether the record, by its own name or by what it provides, is what is asked for. Files are provided without a version. The
 * architecture matters only where the requirement names one.
 */
export function satisfies(record: PackageRecord, { name, constraint, architecture }: Requirement): boolean {
  if (architecture !== undefined && record.architecture !== architecture) return false;
  if (record.name === name && (!constraint || overlap({ operator: "=", version: record.version }, constraint)))
    return true;
  return record.provides.some((provide) => provide.name === name && isMet(provide, constraint));
}

/** What is provided without a version meets every requirement, as rpm and libsolv have it. */
function isMet({ version, operator = "=" }: Provide, constraint: VersionConstraint | undefined): boolean {
  return constraint === undefined || version === undefined || overlap({ operator, version }, constraint);
}

/** Whether there is a version that both allow. */
export function overlap(a: VersionConstraint, b: VersionConstraint): boolean {
  const order = compareVersions(a.version, b.version);
  const has = ({ operator }: VersionConstraint, sign: string): boolean => operator.includes(sign);
  if (order < 0) return has(a, ">") || has(b, "<");
  if (order > 0) return has(a, "<") || has(b, ">");
  return ["<", "=", ">"].some((sign) => has(a, sign) && has(b, sign));
}

function syntaxError(text: string, state: string, cause?: unknown): DodaiError {
  const shown = text.length > 200 ? `${text.slice(0, 200)}...` : text;
  return new DodaiError("RELATION_SYNTAX", `Cannot read relation "${shown}": ${state}`, { cause });
}
