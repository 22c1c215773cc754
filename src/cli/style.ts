import { styleText } from "node:util";
import type { Output } from "./context.ts";

type Format = Parameters<typeof styleText>[0];

/** Text in a color, or as it is where the output has none. */
export function paint(output: Pick<Output, "colors">, format: Format, text: string): string {
  return output.colors ? styleText(format, text, { validateStream: false }) : text;
}

/** https://no-color.org and https://force-color.org: set and not empty counts; FORCE_COLOR=0 is off, and wins. */
export function hasColors(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: term } = env;
  if (force !== undefined && force !== "") return force !== "0" && force !== "false";
  if (no !== undefined && no !== "") return false;
  return isTerminal && term !== "dumb";
}
