// From "it does not work" to why: the statements from which the contradiction was derived, thinned out until leaving out any
// one of them would let the others hold together.
import { clausesOfConflict } from "./analyze.ts";
import { isIn, variableOf } from "./clauses.ts";
import type { Origin } from "./encode.ts";
import type { Conflict, Offer, Premise } from "./problem.ts";
import { refute, type Statements } from "./refute.ts";
import type { Outcome } from "./search.ts";
import type { Universe } from "./universe.ts";

type Refuted = Outcome & { readonly kind: "refuted" };

/** A smallest set of statements that cannot hold together, as premises. */
export function explain(universe: Universe, refuted: Refuted): Conflict {
  const statements = thinOut(statementsOf(refuted));
  const told = inStoryOrder(statements, refuted);
  return { kind: "conflict", premises: told.map((number) => premiseOf(universe, statements, refuted, number)) };
}

function statementsOf({ conflict, clauses, trail }: Refuted): Statements {
  const statements = new Map<number, number[][]>();
  for (const clause of clausesOfConflict(conflict, clauses, trail)) {
    const literals = Array.from({ length: clauses.size(clause) }, (_, at) => clauses.literal(clause, at));
    const lists = statements.get(clauses.origin(clause));
    if (lists === undefined) statements.set(clauses.origin(clause), [literals]);
    else lists.push(literals);
  }
  return new Map([...statements].sort(([a], [b]) => a - b));
}

/** Leaves out what is not needed, the statement that was made last first, so that what stays is near the requests. */
function thinOut(all: Statements): Statements {
  let statements = new Map(all);
  for (const number of [...all.keys()].reverse()) {
    if (!statements.has(number)) continue;
    const rest = new Map(statements);
    rest.delete(number);
    const core = refute(rest);
    if (core !== undefined) statements = new Map([...rest].filter(([one]) => core.has(one)));
  }
  return statements;
}

/** Every request followed by what its packages lead to; then what was forbidden and what can only be there once. */
function inStoryOrder(statements: Statements, { encoder }: Refuted): readonly number[] {
  const told = new Set<number>();
  const originOf = (number: number): Origin => encoder.origins[number] as Origin;
  const numbers = [...statements.keys()];
  const tell = (number: number): void => {
    if (told.has(number)) return;
    told.add(number);
    const leadsTo = targetsOf(statements, originOf(number), number);
    for (const next of numbers) {
      const origin = originOf(next);
      if ((origin.kind === "needs" || origin.kind === "refuses") && leadsTo.has(origin.variable)) tell(next);
    }
  };
  for (const number of numbers) if (originOf(number).kind === "root") tell(number);
  return [...told, ...numbers.filter((number) => !told.has(number))];
}

/** The variables of which a statement wants one. */
function targetsOf(statements: Statements, origin: Origin, number: number): ReadonlySet<number> {
  if (origin.kind !== "root" && origin.kind !== "needs") return new Set();
  const literals = (statements.get(number) ?? []).flat();
  return new Set(literals.filter((literal) => literal === isIn(variableOf(literal))).map(variableOf));
}

function premiseOf(universe: Universe, statements: Statements, { encoder }: Refuted, number: number): Premise {
  const origin = encoder.origins[number] as Origin;
  const variables = [...new Set((statements.get(number) ?? []).flat().map(variableOf))].sort((a, b) => a - b);
  const offersOf = (some: readonly number[]): Offer[] => some.map((one) => universe.offer(one));
  switch (origin.kind) {
    case "root":
      return origin;
    case "exclude":
      return { ...origin, offers: offersOf(variables) };
    case "needs": {
      const { relation, needs } = origin.clause;
      const inOrder = new Set(needs.flatMap((need) => universe.targets(need)));
      const candidates = offersOf([...inOrder]);
      const others = candidates.length > 0 ? [] : relation.anyOf.flatMap(({ name }) => nearMisses(universe, name));
      return { kind: "needs", offer: universe.offer(origin.variable), relation, candidates, others };
    }
    case "refuses": {
      const others = offersOf(variables.filter((one) => one !== origin.variable));
      return { kind: "refuses", offer: universe.offer(origin.variable), relation: origin.clause.relation, others };
    }
    case "one-version": {
      const inOrder = (universe.versions[origin.slot] ?? []).filter((one) => variables.includes(one));
      return { kind: "one-version", name: offersOf(inOrder)[0]?.record.name ?? "", offers: offersOf(inOrder) };
    }
  }
}

/** What is on offer under a name, whatever its version, and even where its repository is never to be used. */
export function nearMisses(universe: Universe, name: string): readonly Offer[] {
  const slot = universe.slotNamed(name);
  const usable = slot < 0 ? [] : (universe.versions[slot] ?? []).map((variable) => universe.offer(variable));
  const unusable = universe.problem.repositories.flatMap(({ name: repository, priority, index }) =>
    priority >= 0
      ? []
      : index.named(name).map((record) => ({ record, repository: `${repository} with priority ${priority}` })),
  );
  return [...usable, ...unusable];
}
