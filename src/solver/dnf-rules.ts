// What packages say as clauses: libsolv's package rules. A boolean relation becomes the clauses of its conjunctive normal form.
import type { PackageRecord, Relation, RichRelation } from "../packages/contract.ts";
import { isIn, isOut, negated, variableOf } from "./clauses.ts";
import type { DnfPool } from "./dnf-pool.ts";
import type { Offer, Reason, SolverRequest } from "./problem.ts";

/** A package that a request keeps out. */
export interface Excluded {
  readonly offer: Offer;
  readonly request: SolverRequest;
}

/** Why a clause is there. */
export type DnfOrigin =
  | {
      readonly kind: "root";
      readonly reason: Reason & { readonly kind: "request" };
      readonly name: string;
      /** What was taken away of what could have met it. */
      readonly excluded: readonly Excluded[];
    }
  | { readonly kind: "needs"; readonly variable: number; readonly relation: Relation }
  | { readonly kind: "refuses"; readonly variable: number; readonly relation: Relation; readonly other: number }
  | { readonly kind: "one-version"; readonly a: number; readonly b: number };

export interface DnfRule {
  readonly literals: readonly number[];
  readonly origin: DnfOrigin;
}

/** A relation as clauses that do not fit in memory is one that was made for that. */
const MAX_CLAUSES = 20_000;

/**
 * All rules of the packages in the pool: of each package what it requires, then what it refuses, the last package first; and in
 * the end which architectures are good enough. Names in `settled` are asked for as they are.
 */
export function packageRules(pool: DnfPool, settled: ReadonlySet<string>): readonly DnfRule[] {
  const rules: DnfRule[] = [];
  for (let variable = pool.records.length - 1; variable >= 0; variable--) {
    const record = pool.records[variable] as PackageRecord;
    rules.push(...record.relations.flatMap((relation) => relationRules(pool, variable, relation)).sort(compareRules));
    for (const other of pool.named(record.name)) {
      if (other >= variable || pool.areApart(variable, other)) continue;
      rules.push({ literals: [isOut(variable), isOut(other)], origin: { kind: "one-version", a: variable, b: other } });
    }
  }
  return [...rules, ...architectureRules(pool, settled)];
}

/** By their packages: with those of lower numbers first. */
function compareRules({ literals: a }: DnfRule, { literals: b }: DnfRule): number {
  for (let at = 1; at < Math.min(a.length, b.length); at++) {
    const [one, other] = [orderOf(a[at] ?? 0), orderOf(b[at] ?? 0)];
    if (one !== other) return one - other;
  }
  return a.length - b.length;
}

/** What is refused before what is wanted. */
const orderOf = (literal: number): number =>
  literal === isIn(variableOf(literal)) ? variableOf(literal) : -1 - variableOf(literal);

/**
 * libsolv's infarch rules: where a package is there for a better architecture, that of a worse one comes only beside the same
 * version of the better.
 */
function architectureRules(pool: DnfPool, settled: ReadonlySet<string>): readonly DnfRule[] {
  const { records } = pool;
  const names = new Set(
    [...records.keys()].filter((one) => (pool.rank(one) ?? 0) > 0).map((one) => records[one]?.name ?? ""),
  );
  return [...names].flatMap((name): DnfRule[] => {
    if (settled.has(name)) return [];
    const all = pool.named(name);
    const best = Math.min(...all.map((one) => pool.rank(one) ?? Number.POSITIVE_INFINITY));
    return all
      .filter((one) => (pool.rank(one) ?? best) !== best)
      .map((variable): DnfRule => {
        const { version, architecture } = records[variable] as PackageRecord;
        const beside = all.filter((one) => {
          const rank = pool.rank(one) ?? best;
          return rank === best && records[one]?.version === version && records[one]?.architecture !== architecture;
        });
        const better = records[all.find((one) => pool.rank(one) === best) ?? variable]?.architecture ?? "";
        const wanted = { name, constraint: { operator: "=", version }, architecture: better } as const;
        const relation: Relation = { kind: "depends", anyOf: [wanted] };
        return { literals: [isOut(variable), ...beside.map(isIn)], origin: { kind: "needs", variable, relation } };
      });
  });
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
    .filter((other) => other !== variable && (pool.records[other]?.name !== name || pool.areApart(variable, other)))
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
