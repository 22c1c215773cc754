import { paint } from "../style.ts";
import { type Progress, type ProgressWorld, stageText, warningLine } from "./display.ts";
import { startTransfers } from "./transfers.ts";

/** Ten times a second at most. */
const everyMs = 100;

/** One block at the bottom of the terminal, drawn over itself: the stage, and a line for each thing that is counted. */
export function startTty(world: ProgressWorld): Progress {
  const { stderr } = world;
  const transfers = startTransfers();
  let title = "";
  let shown = 0;
  /** The last line that a command wrote. */
  let said = "";
  let lastMs = Number.NEGATIVE_INFINITY;

  const erase = (): string => {
    // ECMA-48: CUU, cursor up; ED, erase to the end of the screen.
    const moved = shown === 0 ? "" : `\x1b[${shown}A\x1b[J`;
    shown = 0;
    return moved;
  };
  const draw = (): void => {
    const counted = transfers.stages().map((stage) => `  ${stage.padEnd(9)}${transfers.describe(stage)}`);
    const lines = [title, ...(said === "" ? [] : [`  ${said}`]), ...counted].map((line) =>
      line.slice(0, Math.max(stderr.columns - 1, 20)),
    );
    const [first = "", ...others] = lines;
    const text = `${erase()}${[paint(stderr, "bold", first), ...others].join("\n")}\n`;
    stderr.write(text);
    shown = lines.length;
  };

  return {
    onEvent: (event) => {
      if (event.kind === "warning") {
        stderr.write(`${erase()}${warningLine(event.text, world)}`);
        if (title !== "") draw();
        return;
      }
      const nowMs = world.elapsedMs();
      if (event.kind === "output") {
        said = stageText(event);
        if (title === "" || nowMs - lastMs < everyMs) return;
        lastMs = nowMs;
        draw();
        return;
      }
      said = "";
      if (event.kind === "stage") {
        title = stageText(event);
        transfers.clear();
      } else {
        transfers.add(event, nowMs);
      }
      if (title === "" || (event.kind === "progress" && nowMs - lastMs < everyMs)) return;
      lastMs = nowMs;
      draw();
    },
    end: () => stderr.write(erase()),
  };
}
