// libsolv's test cases as problems: repositories as "testtags", jobs, and what libsolv installs. Cases that start from an
// empty system and only install are the ones that an image can meet.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { sha256 } from "../../src/core/digest.ts";
import type {
  PackageIndex,
  PackageReading,
  PackageRecord,
  Provide,
  Relation,
  RelationKind,
  Requirement,
} from "../../src/packages/contract.ts";
import { compatibleArchitectures } from "../../src/packages/rpm/architectures.ts";
import { rpm } from "../../src/packages/rpm/format.ts";
import { readingsOf } from "../../src/packages/rpm/package-spec.ts";
import { parseRelation } from "../../src/packages/rpm/relation.ts";
import { compareVersions } from "../../src/packages/rpm/version.ts";
import type { OfferedRepository, Problem, SolverRequest } from "../../src/solver/problem.ts";

export interface LibsolvJob {
  readonly problem: Problem;
  /** `name-version-release.architecture@repository`, sorted; `undefined` when libsolv finds problems. */
  readonly wanted: readonly string[] | undefined;
  /** What of the job cannot be asked here. */
  readonly skipped?: string;
}

/** As rpm's format, and `oneof` with packages of one name as libsolv's jobs list them. */
const rpmPolicy: Problem["format"] = {
  ...rpm,
  readings: (text) => (text.startsWith("oneof ") ? [listReading(text.split(" ").slice(1))] : readingsOf(text)),
};

/** Without poolflag implicitobsoleteusescolors architectures replace each other. */
const colorless: Problem["format"] = {
  ...rpmPolicy,
  architectures: (architecture) => compatibleArchitectures(architecture).map(({ name }) => ({ name, bits: 64 })),
};

function listReading(packages: readonly string[]): PackageReading {
  const known = new Set(packages.map((one) => one.replace(/@[^@]+$/, "")));
  const name = /^(.*)-[^-]+-[^-]+$/.exec(packages[0] ?? "")?.[1] ?? "";
  return {
    name,
    isGlob: false,
    kind: "version",
    fitsName: (other) => other === name,
    fits: (one) => known.has(`${one.name}-${one.version}.${one.architecture}`),
  };
}

const relationTags: Readonly<Record<string, RelationKind>> = {
  Req: "depends",
  Con: "conflicts",
  Obs: "obsoletes",
  Rec: "recommends",
  Sug: "suggests",
  Sup: "supplements",
  Enh: "enhances",
};

/** Reads packages in libsolv's testtags. */
export function parseTestTags(text: string): readonly PackageRecord[] {
  const records: PackageRecord[] = [];
  let current: { head: readonly string[]; provides: Provide[]; relations: Relation[] } | undefined;
  const finish = (): void => {
    if (current) records.push(recordOf(current));
    current = undefined;
  };
  for (const line of text.split("\n")) {
    const [, tag = "", value = ""] = /^=(\w+): (.*)$/.exec(line.trim()) ?? [];
    if (tag === "Pkg") {
      finish();
      current = { head: value.split(" "), provides: [], relations: [] };
    } else if (tag === "Prv" && current) current.provides.push(provideOf(value));
    else if (current && tag in relationTags)
      current.relations.push(relationOf(value, relationTags[tag] as RelationKind));
  }
  finish();
  return records;
}

function recordOf(draft: {
  readonly head: readonly string[];
  readonly provides: readonly Provide[];
  readonly relations: readonly Relation[];
}): PackageRecord {
  const [name = "", version = "", release = "", architecture = ""] = draft.head;
  const full = release === "" ? version : `${version}-${release}`;
  return {
    name,
    version: full,
    architecture,
    source: { name, version: full },
    path: `${name}.rpm`,
    sizeBytes: 1,
    digest: sha256(`${name} ${full}`),
    installedBytes: 0,
    essential: false,
    protected: false,
    priority: "",
    multiArch: "no",
    provides: draft.provides,
    relations: draft.relations,
    summary: "",
  };
}

function provideOf(text: string): Provide {
  const [{ name, constraint } = { name: text }] = parseRelation(text, "depends").anyOf as readonly [Requirement];
  if (constraint === undefined) return { name };
  const { operator, version } = constraint;
  return operator === "=" ? { name, version } : { name, version, operator };
}

/** libsolv writes boolean relations with signs: `A & B`, `A | B`, `A <IF> (B <ELSE> C)`. */
function relationOf(text: string, kind: RelationKind): Relation {
  const words: Readonly<Record<string, string>> = {
    "&": "and",
    "|": "or",
    "<IF>": "if",
    "<UNLESS>": "unless",
    "<ELSE>": "else",
    "+": "with",
    "-": "without",
  };
  if (!/ (?:[&|+-]|<[A-Z]+>) /.test(text)) return parseRelation(text, kind);
  const spelled = text.replaceAll(/ ([&|+-]|<[A-Z]+>) /g, (_, sign: string) => ` ${words[sign]} `);
  // The condition and its else are one group there.
  const flat = spelled.replace(/ (if|unless) \((.*) else (.*)\)$/, " $1 $2 else $3");
  return parseRelation(`(${flat})`, kind);
}

/** Packages in memory as an index. */
export function recordIndex(records: readonly PackageRecord[]): PackageIndex {
  const newest = [...records].sort((a, b) => compareVersions(b.version, a.version));
  return {
    size: records.length,
    named: (name) => newest.filter((one) => one.name === name),
    providing: (name) => records.filter((one) => one.provides.some((provide) => provide.name === name)),
    relating: (kind, name) =>
      records.filter((one) =>
        one.relations.some((relation) => relation.kind === kind && relation.anyOf.some((asked) => asked.name === name)),
      ),
    mentioned: (name) => records.findIndex((one) => one.name === name),
    flagged: () => [],
    names: () => new Set(records.map(({ name }) => name)),
    stanza: () => "",
  };
}

/** The jobs of a test case file. */
export function readCase(file: string): readonly LibsolvJob[] {
  const text = readFileSync(file, "utf8");
  const repositories: OfferedRepository[] = [];
  const jobs: LibsolvJob[] = [];
  let state = startState();
  let inline: string[] | undefined;
  let whose = "";
  let hasSystem = false;
  const endInline = (): void => {
    if (inline === undefined) return;
    const body = inline.join("\n");
    if (whose === "result") state.result = body;
    else if (/^@?[Ss]ystem$/.test(whose)) hasSystem ||= /=Pkg:/.test(body);
    else
      repositories.push({ name: whose, priority: priorityOf(state.priority), index: recordIndex(parseTestTags(body)) });
    inline = undefined;
  };
  const endJob = (): void => {
    if (state.result !== undefined) jobs.push(jobOf(state, repositories, hasSystem));
    state = startState();
  };
  for (const line of text.split("\n")) {
    if (line.startsWith("#>")) {
      inline?.push(line.slice(2));
      continue;
    }
    endInline();
    const words = line.trim().split(/\s+/);
    const [verb = "", first = "", second = "", third = "", fourth = ""] = words;
    if (verb === "repo") {
      whose = first;
      state.priority = second;
      if (third === "testtags" && fourth === "<inline>") inline = [];
      else if (third === "testtags") {
        inline = readFileSync(join(dirname(file), fourth), "utf8").split("\n");
        endInline();
      }
    } else if (verb === "result") {
      whose = "result";
      if (first.includes("transaction")) inline = [];
      else state.skipped ??= `result ${first}`;
      state.result ??= "";
    } else if (verb === "job") state.jobs.push(words.slice(1));
    else if (verb === "solverflags") state.flags.push(...first.split(","));
    else if (verb === "poolflags") state.hasColors = first === "implicitobsoleteusescolors";
    else if (verb === "system") state.architecture = first;
    else if (verb === "nextjob") endJob();
    else if (["namespace", "disable", "genid"].includes(verb)) state.skipped ??= line;
  }
  endInline();
  endJob();
  return jobs;
}

interface CaseState {
  jobs: string[][];
  flags: string[];
  result: string | undefined;
  skipped: string | undefined;
  architecture: string;
  priority: string;
  hasColors: boolean;
}

const startState = (): CaseState => ({
  jobs: [],
  flags: [],
  result: undefined,
  skipped: undefined,
  architecture: "x86_64",
  priority: "0",
  hasColors: false,
});

const priorityOf = (text: string): number => 1000 + (Number(text.split(".")[0]) || 0);

function jobOf(state: CaseState, repositories: readonly OfferedRepository[], hasSystem: boolean): LibsolvJob {
  const { jobs, flags, result = "" } = state;
  let { skipped } = state;
  if (hasSystem) skipped ??= "it starts from an installed system";
  const requests: SolverRequest[] = [];
  for (const [action, kind = "", ...rest] of jobs) {
    const text = rest.filter((one) => !one.startsWith("[")).join(" ");
    if (action !== "install" || !["name", "provides", "pkg", "oneof"].includes(kind)) {
      skipped ??= `job ${action} ${kind}`;
      continue;
    }
    requests.push({ requirement: requirementOf(kind, text), exclude: false });
  }
  for (const flag of flags) if (!["ignorerecommended", "allowuninstall"].includes(flag)) skipped ??= `flag ${flag}`;
  const installed = [...result.matchAll(/^install (\S+)$/gm)].map(([, one = ""]) => one).sort();
  return {
    problem: {
      format: state.hasColors ? rpmPolicy : colorless,
      architecture: state.architecture === "unset" ? "noarch" : state.architecture,
      repositories: [...repositories],
      requests,
      options: { recommends: !flags.includes("ignorerecommended"), essential: false, priorities: [] },
    },
    wanted: /^problem /m.test(result) ? undefined : installed,
    ...(skipped === undefined ? {} : { skipped }),
  };
}

function requirementOf(kind: string, text: string): Requirement {
  if (kind === "pkg" || kind === "oneof") return { name: `oneof ${text}` };
  const requirement = parseRelation(text, "depends").anyOf[0] as Requirement;
  return kind === "provides" ? { name: text, rich: { kind: "name", requirement } } : requirement;
}
