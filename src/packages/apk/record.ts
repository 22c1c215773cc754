// One package of an APKINDEX as the record that the solver and the lock use (apk-index(5)): lines of a letter, a colon and a
// value.
import { DodaiError } from "../../core/dodai-error.ts";
import {
  type ControlChecksum,
  isControlChecksum,
  type PackageRecord,
  type Provide,
  type Relation,
  type Requirement,
} from "../contract.ts";
import { type Dependency, readDependency, readProvide } from "./relation.ts";

/** Names become parts of paths: nothing else may pass. apk's own packages are of these letters; `.name` is a virtual one's. */
const nameSyntax = /^[A-Za-z0-9._][A-Za-z0-9+._-]*$/;
/** Some of Alpine's packages have versions that apk has no form for; it takes them all the same. */
const versionSyntax = /^[A-Za-z0-9][A-Za-z0-9._~+-]*$/;
const architectureSyntax = /^[a-z0-9_-]*$/;

const lists: ReadonlySet<string> = new Set(["D", "p", "i", "r"]);

export type Fields = ReadonlyMap<string, string>;

/** `X:value` lines by their letter. Throws INDEX_SYNTAX. */
export function readFields(text: string): Fields {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    if (line[1] !== ":") throw syntaxError(fields.get("P") ?? "", `"${line.slice(0, 60)}" is not like "X:value"`);
    const key = line.charAt(0);
    const before = fields.get(key);
    // apk adds lists up; of any other field each reader might take another one.
    if (before !== undefined && !lists.has(key)) throw syntaxError(fields.get("P") ?? "", `"${key}:" is there twice`);
    fields.set(key, before === undefined ? line.slice(2) : `${before} ${line.slice(2)}`);
  }
  return fields;
}

/** What was read of a word before: an index says `so:libc.musl-x86_64.so.1` thousands of times. */
export type KnownWords = Map<string, ReturnType<typeof readDependency>>;

export interface RecordPlace {
  /** Of the index below the repository's root, with a slash at its end. */
  readonly folder: string;
  readonly architecture: string;
}

/** Throws INDEX_SYNTAX, naming the package. What makes a package alone impossible to install is told in its record. */
export function parseRecord(
  text: string,
  { folder, architecture: wanted }: RecordPlace,
  words: KnownWords = new Map(),
): PackageRecord {
  const fields = readFields(text);
  const value = (key: string): string => fields.get(key) ?? "";
  const name = value("P");
  if (!nameSyntax.test(name)) throw syntaxError(name, `its name "${name.slice(0, 60)}" is none`);
  const version = value("V");
  if (!versionSyntax.test(version)) throw syntaxError(name, `its version "${version.slice(0, 60)}" is none`);
  const architecture = value("A") === "" ? wanted : value("A");
  if (!architectureSyntax.test(architecture)) throw syntaxError(name, `its architecture "${architecture}" is none`);
  const faults: string[] = [];
  if (architecture !== wanted && architecture !== "noarch") faults.push(`it is for ${architecture}`);
  const priority = value("k");
  const installIf = dependencies(value("i"), { faults, words }).map(conditionOf);
  return {
    name,
    version,
    architecture,
    source: { name: value("o") === "" ? name : value("o"), version },
    path: `${folder}${name}-${version}.apk`,
    sizeBytes: wholeNumber(fields, "S"),
    digest: checksumOf(fields, name),
    installedBytes: wholeNumber(fields, "I"),
    essential: false,
    protected: false,
    priority: "",
    multiArch: "no",
    provides: providesOf(value("p"), faults),
    relations: relationsOf(fields, { faults, words }),
    summary: value("T"),
    ...(priority === "" ? {} : { providerPriority: wholeNumber(fields, "k") }),
    ...(installIf.length === 0 ? {} : { installIf }),
    ...(faults[0] === undefined ? {} : { uninstallable: faults[0] }),
  };
}

const wordsOf = (value: string): readonly string[] => value.split(" ").filter((word) => word !== "");

interface Reading {
  /** What makes the package impossible to install. */
  readonly faults: string[];
  readonly words: KnownWords;
}

function dependencies(value: string, { faults, words }: Reading): readonly Dependency[] {
  const found: Dependency[] = [];
  for (const word of wordsOf(value)) {
    const known = words.get(word) ?? readDependency(word);
    words.set(word, known);
    if (typeof known === "string") faults.push(known);
    // Tags are for who asks; a package that names one cannot be meant.
    else if (known.requirement.tag !== undefined) faults.push(`it depends on "${word}"`);
    else found.push(known);
  }
  return found;
}

function relationsOf(fields: Fields, reading: Reading): readonly Relation[] {
  const needs = dependencies(fields.get("D") ?? "", reading).map(
    ({ requirement, refused }): Relation => ({ kind: refused ? "conflicts" : "depends", anyOf: [requirement] }),
  );
  const replaced = dependencies(fields.get("r") ?? "", reading).map(
    ({ requirement }): Relation => ({ kind: "replaces", anyOf: [requirement] }),
  );
  return [...needs, ...replaced];
}

/** `!name`: it must not be there. Kept in the name, where no package can have it. */
const conditionOf = ({ requirement, refused }: { requirement: Requirement; refused: boolean }): Requirement =>
  refused ? { ...requirement, name: `!${requirement.name}` } : requirement;

function providesOf(value: string, faults: string[]): readonly Provide[] {
  return wordsOf(value).flatMap((word) => {
    const found = readProvide(word);
    if (typeof found !== "string") return [found];
    faults.push(found);
    return [];
  });
}

function wholeNumber(fields: Fields, key: string): number {
  const value = fields.get(key) ?? "0";
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw syntaxError(fields.get("P") ?? "", `"${key}:${value.slice(0, 60)}" is not a whole number`);
}

function checksumOf(fields: Fields, name: string): ControlChecksum {
  const value = fields.get("C") ?? "";
  if (isControlChecksum(value)) return value;
  throw syntaxError(name, `its checksum "${value.slice(0, 60)}" is not "Q1" and base64`);
}

function syntaxError(name: string, state: string): DodaiError {
  return new DodaiError("INDEX_SYNTAX", `Cannot read the package index: of package "${name.slice(0, 60)}" ${state}`);
}
