// Numbers in tar headers: octal text (POSIX ustar) or base-256 (GNU and star: first byte 0x80 for positive, 0xff for negative).

/** Reads a numeric field; its first NUL ends it. Blank is 0. `undefined` when it is not a number, or one beyond 2^53. */
export function parseTarNumber(block: Uint8Array, start: number, length: number): number | undefined {
  const first = block[start] ?? 0;
  if ((first & 0x80) !== 0) return parseBase256(block, start, length);
  const end = start + length;
  let at = start;
  while (at < end && block[at] === 0x20) at++;
  let value = 0;
  for (; at < end; at++) {
    const digit = (block[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  // What follows the digits is a space or a NUL, or nothing; behind that anything may be left over.
  return at < end && !isBlank(block[at]) ? undefined : safe(value);
}

/** A whole decimal number of a PAX record. `undefined` when it is not one, or beyond 2^53. */
export function parseDecimal(text: string): number | undefined {
  return /^\d{1,16}$/.test(text) ? safe(Number(text)) : undefined;
}

/** A time of a PAX record, decimal seconds with an optional fraction, rounded down. */
export function parsePaxTime(text: string): number | undefined {
  const match = /^(-?)(\d{1,16})(?:\.(\d*))?$/.exec(text);
  if (!match) return undefined;
  const seconds = Number(match[2]);
  if (match[1] === "") return safe(seconds);
  return safe(/[1-9]/.test(match[3] ?? "") ? -seconds - 1 : 0 - seconds);
}

function parseBase256(block: Uint8Array, start: number, length: number): number | undefined {
  const first = block[start] ?? 0;
  const negative = (first & 0x40) !== 0;
  // The first byte without its marker bit, sign-extended: two's complement over the whole field.
  let value = negative ? (first & 0x7f) - 0x80 : first & 0x3f;
  for (let at = start + 1; at < start + length; at++) {
    value = value * 256 + (block[at] ?? 0);
    if (!Number.isSafeInteger(value)) return undefined;
  }
  return value;
}

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0;
const safe = (value: number): number | undefined => (Number.isSafeInteger(value) ? value : undefined);
