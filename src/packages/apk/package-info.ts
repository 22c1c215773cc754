// `.PKGINFO`, what a package says of itself (apk-package(5)): lines `key = value`, some keys many times.
import { DodaiError } from "../../core/dodai-error.ts";
import type { ControlMember } from "../contract.ts";

/** Values by key, in their order. */
export type PackageInfo = ReadonlyMap<string, readonly string[]>;

export function parsePackageInfo(bytes: Uint8Array): PackageInfo {
  const info = new Map<string, string[]>();
  for (const line of Buffer.from(bytes).toString("utf8").split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, key, value = ""] = /^([A-Za-z0-9_.-]+) ?=(?: (.*))?$/.exec(line) ?? [];
    if (key === undefined) {
      throw new DodaiError("CONTROL_SYNTAX", `Cannot read ".PKGINFO": "${line.slice(0, 100)}" is not "key = value"`);
    }
    const known = info.get(key);
    if (known === undefined) info.set(key, [value]);
    else known.push(value);
  }
  return info;
}

/** Of a package's control members. Throws PACKAGE_BROKEN when there is none, CONTROL_SYNTAX. */
export function packageInfoOf(control: readonly ControlMember[]): PackageInfo {
  const member = control.find(({ name }) => name === ".PKGINFO");
  if (member !== undefined) return parsePackageInfo(member.bytes);
  throw new DodaiError("PACKAGE_BROKEN", 'Cannot open a package: it has no ".PKGINFO"');
}

export const firstOf = (info: PackageInfo, key: string): string => info.get(key)?.[0] ?? "";
/** Of keys that may be there many times, and that may have many words. */
export const wordsOf = (info: PackageInfo, key: string): readonly string[] =>
  (info.get(key) ?? []).flatMap((value) => value.split(" ").filter((word) => word !== ""));
