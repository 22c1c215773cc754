// Patterns with `*` and its like, matched by following all ways through them at once: the time is that of the pattern's length
// times the text's, whatever somebody wrote. (A regular expression tries one way after the other.)

export type PatternToken =
  | { readonly kind: "one"; readonly accepts: (character: string) => boolean }
  /** Any number of them. */
  | { readonly kind: "run"; readonly accepts: (character: string) => boolean }
  /** Nothing, or anything that ends with a slash. */
  | { readonly kind: "folders" };

export const literal = (text: string): PatternToken => ({ kind: "one", accepts: (one) => one === text });

export function matchesWhole(tokens: readonly PatternToken[], text: string): boolean {
  const characters = [...text];
  return matchEnds(tokens, characters).includes(characters.length);
}

/** Where matches that begin at `start` end, the shortest first. */
export function matchEnds(
  tokens: readonly PatternToken[],
  characters: readonly string[],
  start = 0,
): readonly number[] {
  const ends: number[] = [];
  let active = newStates(tokens);
  enter(active, 0);
  for (let at = start; ; at++) {
    if (active.isDone) ends.push(at);
    const character = characters[at];
    if (character === undefined || active.count === 0) return ends;
    active = advance(active, character);
  }
}

/** Tokens that are to be matched next. */
interface States {
  readonly tokens: readonly PatternToken[];
  /** 1 for a token that is wanted, 2 for one of kind "folders" that has begun. */
  readonly wanted: Uint8Array;
  count: number;
  /** Whether nothing has to follow. */
  isDone: boolean;
}

function newStates(tokens: readonly PatternToken[]): States {
  return { tokens, wanted: new Uint8Array(tokens.length), count: 0, isDone: false };
}

function enter(states: States, first: number): void {
  for (let at = first; ; at++) {
    const token = states.tokens[at];
    if (token === undefined) {
      states.isDone = true;
      return;
    }
    mark(states, at, 1);
    if (token.kind === "one") return;
  }
}

function mark(states: States, at: number, bit: 1 | 2): void {
  if (states.wanted[at] === 0) states.count++;
  states.wanted[at] = (states.wanted[at] ?? 0) | bit;
}

function advance({ tokens, wanted }: States, character: string): States {
  const next = newStates(tokens);
  for (const [at, token] of tokens.entries()) {
    if (wanted[at] === 0) continue;
    if (token.kind === "folders") {
      mark(next, at, 2);
      if (character === "/") enter(next, at + 1);
    } else if (token.accepts(character)) enter(next, token.kind === "run" ? at : at + 1);
  }
  return next;
}
