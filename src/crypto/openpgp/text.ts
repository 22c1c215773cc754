// Text as signatures see it: lines end in CR LF, whatever the file has. RFC 9580 5.2.1.2.

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * For a text signature on a file. CRs before an LF belong to the line's end, however many, as GnuPG has it; without an
 * LF at the end none is added.
 */
export function canonicalText(bytes: Uint8Array): Uint8Array {
  const lines = splitLines(bytes).map((line) => trimEnd(line, isCarriageReturn));
  return joinLines(lines, "\r\n");
}

/** Views of the lines between LFs; a final LF is followed by one more, empty line. */
export function splitLines(bytes: Uint8Array): readonly Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; ; ) {
    const end = bytes.indexOf(lineFeed, start);
    if (end < 0) {
      lines.push(bytes.subarray(start));
      return lines;
    }
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
}

export function joinLines(lines: readonly Uint8Array[], ending: "\n" | "\r\n"): Uint8Array {
  const end = Buffer.from(ending);
  return Buffer.concat(lines.flatMap((line, index) => (index === 0 ? [line] : [end, line])));
}

export function trimEnd(line: Uint8Array, isTrimmed: (byte: number) => boolean): Uint8Array {
  let end = line.byteLength;
  while (end > 0 && isTrimmed(line[end - 1] ?? 0)) end--;
  return line.subarray(0, end);
}

const isCarriageReturn = (byte: number): boolean => byte === carriageReturn;

/** What does not count at the end of a line in the cleartext framework. RFC 9580 7.2, and CR as in GnuPG. */
export const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === carriageReturn;
