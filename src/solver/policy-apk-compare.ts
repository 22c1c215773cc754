// Which of two packages apk takes for a name. The rules are asked one after another; the first that sees a difference decides.
import {
  type ApkPackage,
  type ApkProvider,
  FLAG_AVAILABLE,
  FLAG_INSTALLED,
  FLAG_LATEST,
  FLAG_REINSTALL,
  FLAG_REMOVE,
  FLAG_UPGRADE,
} from "./policy-apk-names.ts";
import type { Problem } from "./problem.ts";

export interface CompareOptions {
  readonly compareVersions: Problem["format"]["compareVersions"];
  /** apk-tools itself is upgraded first, with as little else as can be. */
  readonly isPreupgrade: boolean;
}

/** Above zero when `a` is to be preferred. */
export function compareProviders(a: ApkProvider, b: ApkProvider, options: CompareOptions): number {
  const [x, y] = [a.pkg, b.pkg];
  const flags = x.flags | y.flags;
  const isLatest = (flags & FLAG_LATEST) !== 0 && isUntagged(x) && isUntagged(y);
  return (
    (isLatest ? compareAvailable(x, y, flags) : compareStanding(a, b, flags, options)) ||
    compareVersion(a, b, options) ||
    (x.record.providerPriority ?? 0) - (y.record.providerPriority ?? 0) ||
    ((flags & FLAG_REMOVE) === 0 ? Number(isInstalled(x)) - Number(isInstalled(y)) : 0) ||
    Number(x.isSelectable) - Number(y.isSelectable) ||
    (y.repositories[0] ?? -1) - (x.repositories[0] ?? -1)
  );
}

const isUntagged = ({ allowedTags }: ApkPackage): boolean => allowedTags.size === 1 && allowedTags.has("");
const isInstalled = ({ installedTag }: ApkPackage): boolean => installedTag !== undefined;

function compareAvailable(x: ApkPackage, y: ApkPackage, flags: number): number {
  const allowed = Number(x.isTagOk) - Number(y.isTagOk);
  if (allowed !== 0) return allowed;
  if ((flags & FLAG_AVAILABLE) !== 0) return Number(x.isAvailable) - Number(y.isAvailable);
  return (flags & FLAG_REINSTALL) !== 0 ? Number(x.isSelectable) - Number(y.isSelectable) : 0;
}

/** What is possible, what was counted with, what the tags allow, and what is there already. */
function compareStanding(a: ApkProvider, b: ApkProvider, flags: number, { isPreupgrade }: CompareOptions): number {
  const [x, y] = [a.pkg, b.pkg];
  const installed = Number(isInstalled(x)) - Number(isInstalled(y));
  const keepsInstalled = (isPreupgrade && (flags & FLAG_UPGRADE) === 0) || (flags & FLAG_INSTALLED) !== 0;
  const isSameThing = x.name === y.name || a.version !== undefined || b.version !== undefined;
  const prefersInstalled = (flags & (FLAG_REMOVE | FLAG_UPGRADE)) === 0 && isSameThing;
  return (
    Number(x.isSelectable) - Number(y.isSelectable) ||
    Number(x.wasUsed) - Number(y.wasUsed) ||
    y.conflicts - x.conflicts ||
    (keepsInstalled ? installed : 0) ||
    Number(x.isTagOk) - Number(y.isTagOk) ||
    ((flags & FLAG_AVAILABLE) === 0 ? 0 : Number(x.isAvailable) - Number(y.isAvailable)) ||
    Number(x.isTagPreferred) - Number(y.isTagPreferred) ||
    (prefersInstalled ? installed : 0)
  );
}

/** The later version of the name that is asked for, then of the package. A bare name is no version, and older than any. */
function compareVersion(a: ApkProvider, b: ApkProvider, { compareVersions }: CompareOptions): number {
  const order =
    a.version === undefined || b.version === undefined
      ? Number(a.version !== undefined) - Number(b.version !== undefined)
      : compareVersions(a.version, b.version);
  if (order !== 0 || a.pkg.name !== b.pkg.name) return order;
  return compareVersions(a.pkg.record.version, b.pkg.record.version);
}
