// Why nothing can be installed: rules that cannot hold together, as few as possible, in the words of every solver here.
import { isIn, variableOf } from "./clauses.ts";
import type { DnfPool } from "./dnf-pool.ts";
import type { DnfRule, Excluded } from "./dnf-rules.ts";
import type { Conflict, Offer, Premise } from "./problem.ts";
import { refute, type Statements } from "./refute.ts";

export function explainAsDnf(pool: DnfPool, rules: readonly DnfRule[], refuted: readonly number[]): Conflict {
  const numbers = thinOut(
    rules,
    [...new Set(refuted)].sort((a, b) => a - b),
  );
  const told = inStoryOrder(rules, numbers).map((number) => rules[number] as DnfRule);
  return { kind: "conflict", premises: told.flatMap((rule) => premisesOf(pool, rule)) };
}

/** Leaves out what is not needed, the last first, so that what stays is near the requests. */
function thinOut(rules: readonly DnfRule[], all: readonly number[]): readonly number[] {
  const statements = (numbers: readonly number[]): Statements =>
    new Map(numbers.map((number) => [number, [rules[number]?.literals ?? []]]));
  let left = all;
  for (const number of all.toReversed()) {
    if (!left.includes(number)) continue;
    const core = refute(statements(left.filter((one) => one !== number)));
    if (core !== undefined) left = left.filter((one) => core.has(one));
  }
  return left;
}

/** Each request, then what its packages say, and so on. */
function inStoryOrder(rules: readonly DnfRule[], numbers: readonly number[]): readonly number[] {
  const told = new Set<number>();
  const tell = (number: number): void => {
    if (told.has(number)) return;
    told.add(number);
    const leadsTo = new Set(
      rules[number]?.literals.filter((literal) => literal === isIn(variableOf(literal))).map(variableOf),
    );
    for (const next of numbers) {
      const origin = rules[next]?.origin;
      if (origin && "variable" in origin && leadsTo.has(origin.variable)) tell(next);
    }
  };
  for (const number of numbers) if (rules[number]?.origin.kind === "root") tell(number);
  return [...told, ...numbers.filter((number) => !told.has(number))];
}

function premisesOf(pool: DnfPool, { literals, origin }: DnfRule): readonly Premise[] {
  const candidates = literals.filter((one) => one === isIn(variableOf(one))).map((one) => pool.offer(variableOf(one)));
  switch (origin.kind) {
    case "root":
      return [{ kind: "root", reason: origin.reason, name: origin.name }, ...exclusionsOf(origin.excluded)];
    case "needs": {
      const { variable, relation } = origin;
      const others =
        candidates.length > 0
          ? []
          : otherVersions(
              pool,
              relation.anyOf.map(({ name }) => name),
            );
      const needs: Premise = { kind: "needs", offer: pool.offer(variable), relation, candidates, others };
      return candidates.length > 0
        ? [needs]
        : [needs, ...relation.anyOf.flatMap((one) => exclusionsOf(pool.excluded(one)))];
    }
    case "refuses":
      return [
        {
          kind: "refuses",
          offer: pool.offer(origin.variable),
          relation: origin.relation,
          others: [pool.offer(origin.other)],
        },
      ];
    case "one-version": {
      const offers = [pool.offer(origin.a), pool.offer(origin.b)];
      return [{ kind: "one-version", name: offers[0]?.record.name ?? "", offers }];
    }
  }
}

function exclusionsOf(excluded: readonly Excluded[]): readonly Premise[] {
  const byRequest = Map.groupBy(excluded, ({ request }) => request);
  return [...byRequest].map(([request, all]) => ({ kind: "exclude", request, offers: all.map(({ offer }) => offer) }));
}

function otherVersions({ problem }: DnfPool, names: readonly string[]): readonly Offer[] {
  return names.flatMap((name) =>
    problem.repositories.flatMap(({ name: repository, index }) =>
      index.named(name).map((record) => ({ record, repository })),
    ),
  );
}
