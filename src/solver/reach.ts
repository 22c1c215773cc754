// Which packages of a set anyone in it asks for, and who did first. What nobody asks for does not belong in the result.
import type { Reason } from "./problem.ts";
import type { Universe } from "./universe.ts";

/** A variable that must be there, and the request or flag that says so. */
export interface Root {
  readonly variable: number;
  readonly reason: Reason & { readonly kind: "request" | "flag" };
}

/**
 * The variables that a chain of relations leads to from the roots, within those that are `chosen`, with the reason of each.
 * Every alternative that is there counts as asked for, as it does for apt's autoremove. Chains of hard relations are
 * followed first, so a package is only said to be recommended when nothing depends on it.
 */
export function reachable(
  universe: Universe,
  roots: readonly Root[],
  chosen: (variable: number) => boolean,
): ReadonlyMap<number, Reason> {
  const reasons = new Map<number, Reason>();
  const queue: number[] = [];
  const soft: { variable: number; reason: Reason }[] = [];
  const reach = (variable: number, reason: Reason): void => {
    if (reasons.has(variable) || !chosen(variable)) return;
    reasons.set(variable, reason);
    queue.push(variable);
  };
  for (const { variable, reason } of roots) reach(variable, reason);
  let at = 0;
  let softAt = 0;
  for (;;) {
    if (at < queue.length) {
      const by = queue[at++] as number;
      const record = universe.offer(by).record;
      const { positive, hard } = universe.relations(by);
      positive.forEach(({ relation, needs }, index) => {
        const reason: Reason = { kind: "relation", by: record, relation };
        for (const need of needs) {
          for (const target of universe.targets(need)) {
            if (index < hard) reach(target, reason);
            else if (chosen(target) && !reasons.has(target)) soft.push({ variable: target, reason });
          }
        }
      });
    } else if (softAt < soft.length) {
      const { variable, reason } = soft[softAt++] as { variable: number; reason: Reason };
      reach(variable, reason);
    } else return reasons;
  }
}
