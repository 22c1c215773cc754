// Who asked for each package of a solution first: the shortest chain, with hard relations before weak ones.
import type { PackageRecord } from "../packages/contract.ts";
import { isIn, variableOf } from "./clauses.ts";
import type { DnfPool } from "./dnf-pool.ts";
import { clausesOf, type DnfRule } from "./dnf-rules.ts";
import type { Reason } from "./problem.ts";

interface Solved {
  /** Those of requests are first. */
  readonly rules: readonly DnfRule[];
  readonly chosen: readonly number[];
}

/** Of every chosen package that a chain leads to. */
export function reasonsOf(pool: DnfPool, { rules, chosen }: Solved): ReadonlyMap<number, Reason> {
  const isChosen = new Set(chosen);
  const reasons = new Map<number, Reason>();
  const reach = (literals: readonly number[], reason: Reason): void => {
    for (const literal of literals) {
      const variable = variableOf(literal);
      if (literal === isIn(variable) && isChosen.has(variable) && !reasons.has(variable)) reasons.set(variable, reason);
    }
  };
  const needs = new Map<number, DnfRule[]>();
  for (const rule of rules) {
    const { literals, origin } = rule;
    if (origin.kind === "root") reach(literals, origin.reason);
    if (origin.kind !== "needs" || !isChosen.has(origin.variable)) continue;
    const known = needs.get(origin.variable);
    if (known) known.push(rule);
    else needs.set(origin.variable, [rule]);
  }
  /** A map is walked in the order in which it grows. */
  const followNeeds = (): void => {
    for (const variable of reasons.keys()) {
      for (const { literals, origin } of needs.get(variable) ?? []) {
        if (origin.kind !== "needs") continue;
        reach(literals, {
          kind: "relation",
          by: pool.records[variable] as PackageRecord,
          relation: origin.relation,
        });
      }
    }
  };
  followNeeds();
  // What came because others are there may ask for more in its turn.
  for (let before = -1; before < reasons.size; ) {
    before = reasons.size;
    followRecommends(pool, reasons, reach);
    followNeeds();
    for (const variable of chosen) {
      const record = pool.records[variable] as PackageRecord;
      const relation = record.relations.find(({ kind }) => kind === "supplements");
      if (relation) reach([isIn(variable)], { kind: "relation", by: record, relation });
    }
    followNeeds();
  }
  return reasons;
}

function followRecommends(
  pool: DnfPool,
  reasons: ReadonlyMap<number, Reason>,
  reach: (literals: readonly number[], reason: Reason) => void,
): void {
  for (const variable of reasons.keys()) {
    const record = pool.records[variable] as PackageRecord;
    for (const relation of record.relations) {
      if (relation.kind !== "recommends") continue;
      reach(clausesOf(pool, relation).flat(), { kind: "relation", by: record, relation });
    }
  }
}
