// How far the byte counts of a stage are, from its events: a value that both displays describe.
import type { BuildEvent } from "../../build/contract.ts";
import { count, formatBytes, formatSeconds } from "../quantities.ts";

type ProgressEvent = Extract<BuildEvent, { readonly kind: "progress" }>;
type Stage = ProgressEvent["stage"];

/** Stages whose events count one thing each; those of the others count the whole stage. */
const perThing: ReadonlySet<Stage> = new Set(["index", "write"]);

interface Transfer {
  readonly startedMs: number;
  readonly parts: Map<string, { readonly doneBytes: number; readonly totalBytes: number }>;
  /** Names of things that events told of: packages, in the stages that count the whole. */
  readonly things: Set<string>;
  lastMs: number;
}

export interface Transfers {
  add(event: ProgressEvent, nowMs: number): void;
  /** A new stage begins; what was counted before is over. */
  clear(): void;
  /** Stages that are under way, in the order in which they began. */
  stages(): readonly Stage[];
  /** `12.3 MB of 40.0 MB, 8 packages, 5.1 MB/s, 6 s left`. */
  describe(stage: Stage): string;
}

export function startTransfers(): Transfers {
  const transfers = new Map<Stage, Transfer>();
  return {
    add: ({ stage, doneBytes, totalBytes, what }, nowMs) => {
      const transfer = transfers.get(stage) ?? { startedMs: nowMs, parts: new Map(), things: new Set(), lastMs: nowMs };
      transfers.set(stage, transfer);
      transfer.lastMs = nowMs;
      transfer.parts.set(perThing.has(stage) ? what : "", { doneBytes, totalBytes });
      transfer.things.add(what);
    },
    clear: () => transfers.clear(),
    stages: () => [...transfers.keys()],
    describe: (stage) => {
      const transfer = transfers.get(stage);
      return transfer ? describeTransfer(stage, transfer) : "";
    },
  };
}

function describeTransfer(stage: Stage, { startedMs, parts, things, lastMs }: Transfer): string {
  const doneBytes = [...parts.values()].reduce((sum, part) => sum + part.doneBytes, 0);
  const totalBytes = [...parts.values()].reduce((sum, part) => sum + part.totalBytes, 0);
  const told = [`${formatBytes(doneBytes)}${totalBytes > 0 ? ` of ${formatBytes(totalBytes)}` : ""}`];
  if (!perThing.has(stage) && stage !== "download") told.push(count(things.size, "package"));
  const seconds = (lastMs - startedMs) / 1000;
  // The first moments say nothing about the rate.
  if (seconds >= 0.5 && doneBytes > 0) {
    const rate = doneBytes / seconds;
    told.push(`${formatBytes(Math.round(rate))}/s`);
    if (totalBytes > doneBytes) told.push(`${formatSeconds(((totalBytes - doneBytes) / rate) * 1000)} left`);
  }
  return told.join(", ");
}
