// What a build tells while it runs. Always on standard error; standard output is for results.
import type { ProgressMode } from "../flags.ts";
import { type Progress, type ProgressWorld, warningLine } from "./display.ts";
import { startPlain } from "./plain.ts";
import { startTty } from "./tty.ts";

/** `auto` draws on a terminal that can be drawn on, and writes lines elsewhere. Warnings are shown in every mode. */
export function startProgress(mode: ProgressMode, world: ProgressWorld): Progress {
  switch (mode === "auto" ? chooseMode(world) : mode) {
    case "tty":
      return startTty(world);
    case "plain":
      return startPlain(world);
    default:
      return {
        onEvent: (event) => event.kind === "warning" && world.stderr.write(warningLine(event.text, world)),
        end,
      };
  }
}

const end = (): void => undefined;

function chooseMode({ stderr, env }: ProgressWorld): "tty" | "plain" {
  return stderr.isTerminal && env.TERM !== "dumb" && !env.CI ? "tty" : "plain";
}
