// Text as signatures see it: lines end in CR LF, whatever the file has. RFC 9580 5.2.1.2. Bytes are handled as Latin-1
// strings, one character a byte: exact both ways, and fast to split and join.

const carriageReturn = 0x0d;

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

export function bytesOfText(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/**
 * For a text signature on a file. CRs before an LF belong to the line's end, however many, as GnuPG has it; without an
 * LF at the end none is added.
 */
export function canonicalText(bytes: Uint8Array): Uint8Array {
  const lines = textOf(bytes).split("\n");
  return bytesOfText(lines.map((line) => trimEnd(line, isCarriageReturn)).join("\r\n"));
}

/** A line without what does not count at its end. RFC 9580 7.2: spaces and tabs; and CR, as in GnuPG. */
export function trimBlanks(line: string): string {
  return trimEnd(line, isBlank);
}

/** A loop and no regular expression: those take quadratic time on a long run of blanks. */
function trimEnd(line: string, isTrimmed: (code: number) => boolean): string {
  let end = line.length;
  while (end > 0 && isTrimmed(line.charCodeAt(end - 1))) end--;
  return end === line.length ? line : line.slice(0, end);
}

const isCarriageReturn = (code: number): boolean => code === carriageReturn;
const isBlank = (code: number): boolean => code === 0x20 || code === 0x09 || code === carriageReturn;
