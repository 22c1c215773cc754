// What packages say as clauses: libsolv's package rules. A boolean relation becomes the clauses of its conjunctive normal form.
import type { PackageRecord, Relation, RichRelation } from "../packages/contract.ts";
import { isIn, isOut, negated } from "./clauses.ts";
import type { DnfPool } from "./dnf-pool.ts";
import type { Reason } from "./problem.ts";

/** Why a clause is there. */
export type DnfOrigin =
  | { readonly kind: "root"; readonly reason: Reason & { readonly kind: "request" | "flag" }; readonly name: string }
  | { readonly kind: "needs"; readonly variable: number; readonly relation: Relation }
  | { readonly kind: "refuses"; readonly variable: number; readonly relation: Relation; readonly other: number }
  | { readonly kind: "one-version"; readonly a: number; readonly b: number };

export interface DnfRule {
  readonly literals: readonly number[];
  readonly origin: DnfOrigin;
}

/** A relation as clauses that do not fit in memory is one that was made for that. */
const MAX_CLAUSES = 20_000;

/** All rules of the packages in the pool: of each package what it requires, then what it refuses, the last package first. */
export function packageRules(pool: DnfPool): readonly DnfRule[] {
  const rules: DnfRule[] = [];
  for (let variable = pool.records.length - 1; variable >= 0; variable--) {
    const record = pool.records[variable] as PackageRecord;
    for (const relation of record.relations) rules.push(...relationRules(pool, variable, relation));
    for (const other of pool.named(record.name)) {
      if (other >= variable) continue;
      rules.push({ literals: [isOut(variable), isOut(other)], origin: { kind: "one-version", a: variable, b: other } });
    }
  }
  return rules;
}

function relationRules(pool: DnfPool, variable: number, relation: Relation): readonly DnfRule[] {
  switch (relation.kind) {
    case "depends":
      return clausesOf(pool, relation).map((literals) => ({
        literals: [isOut(variable), ...literals],
        origin: { kind: "needs", variable, relation },
      }));
    case "conflicts":
      return conflictRules(pool, variable, relation);
    case "obsoletes":
      return refusals(pool, variable, relation, obsoleted(pool, relation));
    default:
      return [];
  }
}

function conflictRules(pool: DnfPool, variable: number, relation: Relation): readonly DnfRule[] {
  if (!relation.rich) {
    return refusals(
      pool,
      variable,
      relation,
      relation.anyOf.flatMap((one) => pool.providers(one)),
    );
  }
  // A package that would refuse itself alone does not.
  const isOwn = (literals: readonly number[]): boolean => literals.length === 1 && literals[0] === isOut(variable);
  return normalForm(pool, relation.rich, "not")
    .filter((literals) => !isOwn(literals))
    .map((literals) => ({
      literals: [isOut(variable), ...literals],
      origin: { kind: "needs", variable, relation },
    }));
}

/** A package never refuses itself, and other versions of it are refused anyway. */
function refusals(pool: DnfPool, variable: number, relation: Relation, others: readonly number[]): readonly DnfRule[] {
  const { name } = pool.records[variable] as PackageRecord;
  return others
    .filter((other) => other !== variable && pool.records[other]?.name !== name)
    .map((other) => ({
      literals: [isOut(variable), isOut(other)],
      origin: { kind: "refuses", variable, relation, other },
    }));
}

/** Packages are obsoleted by their own name, not by what they provide. */
function obsoleted(pool: DnfPool, { anyOf }: Relation): readonly number[] {
  const { format, architecture } = pool.problem;
  return anyOf.flatMap((requirement) =>
    pool.named(requirement.name).filter((other) => {
      const record = { ...(pool.records[other] as PackageRecord), provides: [] };
      return format.satisfies(record, requirement, architecture);
    }),
  );
}

/** Each of the lists has a literal that must hold for the relation to be met. */
export function clausesOf(pool: DnfPool, { anyOf, rich }: Relation): readonly (readonly number[])[] {
  return rich ? normalForm(pool, rich, "is") : [anyOf.flatMap((one) => pool.providers(one)).map(isIn)];
}

type Clauses = readonly (readonly number[])[];

/** rpm's boolean_dependencies.md; `unless` as libsolv has it: the first holds and the condition does not. */
function normalForm(pool: DnfPool, rich: RichRelation, sense: "is" | "not"): Clauses {
  const is = (one: RichRelation): Clauses => normalForm(pool, one, sense);
  const other = (one: RichRelation): Clauses => normalForm(pool, one, sense === "is" ? "not" : "is");
  const all = sense === "is" ? both : either;
  const any = sense === "is" ? either : both;
  switch (rich.kind) {
    case "name":
    case "with":
    case "without": {
      const literals = matching(pool, rich).map(isIn);
      return sense === "is" ? [literals] : literals.map((literal) => [negated(literal)]);
    }
    case "and":
      return rich.parts.map(is).reduce(all);
    case "or":
      return rich.parts.map(is).reduce(any);
    case "if": {
      const first = any(is(rich.wanted), other(rich.condition));
      return rich.otherwise ? all(first, any(is(rich.otherwise), is(rich.condition))) : first;
    }
    case "unless": {
      const first = all(is(rich.wanted), other(rich.condition));
      return rich.otherwise ? any(first, all(is(rich.otherwise), is(rich.condition))) : first;
    }
  }
}

const both = (a: Clauses, b: Clauses): Clauses => [...a, ...b];

function either(a: Clauses, b: Clauses): Clauses {
  if (a.length * b.length > MAX_CLAUSES) throw new Error("A boolean relation has too many cases");
  return a.flatMap((one) => b.map((two) => [...new Set([...one, ...two])]));
}

/** Packages that are what the relation asks for by themselves. */
function matching(pool: DnfPool, rich: RichRelation): readonly number[] {
  if (rich.kind === "name") return pool.providers(rich.requirement);
  if (rich.kind !== "with" && rich.kind !== "without") return [];
  const [first = [], ...rest] = rich.parts.map((part) => new Set(matching(pool, part)));
  const isWanted = rich.kind === "with";
  return [...first].filter((variable) => rest.every((set) => set.has(variable) === isWanted));
}
