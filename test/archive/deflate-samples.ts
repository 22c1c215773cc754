// Inputs that bring out what a compressor can get wrong, made by whole-number arithmetic alone: the same everywhere.

/** xorshift32 (Marsaglia 2003). */
export function randomBytes(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 24;
  });
}

const words =
  "the quick brown fox jumps over lazy dogs while /usr/share/doc/package lists Depends: libc6 (>= 2.36), adduser".split(
    " ",
  );

export function textBytes(length: number, seed: number): Uint8Array {
  const choices = randomBytes(length, seed);
  let text = "";
  for (let at = 0; text.length < length; at++)
    text += words[(choices[at] ?? 0) % words.length] + ((choices[at] ?? 0) < 8 ? "\n" : " ");
  return Buffer.from(text.slice(0, length), "latin1");
}

/** Like machine code and tables: short fields, half of them small, every eighth byte counting up. */
export function recordBytes(length: number, seed: number): Uint8Array {
  return randomBytes(length, seed).map((byte, at) => (at % 8 === 0 ? at >> 8 : byte < 128 ? byte & 3 : byte));
}

/** Kinds of bytes in turn, so that blocks begin and end, and one is stored. */
export function mixedBytes(): Uint8Array {
  return Buffer.concat([
    textBytes(90_000, 1),
    recordBytes(120_000, 2),
    new Uint8Array(5_000),
    randomBytes(70_000, 3),
    textBytes(60_000, 4),
    Uint8Array.from({ length: 4096 }, (_, at) => at & 255),
    recordBytes(60_000, 2),
  ]);
}

/** A stretch, and the same stretch again so that its bytes lie `distance` back. */
export function repeatedBytes(distance: number, length: number): Uint8Array {
  const stretch = randomBytes(length, 5);
  return Buffer.concat([stretch, randomBytes(distance - length, 6), stretch, randomBytes(10, 7)]);
}
