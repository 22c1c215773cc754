// A package's stanza in `var/lib/dpkg/status`, in the form that dpkg itself writes, byte for byte (dpkg lib/dpkg/parse.c,
// "fieldinfos", and dump.c): then the first dpkg that runs in an image changes nothing but what it does.
import { decodeName, encodeName } from "../../archive/tar-name.ts";
import { DodaiError } from "../../core/dodai-error.ts";
import type { ControlMember, InstalledPackage, Requirement } from "../contract.ts";
import { type Field, fieldOf, formatStanza, parseStanza, type Stanza } from "./deb822.ts";
import { meets, parseRelations } from "./relation.ts";
import { assertVersion } from "./version.ts";

/** Files that a package says are configuration: `path` absolute; dpkg removes those with `removeOnUpgrade` one day. */
interface Conffile {
  readonly path: string;
  readonly removeOnUpgrade: boolean;
}

/** dpkg's order; fields that it does not know follow in the order of the control file. */
const before: readonly string[] = ["Package", "Essential", "Protected"];
const middle: readonly string[] = [
  "Priority",
  "Section",
  "Installed-Size",
  "Origin",
  "Maintainer",
  "Bugs",
  "Architecture",
  "Multi-Arch",
  "Source",
  "Version",
];
const relations: readonly string[] = [
  "Replaces",
  "Provides",
  "Depends",
  "Pre-Depends",
  "Recommends",
  "Suggests",
  "Breaks",
  "Conflicts",
  "Enhances",
];
/** Those that dpkg keeps elsewhere or writes itself. */
const unwritten: readonly string[] = [
  "Status",
  "Revision",
  "Config-Version",
  "Conffiles",
  "Filename",
  "Size",
  "MD5sum",
  "MSDOS-Filename",
  "Triggers-Pending",
  "Triggers-Awaited",
];
const known: ReadonlySet<string> = new Set(
  [...before, ...middle, ...relations, ...unwritten, "Description"].map((name) => name.toLowerCase()),
);

/** The stanza with a newline after its last field. Throws CONTROL_SYNTAX, RELATION_SYNTAX or PACKAGE_BROKEN. */
export function formatStatus(installed: InstalledPackage, state: "unpacked" | "installed"): Buffer {
  const { name } = installed;
  const stanza = controlOf(installed.control, name);
  assertIdentity(installed, stanza);
  const fields: { readonly name: string; readonly value: string }[] = [];
  const add = (field: string, value: string | undefined): void => {
    if (value !== undefined && value !== "") fields.push({ name: field, value });
  };
  for (const field of before) add(field, plainValue(stanza, field));
  fields.push({ name: "Status", value: `install ok ${state}` });
  for (const field of middle) add(field, plainValue(stanza, field));
  for (const field of relations) add(field, relationValue(stanza, field, name));
  add("Conffiles", conffilesValue(installed));
  add("Description", fieldOf(stanza, "Description"));
  const text = formatStanza(fields) + othersOf(stanza).map(formatOther).join("");
  return Buffer.from(text, "latin1");
}

/** An index or a lock may give a package's bytes under a name or version that is not its own. */
function assertIdentity({ name, version, architecture }: InstalledPackage, stanza: Stanza): void {
  const own = ["Package", "Version", "Architecture"].map((field) => fieldOf(stanza, field) ?? "");
  if (own.join(" ") === `${name} ${version} ${architecture}`) return;
  throw new DodaiError(
    "PACKAGE_BROKEN",
    `Cannot install ${name} ${version} for ${architecture}: the package file says that it is ${own[0]} ${own[1]} for ${own[2]}`,
    { fix: "The repository's index or the lock is wrong or hostile. Tell whoever runs the repository, or lock anew." },
  );
}

/** The control file among a package's members. Bytes are kept as Latin-1: old descriptions are not UTF-8. */
export function controlOf(control: readonly ControlMember[], name: string): Stanza {
  const text = textOf(control, "control");
  if (text === undefined) {
    throw new DodaiError("PACKAGE_BROKEN", `Cannot read package "${name}": it has no file "control"`);
  }
  return parseStanza(text, { what: `control of "${name}"` });
}

/** A control member's bytes as Latin-1 text. */
export function textOf(control: readonly ControlMember[], name: string): string | undefined {
  const member = control.find((one) => one.name === name);
  return member && Buffer.from(member.bytes).toString("latin1");
}

/** deb-conffiles(5): a path a line, maybe with the flag `remove-on-upgrade` before it. */
export function conffilesOf(control: readonly ControlMember[]): readonly Conffile[] {
  const lines = (textOf(control, "conffiles") ?? "").split("\n").map((line) => line.trimEnd());
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const [, flag, path = line] = /^(remove-on-upgrade)\s+(.*)$/.exec(line) ?? [];
      return { path: decodeName(Buffer.from(path, "latin1")), removeOnUpgrade: flag !== undefined };
    });
}

/** Whether a package may take over files of another version of a package (Debian Policy 7.6.1): by its real name only. */
export function replaces(
  control: readonly ControlMember[],
  other: { readonly name: string; readonly version: string },
): boolean {
  const value = fieldOf(controlOf(control, "that replaces others"), "Replaces") ?? "";
  return parseRelations(value, "replaces", { what: "Replaces", architecture: "any" }).some(({ anyOf }) =>
    anyOf.some(
      ({ name, constraint }) => name === other.name && (constraint === undefined || meets(other.version, constraint)),
    ),
  );
}

/** Fields that dpkg rewrites or leaves out where they say what is so anyway. */
function plainValue(stanza: Stanza, field: string): string | undefined {
  const value = fieldOf(stanza, field);
  if (value === undefined) return undefined;
  switch (field) {
    case "Essential":
    case "Protected":
    case "Multi-Arch":
      return value === "no" ? undefined : value;
    case "Priority":
      return value.toLowerCase();
    case "Version":
      return plainVersion(value);
    default:
      return value;
  }
}

/** Without an epoch of 0, unless a further colon needs it (dpkg's "vdew_nonambig"). */
function plainVersion(version: string): string {
  const start = assertVersion(version);
  const isZero = start > 0 && Number(version.slice(0, start - 1)) === 0;
  return isZero && !version.includes(":", start) ? version.slice(start) : version;
}

const spelledOperators: Readonly<Record<string, string>> = { "<": "<<", "<=": "<=", "=": "=", ">=": ">=", ">": ">>" };

/** The relation in dpkg's one spelling: `a (>= 1) | b:any, c`. */
function relationValue(stanza: Stanza, field: string, name: string): string {
  const value = fieldOf(stanza, field) ?? "";
  // For "|" only: Replaces stands for all that do not take it.
  const kind = ["Depends", "Pre-Depends", "Recommends", "Suggests", "Enhances"].includes(field)
    ? "depends"
    : "replaces";
  const parsed = parseRelations(value, kind, { what: `${field} of "${name}"`, architecture: "any" });
  return parsed.map(({ anyOf }) => anyOf.map(formatRequirement).join(" | ")).join(", ");
}

function formatRequirement({ name, architecture, constraint }: Requirement): string {
  const qualified = architecture === undefined ? name : `${name}:${architecture}`;
  if (constraint === undefined) return qualified;
  return `${qualified} (${spelledOperators[constraint.operator]} ${plainVersion(constraint.version)})`;
}

function conffilesValue({ control, md5 }: InstalledPackage): string | undefined {
  return conffilesOf(control)
    .map(({ path, removeOnUpgrade }) => {
      const spelled = encodeName(path).toString("latin1");
      // dpkg's word for a configuration file that the package names and does not have.
      return `\n ${spelled} ${md5.get(path) ?? "newconffile"}${removeOnUpgrade ? " remove-on-upgrade" : ""}`;
    })
    .join("");
}

function othersOf(stanza: Stanza): readonly Field[] {
  return [...stanza].filter(([key]) => !known.has(key)).map(([, field]) => field);
}

/** dpkg puts the space after the colon of a field that it does not know even where nothing follows. */
const formatOther = ({ name, value }: Field): string => `${name}: ${value}\n`;
