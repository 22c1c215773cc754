// dpkg's order of versions (deb-version(7), Debian Policy 5.6.12): epoch, then upstream version, then Debian revision.
// The solver compares millions of them, so nothing here allocates.
import { DodaiError } from "../../core/dodai-error.ts";

const DASH = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const TILDE = 0x7e;

/** dpkg keeps the epoch in an int. */
const MAX_EPOCH = 0x7fffffff;

/** Below zero when `a` is older than `b`; "1", "0:1" and "1-0" are the same. Throws VERSION_SYNTAX for what dpkg refuses. */
export function compareVersions(a: string, b: string): number {
  const startA = assertVersion(a);
  if (a === b) return 0;
  const startB = assertVersion(b);
  const epochs = epochOf(a, startA) - epochOf(b, startB);
  if (epochs !== 0) return epochs;
  const dashA = a.lastIndexOf("-");
  const dashB = b.lastIndexOf("-");
  const endA = dashA < startA ? a.length : dashA;
  const endB = dashB < startB ? b.length : dashB;
  return compareParts(a, startA, endA, b, startB, endB) || compareParts(a, endA + 1, a.length, b, endB + 1, b.length);
}

/**
 * Where the upstream version starts. Throws VERSION_SYNTAX for what dpkg calls an error: no version, an epoch that is no
 * number, an empty revision, white space. What dpkg merely warns of (a letter in front, `_`) passes, as it does in dpkg.
 */
export function assertVersion(version: string): number {
  let start = 0;
  let lastDash = -1;
  for (let at = 0; at < version.length; at++) {
    const code = version.charCodeAt(at);
    if (code === DASH) lastDash = at;
    else if (code === COLON && start === 0) start = at + 1;
    else if (code <= 0x20 || code >= 0x7f) throw syntaxError(version, "it has a character that no version may have");
  }
  if (start > 0) assertEpoch(version, start - 1);
  if (start === version.length) throw syntaxError(version, start === 0 ? "it is empty" : "nothing follows the colon");
  if (lastDash >= start) {
    if (lastDash === version.length - 1) throw syntaxError(version, "nothing follows the last dash");
    if (lastDash === start) throw syntaxError(version, "there is nothing before the revision");
  }
  return start;
}

function assertEpoch(version: string, colon: number): void {
  if (colon === 0) throw syntaxError(version, "the epoch before the colon is empty");
  for (let at = 0; at < colon; at++) {
    if (!isDigit(version.charCodeAt(at))) throw syntaxError(version, "the epoch before the colon is not a number");
  }
  if (epochOf(version, colon + 1) > MAX_EPOCH) throw syntaxError(version, "the epoch is too big");
}

function epochOf(version: string, start: number): number {
  let epoch = 0;
  for (let at = 0; at < start - 1; at++) epoch = epoch * 10 + version.charCodeAt(at) - ZERO;
  return epoch;
}

/** The comparison of deb-version(7), "Sorting algorithm", on a[i, endA) and b[j, endB). */
function compareParts(a: string, startA: number, endA: number, b: string, startB: number, endB: number): number {
  let i = startA;
  let j = startB;
  while (i < endA || j < endB) {
    while ((i < endA && !isDigit(a.charCodeAt(i))) || (j < endB && !isDigit(b.charCodeAt(j)))) {
      const difference = weightAt(a, i, endA) - weightAt(b, j, endB);
      if (difference !== 0) return difference;
      i++;
      j++;
    }
    while (i < endA && a.charCodeAt(i) === ZERO) i++;
    while (j < endB && b.charCodeAt(j) === ZERO) j++;
    let first = 0;
    while (i < endA && j < endB && isDigit(a.charCodeAt(i)) && isDigit(b.charCodeAt(j))) {
      if (first === 0) first = a.charCodeAt(i) - b.charCodeAt(j);
      i++;
      j++;
    }
    if (i < endA && isDigit(a.charCodeAt(i))) return 1;
    if (j < endB && isDigit(b.charCodeAt(j))) return -1;
    if (first !== 0) return first;
  }
  return 0;
}

/** "~" sorts before everything, even the end of a part; then letters, then all other characters. */
function weightAt(text: string, at: number, end: number): number {
  if (at >= end) return 0;
  const code = text.charCodeAt(at);
  if (isDigit(code)) return 0;
  if (code === TILDE) return -1;
  return isLetter(code) ? code : code + 256;
}

const isDigit = (code: number): boolean => code >= ZERO && code <= NINE;
const isLetter = (code: number): boolean => (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;

function syntaxError(version: string, state: string): DodaiError {
  return new DodaiError("VERSION_SYNTAX", `Cannot read version "${version.slice(0, 100)}": ${state}`);
}
