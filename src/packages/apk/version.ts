// apk's order of versions (apk-package(5), "Package version"): digits and points, at most one letter, suffixes like `_rc1`,
// `~` and a commit, `-r` and the build. Nothing here keeps state, and only what is compared is read.

/** Kinds of tokens in the order in which they follow each other; of two versions that differ in it, the later one is older. */
const INITIAL = 0;
const DIGITS = 1;
const LETTER = 2;
const SUFFIX = 3;
const SUFFIX_NUMBER = 4;
const COMMIT = 5;
const REVISION = 6;
const END = 7;
const INVALID = 8;

/** Those before the release itself, then those after it. The numbers are their order; below zero is before the release. */
const suffixes: ReadonlyMap<string, number> = new Map([
  ["alpha", -4],
  ["beta", -3],
  ["pre", -2],
  ["rc", -1],
  ["cvs", 1],
  ["svn", 2],
  ["git", 3],
  ["hg", 4],
  ["p", 5],
]);

const tokenSyntax = /\.(\d+)|([a-z])|_([a-z]+)|(\d+)|~([0-9a-f]+)|-r(\d+)/y;

interface Token {
  readonly kind: number;
  readonly text: string;
}

/** Below zero when `a` is older than `b`. What follows the first thing that no version has is not looked at. */
export function compareVersions(a: string, b: string): number {
  return a === b ? 0 : compareTokens(a, b, false);
}

/** Whether `version` starts as `prefix` does: 3.6.1 and 3.6_rc1 are "~3.6", 3.60 is not. */
export function isLike(version: string, prefix: string): boolean {
  return version === prefix || compareTokens(version, prefix, true) === 0;
}

export function isVersion(version: string): boolean {
  for (const { kind } of tokensOf(version)) {
    if (kind === END) return true;
    if (kind === INVALID) return false;
  }
  return false;
}

function compareTokens(a: string, b: string, fuzzy: boolean): number {
  const [left, right] = [tokensOf(a), tokensOf(b)];
  for (;;) {
    const x = left.next().value ?? end;
    const y = right.next().value ?? end;
    if (x.kind !== y.kind) return fuzzy && y.kind === END ? 0 : compareKinds(x, y);
    if (x.kind >= END) return 0;
    const order = compareAlike(x, y);
    if (order !== 0) return order;
  }
}

/** One has something that the other lacks: that makes it newer, unless it is a suffix of what comes before the release. */
function compareKinds(x: Token, y: Token): number {
  if (x.kind === SUFFIX && rankOf(x) < 0) return -1;
  if (y.kind === SUFFIX && rankOf(y) < 0) return 1;
  return y.kind - x.kind;
}

function compareAlike(x: Token, y: Token): number {
  switch (x.kind) {
    case SUFFIX:
      return rankOf(x) - rankOf(y);
    case LETTER:
    case COMMIT:
      return compareTexts(x.text, y.text);
    case DIGITS:
      // With a zero in front the digits are those behind a decimal point: 0015 is less than 002.
      return x.text.startsWith("0") || y.text.startsWith("0")
        ? compareTexts(x.text, y.text)
        : compareNumbers(x.text, y.text);
    default:
      return compareNumbers(x.text, y.text);
  }
}

const rankOf = ({ text }: Token): number => suffixes.get(text) ?? 0;

const compareTexts = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Digits of any length. */
function compareNumbers(a: string, b: string): number {
  const [x, y] = [a.replace(/^0+(?=\d)/, ""), b.replace(/^0+(?=\d)/, "")];
  return x.length - y.length || compareTexts(x, y);
}

const end: Token = { kind: END, text: "" };
const invalid: Token = { kind: INVALID, text: "" };

function* tokensOf(version: string): Generator<Token, undefined> {
  const [first] = /^\d+/.exec(version) ?? [];
  if (first === undefined) yield invalid;
  else yield* rest(version, first);
  return undefined;
}

function* rest(version: string, first: string): Generator<Token, undefined> {
  yield { kind: INITIAL, text: first };
  let kind = INITIAL;
  for (let at = first.length; at < version.length; ) {
    tokenSyntax.lastIndex = at;
    const found = tokenSyntax.exec(version);
    const token = found === null ? invalid : tokenOf(found);
    if (!mayFollow(kind, token)) {
      yield invalid;
      return undefined;
    }
    kind = token.kind;
    at += found?.[0].length ?? 0;
    yield token;
  }
  yield end;
  return undefined;
}

function tokenOf([, digits, letter, suffix, number, commit, revision]: RegExpExecArray): Token {
  if (digits !== undefined) return { kind: DIGITS, text: digits };
  if (letter !== undefined) return { kind: LETTER, text: letter };
  if (suffix !== undefined) return suffixes.has(suffix) ? { kind: SUFFIX, text: suffix } : invalid;
  if (number !== undefined) return { kind: SUFFIX_NUMBER, text: number };
  if (commit !== undefined) return { kind: COMMIT, text: commit };
  return { kind: REVISION, text: revision ?? "" };
}

function mayFollow(before: number, { kind }: Token): boolean {
  switch (kind) {
    case DIGITS:
      return before <= DIGITS;
    case LETTER:
      return before <= DIGITS;
    case SUFFIX:
      return before <= SUFFIX_NUMBER;
    case SUFFIX_NUMBER:
      return before === SUFFIX;
    case COMMIT:
      return before < COMMIT;
    case REVISION:
      return before < REVISION;
    default:
      return false;
  }
}
