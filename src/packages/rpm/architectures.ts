// Which architectures' packages can be installed beside one another, as libsolv's poolarch.c has them.
import type { CompatibleArchitecture } from "../contract.ts";

const intel: readonly string[] = ["athlon", "i686", "i586", "i486", "i386"];

/** What a machine takes beside packages of its own architecture, the better first. */
const alsoTaken: ReadonlyMap<string, readonly string[]> = new Map([
  ["x86_64", intel],
  ["i686", intel.slice(2)],
  ["armv7hl", ["armv6hl"]],
  ["s390x", ["s390"]],
]);

/** The architecture itself and those beside it; `noarch` goes with all and is not among them. */
export function compatibleArchitectures(architecture: string): readonly CompatibleArchitecture[] {
  return [architecture, ...(alsoTaken.get(architecture) ?? [])].map((name) => ({
    name,
    bits: name === "s390x" || name.includes("64") ? 64 : 32,
  }));
}
