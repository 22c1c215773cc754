/** Largest time that RFC 3339 can write with four digits of a year, in seconds since 1970: the end of 9999. */
const maxEpoch = 253402300799;

/** Seconds since 1970 as RFC 3339, section 5.6, in the form of every Go tool: `2026-11-24T08:00:00Z`. */
export function formatEpoch(epoch: number): string {
  if (!Number.isInteger(epoch) || epoch < 0 || epoch > maxEpoch) throw new RangeError(`no time of an image: ${epoch}`);
  return `${new Date(epoch * 1000).toISOString().slice(0, -".000Z".length)}Z`;
}
