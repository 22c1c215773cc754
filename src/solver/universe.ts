// The packages of a problem as numbers, made as they are reached: of Debian's 69,000 packages a resolve of a desktop touches
// some 5,000. A "slot" is a package name, of which one version can be installed; a "variable" is one version of it; a
// "need" is one requirement, known by its text, with the variables that meet it.
import type { PackageRecord, Relation, RelationKind, Requirement } from "../packages/contract.ts";
import type { Offer, Problem, SolverRequest } from "./problem.ts";

/** A relation of a package: needs of which one must hold (positive), or of which none may (negative). */
export interface Clause {
  readonly relation: Relation;
  readonly needs: readonly number[];
}

/** What a package says of others, in the order in which apt looks at it. */
export interface Relations {
  /** Pre-depends and depends, then recommends. */
  readonly positive: readonly Clause[];
  /** How many of `positive` must hold. */
  readonly hard: number;
  readonly negative: readonly Clause[];
}

const positiveKinds: readonly RelationKind[] = ["pre-depends", "depends", "recommends"];
const negativeKinds: readonly RelationKind[] = ["conflicts", "breaks"];
const priorities: readonly string[] = ["", "required", "important", "standard", "optional"];

export class Universe {
  readonly problem: Problem;
  /** By variable. */
  readonly records: PackageRecord[] = [];
  /** By variable: index into the problem's repositories. */
  readonly repositories: number[] = [];
  /** By variable. */
  readonly slots: number[] = [];
  /** By variable: the request that forbids it. */
  readonly exclusions: (SolverRequest | undefined)[] = [];
  /** By slot: its variables, the best first. */
  readonly versions: (readonly number[])[] = [];
  /** More than there can ever be of variables, or of slots. */
  readonly capacity: number;

  readonly #slotOfName = new Map<string, number>();
  readonly #variableOfRecord = new Map<PackageRecord, number>();
  readonly #relations: (Relations | undefined)[] = [];
  readonly #preferred = new Map<number, number>();
  readonly #needOfKey = new Map<string, number>();
  readonly #needs: Requirement[] = [];
  #targets: (readonly number[] | undefined)[] = [];

  readonly #excludes: readonly SolverRequest[];

  constructor(problem: Problem) {
    this.problem = problem;
    this.#excludes = problem.requests.filter(({ exclude }) => exclude);
    this.capacity = problem.repositories.reduce((sum, { index }) => sum + index.size, 0) + 1;
  }

  /** The slot of a name that some repository offers, else -1. */
  slotNamed(name: string): number {
    const known = this.#slotOfName.get(name);
    return known ?? this.#addSlot(name);
  }

  /** Makes the variable the one that its slot stands for, as long as `unprefer` is not called. */
  prefer(variable: number): void {
    if (this.isCandidate(variable)) return;
    this.#preferred.set(this.slots[variable] as number, variable);
    this.#targets = [];
  }

  /** Lets every slot stand for its best version again. */
  unprefer(): void {
    if (this.#preferred.size > 0) this.#targets = [];
    this.#preferred.clear();
  }

  /** The variable that a slot stands for. */
  candidate(slot: number): number {
    return this.#preferred.get(slot) ?? ((this.versions[slot] as readonly number[])[0] as number);
  }

  isCandidate(variable: number): boolean {
    return this.candidate(this.slots[variable] as number) === variable;
  }

  offer(variable: number): Offer {
    const repository = this.problem.repositories[this.repositories[variable] as number];
    return { record: this.records[variable] as PackageRecord, repository: repository?.name ?? "" };
  }

  need(requirement: Requirement): number {
    const { name, constraint, architecture } = requirement;
    const versioned = constraint === undefined ? name : `${name} ${constraint.operator} ${constraint.version}`;
    const key = architecture === undefined ? versioned : `${versioned}:${architecture}`;
    const known = this.#needOfKey.get(key);
    if (known !== undefined) return known;
    this.#needOfKey.set(key, this.#needs.length);
    return this.#needs.push(requirement) - 1;
  }

  requirement(need: number): Requirement {
    return this.#needs[need] as Requirement;
  }

  /** The variables that meet a need: candidates before other versions, each in the order of apt's preference. */
  targets(need: number): readonly number[] {
    const known = this.#targets[need];
    if (known !== undefined) return known;
    const found = this.#findTargets(this.requirement(need));
    this.#targets[need] = found;
    return found;
  }

  relations(variable: number): Relations {
    const known = this.#relations[variable];
    if (known !== undefined) return known;
    const read = this.#readRelations(this.records[variable] as PackageRecord);
    this.#relations[variable] = read;
    return read;
  }

  /** Whether `owner` saying that it refuses `target` means anything: it never refuses itself (Debian Policy 7.4). */
  isRefused(owner: number, target: number): boolean {
    return this.slots[owner] !== this.slots[target];
  }

  #addSlot(name: string): number {
    const found: { record: PackageRecord; repository: number }[] = [];
    this.problem.repositories.forEach(({ index, priority }, repository) => {
      if (priority < 0) return;
      for (const record of index.named(name)) found.push({ record, repository });
    });
    const slot = found.length === 0 ? -1 : this.versions.length;
    this.#slotOfName.set(name, slot);
    if (slot < 0) return slot;
    if (found.length > 1) found.sort((a, b) => this.#compareOffers(a, b));
    const variables: number[] = [];
    found.forEach(({ record, repository }, at) => {
      const before = found[at - 1]?.record;
      // The same version from two repositories is one thing to install, from the preferred one.
      if (before?.version === record.version && before.architecture === record.architecture) {
        this.#variableOfRecord.set(record, this.records.length - 1);
        return;
      }
      const variable = this.records.push(record) - 1;
      this.repositories.push(repository);
      this.slots.push(slot);
      this.exclusions.push(this.#excludes.find(({ requirement }) => this.#names(requirement, record)));
      this.#variableOfRecord.set(record, variable);
      variables.push(variable);
    });
    const isExcluded = (variable: number): number => Number(this.exclusions[variable] !== undefined);
    this.versions.push(variables.sort((a, b) => isExcluded(a) - isExcluded(b)));
    return slot;
  }

  /** Whether the record is what the requirement names, by the record's own name. */
  #names(requirement: Requirement, record: PackageRecord): boolean {
    const { format, architecture } = this.problem;
    return record.name === requirement.name && format.satisfies(record, requirement, architecture);
  }

  #compareOffers(
    a: { record: PackageRecord; repository: number },
    b: { record: PackageRecord; repository: number },
  ): number {
    const { repositories, format } = this.problem;
    const priority = (at: number): number => repositories[at]?.priority ?? 0;
    return (
      priority(b.repository) - priority(a.repository) ||
      format.compareVersions(b.record.version, a.record.version) ||
      a.repository - b.repository
    );
  }

  #findTargets(requirement: Requirement): readonly number[] {
    const { format, architecture, repositories } = this.problem;
    const found = new Set<number>();
    const own = this.slotNamed(requirement.name);
    if (own >= 0) {
      for (const variable of this.versions[own] as readonly number[]) {
        if (format.satisfies(this.records[variable] as PackageRecord, requirement, architecture)) found.add(variable);
      }
    }
    for (const { index, priority } of repositories) {
      if (priority < 0) continue;
      for (const record of index.providing(requirement.name)) {
        if (!format.satisfies(record, requirement, architecture)) continue;
        this.slotNamed(record.name);
        const variable = this.#variableOfRecord.get(record);
        if (variable !== undefined) found.add(variable);
      }
    }
    const targets = [...found];
    return targets.length < 2 ? targets : targets.sort((a, b) => this.#compareTargets(a, b, own));
  }

  /** apt's order among packages that meet one requirement (CompareProviders of its depcache), on an empty system. */
  #compareTargets(a: number, b: number, own: number): number {
    const x = this.records[a] as PackageRecord;
    const y = this.records[b] as PackageRecord;
    return (
      Number(this.isCandidate(b)) - Number(this.isCandidate(a)) ||
      Number(this.slots[b] === own) - Number(this.slots[a] === own) ||
      Number(y.essential) - Number(x.essential) ||
      Number(y.protected) - Number(x.protected) ||
      priorityRank(x) - priorityRank(y) ||
      this.#compareMention(y.name, x.name) ||
      a - b
    );
  }

  /** Which name the repositories mention first, as a package or in a relation. */
  #compareMention(a: string, b: string): number {
    return rank(this.problem, a) - rank(this.problem, b);
  }

  #readRelations(record: PackageRecord): Relations {
    const positive = this.#clauses(record, positiveKinds);
    const negative = this.#clauses(record, negativeKinds);
    return { positive, negative, hard: positive.filter(({ relation }) => relation.kind !== "recommends").length };
  }

  #clauses(record: PackageRecord, kinds: readonly RelationKind[]): Clause[] {
    const clauses: Clause[] = [];
    for (const kind of kinds) {
      for (const relation of record.relations) {
        if (relation.kind !== kind) continue;
        clauses.push({ relation, needs: relation.anyOf.map((one) => this.need(one)) });
      }
    }
    return clauses;
  }
}

function rank(problem: Problem, name: string): number {
  let base = 0;
  for (const { index } of problem.repositories) {
    const at = index.mentioned?.(name) ?? -1;
    if (at >= 0) return base + at;
    base += 10_000_000;
  }
  return base;
}

function priorityRank({ priority }: PackageRecord): number {
  const at = priorities.indexOf(priority);
  return at < 0 ? priorities.length : at;
}
