import { DodaiError } from "../core/dodai-error.ts";
import { formatPlatform, type Platform } from "../core/platform.ts";
import type { OutputName } from "./output-contract.ts";

/** Outputs whose form has no place for a second platform. */
const singlePlatform: readonly (OutputName | "registry")[] = ["dir", "docker", "tar"];

/** Throws USAGE when an output cannot hold a build of these platforms; so a build asks before it begins. */
export function assertOutputFits(output: OutputName | "registry", platforms: readonly Platform[]): void {
  if (platforms.length === 1 || !singlePlatform.includes(output)) return;
  const names = platforms.map(formatPlatform).join(", ");
  throw new DodaiError("USAGE", `Cannot write output "${output}": it holds one platform, and there are ${names}`, {
    fix: 'Choose one with --platform, or use the output "oci", which holds them all.',
  });
}
