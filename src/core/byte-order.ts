/** Order of strings by their UTF-8 bytes, the one order in which dodai writes names and paths. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  // UTF-16 order differs from UTF-8 order only where a surrogate meets U+E000 to U+FFFF.
  const end = Math.min(a.length, b.length);
  for (let at = 0; at < end; at++) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    if (x !== y) {
      const shift = x >= 0xd800 && y >= 0xd800;
      return shift ? surrogatesLast(x) - surrogatesLast(y) : x - y;
    }
  }
  return a.length - b.length;
}

const surrogatesLast = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit + 0x2000);
