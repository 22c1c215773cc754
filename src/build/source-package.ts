import type { ResolvedPackage, ResolvedSource } from "./contract.ts";
import type { Plan } from "./plan.ts";
import type { Place, PlannedSource } from "./source-plan.ts";

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
    path,
    sizeBytes,
    digest,
  };
}

/** Where it is fetched from: the place that the recipe states, or that the lock has below the mirrors of now. */
export function sourceFile(
  source: PlannedSource,
  { path }: Pick<ResolvedPackage, "path">,
): Pick<Place, "roots" | "path"> {
  return source.kind === "stated" ? source.rootfs : { roots: source.published.urls, path };
}
