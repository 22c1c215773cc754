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

/** A package. Names that it speaks of are found when they are asked for: else one package would lead to all. */
export class ApkPackage {
  readonly record: PackageRecord;
  /** Numbers of the repositories that have it, the first one first. */
  readonly repositories: number[] = [];
  /** The tag under which it is installed already; `undefined` when it is not. */
  readonly installedTag: string | undefined;
  seen = false;
  flags = 0;
  inheritedFlags = 0;
  isAvailable = false;
  isSelectable = false;
  isTagOk = false;
  isTagPreferred = false;
  ifFailed = false;
  ifTriggered = false;
  /** How many constraints it breaks. */
  conflicts = 0;
  wasMerged = false;
  wasUsed = false;
  hasError = false;
  readonly #names: ApkNames;
  #name: ApkName | undefined;
  #depends: readonly ApkDependency[] | undefined;
  #installIf: readonly ApkDependency[] | undefined;
  #provides: readonly ApkProvided[] | undefined;
  #allowedTags: Set<string> | undefined;

  constructor(names: ApkNames, record: PackageRecord, installedTag: string | undefined) {
    this.#names = names;
    this.record = record;
    this.installedTag = installedTag;
  }

  get name(): ApkName {
    this.#name ??= this.#names.name(this.record.name);
    return this.#name;
  }

  get depends(): readonly ApkDependency[] {
    this.#depends ??= dependenciesOf(this.#names, this.record);
    return this.#depends;
  }

  get installIf(): readonly ApkDependency[] {
    this.#installIf ??= (this.record.installIf ?? []).map((one) => conditionOf(this.#names, one));
    return this.#installIf;
  }

  get provides(): readonly ApkProvided[] {
    this.#provides ??= this.record.provides.map(({ name, version }) => ({ name: this.#names.name(name), version }));
    return this.#provides;
  }

  /** Tags by which its dependencies may be met; "" is that of repositories without one. */
  get allowedTags(): ReadonlySet<string> {
    return this.#allowedTags ?? untagged;
  }

  allowTag(tag: string): void {
    if (this.allowedTags.has(tag)) return;
    this.#allowedTags ??= new Set(untagged);
    this.#allowedTags.add(tag);
  }
}

/** The tag of repositories that have none. */
export const untagged: ReadonlySet<string> = new Set([""]);

interface ApkProvided {
  readonly name: ApkName;
  readonly version: string | undefined;
}

export interface ApkName {
  readonly name: string;
  readonly providers: ApkProvider[];
  /** Names whose packages need this one, and those whose packages come by themselves because of it. */
  neededBy: ApkName[];
  awaitedBy: ApkName[];
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
    const packages = new Set<ApkPackage>();
    for (const one of this.#recordsFor(text)) packages.add(this.#package(one));
    for (const pkg of packages) addProviders(made.providers, pkg, text);
    if (packages.size > 1)
      made.providers.sort(
        (a, b) => rankOf(a.pkg) - rankOf(b.pkg) || compareBytes(a.pkg.record.name, b.pkg.record.name),
      );
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

  /** apk knows packages by their checksum: the same file in two repositories is one package. */
  #package({ record, repository }: { readonly record: PackageRecord; readonly repository: number }): ApkPackage {
    let pkg = this.#byRecord.get(record);
    if (pkg === undefined) {
      const key = identityOf(record);
      pkg = this.#packages.get(key) ?? new ApkPackage(this, record, this.#installed.get(record.digest)?.tag);
      this.#packages.set(key, pkg);
      this.#byRecord.set(record, pkg);
    }
    if (repository >= 0 && !pkg.repositories.includes(repository)) pkg.repositories.push(repository);
    return pkg;
  }
}

/** Most names have nobody; who adds the first makes a list. */
const none: ApkName[] = [];

/** Notes that a name's packages are concerned by another name. */
export function addConcerned(list: ApkName[], name: ApkName): ApkName[] {
  if (list === none) return [name];
  if (list.at(-1) !== name) list.push(name);
  return list;
}

const newName = (name: string): ApkName => ({
  name,
  providers: [],
  neededBy: none,
  awaitedBy: none,
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

/** By its own name, and as often as it provides the name: a package may do both, and then refuses itself. */
function addProviders(providers: ApkProvider[], pkg: ApkPackage, text: string): void {
  const { record } = pkg;
  if (record.name === text) providers.push({ pkg, version: record.version });
  for (const { name, version } of record.provides) if (name === text) providers.push({ pkg, version });
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
