// Whether a package may take over a file of another: `replaces` names the other, and where both name each other the higher
// `replaces_priority` wins (apk-package(5)).
import type { ControlMember } from "../contract.ts";
import { firstOf, type PackageInfo, packageInfoOf, wordsOf } from "./package-info.ts";
import { meets, readDependency } from "./relation.ts";

export interface ReplacedPackage {
  readonly name: string;
  readonly version: string;
  /** Its own members, where they are known: it may replace this one. */
  readonly control?: readonly ControlMember[];
}

/** As apk decides when the package that has `control` is unpacked over `other`. Packages of one source replace each other. */
export function replaces(control: readonly ControlMember[], other: ReplacedPackage): boolean {
  const own = packageInfoOf(control);
  const priority = priorityOver(own, other);
  if (other.control === undefined) return priority >= 0;
  const theirs = packageInfoOf(other.control);
  const priorityOfOther = priorityOver(theirs, { name: firstOf(own, "pkgname"), version: firstOf(own, "pkgver") });
  if (priority >= 0 || priorityOfOther >= 0) return priority >= priorityOfOther;
  const origin = firstOf(own, "origin");
  return origin !== "" && origin === firstOf(theirs, "origin");
}

/** Below zero when it does not replace the other at all. */
function priorityOver(info: PackageInfo, other: { readonly name: string; readonly version: string }): number {
  const isNamed = wordsOf(info, "replaces").some((word) => {
    const found = readDependency(word);
    if (typeof found === "string" || found.refused || found.requirement.name !== other.name) return false;
    const { constraint } = found.requirement;
    return constraint === undefined || meets(other.version, constraint);
  });
  return isNamed ? Number(firstOf(info, "replaces_priority")) || 0 : -1;
}
