import type { ResolvedPackage, ResolvedSource } from "./contract.ts";
import type { Plan } from "./plan.ts";

/** The tarball in the place of packages: one piece, that nothing else is merged with. */
export function sourcePackage(
  { path, digest, sizeBytes, serial = "" }: ResolvedSource,
  { architecture }: Plan,
): ResolvedPackage {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return {
    name,
    version: serial,
    architecture,
    source: name,
    sourceVersion: serial,
    repository: "source",
    path: name,
    sizeBytes,
    digest,
  };
}
