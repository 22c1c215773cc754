// Makes an input that shows a fault smaller, as long as it shows the same one (Zeller's ddmin, in its simple form).

import { faultIn } from "./campaign.ts";
import type { Session, Target } from "./contract.ts";
import { replaced } from "./mutate.ts";

/** Faults are the same when their first lines are, numbers and quoted parts aside. */
export function kindOf(fault: string): string {
  return (fault.split("\n", 1)[0] ?? "").replace(/"[^"]*"|\d+/g, "…").slice(0, 80);
}

export interface MinimizeOptions {
  readonly target: Target;
  readonly session: Session;
  readonly fault: string;
  /** How many times the reader may run. */
  readonly runs: number;
}

export async function minimize(input: Uint8Array, options: MinimizeOptions): Promise<Uint8Array> {
  const { target, session, fault } = options;
  let smallest = input;
  let runs = 0;
  for (let size = Math.ceil(input.length / 2); size >= 1 && runs < options.runs; size = Math.floor(size / 2)) {
    for (let at = 0; at < smallest.length && runs < options.runs; ) {
      const shorter = replaced(smallest, at, Math.min(smallest.length, at + size), new Uint8Array(0));
      const found = await faultIn(target, session, shorter);
      runs++;
      if (found !== undefined && kindOf(found) === kindOf(fault)) smallest = shorter;
      else at += size;
    }
  }
  return smallest;
}
