// Whether a package may take over a file of another: `replaces` names the other, and where both name each other the higher
// `replaces_priority` wins (apk-package(5)).
import type { ControlMember } from "../contract.ts";
import { type PackageInfo, packageInfoOf, valueOf, wordsOf } from "./package-info.ts";
import { meets, readDependency } from "./relation.ts";

export interface ReplacedPackage {
  readonly name: string;
  readonly version: string;
  /** Its own members, where they are known: it may replace this one. */
  readonly control?: readonly ControlMember[];
}

/** As apk decides when the package that has `control` is unpacked over `other`. */
export function replaces(control: readonly ControlMember[], other: ReplacedPackage): boolean {
  const own = packageInfoOf(control);
  const priority = priorityOver(own, other);
  if (priority < 0 || other.control === undefined) return priority >= 0;
  const name = valueOf(own, "pkgname");
  return priority >= priorityOver(packageInfoOf(other.control), { name, version: valueOf(own, "pkgver") });
}

/** Below zero when it does not replace the other at all. */
function priorityOver(info: PackageInfo, other: { readonly name: string; readonly version: string }): number {
  const isNamed = wordsOf(info, "replaces").some((word) => {
    const found = readDependency(word);
    if (typeof found === "string" || found.refused || found.requirement.name !== other.name) return false;
    const { constraint } = found.requirement;
    return constraint === undefined || meets(other.version, constraint);
  });
  return isNamed ? Number(valueOf(info, "replaces_priority")) || 0 : -1;
}
