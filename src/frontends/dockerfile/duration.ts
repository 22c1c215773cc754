/** Units of Go's time.ParseDuration, in nanoseconds. */
const units: Readonly<Record<string, number>> = {
  h: 3_600e9,
  m: 60e9,
  s: 1e9,
  ms: 1e6,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ns: 1,
};

/** `1m30s` in nanoseconds; `undefined` for what is not a duration as Docker takes it. */
export function parseGoDuration(text: string): number | undefined {
  if (text === "0") return 0;
  if (!/^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:h|ms|m|s|us|µs|μs|ns))+$/u.test(text)) return undefined;
  let total = 0;
  for (const [, count = "", unit = ""] of text.matchAll(/([\d.]+)([a-zµμ]+)/gu))
    total += Number(count) * (units[unit] ?? 0);
  return Math.round(total);
}
