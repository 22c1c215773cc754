// The names and packages of a problem as apk's policy sees them, found from the world on: every name that a package has,
// provides, needs or waits for, and who is concerned when something becomes of it. What the policy decides is kept here too.
import { compareBytes } from "../core/byte-order.ts";
import type { PackageRecord, Requirement } from "../packages/contract.ts";
import type { Problem } from "./problem.ts";

/** What a package, or the world, asks of a name: that it is there, or with `refused` that it is not. */
export interface ApkDependency {
  readonly name: ApkName;
  readonly requirement: Requirement;
  readonly refused: boolean;
}

/** A package that stands for a name, with the version that it says the name has; none for a bare `provides`. */
export interface ApkProvider {
  readonly pkg: ApkPackage;
  readonly version: string | undefined;
}

export interface ApkPackage {
  readonly record: PackageRecord;
  readonly name: ApkName;
  /** Numbers of the repositories that have it, the first one first. */
  readonly repositories: number[];
  /** The tag under which it is installed already; `undefined` when it is not. */
  readonly installedTag: string | undefined;
  readonly depends: readonly ApkDependency[];
  readonly installIf: readonly ApkDependency[];
  readonly provides: readonly { readonly name: ApkName; readonly version: string | undefined }[];
  seen: boolean;
  flags: number;
  inheritedFlags: number;
  /** Tags by which its dependencies may be met; "" is that of repositories without one. */
  readonly allowedTags: Set<string>;
  isAvailable: boolean;
  isSelectable: boolean;
  isTagOk: boolean;
  isTagPreferred: boolean;
  ifFailed: boolean;
  ifTriggered: boolean;
  /** How many constraints it breaks. */
  conflicts: number;
  wasMerged: boolean;
  wasUsed: boolean;
  hasError: boolean;
}

export interface ApkName {
  readonly name: string;
  readonly providers: ApkProvider[];
  /** Names whose packages need this one, and those whose packages come by themselves because of it. */
  readonly neededBy: Set<ApkName>;
  readonly awaitedBy: Set<ApkName>;
  isSeen: boolean;
  /** The highest is settled first: names with flags, then names that packages have, then those that are only provided; of each the one found last. */
  order: number;
  requirers: number;
  isLocked: boolean;
  chosen: ApkProvider | undefined;
  isDirty: boolean;
  queue: "none" | "now" | "selectable" | "open";
  reconsiderDepends: boolean;
  reconsiderIf: boolean;
  hasAutomatic: boolean;
  hasOptions: boolean;
  hasIf: boolean;
  noIf: boolean;
  ifNeeded: boolean;
  isSettledAbove: boolean;
  /** Marks of the last merging: how many options had the name in common. */
  mergedDepends: number;
  mergedProvides: number;
  hasBareProvides: boolean;
}

export const FLAG_UPGRADE = 1;
export const FLAG_AVAILABLE = 2;
export const FLAG_REINSTALL = 4;
export const FLAG_LATEST = 8;
export const FLAG_INSTALLED = 16;
export const FLAG_REMOVE = 32;

/** An installed package and the tag of the repository that it was pinned to. */
export interface InstalledApk {
  readonly record: PackageRecord;
  readonly tag: string;
}

export class ApkNames {
  readonly problem: Problem;
  readonly #names = new Map<string, ApkName>();
  readonly #packages = new Map<string, ApkPackage>();
  readonly #byRecord = new Map<PackageRecord, ApkPackage>();
  readonly #installed: ReadonlyMap<string, InstalledApk>;

  constructor(problem: Problem, installed: readonly InstalledApk[] = []) {
    this.problem = problem;
    this.#installed = new Map(installed.map((one) => [one.record.digest, one]));
  }

  name(text: string): ApkName {
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    const made = newName(text);
    this.#names.set(text, made);
    // The packages of a name are found at once, those that they speak of when they are looked at.
    for (const record of this.#recordsFor(text)) this.#package(record);
    for (const pkg of this.#packagesFor(text)) made.providers.push(...providersOf(pkg, text));
    made.providers.sort((a, b) => rankOf(a.pkg) - rankOf(b.pkg) || compareBytes(a.pkg.record.name, b.pkg.record.name));
    return made;
  }

  all(): Iterable<ApkName> {
    return this.#names.values();
  }

  packageOf(record: PackageRecord): ApkPackage | undefined {
    return this.#byRecord.get(record);
  }

  /** Names whose packages wait for this name. */
  awaiting(text: string): readonly string[] {
    const names = new Set<string>();
    const records = [
      ...this.problem.repositories.flatMap(({ index }) => index.conditional?.(text) ?? []),
      ...[...this.#installed.values()].map(({ record }) => record).filter((one) => waitsFor(one, text)),
    ];
    for (const record of records) {
      names.add(record.name);
      for (const provide of record.provides) names.add(provide.name);
    }
    return [...names];
  }

  dependency(requirement: Requirement, refused: boolean): ApkDependency {
    return { name: this.name(requirement.name), requirement, refused };
  }

  *#recordsFor(text: string): Generator<{ readonly record: PackageRecord; readonly repository: number }> {
    for (const [repository, { index, priority }] of this.problem.repositories.entries()) {
      if (priority < 0) continue;
      for (const record of index.named(text)) yield { record, repository };
      for (const record of index.providing(text)) yield { record, repository };
    }
    for (const { record } of this.#installed.values()) {
      if (record.name === text || record.provides.some(({ name }) => name === text)) yield { record, repository: -1 };
    }
  }

  *#packagesFor(text: string): Generator<ApkPackage> {
    const found = new Set<ApkPackage>();
    for (const { record } of this.#recordsFor(text)) {
      const pkg = this.#byRecord.get(record);
      if (pkg !== undefined && !found.has(pkg) && offers(pkg.record, text)) yield pkg;
      if (pkg !== undefined) found.add(pkg);
    }
  }

  /** apk knows packages by their checksum: the same file in two repositories is one package. */
  #package({ record, repository }: { readonly record: PackageRecord; readonly repository: number }): void {
    const key = identityOf(record);
    const known = this.#packages.get(key);
    const pkg = known ?? this.#newPackage(record);
    if (known === undefined) this.#packages.set(key, pkg);
    this.#byRecord.set(record, pkg);
    if (repository >= 0 && !pkg.repositories.includes(repository)) pkg.repositories.push(repository);
  }

  #newPackage(record: PackageRecord): ApkPackage {
    const names = this;
    // Names are looked up when somebody looks at the package: else one package would lead to all.
    const lazy = <Value>(read: () => Value): (() => Value) => {
      let value: { readonly value: Value } | undefined;
      return () => {
        value ??= { value: read() };
        return value.value;
      };
    };
    const depends = lazy(() => dependenciesOf(names, record));
    const installIf = lazy(() => (record.installIf ?? []).map((one) => conditionOf(names, one)));
    const provides = lazy(() =>
      record.provides.map(({ name, version }) => ({ name: names.name(name), version })),
    );
    const own = lazy(() => names.name(record.name));
    return {
      record,
      get name() {
        return own();
      },
      get depends() {
        return depends();
      },
      get installIf() {
        return installIf();
      },
      get provides() {
        return provides();
      },
      repositories: [],
      installedTag: this.#installed.get(record.digest)?.tag,
      allowedTags: new Set([""]),
      ...freshPackage,
    };
  }
}

const freshPackage = {
  seen: false,
  flags: 0,
  inheritedFlags: 0,
  isAvailable: false,
  isSelectable: false,
  isTagOk: false,
  isTagPreferred: false,
  ifFailed: false,
  ifTriggered: false,
  conflicts: 0,
  wasMerged: false,
  wasUsed: false,
  hasError: false,
};

const newName = (name: string): ApkName => ({
  name,
  providers: [],
  neededBy: new Set(),
  awaitedBy: new Set(),
  isSeen: false,
  order: 0,
  requirers: 0,
  isLocked: false,
  chosen: undefined,
  isDirty: false,
  queue: "none",
  reconsiderDepends: false,
  reconsiderIf: false,
  hasAutomatic: false,
  hasOptions: false,
  hasIf: false,
  noIf: false,
  ifNeeded: false,
  isSettledAbove: false,
  mergedDepends: 0,
  mergedProvides: 0,
  hasBareProvides: false,
});

/** `Q1` and 20 bytes; the last letter of base64 says two bits more, which nobody reads. */
const identityOf = ({ digest }: PackageRecord): string =>
  digest.startsWith("Q1") ? Buffer.from(digest.slice(2), "base64").toString("hex") : digest;

const offers = (record: PackageRecord, text: string): boolean =>
  record.name === text || record.provides.some(({ name }) => name === text);

/** By its own name, and as often as it provides the name: a package may do both, and then refuses itself. */
function providersOf(pkg: ApkPackage, text: string): readonly ApkProvider[] {
  const own = pkg.record.name === text ? [{ pkg, version: pkg.record.version }] : [];
  const provided = pkg.record.provides.filter(({ name }) => name === text);
  return [...own, ...provided.map(({ version }) => ({ pkg, version }))];
}

/** What only lies installed comes first. */
const rankOf = ({ repositories: [first = -1] }: ApkPackage): number => first;

function dependenciesOf(names: ApkNames, { relations }: PackageRecord): readonly ApkDependency[] {
  return relations.flatMap(({ kind, anyOf: [requirement] }) => {
    if (requirement === undefined || (kind !== "depends" && kind !== "conflicts")) return [];
    return [names.dependency(requirement, kind === "conflicts")];
  });
}

/** `!name` among conditions means that it must not be there. */
function conditionOf(names: ApkNames, requirement: Requirement): ApkDependency {
  const { name } = requirement;
  if (!name.startsWith("!")) return names.dependency(requirement, false);
  return names.dependency({ ...requirement, name: name.slice(1) }, true);
}

const waitsFor = ({ installIf = [] }: PackageRecord, text: string): boolean =>
  installIf.some(({ name }) => name === text || name === `!${text}`);

/** Whether a provider, or that there is none, is what a package asks for. */
export function isProvided(
  by: ApkPackage | undefined,
  { requirement, refused }: ApkDependency,
  provider: ApkProvider | undefined,
  problem: Problem,
): boolean {
  if (provider === undefined) return refused;
  // A package may refuse what it provides itself: then it wants to be the only one.
  if (refused && by === provider.pkg) return true;
  return meets(requirement, provider.version, problem) !== refused;
}

function meets({ name, constraint }: Requirement, version: string | undefined, { format, architecture }: Problem): boolean {
  if (constraint === undefined) return true;
  if (version === undefined) return false;
  const record = { ...probe, name, version };
  return format.satisfies(record, { name, constraint }, architecture);
}

/** A package that is nothing but a name and a version, to ask the format whether they meet a requirement. */
const probe: PackageRecord = {
  name: "",
  version: "",
  architecture: "",
  source: { name: "", version: "" },
  path: "",
  sizeBytes: 0,
  digest: "Q1",
  installedBytes: 0,
  essential: false,
  protected: false,
  priority: "",
  multiArch: "no",
  provides: [],
  relations: [],
  summary: "",
};
