import type { ControlMember, PackageFacts } from "../contract.ts";
import { firstOf, packageInfoOf, wordsOf } from "./package-info.ts";
import { readProvide } from "./relation.ts";

/** What `.PKGINFO` says that an index says too. */
export function factsOf(control: readonly ControlMember[]): PackageFacts {
  const info = packageInfoOf(control);
  return {
    source: firstOf(info, "origin") || firstOf(info, "pkgname"),
    installedBytes: Number(firstOf(info, "size")) || 0,
    replacesSome: wordsOf(info, "replaces").length > 0,
    provides: wordsOf(info, "provides").flatMap((word) => {
      const found = readProvide(word);
      return typeof found === "string" ? [] : [found.name];
    }),
  };
}
