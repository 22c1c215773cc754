// rpm's order of versions (rpm-version(7)): epoch, then version, then release, each by rpmvercmp.
import { DodaiError } from "../../core/dodai-error.ts";

/** `1:2.3-4` in its parts. A relation may leave out epoch and release. */
export interface Evr {
  readonly epoch: number;
  readonly version: string;
  readonly release: string | undefined;
}

/** rpm keeps the epoch in 32 bits. */
const MAX_EPOCH = 0xffffffff;

/** Below zero when `a` is older than `b`. A release that one of the two leaves out is not compared. Throws VERSION_SYNTAX. */
export function compareVersions(a: string, b: string): number {
  return a === b ? 0 : compareEvr(parseEvr(a), parseEvr(b));
}

export function compareEvr(a: Evr, b: Evr): number {
  const order = a.epoch - b.epoch || compareSegments(a.version, b.version);
  if (order !== 0 || a.release === undefined || b.release === undefined) return order;
  return compareSegments(a.release, b.release);
}

/** Throws VERSION_SYNTAX for what no package can have: nothing before the dash, an epoch that is no number, white space. */
export function parseEvr(text: string): Evr {
  const colon = text.indexOf(":");
  const dash = text.lastIndexOf("-");
  const release = dash > colon ? text.slice(dash + 1) : undefined;
  const version = text.slice(colon + 1, release === undefined ? undefined : dash);
  const epoch = colon < 0 ? "0" : text.slice(0, colon);
  if (!/^\d{0,10}$/.test(epoch) || Number(epoch) > MAX_EPOCH) throw syntaxError(text, "its epoch is not a number");
  if (version === "" || release === "") throw syntaxError(text, "a part of it is empty");
  if (/[\0-\x20\x7f]/.test(text)) throw syntaxError(text, "it has white space or control characters");
  return { epoch: Number(epoch), version, release };
}

/** As packages are called: without an epoch of 0. */
export function formatEvr(epoch: number | undefined, version: string, release: string): string {
  return epoch ? `${epoch}:${version}-${release}` : `${version}-${release}`;
}

const TILDE = 0x7e;
const CARET = 0x5e;

/**
 * rpmvercmp: runs of digits and runs of letters are compared in turn, whatever stands between them; "~" sorts before the
 * end of a version, "^" after it and before everything else.
 */
export function compareSegments(a: string, b: string): number {
  let i = 0;
  let j = 0;
  for (;;) {
    while (i < a.length && isSeparator(a.charCodeAt(i))) i++;
    while (j < b.length && isSeparator(b.charCodeAt(j))) j++;
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(j)];
    if (left === TILDE || right === TILDE) {
      if (left !== right) return left === TILDE ? -1 : 1;
    } else if (left === CARET || right === CARET) {
      if (left !== right) return compareCaret(left, right);
    } else {
      if (i >= a.length || j >= b.length) return Number(i < a.length) - Number(j < b.length);
      const isNumber = isDigit(left);
      const endA = segmentEnd(a, i, isNumber);
      const endB = segmentEnd(b, j, isNumber);
      // Of a number and letters the number is newer.
      if (endB === j) return isNumber ? 1 : -1;
      const order = isNumber
        ? compareNumbers(a.slice(i, endA), b.slice(j, endB))
        : compareText(a.slice(i, endA), b.slice(j, endB));
      if (order !== 0) return order;
      i = endA - 1;
      j = endB - 1;
    }
    i++;
    j++;
  }
}

/** NaN is the end: older than "^", which is older than all else. */
function compareCaret(left: number, right: number): number {
  if (Number.isNaN(left)) return -1;
  if (Number.isNaN(right)) return 1;
  return left === CARET ? -1 : 1;
}

function segmentEnd(text: string, start: number, isNumber: boolean): number {
  const isPart = isNumber ? isDigit : isLetter;
  let end = start;
  while (end < text.length && isPart(text.charCodeAt(end))) end++;
  return end;
}

function compareNumbers(a: string, b: string): number {
  const [x, y] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")];
  return x.length - y.length || compareText(x, y);
}

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
const isLetter = (code: number): boolean => (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
const isSeparator = (code: number): boolean => !isDigit(code) && !isLetter(code) && code !== TILDE && code !== CARET;

function syntaxError(version: string, state: string): DodaiError {
  return new DodaiError("VERSION_SYNTAX", `Cannot read version "${version.slice(0, 100)}": ${state}`);
}
