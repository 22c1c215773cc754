// Settings of an image below that recipes have no words for, as instructions: SHELL, HEALTHCHECK, ONBUILD.
import type { Json } from "../core/canonical-json.ts";

export type InheritedSettings = Readonly<Record<string, Json>>;

/** `oneLine` refuses texts with line breaks. */
export function formatInherited(
  { Shell, Healthcheck, OnBuild }: InheritedSettings,
  oneLine: (text: string) => string,
): readonly string[] {
  const triggers = Array.isArray(OnBuild) ? OnBuild.map(String) : [];
  return [
    ...(Array.isArray(Shell) ? [`SHELL ${JSON.stringify(Shell)}`] : []),
    ...healthcheckOf(Healthcheck, oneLine),
    ...triggers.map((one) => `ONBUILD ${oneLine(one)}`),
  ];
}

const flags: readonly (readonly [member: string, flag: string])[] = [
  ["Interval", "interval"],
  ["Timeout", "timeout"],
  ["StartPeriod", "start-period"],
  ["StartInterval", "start-interval"],
];

/** moby's image spec v1.2: times are in nanoseconds; the first word of the test says how the rest is run. */
function healthcheckOf(value: Json | undefined, oneLine: (text: string) => string): readonly string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  const { Test, Retries, ...times } = value as Readonly<Record<string, Json | undefined>>;
  const [kind, ...words] = Array.isArray(Test) ? Test.map(String) : [];
  if (kind === "NONE") return ["HEALTHCHECK NONE"];
  if (kind !== "CMD" && kind !== "CMD-SHELL") return [];
  const options = flags.flatMap(([member, flag]) => {
    const time = times[member];
    return typeof time === "number" && time > 0 ? [`--${flag}=${time}ns`] : [];
  });
  if (typeof Retries === "number" && Retries > 0) options.push(`--retries=${Retries}`);
  const command = kind === "CMD" ? JSON.stringify(words) : oneLine(words.join(" "));
  return [["HEALTHCHECK", ...options, "CMD", command].join(" ")];
}
