// What a case found, as rows, and rows as a Markdown table.
import type { Series } from "./rounds.ts";
import { formatSpread, ratiosOf, type Spread, spreadOf } from "./spread.ts";

export interface Row {
  readonly what: string;
  readonly dodai: string;
  readonly peer: string;
  readonly ratio: string;
  readonly aim: string;
  readonly met: "yes" | "no" | "";
}

export interface Report {
  readonly name: string;
  readonly title: string;
  readonly rows: readonly Row[];
  /** What a reader must know to judge the rows. */
  readonly notes: readonly string[];
  /** As run, with names of who ran. */
  readonly commands: readonly (readonly [string, string])[];
}

export interface Aim {
  readonly text: string;
  isMet(numbers: { readonly ours: Spread; readonly ratio: Spread | undefined }): boolean;
}

/** Whether a median is under a bound, of the quantity itself or of its ratio to the peer's. */
export const atMost = (bound: number, unit: string): Aim => ({
  text: `≤ ${bound}${unit}`,
  isMet: ({ ours }) => ours.median <= bound,
});
export const ratioAtMost = (bound: number, text = `ratio ≤ ${bound}`): Aim => ({
  text,
  isMet: ({ ratio }) => (ratio?.median ?? Number.POSITIVE_INFINITY) <= bound,
});
export const timesFaster = (times: number): Aim => ratioAtMost(1 / times, `${times} × faster`);
export const bothOf = (one: Aim, other: Aim): Aim => ({
  text: `${one.text}; ${other.text}`,
  isMet: (numbers) => one.isMet(numbers) && other.isMet(numbers),
});

export interface Comparison {
  readonly what: string;
  readonly ours: readonly number[];
  readonly unit: string;
  /** Who, and what it took; or why it is not there. */
  readonly peer?: { readonly name: string; readonly values: readonly number[] } | { readonly missing: string };
  readonly aim?: Aim;
}

export function compare({ what, ours, unit, peer, aim }: Comparison): Row {
  const spread = spreadOf(ours);
  const ratio = peer && "values" in peer ? ratiosOf(ours, peer.values) : undefined;
  const met =
    aim === undefined || (peer && "missing" in peer && aim.text.includes("×"))
      ? ""
      : aim.isMet({ ours: spread, ratio })
        ? "yes"
        : "no";
  return {
    what,
    dodai: formatSpread(spread, unit),
    peer:
      peer === undefined
        ? ""
        : "missing" in peer
          ? peer.missing
          : `${peer.name}: ${formatSpread(spreadOf(peer.values), unit)}`,
    ratio: ratio === undefined ? "" : describeRatio(ratio),
    aim: aim?.text ?? "",
    met,
  };
}

/** Below one the other way round too, which is how people say it. */
function describeRatio(ratio: Spread): string {
  if (ratio.median >= 0.5) return formatSpread(ratio);
  const inverse = { median: 1 / ratio.median, least: 1 / ratio.most, most: 1 / ratio.least, count: ratio.count };
  return `${formatSpread(ratio)}, ${formatSpread(inverse, " ×")} faster`;
}

export const wallOf = ({ measures }: Series): readonly number[] => measures.map((one) => one.wallSeconds);
export const cpuOf = ({ measures }: Series): readonly number[] => measures.map((one) => one.cpuSeconds);
export const peakOf = ({ measures }: Series): readonly number[] => measures.map((one) => one.peakMib);

const heads: readonly (readonly [string, keyof Row])[] = [
  ["what", "what"],
  ["dodai", "dodai"],
  ["against", "peer"],
  ["ratio", "ratio"],
  ["aim", "aim"],
  ["met", "met"],
];

export function formatReport({ title, rows, notes, commands }: Report): string {
  const cells = rows.map((row) => `| ${heads.map(([, key]) => row[key]).join(" | ")} |`);
  const table = [`| ${heads.map(([head]) => head).join(" | ")} |`, `|${" --- |".repeat(heads.length)}`, ...cells];
  const listed = [...Map.groupBy(commands, ([, command]) => command)].map(
    ([command, all]) => `${all.map(([name]) => name).join("; ")}:\n    ${command}`,
  );
  const fenced =
    listed.length > 0
      ? ["", "<details><summary>Commands</summary>", "", "```", ...listed, "```", "", "</details>"]
      : [];
  return [`### ${title}`, "", ...table, "", ...notes.map((note) => `- ${note}`), ...fenced, ""].join("\n");
}
