// The search as libsolv goes about it: requests first, then what chosen packages require, then what they recommend; of several
// packages the policy's best. What fails teaches a clause. In the end choices are taken back whose other alternative came in
// anyway, so that nothing is there for nothing.
import { DodaiError } from "../core/dodai-error.ts";
import { analyze, clausesOfConflict, highestLevel } from "./analyze.ts";
import { type ClauseRef, Clauses, isIn, isOut, NONE, variableOf } from "./clauses.ts";
import { bestOf, orderOfWeak, withoutWorse } from "./dnf-policy.ts";
import type { DnfPool } from "./dnf-pool.ts";
import type { DnfRule } from "./dnf-rules.ts";
import { startChoice, type WeakChoice } from "./dnf-weak.ts";
import { Propagator } from "./propagate.ts";
import { Trail } from "./trail.ts";

export type DnfOutcome =
  | { readonly kind: "model"; readonly chosen: readonly number[] }
  /** Places of rules that cannot hold together. */
  | { readonly kind: "refuted"; readonly rules: readonly number[] };

export interface SearchOptions {
  /** Requests' rules first, in the order in which they are weighed. */
  readonly rules: readonly DnfRule[];
  /** How many of the rules are requests'. */
  readonly roots: number;
  readonly recommends: boolean;
}

/** Real problems take a few dozen conflicts. */
const MAX_CONFLICTS = 200_000;

/** A decision between several, which may turn out to have been for nothing. */
interface Branch {
  /** Before the decision. */
  readonly level: number;
  readonly choices: readonly number[];
  readonly taken: Set<number>;
}

export function searchAsDnf(pool: DnfPool, options: SearchOptions): DnfOutcome {
  const search = new Search(pool, options);
  search.run();
  return search.outcome();
}

class Search {
  readonly #clauses = new Clauses();
  readonly #trail: Trail;
  readonly #propagator: Propagator;
  readonly #choice: WeakChoice;
  readonly #options: SearchOptions;
  readonly #pool: DnfPool;
  /** Rules of requests, of packages, and what was learned. */
  readonly #refs: ClauseRef[] = [];
  #branches: Branch[] = [];
  #conflicts = 0;
  #steps = 0;
  /** A clause in which nothing can hold, whatever is decided. */
  #refuted: ClauseRef = NONE;

  constructor(pool: DnfPool, options: SearchOptions) {
    this.#pool = pool;
    this.#options = options;
    this.#trail = new Trail(pool.records.length);
    this.#propagator = new Propagator(this.#clauses, this.#trail);
    this.#choice = startChoice(pool, {
      value: (variable) => this.#trail.value(isIn(variable)),
      state: () => this.#steps,
    });
  }

  outcome(): DnfOutcome {
    if (this.#refuted === NONE) {
      const chosen = [...this.#pool.records.keys()].filter((one) => this.#trail.value(isIn(one)) > 0);
      return { kind: "model", chosen };
    }
    const refs = clausesOfConflict(this.#refuted, this.#clauses, this.#trail);
    return { kind: "refuted", rules: refs.map((ref) => this.#clauses.origin(ref)) };
  }

  run(): void {
    this.#attachAll();
    for (let settled = Number.POSITIVE_INFINITY; this.#refuted === NONE; ) {
      const start = this.#trail.level;
      if (start < settled) {
        this.#fulfilRequests();
        if (this.#trail.level < start) continue;
        settled = this.#trail.level;
      }
      const before = this.#trail.level;
      this.#fulfilRules();
      if (this.#trail.level < before || this.#refuted !== NONE) continue;
      if (this.#options.recommends && this.#installWeak()) continue;
      if (!this.#takeBack()) return;
    }
  }

  /** What leaves no choice comes last, and follows from each other only once all is known. */
  #attachAll(): void {
    this.#options.rules.forEach(({ literals }, at) => {
      this.#refs.push(this.#clauses.state([...new Set(literals)], at));
    });
    const { roots } = this.#options;
    const isUnit = (ref: ClauseRef): boolean => this.#clauses.size(ref) === 1;
    const inOrder = [...this.#refs.slice(roots), ...this.#refs.slice(0, roots)];
    for (const ref of [...inOrder.filter((one) => !isUnit(one)), ...inOrder.filter(isUnit)]) {
      const failed = this.#propagator.attach(ref);
      if (failed === NONE) continue;
      this.#refuted = failed;
      return;
    }
    this.#settle(NONE);
  }

  /** Follows what holds; learns until nothing fails. */
  #settle(first: ClauseRef): void {
    this.#steps++;
    for (let conflict = first === NONE ? this.#propagator.run() : first; conflict !== NONE; ) {
      if (highestLevel(conflict, this.#clauses, this.#trail) === 0) {
        this.#refuted = conflict;
        return;
      }
      if (++this.#conflicts > MAX_CONFLICTS) throw tooHard();
      const { literals, level, sources } = analyze(conflict, this.#clauses, this.#trail);
      this.#cancelTo(level);
      const learned = this.#clauses.learn(literals, sources);
      this.#refs.push(learned);
      const failed = this.#propagator.attach(learned);
      conflict = failed === NONE ? this.#propagator.run() : failed;
    }
  }

  #cancelTo(level: number): void {
    this.#trail.cancelTo(level);
    this.#branches = this.#branches.filter((branch) => branch.level < level);
    this.#steps++;
  }

  #assume(variable: number): void {
    this.#trail.decide(isIn(variable));
    this.#settle(NONE);
  }

  /** Decides for the best of the candidates. */
  #select(candidates: readonly number[]): void {
    const best = candidates.length > 1 ? bestOf(candidates, this.#choice) : candidates;
    const [first = 0] = best;
    if (best.length > 1) {
      this.#branches.push({ level: this.#trail.level, choices: best, taken: new Set([first]) });
    }
    this.#assume(first);
  }

  /** The undecided packages that would make a rule hold, in the order of their numbers; none when it holds or is not asked of anyone. */
  #open(ref: ClauseRef): readonly number[] {
    const candidates: number[] = [];
    for (let at = 0; at < this.#clauses.size(ref); at++) {
      const literal = this.#clauses.literal(ref, at);
      const value = this.#trail.value(literal);
      const isNegative = literal === isOut(variableOf(literal));
      if (value > 0 || (isNegative && value === 0)) return [];
      if (value === 0) candidates.push(variableOf(literal));
    }
    return candidates.sort((a, b) => a - b);
  }

  #fulfilRequests(): void {
    const start = this.#trail.level;
    for (let at = 0; at < this.#options.roots && this.#refuted === NONE; ) {
      const candidates = this.#open(this.#refs[at] as ClauseRef);
      const before = this.#trail.level;
      if (candidates.length > 0) this.#select(candidates);
      if (this.#trail.level < start) return;
      if (this.#trail.level < before) at = 0;
      else if (candidates.length === 0 || this.#trail.level > before) at++;
    }
  }

  /** What has one best candidate first; choices wait until nothing else is left. */
  #fulfilRules(): void {
    const start = this.#trail.level;
    let postponed: number | undefined;
    let isLate = false;
    for (let at = 0, quiet = 0; ; at++, quiet++) {
      if (quiet >= this.#refs.length) {
        if (isLate || postponed === undefined) return;
        at = postponed;
        isLate = true;
        quiet = 0;
      }
      if (at >= this.#refs.length) at = 0;
      const candidates = this.#open(this.#refs[at] as ClauseRef);
      if (candidates.length === 0) continue;
      const best = isLate ? candidates : withoutWorse(candidates, this.#choice);
      if (!isLate && best.length > 1) {
        postponed ??= at;
        continue;
      }
      this.#select(best);
      if (this.#refuted !== NONE || this.#trail.level < start) return;
      quiet = -1;
    }
  }

  /** Packages that chosen ones recommend, and that supplement them: those that can be had. False where there are none. */
  #installWeak(): boolean {
    const supplementing = this.#choice.supplementing();
    const chosen = [...this.#pool.records.keys()].filter((one) => this.#trail.value(isIn(one)) > 0);
    const recommended = chosen.flatMap((by) => this.#choice.recommendedBy(by).flat());
    const all = [...new Set([...recommended, ...supplementing])];
    if (all.length === 0) return false;
    if (all.length === 1) {
      this.#assume(all[0] ?? 0);
      return true;
    }
    const best = new Set(withoutWorse(all, this.#choice, { all: true }));
    const before = this.#trail.literals.length;
    const inOrder = supplementing.filter((one) => best.has(one));
    for (const one of inOrder.length > 1 ? orderOfWeak(inOrder, this.#choice) : inOrder) {
      if (this.#trail.value(isIn(one)) !== 0) continue;
      if (!this.#isDeeper(() => this.#assume(one))) return true;
    }
    if (this.#trail.literals.length >= before) this.#installRecommended(best, before);
    return true;
  }

  /** Each recommendation of what was chosen first, in the order in which it was chosen. */
  #installRecommended(best: ReadonlySet<number>, before: number): void {
    for (let at = 0; at < before; at++) {
      const literal = this.#trail.literals[at] as number;
      const variable = variableOf(literal);
      if (literal !== isIn(variable)) continue;
      const { length } = this.#choice.recommendedBy(variable);
      for (let number = 0; number < length; number++) {
        const candidates = this.#choice.recommendedBy(variable)[number]?.filter((one) => best.has(one)) ?? [];
        if (candidates.length === 0) continue;
        if (!this.#isDeeper(() => this.#select(candidates)) || this.#trail.literals.length < before) return;
      }
    }
  }

  /** Whether a decision held: where it did not, decisions before it may have been taken back. */
  #isDeeper(decide: () => void): boolean {
    const { level } = this.#trail;
    decide();
    return this.#refuted === NONE && this.#trail.level > level;
  }

  /**
   * Goes back to the first choice of which another alternative came in anyway, or that left out what is recommended now. False
   * where there is none.
   */
  #takeBack(): boolean {
    const { branch, choice } = this.#branches.map((one) => this.#betterOf(one)).find((one) => one !== undefined) ?? {};
    if (branch === undefined || choice === undefined) return false;
    branch.taken.add(choice);
    this.#cancelTo(branch.level);
    this.#branches = [...this.#branches, branch];
    this.#assume(choice);
    return true;
  }

  #betterOf(branch: Branch): { readonly branch: Branch; readonly choice: number } | undefined {
    const levelOf = (one: number): number =>
      this.#trail.value(isIn(one)) > 0 ? this.#trail.levelOf(isIn(one)) : Number.NEGATIVE_INFINITY;
    const others = branch.choices.filter((one) => !branch.taken.has(one));
    const needless = others.find((one) => levelOf(one) > branch.level);
    if (needless !== undefined) return { branch, choice: needless };
    const recommended = others.find((one) => this.#choice.isRecommended(one));
    if (recommended === undefined) return undefined;
    const now = [...branch.taken].find((one) => levelOf(one) === branch.level + 1);
    if (now === undefined || this.#choice.isRecommended(now)) return undefined;
    return { branch, choice: recommended };
  }
}

function tooHard(): DodaiError {
  return new DodaiError("UNSATISFIABLE", `Cannot find packages to install: gave up after ${MAX_CONFLICTS} conflicts`, {
    fix: "Ask for fewer packages at once, or for exact versions.",
  });
}
