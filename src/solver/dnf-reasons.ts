// Who asked for each package of a solution first: the shortest chain, with hard relations before weak ones.
import type { PackageRecord, RelationKind } from "../packages/contract.ts";
import { isIn, variableOf } from "./clauses.ts";
import type { DnfPool } from "./dnf-pool.ts";
import { clausesOf, type DnfRule } from "./dnf-rules.ts";
import type { Reason } from "./problem.ts";

/** Of every chosen package that a chain leads to. */
export function reasonsOf(
  pool: DnfPool,
  roots: readonly DnfRule[],
  chosen: readonly number[],
): ReadonlyMap<number, Reason> {
  const isChosen = new Set(chosen);
  const reasons = new Map<number, Reason>();
  const reach = (variable: number, reason: Reason): void => {
    if (isChosen.has(variable) && !reasons.has(variable)) reasons.set(variable, reason);
  };
  for (const { literals, origin } of roots) {
    if (origin.kind !== "root") continue;
    for (const literal of literals)
      if (literal === isIn(variableOf(literal))) reach(variableOf(literal), origin.reason);
  }
  follow(pool, reasons, { kind: "depends", reach });
  // What came because others are there may ask for more in its turn.
  for (let before = -1; before < reasons.size; ) {
    before = reasons.size;
    follow(pool, reasons, { kind: "recommends", reach });
    follow(pool, reasons, { kind: "depends", reach });
    for (const variable of chosen) {
      const record = pool.records[variable] as PackageRecord;
      const relation = record.relations.find(({ kind }) => kind === "supplements");
      if (relation) reach(variable, { kind: "relation", by: record, relation });
    }
    follow(pool, reasons, { kind: "depends", reach });
  }
  return reasons;
}

interface Follow {
  readonly kind: RelationKind;
  reach(variable: number, reason: Reason): void;
}

/** A map is walked in the order in which it grows. */
function follow(pool: DnfPool, reasons: ReadonlyMap<number, Reason>, { kind, reach }: Follow): void {
  for (const variable of reasons.keys()) {
    const record = pool.records[variable] as PackageRecord;
    for (const relation of record.relations) {
      if (relation.kind !== kind) continue;
      for (const literal of clausesOf(pool, relation).flat()) {
        if (literal === isIn(variableOf(literal)))
          reach(variableOf(literal), { kind: "relation", by: record, relation });
      }
    }
  }
}
