// Huffman codes of limited length: how long each symbol's code is, and the canonical code for given lengths
// (RFC 1951 section 3.2.2). Integers only; symbols that are equally frequent are taken in their own order.

/** The most symbols that a code here has: the literal/length alphabet's. */
const maxSymbols = 288;
const maxBits = 15;

export interface Alphabet {
  /** Set by the caller, by symbol; below 2^22. */
  readonly frequencies: Uint32Array;
  /** Code lengths in bits, 0 for a symbol without a code. */
  readonly lengths: Uint8Array;
  /** Codes as they are written: first bit lowest. */
  readonly codes: Uint16Array;
  readonly limitBits: number;
}

export function createAlphabet(symbols: number, limitBits: number): Alphabet {
  return {
    frequencies: new Uint32Array(symbols),
    lengths: new Uint8Array(symbols),
    codes: new Uint16Array(symbols),
    limitBits,
  };
}

/** A function that sets an alphabet's lengths and codes from its frequencies. It owns its scratch memory. */
export function createCoder(): (alphabet: Alphabet) => void {
  const keys = new Uint32Array(maxSymbols);
  const tree = new Uint32Array(maxSymbols);
  const counts = new Uint16Array(maxBits + 2);
  return (alphabet) => {
    const used = sortedKeys(alphabet, keys);
    if (used.length < 2) giveTwoCodes(alphabet, used);
    else {
      for (let index = 0; index < used.length; index++) tree[index] = (used[index] ?? 0) >>> 9;
      buildTree(tree, used.length);
      countDepths(tree, used.length, counts, alphabet.limitBits);
      shortenCodes(counts, alphabet.limitBits);
      spreadLengths(alphabet, used, counts);
    }
    setCodes(alphabet, counts);
  };
}

/** Frequency and symbol of every used symbol, rarest first, as one number each: frequency * 512 + symbol. */
function sortedKeys({ frequencies, lengths }: Alphabet, keys: Uint32Array): Uint32Array {
  let used = 0;
  for (let symbol = 0; symbol < frequencies.length; symbol++) {
    const frequency = frequencies[symbol] ?? 0;
    if (frequency > 0) keys[used++] = (frequency << 9) | symbol;
  }
  lengths.fill(0);
  return keys.subarray(0, used).sort();
}

/** Decoders differ about a code of a single symbol (RFC 1951 section 3.2.7), so there are always two, of one bit. */
function giveTwoCodes({ lengths }: Alphabet, used: Uint32Array): void {
  const symbol = (used[0] ?? 0) & 511;
  lengths[symbol] = 1;
  lengths[symbol === 0 ? 1 : 0] = 1;
}

/** Moffat and Katajainen, "In-place calculation of minimum-redundancy codes" (1995), first two phases: depths of inner nodes. */
function buildTree(tree: Uint32Array, size: number): void {
  let root = 0;
  let leaf = 2;
  tree[0] = (tree[0] ?? 0) + (tree[1] ?? 0);
  for (let next = 1; next < size - 1; next++) {
    let sum = 0;
    for (let child = 0; child < 2; child++) {
      if (leaf >= size || (root < next && (tree[root] ?? 0) < (tree[leaf] ?? 0))) {
        sum += tree[root] ?? 0;
        tree[root++] = next;
      } else sum += tree[leaf++] ?? 0;
    }
    tree[next] = sum;
  }
  tree[size - 2] = 0;
  for (let node = size - 3; node >= 0; node--) tree[node] = (tree[tree[node] ?? 0] ?? 0) + 1;
}

/** Third phase: how many leaves lie at each depth; those beyond the limit count at the limit. */
function countDepths(tree: Uint32Array, size: number, counts: Uint16Array, limit: number): void {
  counts.fill(0);
  let root = size - 2;
  let free = 1;
  for (let depth = 0; free > 0; depth++) {
    let inner = 0;
    while (root >= 0 && tree[root] === depth) {
      inner++;
      root--;
    }
    const bits = Math.min(depth, limit);
    counts[bits] = (counts[bits] ?? 0) + free - inner;
    free = 2 * inner;
  }
}

/** Until the lengths fit (Kraft's sum is one), a code shorter than the limit grows by a bit to take one of the limit beside it. */
function shortenCodes(counts: Uint16Array, limit: number): void {
  let sum = 0;
  for (let bits = 1; bits <= limit; bits++) sum += (counts[bits] ?? 0) << (limit - bits);
  for (; sum > 1 << limit; sum--) {
    let bits = limit - 1;
    while (counts[bits] === 0) bits--;
    counts[bits] = (counts[bits] ?? 0) - 1;
    counts[bits + 1] = (counts[bits + 1] ?? 0) + 2;
    counts[limit] = (counts[limit] ?? 0) - 1;
  }
}

/** The rarest symbols get the longest codes. */
function spreadLengths({ lengths, limitBits }: Alphabet, used: Uint32Array, counts: Uint16Array): void {
  let index = 0;
  for (let bits = limitBits; bits > 0; bits--) {
    for (let left = counts[bits] ?? 0; left > 0; left--) lengths[(used[index++] ?? 0) & 511] = bits;
  }
}

/** RFC 1951 section 3.2.2, steps 1 to 3, each code with its bits reversed. */
export function setCodes({ lengths, codes }: Alphabet, next: Uint16Array = new Uint16Array(maxBits + 2)): void {
  next.fill(0);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const bits = lengths[symbol] ?? 0;
    if (bits > 0) next[bits + 1] = (next[bits + 1] ?? 0) + 1;
  }
  for (let bits = 1; bits <= maxBits + 1; bits++) next[bits] = ((next[bits - 1] ?? 0) << 1) + ((next[bits] ?? 0) << 1);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const bits = lengths[symbol] ?? 0;
    if (bits === 0) continue;
    const code = next[bits] ?? 0;
    next[bits] = code + 1;
    codes[symbol] = reversed(code, bits);
  }
}

function reversed(code: number, bits: number): number {
  let result = 0;
  for (let bit = 0; bit < bits; bit++) result = (result << 1) | ((code >> bit) & 1);
  return result;
}
