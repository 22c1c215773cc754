// Problems from a few lines of text, one package a line:
//
//     a 1; depends: b | c (>= 2), d; conflicts: e
//     b 1; provides: x (= 3); priority: required; essential
//
// Names, versions and relations are Debian's.
import { parseDigest } from "../../src/core/digest.ts";
import type { PackageIndex, PackageRecord, RelationKind } from "../../src/packages/contract.ts";
import { parseProvides, parseRelations, parseRequest, satisfies } from "../../src/packages/deb/relation.ts";
import { compareVersions } from "../../src/packages/deb/version.ts";
import type { ChosenPackage, Problem, SolverOptions } from "../../src/solver/problem.ts";

const kinds: readonly string[] = [
  "pre-depends",
  "depends",
  "recommends",
  "suggests",
  "conflicts",
  "breaks",
  "replaces",
];
const digest = parseDigest(`sha256:${"0".repeat(64)}`);

export function parsePackage(line: string): PackageRecord {
  const [head = "", ...fields] = line.split(";").map((part) => part.trim());
  const [name = "", version = "1"] = head.split(" ");
  const values = new Map(fields.map((field) => splitOnce(field)));
  const context = { what: `"${name}"`, architecture: "amd64" };
  return {
    name,
    version,
    architecture: values.get("architecture") ?? "amd64",
    source: { name, version },
    path: `${name}_${version}.deb`,
    sizeBytes: 1,
    digest,
    installedBytes: 0,
    essential: values.has("essential"),
    protected: values.has("essential") || values.has("protected"),
    priority: values.get("priority") ?? "optional",
    multiArch: (values.get("multi-arch") ?? "no") as PackageRecord["multiArch"],
    provides: parseProvides(values.get("provides") ?? "", context),
    relations: [...values].flatMap(([kind, text]) =>
      kinds.includes(kind) ? parseRelations(text, kind as RelationKind, context) : [],
    ),
    summary: "",
  };
}

function splitOnce(field: string): [string, string] {
  const colon = field.indexOf(":");
  return colon < 0 ? [field, ""] : [field.slice(0, colon), field.slice(colon + 1).trim()];
}

export interface Written {
  /** Requests in a person's words; `!name` excludes. */
  readonly install: string;
  /** Packages of the one repository, "main"; or repositories by name, each with `priority`. */
  readonly packages:
    | string
    | readonly { readonly name: string; readonly priority: number; readonly packages: string }[];
  readonly options?: Partial<SolverOptions>;
}

export function problemOf({ install, packages, options = {} }: Written): Problem {
  const repositories = typeof packages === "string" ? [{ name: "main", priority: 500, packages }] : packages;
  return {
    format: { compareVersions, satisfies },
    architecture: "amd64",
    repositories: repositories.map(({ name, priority, packages: text }) => ({
      name,
      priority,
      index: indexOf(linesOf(text).map(parsePackage)),
    })),
    requests: install
      .split(" ")
      .filter((word) => word !== "")
      .map((word) => ({ requirement: parseRequest(word.replace(/^!/, "")), exclude: word.startsWith("!") })),
    options: { recommends: false, essential: false, priorities: [], ...options },
  };
}

/** The same of one repository, "main", from records. */
export function problemOfRecords(given: {
  readonly install: string;
  readonly records: readonly PackageRecord[];
  readonly architecture?: string;
  readonly options?: Partial<SolverOptions>;
}): Problem {
  const { install, records, architecture = "amd64", options = {} } = given;
  const repositories = [{ name: "main", priority: 500, index: indexOf(records) }];
  return { ...problemOf({ install, packages: "", options }), architecture, repositories };
}

/** Records of deb822 stanzas that a real index would not have: old ones without SHA256, or those of apt's scenarios. */
export function recordsOfStanzas(text: string, architecture: string): PackageRecord[] {
  const stanzas = text.split(/\n\n+/).filter((stanza) => stanza.startsWith("Package: "));
  return stanzas.map((stanza) => {
    const value = (field: string): string => new RegExp(`^${field}: (.*)$`, "mi").exec(stanza)?.[1] ?? "";
    const context = { what: value("Package"), architecture };
    return {
      ...parsePackage(`${value("Package")} ${value("Version")}; priority: ${value("Priority")}`),
      architecture: value("Architecture"),
      multiArch: (value("Multi-Arch") || "no") as PackageRecord["multiArch"],
      essential: value("Essential") === "yes",
      provides: parseProvides(value("Provides"), context),
      relations: kinds.flatMap((kind) => parseRelations(value(kind), kind as RelationKind, context)),
    };
  });
}

/** Names come up first in the order of apt's reading: field by field, package by package. */
function indexOf(records: readonly PackageRecord[]): PackageIndex {
  const named = Map.groupBy(records, ({ name }) => name);
  const providing = new Map<string, PackageRecord[]>();
  for (const record of records) {
    for (const name of new Set(record.provides.map((provide) => provide.name))) {
      providing.set(name, [...(providing.get(name) ?? []), record]);
    }
  }
  const ordinals = new Map([...new Set(records.flatMap(mentionsOf))].map((name, at) => [name, at]));
  return {
    size: records.length,
    named: (name) => (named.get(name) ?? []).toSorted((a, b) => compareVersions(b.version, a.version)),
    providing: (name) => providing.get(name) ?? [],
    flagged: (flag) =>
      records.filter((one) => one.essential || (flag !== "essential" && flag.priorities.includes(one.priority))),
    names: () => [...named.keys()].sort(),
    mentioned: (name) => ordinals.get(name) ?? -1,
    stanza: () => "",
  };
}

function mentionsOf({ name, relations, provides }: PackageRecord): string[] {
  const order = ["pre-depends", "depends", "conflicts", "breaks", "recommends", "suggests", "replaces"];
  const inOrder = order.flatMap((kind) => relations.filter((one) => one.kind === kind));
  return [name, ...inOrder.flatMap(({ anyOf }) => anyOf.map((one) => one.name)), ...provides.map((one) => one.name)];
}

const linesOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** `a 1, b 2` */
export const namesOf = (packages: readonly ChosenPackage[]): string =>
  packages.map(({ record }) => `${record.name} ${record.version}`).join(", ");
