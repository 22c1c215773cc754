// The search as libsolv goes about it: requests first, then what chosen packages require, then what they recommend; of several
// packages the policy's best. What fails teaches a clause. In the end choices are taken back whose other alternative came in
// anyway, so that nothing is there for nothing.
import { DodaiError } from "../core/dodai-error.ts";
import type { PackageRecord, Relation, RelationKind } from "../packages/contract.ts";
import { analyze, clausesOfConflict, highestLevel } from "./analyze.ts";
import { type ClauseRef, Clauses, isIn, isOut, NONE, variableOf } from "./clauses.ts";
import { bestOf, type Choice, orderOfWeak } from "./dnf-policy.ts";
import type { DnfPool } from "./dnf-pool.ts";
import { clausesOf, type DnfRule } from "./dnf-rules.ts";
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
  readonly level: number;
  readonly others: readonly number[];
}

export function searchAsDnf(pool: DnfPool, options: SearchOptions): DnfOutcome {
  const clauses = new Clauses();
  const trail = new Trail(pool.records.length);
  const propagator = new Propagator(clauses, trail);
  const { rules, roots } = options;
  const refs = rules.map(({ literals }, at) => clauses.state([...new Set(literals)], at));
  let branches: Branch[] = [];
  let conflicts = 0;
  const isChosen = (variable: number): boolean => trail.value(isIn(variable)) > 0;
  const choice = startChoice(pool, { isChosen, state: () => `${conflicts} ${trail.literals.length}` });

  /** Follows what holds; learns until nothing fails. The answer is a conflict that no decision is to blame for, else NONE. */
  function settle(first: ClauseRef): ClauseRef {
    for (let conflict = first === NONE ? propagator.run() : first; conflict !== NONE; ) {
      if (highestLevel(conflict, clauses, trail) === 0) return conflict;
      if (++conflicts > MAX_CONFLICTS) throw tooHard();
      const { literals, level, sources } = analyze(conflict, clauses, trail);
      trail.cancelTo(level);
      branches = branches.filter((branch) => branch.level <= level);
      const failed = propagator.attach(clauses.learn(literals, sources));
      conflict = failed === NONE ? propagator.run() : failed;
    }
    return NONE;
  }

  function decide(best: readonly number[]): ClauseRef {
    const [first = 0, ...others] = best;
    trail.decide(isIn(first));
    if (others.length > 0) branches.push({ level: trail.level, others });
    return settle(NONE);
  }

  /** The undecided packages that would make a rule hold; `undefined` when it holds or is not asked of anyone. */
  function open(ref: ClauseRef): readonly number[] | undefined {
    const candidates: number[] = [];
    for (let at = 0; at < clauses.size(ref); at++) {
      const literal = clauses.literal(ref, at);
      const value = trail.value(literal);
      if (value > 0) return undefined;
      if (literal === isOut(variableOf(literal))) {
        if (value === 0) return undefined;
      } else if (value === 0) candidates.push(variableOf(literal));
    }
    return candidates.length === 0 ? undefined : candidates;
  }

  /** Decides rules of a range until all hold. */
  function fulfil(start: number, end: number): ClauseRef {
    for (let at = start, quiet = 0; quiet < end - start; ) {
      const candidates = open(refs[at] as ClauseRef);
      quiet++;
      if (candidates !== undefined) {
        const failed = decide(
          bestOf(
            candidates.toSorted((a, b) => a - b),
            choice,
          ),
        );
        if (failed !== NONE) return failed;
        quiet = 0;
      }
      at = at + 1 < end ? at + 1 : start;
    }
    return NONE;
  }

  /** Packages that chosen ones recommend, and that supplement them: those that can be had. */
  function weak(): number {
    const wanted = choice.weak().filter((variable) => trail.value(isIn(variable)) === 0);
    if (wanted.length === 0) return -1;
    const recommended = wanted.filter((variable) => choice.isAskedFor(variable));
    return (recommended.length > 0 ? firstAsked(recommended) : orderOfWeak(wanted, choice)[0]) ?? -1;
  }

  function firstAsked(recommended: readonly number[]): number | undefined {
    for (const relation of choice.unmet()) {
      const candidates = relation.filter((variable) => recommended.includes(variable));
      if (candidates.length > 0) return bestOf(candidates, choice)[0];
    }
    return undefined;
  }

  /** A choice that was for nothing: another of its alternatives is there as well. */
  function needless(): Branch | undefined {
    return branches.findLast(({ others, level }) =>
      others.some((one) => isChosen(one) && trail.levelOf(isIn(one)) >= level),
    );
  }

  function run(): ClauseRef {
    for (const ref of refs) {
      const failed = settle(propagator.attach(ref));
      if (failed !== NONE) return failed;
    }
    for (;;) {
      const failed = fulfilAll();
      if (failed !== NONE) return failed;
      const next = options.recommends ? weak() : -1;
      if (next >= 0) {
        const after = decide([next]);
        if (after !== NONE) return after;
        continue;
      }
      const branch = needless();
      if (branch !== undefined) {
        const chosen = branch.others.filter((one) => isChosen(one) && trail.levelOf(isIn(one)) >= branch.level);
        trail.cancelTo(branch.level - 1);
        branches = branches.filter((one) => one.level < branch.level);
        const again = decide([chosen[0] as number]);
        if (again !== NONE) return again;
        continue;
      }
      return NONE;
    }
  }

  function fulfilAll(): ClauseRef {
    for (;;) {
      const before = conflicts;
      const failed = fulfil(0, roots);
      if (failed !== NONE) return failed;
      const deep = fulfil(roots, refs.length);
      if (deep !== NONE) return deep;
      // Learning may have undone a request.
      if (before === conflicts) return NONE;
    }
  }

  const failed = run();
  if (failed !== NONE) {
    return { kind: "refuted", rules: clausesOfConflict(failed, clauses, trail).map((ref) => clauses.origin(ref)) };
  }
  return { kind: "model", chosen: [...pool.records.keys()].filter(isChosen) };
}

interface WeakChoice extends Choice {
  /** Packages that are recommended by chosen ones or supplement them, where nothing meets the relation yet. */
  weak(): readonly number[];
  isAskedFor(variable: number): boolean;
  /** Providers of each recommendation that is not met. */
  unmet(): readonly (readonly number[])[];
}

interface ChoiceOptions {
  isChosen(variable: number): boolean;
  /** Another text whenever something else is chosen. */
  state(): string;
}

function startChoice(pool: DnfPool, { isChosen, state }: ChoiceOptions): WeakChoice {
  const ofKind = (variable: number, kind: RelationKind): readonly Relation[] =>
    (pool.records[variable] as PackageRecord).relations.filter((one) => one.kind === kind);
  const holds = (literal: number): boolean => isChosen(variableOf(literal)) === (literal === isIn(variableOf(literal)));
  const isMet = (relation: Relation): boolean => clausesOf(pool, relation).every((clause) => clause.some(holds));
  /** Packages that would help to meet a relation; none where a part of it can never be met. */
  const wanted = (relation: Relation): readonly number[] => {
    const all = clausesOf(pool, relation);
    if (all.some((clause) => clause.length === 0)) return [];
    return all
      .filter((clause) => !clause.some((literal) => literal !== isIn(variableOf(literal)) && holds(literal)))
      .flatMap((clause) => clause.filter((literal) => literal === isIn(variableOf(literal))).map(variableOf));
  };
  const all = [...pool.records.keys()];
  const withKind = new Map<RelationKind, readonly number[]>();
  /** Packages that have relations of a kind: few of them have weak ones. */
  const having = (kind: RelationKind): readonly number[] => {
    const known = withKind.get(kind) ?? all.filter((variable) => ofKind(variable, kind).length > 0);
    withKind.set(kind, known);
    return known;
  };
  const remembered = new Map<string, unknown>();
  let at = "";
  const once = <Value>(name: string, find: () => Value): Value => {
    if (at !== state()) remembered.clear();
    at = state();
    const known = remembered.get(name) as Value | undefined;
    if (known !== undefined) return known;
    const found = find();
    remembered.set(name, found);
    return found;
  };
  const asked = (kind: "recommends" | "suggests"): ReadonlySet<number> =>
    once(
      kind,
      () =>
        new Set(
          having(kind)
            .filter(isChosen)
            .flatMap((by) => ofKind(by, kind).flatMap(wanted)),
        ),
    );
  const supplements = (variable: number, kind: "supplements" | "enhances"): boolean =>
    ofKind(variable, kind).some(isMet);
  const unmet = (): readonly (readonly number[])[] =>
    once("unmet", () =>
      having("recommends")
        .filter(isChosen)
        .flatMap((by) => ofKind(by, "recommends").filter((one) => !isMet(one)))
        .map(wanted),
    );
  return {
    pool,
    isRecommended: (variable) => supplements(variable, "supplements") || asked("recommends").has(variable),
    isSuggested: (variable) => supplements(variable, "enhances") || asked("suggests").has(variable),
    weak: () => {
      const more = having("supplements").filter((one) => !isChosen(one) && supplements(one, "supplements"));
      return [...new Set([...unmet().flat(), ...more])];
    },
    isAskedFor: (variable) => unmet().some((list) => list.includes(variable)),
    unmet,
  };
}

function tooHard(): DodaiError {
  return new DodaiError("UNSATISFIABLE", `Cannot find packages to install: gave up after ${MAX_CONFLICTS} conflicts`, {
    fix: "Ask for fewer packages at once, or for exact versions.",
  });
}
