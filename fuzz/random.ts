// Chance as an argument: the same seed gives the same numbers, so that a case is named by its seed and its number.

export interface Random {
  /** A whole number from 0 to below `end`. */
  below(end: number): number;
  /** True in one of `count` cases. */
  oneIn(count: number): boolean;
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
}

/** xoshiro128** of Blackman and Vigna, seeded by splitmix32. */
export function startRandom(seed: number, stream = 0): Random {
  let seeding = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)) | 0;
  const splitmix = (): number => {
    seeding = (seeding + 0x9e3779b9) | 0;
    let mixed = seeding ^ (seeding >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
  let [a, b, c, d] = [splitmix(), splitmix(), splitmix(), splitmix()];
  const next = (): number => {
    const spun = Math.imul(b, 5);
    const result = Math.imul((spun << 7) | (spun >>> 25), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result >>> 0;
  };
  const below = (end: number): number => (end <= 1 ? 0 : next() % end);
  return {
    below,
    oneIn: (count) => below(count) === 0,
    pick: (items) => items[below(items.length)] ?? items[0],
  };
}
