// What a package says of others (apk-package(5), "Dependency format"): `name`, `name@tag`, `name>=1.2`, `!name`, and when one
// package is what another asks for.
import { DodaiError } from "../../core/dodai-error.ts";
import type { PackageRecord, Provide, Requirement, VersionConstraint, VersionOperator } from "../contract.ts";
import { compareVersions, isLike, isVersion } from "./version.ts";

/** A dependency, or with `!` in front the refusal of one. */
export interface Dependency {
  readonly requirement: Requirement;
  readonly refused: boolean;
}

/** apk takes the characters of an operator in any order and number. */
const operators: ReadonlyMap<string, VersionOperator> = new Map([
  ["=", "="],
  ["<", "<"],
  [">", ">"],
  ["<=", "<="],
  [">=", ">="],
  ["~", "~"],
  ["=~", "~"],
  ["<~", "<~"],
  ["<=~", "<~"],
  [">~", ">~"],
  [">=~", ">~"],
]);

const dependencySyntax = /^(!?)([^!<>=~@\s][^<>=~@\s]*)(?:@([^<>=~@\s]+))?(?:([<>=~]+)([^<>=~\s]\S*))?$/;

/** What nearly all are. */
const plainName = /^[\w:./+-]+$/;

/** What is wrong with a dependency, for the end of a sentence. */
type Fault = string;

export function readDependency(text: string): Dependency | Fault {
  if (plainName.test(text)) return { requirement: { name: text }, refused: false };
  const [, refused, name, tag, signs, version] = dependencySyntax.exec(text) ?? [];
  if (name === undefined) return `"${text.slice(0, 100)}" is not like "name", "name@tag", "name>=1.2" or "!name"`;
  const tagged = tag === undefined ? { name } : { name, tag };
  if (signs === undefined || version === undefined) return { requirement: tagged, refused: refused === "!" };
  const operator = operators.get([..."<>=~"].filter((sign) => signs.includes(sign)).join(""));
  if (operator === undefined) return `"${signs}" of "${text.slice(0, 100)}" is no operator`;
  return { requirement: { ...tagged, constraint: { operator, version } }, refused: refused === "!" };
}

/** `name` or `name=version`, of a field that says what is provided. */
export function readProvide(text: string): Provide | Fault {
  const equals = text.indexOf("=");
  const [plain, version] = equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
  if (plainName.test(plain) && (version === undefined || plainName.test(version))) {
    return version === undefined ? { name: plain } : { name: plain, version };
  }
  const found = readDependency(text);
  if (typeof found === "string") return found;
  const { requirement, refused } = found;
  if (refused || requirement.tag !== undefined) return `"${text}" is not like "name" or "name=1.2"`;
  const { name, constraint } = requirement;
  if (constraint === undefined) return { name };
  return constraint.operator === "=" ? { name, version: constraint.version } : `"${text}" has no "="`;
}

/** What a person asks for. Throws RELATION_SYNTAX. */
export function parseRequest(text: string): Requirement {
  const found = readDependency(text.trim().replaceAll(/\s*([<>=~]+)\s*/g, "$1"));
  const state = typeof found === "string" ? found : faultOf(found);
  if (typeof found !== "string" && state === undefined) return found.requirement;
  throw new DodaiError("RELATION_SYNTAX", `Cannot read package "${text.slice(0, 100)}": ${state}`, {
    fix: 'Write "name", "name=1.2-r0", "name>1.2", "name~1.2" or "name@tag".',
  });
}

/** Indexes may have versions that apk has no form for; whoever asks for one has mistyped it. */
function faultOf({ requirement: { constraint }, refused }: Dependency): Fault | undefined {
  if (refused) return "it refuses a package, wanted one that is asked for";
  return constraint === undefined || isVersion(constraint.version)
    ? undefined
    : `"${constraint.version}" is no version`;
}

/** As apk writes it in `etc/apk/world`. */
export function formatRequirement({ name, tag, constraint }: Requirement): string {
  const tagged = tag === undefined ? name : `${name}@${tag}`;
  return constraint === undefined ? tagged : `${tagged}${constraint.operator}${constraint.version}`;
}

export function meets(version: string, { operator, version: wanted }: VersionConstraint): boolean {
  if (operator === "~") return isLike(version, wanted);
  const order = compareVersions(version, wanted);
  switch (operator) {
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
    case "<~":
      return order < 0 || isLike(version, wanted);
    case ">~":
      return order > 0 || isLike(version, wanted);
  }
}

/** A name that is provided without a version is no version of it: it meets only who asks for none. */
export function satisfies(record: PackageRecord, requirement: Requirement): boolean {
  const { name, constraint } = requirement;
  if (record.name === name && (constraint === undefined || meets(record.version, constraint))) return true;
  return record.provides.some(
    (provide) =>
      provide.name === name &&
      (constraint === undefined || (provide.version !== undefined && meets(provide.version, constraint))),
  );
}
