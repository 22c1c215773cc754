// What chosen packages would like to have beside them: recommendations and suggestions, and packages that supplement or enhance
// what is there. None of them is a rule: they decide between candidates, and what comes in once all rules hold.
import type { PackageRecord, Relation, RelationKind } from "../packages/contract.ts";
import { isIn, variableOf } from "./clauses.ts";
import type { Choice } from "./dnf-policy.ts";
import type { DnfPool } from "./dnf-pool.ts";
import { clausesOf } from "./dnf-rules.ts";

export interface WeakChoice extends Choice {
  /** Packages that a chosen one's recommendations still lack, by the recommendation; those that are not open are left out. */
  recommendedBy(variable: number): readonly (readonly number[])[];
  /** Open packages that supplement chosen ones. */
  supplementing(): readonly number[];
}

export interface WeakOptions {
  /** Above zero for a chosen package, below for one that is out. */
  value(variable: number): number;
  /** Another number whenever something else is chosen. */
  state(): number;
}

export function startChoice(pool: DnfPool, { value, state }: WeakOptions): WeakChoice {
  const isChosen = (variable: number): boolean => value(variable) > 0;
  const ofKind = (variable: number, kind: RelationKind): readonly Relation[] =>
    (pool.records[variable] as PackageRecord).relations.filter((one) => one.kind === kind);
  const isPositive = (literal: number): boolean => literal === isIn(variableOf(literal));
  const holds = (literal: number): boolean => isChosen(variableOf(literal)) === isPositive(literal);
  const isMet = (relation: Relation): boolean => clausesOf(pool, relation).every((clause) => clause.some(holds));
  /** Packages that could meet a part of the relation; none where another part can never be met. */
  const wanted = (relation: Relation): readonly number[] => {
    const all = clausesOf(pool, relation);
    if (all.some((clause) => clause.length === 0)) return [];
    return all
      .filter((clause) => !clause.some((literal) => !isPositive(literal) && holds(literal)))
      .flatMap((clause) => clause.filter(isPositive).map(variableOf));
  };
  const lacking = (relation: Relation): readonly number[] => {
    const all = clausesOf(pool, relation);
    if (all.some((clause) => clause.length === 0)) return [];
    const open = all
      .filter((clause) => !clause.some(holds))
      .flatMap((clause) => clause.filter(isPositive).map(variableOf));
    return [...new Set(open)].filter((variable) => value(variable) === 0);
  };
  const all = [...pool.records.keys()];
  const withKind = new Map<RelationKind, readonly number[]>();
  /** Packages that have relations of a kind: few of them have weak ones. */
  const having = (kind: RelationKind): readonly number[] => {
    const known = withKind.get(kind) ?? all.filter((variable) => ofKind(variable, kind).length > 0);
    withKind.set(kind, known);
    return known;
  };
  const remembered = new Map<string, ReadonlySet<number>>();
  let at = -1;
  const asked = (kind: "recommends" | "suggests"): ReadonlySet<number> => {
    if (at !== state()) remembered.clear();
    at = state();
    const known =
      remembered.get(kind) ??
      new Set(
        having(kind)
          .filter(isChosen)
          .flatMap((by) => ofKind(by, kind).flatMap(wanted)),
      );
    remembered.set(kind, known);
    return known;
  };
  const supplements = (variable: number, kind: "supplements" | "enhances"): boolean =>
    ofKind(variable, kind).some(isMet);
  return {
    pool,
    isRecommended: (variable) => asked("recommends").has(variable) || supplements(variable, "supplements"),
    isSuggested: (variable) => asked("suggests").has(variable) || supplements(variable, "enhances"),
    recommendedBy: (variable) => ofKind(variable, "recommends").map(lacking),
    supplementing: () => {
      const open = having("supplements").filter((one) => value(one) === 0 && supplements(one, "supplements"));
      // One architecture of what comes by itself is enough.
      return open.filter((one) => !pool.named(pool.records[one]?.name ?? "").some((other) => isChosen(other)));
    },
  };
}
