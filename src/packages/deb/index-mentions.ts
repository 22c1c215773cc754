// When a name first comes up in an index. apt gives packages numbers in this order and decides ties by them
// (apt-pkg/depcache.cc, CompareProviders), so it is counted while the index is compiled.

/** The order of first mention, by the hash of the name. */
export interface Mentions {
  /** Counts the name unless it was counted before. */
  mention(hash: number): void;
  /** How many other names came up before this one, which was mentioned. */
  ordinalOf(hash: number): number;
}

/** Open addressing in typed arrays, at most half full: an index mentions names a million times. */
export function startMentions(): Mentions {
  let size = 1 << 16;
  let hashes = new Uint32Array(size);
  /** Ordinals from 1; 0 is a free place. */
  let ordinals = new Uint32Array(size);
  let count = 0;
  const placeOf = (hash: number): number => {
    let place = hash & (size - 1);
    while (ordinals[place] !== 0 && hashes[place] !== hash) place = (place + 1) & (size - 1);
    return place;
  };
  const put = (hash: number, ordinal: number): void => {
    const place = placeOf(hash);
    hashes[place] = hash;
    ordinals[place] = ordinal;
  };
  const grow = (): void => {
    const [oldHashes, oldOrdinals] = [hashes, ordinals];
    size *= 4;
    hashes = new Uint32Array(size);
    ordinals = new Uint32Array(size);
    for (let at = 0; at < oldHashes.length; at++) {
      const ordinal = oldOrdinals[at] ?? 0;
      if (ordinal > 0) put(oldHashes[at] ?? 0, ordinal);
    }
  };
  return {
    mention(hash) {
      if (ordinals[placeOf(hash)] !== 0) return;
      count += 1;
      if (2 * count > size) grow();
      put(hash, count);
    },
    ordinalOf: (hash) => (ordinals[placeOf(hash)] ?? 0) - 1,
  };
}
