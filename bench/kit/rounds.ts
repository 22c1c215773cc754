// Everybody in turn, again and again: A B C A B C. A slow minute of the machine then hits all alike, and each round gives
// ratios of its own.
import { type Command, describeCommand, type Measure, measure } from "./child.ts";

export interface Contender {
  readonly name: string;
  /** Puts the world into the state before the run; not measured. */
  readonly prepare?: (round: number) => void;
  command(round: number): Command;
  /** Looks at what the run left; throws when it is not what was wanted. Not measured. */
  readonly check?: (round: number, measured: Measure) => void;
}

export interface RoundOptions {
  /** How many count. */
  readonly rounds: number;
  /** How many run before and do not count. */
  readonly warmups: number;
  /** A path to write to. */
  readonly scratch: string;
  readonly tell: (text: string) => void;
}

export interface Series {
  readonly name: string;
  /** As run in the last round. */
  readonly command: string;
  /** One for each round, in order. */
  readonly measures: readonly Measure[];
}

export type AllSeries = ReadonlyMap<string, Series>;

export function runInTurn(contenders: readonly Contender[], options: RoundOptions): AllSeries {
  const { rounds, warmups, scratch, tell } = options;
  const measures = new Map<string, Measure[]>(contenders.map(({ name }) => [name, []]));
  const commands = new Map<string, string>();
  for (let round = -warmups; round < rounds; round++) {
    for (const contender of contenders) {
      contender.prepare?.(round);
      const command = contender.command(round);
      const measured = measure(command, scratch);
      contender.check?.(round, measured);
      commands.set(contender.name, describeCommand(command));
      const what = round < 0 ? "before" : `${round + 1}/${rounds}`;
      tell(`${what} ${contender.name}: ${measured.wallSeconds.toFixed(3)} s, CPU ${measured.cpuSeconds.toFixed(2)} s`);
      if (round >= 0) measures.get(contender.name)?.push({ ...measured, stdout: "" });
    }
  }
  return new Map(
    contenders.map(({ name }) => [
      name,
      { name, command: commands.get(name) ?? "", measures: measures.get(name) ?? [] },
    ]),
  );
}
