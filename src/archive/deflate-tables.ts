// The fixed tables of RFC 1951 section 3.2.5: which symbol stands for a match length or distance, and its extra bits.

/** The shortest and longest match that DEFLATE can say, and the farthest, in bytes. */
const minMatch = 3;
export const maxMatch = 258;
export const windowBytes = 32_768;

export const endOfBlock = 256;
/** Literal/length symbols are literals 0–255, the end of the block, then one for each of the 29 groups of lengths. */
export const firstLengthSymbol = 257;
export const lengthGroups = 29;
export const literalSymbols: number = firstLengthSymbol + lengthGroups;
export const distanceSymbols = 30;

/** By length group: its extra bits, and the length that extra bits of 0 mean. 258 is a group of its own. */
export const lengthExtraBits: Uint8Array = Uint8Array.from({ length: lengthGroups }, (_, group) =>
  group < 8 || group === 28 ? 0 : (group >> 2) - 1,
);
export const lengthBases: Uint16Array = bases(lengthExtraBits, minMatch).with(28, maxMatch);
/** By match length in bytes: its group. */
export const lengthGroup: Uint8Array = Uint8Array.from({ length: maxMatch + 1 }, (_, length) =>
  lengthBases.findLastIndex((base) => base <= Math.max(length, minMatch)),
);

/** By distance symbol: its extra bits, and the distance that extra bits of 0 mean. */
export const distanceExtraBits: Uint8Array = Uint8Array.from({ length: distanceSymbols }, (_, symbol) =>
  symbol < 4 ? 0 : (symbol >> 1) - 1,
);
export const distanceBases: Uint16Array = bases(distanceExtraBits, 1);

/** The symbol of a distance d: at d - 1 up to 256; beyond, where groups are multiples of 128 wide, at 256 + ((d - 1) >> 7). */
export const distanceSymbolTable: Uint8Array = Uint8Array.from({ length: 512 }, (_, slot) => {
  const distance = slot < 256 ? slot + 1 : ((slot - 256) << 7) + 1;
  return Math.max(
    distanceBases.findLastIndex((base) => base <= distance),
    0,
  );
});

function bases(extraBits: Uint8Array, first: number): Uint16Array {
  let next = first;
  return Uint16Array.from(extraBits, (bits) => {
    const base = next;
    next += 1 << bits;
    return base;
  });
}
