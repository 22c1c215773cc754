// What a registry asks of who it does not know yet: the WWW-Authenticate header (RFC 9110, 11.6.1; distribution's token
// specification, "How to authenticate").

export type Challenge =
  | { readonly kind: "basic" }
  | { readonly kind: "bearer"; readonly realm: string; readonly service: string | undefined };

/** Longest header that is looked at, in characters. */
const maxLength = 8192;

/** The best of the challenges in a header, Bearer before Basic; `undefined` when none is understood. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  const challenges = splitChallenges((header ?? "").slice(0, maxLength));
  const bearer = challenges.find(({ scheme, values }) => scheme === "bearer" && values.has("realm"));
  if (bearer) {
    return { kind: "bearer", realm: bearer.values.get("realm") ?? "", service: bearer.values.get("service") };
  }
  return challenges.some(({ scheme }) => scheme === "basic") ? { kind: "basic" } : undefined;
}

interface Stated {
  readonly scheme: string;
  readonly values: Map<string, string>;
}

/** Several challenges stand in one header with commas between them, as their own values do: a word without `=` begins one. */
function splitChallenges(header: string): readonly Stated[] {
  const part = /\s*,?\s*(?:([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))|([\w-]+)(?=\s|,|$))/gy;
  const found: Stated[] = [];
  for (let match = part.exec(header); match !== null && match[0] !== ""; match = part.exec(header)) {
    const [, key, quoted, token = "", scheme] = match;
    if (scheme !== undefined) found.push({ scheme: scheme.toLowerCase(), values: new Map() });
    else if (key !== undefined) found.at(-1)?.values.set(key.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? token);
  }
  return found;
}
