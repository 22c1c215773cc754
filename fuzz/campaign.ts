// Case after case of one target. A case is named by seed and number: it is the same input whenever it is made.
import { faultOf, type Session, type Target } from "./contract.ts";
import { maxInputBytes, mutateBytes } from "./mutate.ts";
import { type Random, startRandom } from "./random.ts";

export interface Finding {
  readonly target: string;
  readonly seed: number;
  readonly number: number;
  readonly fault: string;
  readonly input: Uint8Array;
}

/** CPU time of one case of less than 1 MiB past which it counts as hanging. */
export const maxCaseMs = 2000;

export interface CaseOptions {
  readonly target: Target;
  readonly session: Session;
  readonly seed: number;
  readonly number: number;
  /** CPU time of this thread, in milliseconds. Absent: time is no fault. */
  readonly cpuMs?: () => number;
}

/** Runs one case; `undefined` when the reader did what it should. The first cases are the corpus itself. */
export async function runCase({ target, session, seed, number, cpuMs }: CaseOptions): Promise<Finding | undefined> {
  const input = inputOf(session, { seed, number });
  const before = cpuMs?.() ?? 0;
  const fault = await faultIn(target, session, input);
  const spent = (cpuMs?.() ?? 0) - before;
  const slow = spent > maxCaseMs ? `${Math.round(spent)} ms of CPU time for ${input.length} bytes` : undefined;
  const found = fault ?? slow;
  return found === undefined ? undefined : { target: target.name, seed, number, fault: found, input };
}

export async function faultIn(target: Target, session: Session, input: Uint8Array): Promise<string | undefined> {
  try {
    await session.run(input);
    return undefined;
  } catch (error) {
    return faultOf(error, target.codes);
  }
}

export function inputOf(
  session: Session,
  { seed, number }: { readonly seed: number; readonly number: number },
): Uint8Array {
  const { corpus } = session;
  const whole = corpus[number];
  if (whole !== undefined) return whole.subarray(0, maxInputBytes);
  const random = startRandom(seed, number);
  const start = corpusPick(corpus, random);
  const shaped = session.mutate && !random.oneIn(3) ? session.mutate(start, random) : start;
  if (shaped !== start && !random.oneIn(3)) return shaped;
  const words = (session.words ?? []).map((word) => (typeof word === "string" ? Buffer.from(word, "latin1") : word));
  return mutateBytes(shaped, random, { other: corpusPick(corpus, random), words });
}

function corpusPick(corpus: readonly Uint8Array[], random: Random): Uint8Array {
  return (corpus[random.below(corpus.length)] ?? new Uint8Array(0)).subarray(0, maxInputBytes);
}
