import { type Progress, type ProgressWorld, stageText, warningLine } from "./display.ts";
import { startTransfers } from "./transfers.ts";

const everyMs = 5000;

/** A line for each stage, and at most one every five seconds for how far it is. */
export function startPlain(world: ProgressWorld): Progress {
  const { stderr } = world;
  const transfers = startTransfers();
  let nextMs = world.elapsedMs() + everyMs;
  return {
    onEvent: (event) => {
      const nowMs = world.elapsedMs();
      switch (event.kind) {
        case "warning":
          stderr.write(warningLine(event.text, world));
          break;
        case "stage":
          transfers.clear();
          nextMs = nowMs + everyMs;
          stderr.write(`${stageText(event)}\n`);
          break;
        case "output":
          stderr.write(`  ${stageText(event)}\n`);
          break;
        case "progress":
          transfers.add(event, nowMs);
          if (nowMs < nextMs) break;
          nextMs = nowMs + everyMs;
          for (const stage of transfers.stages()) stderr.write(`${stage}: ${transfers.describe(stage)}\n`);
          break;
      }
    },
    end: () => undefined,
  };
}
