/** Any value that JSON can say. `undefined` members are left out. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * JSON with keys sorted by code point and no white space: one text for one value, so that its digest means the value.
 * (The idea of RFC 8785; dodai writes only integers, whose form is the same there.)
 */
export function formatCanonicalJson(value: Json): string {
  return JSON.stringify(sorted(value));
}

/** The same order, indented for people and for line diffs, with a final newline. */
export function formatReadableJson(value: Json): string {
  return `${JSON.stringify(sorted(value), null, 2)}\n`;
}

function sorted(value: Json): Json {
  if (value === null || typeof value !== "object") return value;
  if (isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member as Json)]));
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
