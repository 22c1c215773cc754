// A small solver for a handful of clauses, to find out whether they can hold together.
import { analyze, clausesOfConflict, highestLevel } from "./analyze.ts";
import { type ClauseRef, Clauses, isOut, NONE, variableOf } from "./clauses.ts";
import { Propagator } from "./propagate.ts";
import { Trail } from "./trail.ts";

/** Clauses as lists of literals, by the number of the statement that makes them. */
export type Statements = ReadonlyMap<number, readonly (readonly number[])[]>;

/** Past this many conflicts, statements count as possible. Real ones take a handful. */
const MAX_CONFLICTS = 5_000;

/** The statements, maybe not all, that cannot hold together; undefined when all can. */
export function refute(statements: Statements): ReadonlySet<number> | undefined {
  const clauses = new Clauses();
  const stated = stateRenamed(statements, clauses);
  const trail = new Trail(stated.variables);
  const propagator = new Propagator(clauses, trail);
  const originsOf = (conflict: ClauseRef): ReadonlySet<number> =>
    new Set(clausesOfConflict(conflict, clauses, trail).map((clause) => clauses.origin(clause)));
  for (const clause of stated.clauses) {
    if (propagator.attach(clause) !== NONE) return originsOf(clause);
  }
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; ) {
    const conflict = propagator.run();
    if (conflict === NONE) {
      const open = firstOpen(trail);
      if (open < 0) return undefined;
      trail.decide(isOut(open));
      continue;
    }
    conflicts++;
    if (highestLevel(conflict, clauses, trail) === 0) return originsOf(conflict);
    const { literals, level, sources } = analyze(conflict, clauses, trail);
    trail.cancelTo(level);
    propagator.attach(clauses.learn(literals, sources));
  }
  return undefined;
}

/** States the clauses with variables counted from 0. */
function stateRenamed(statements: Statements, clauses: Clauses): { variables: number; clauses: ClauseRef[] } {
  const numbers = new Map<number, number>();
  const small = (literal: number): number => {
    const variable = variableOf(literal);
    const known = numbers.get(variable) ?? numbers.size;
    numbers.set(variable, known);
    return (known << 1) | (literal & 1);
  };
  const refs: ClauseRef[] = [];
  for (const [origin, lists] of statements) {
    for (const literals of lists) refs.push(clauses.state(literals.map(small), origin));
  }
  return { variables: numbers.size, clauses: refs };
}

function firstOpen(trail: Trail): number {
  for (let variable = 0; variable < trail.variables; variable++) {
    if (trail.value(isOut(variable)) === 0) return variable;
  }
  return -1;
}
